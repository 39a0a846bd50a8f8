"""The documents tell the truth: their figures, commands, files and names are the repository's."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from dashboard.cli import main
from nn import PRETRAINED, Adam, TrainingStep, create_network, pretrained_card

ROOT = Path(__file__).parents[1]
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
}
EVERYTHING = "\n".join(DOCUMENTS.values())
README = DOCUMENTS["README.md"]
READABLE = {".py", ".js", ".css", ".html", ".c", ".h", ".toml", ".sh"}
# Words that earlier versions used, and the standard terms. A link of before may still hold one.
STANDARD_TERMS = {
    r"errands?|must_end": "background task",
    r"conductors?": "training loop",
    r"droughts?": "data stall",
    r"data.?rooms?": "data sets",
    r"latecomers?|keepers?": "autosave",
    r"here you are again|go(es|ing)? on from": "restore, resume, continue, fine-tune",
    r"lens|looking inside": "probes, inspection",
    r"workbench": "what it controls",
    r"judged": "evaluated",
    r"stemplan|stempass": "convolutional layers",
    r"batchbuffers": "workspace",
    r"slopes?": "derivative",
    r"sureness": "confidence",
    r"passing errors?": "transient error",
    r"what it takes for what|is taken for": "confusion matrix, predicted",
    r"refused where": "rejected at",
    r"ready-trained (nets?|networks?|models?)": "pretrained model",
    r"drawings are read by": "model for drawings",
    r"out of hand": "NaN or infinite",
    r"bends, thickens|spoils?": "elastic distortion, stroke width, noise",
    r"(served|browser|worker) form": "runtime",
}


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_reference_states_the_pretrained_models_as_their_cards_do(name: str) -> None:
    reference = DOCUMENTS["docs/reference.md"]
    card = pretrained_card(name)
    row = next(line for line in reference.splitlines() if line.startswith(f"| `{name}` |"))
    for value in (
        card.sizes,
        f"{100 * card.test_accuracy:.2f} %",
        f"{100 * card.moved_accuracy:.2f} %",
        f"{card.bytes / 1000:,.0f} kB",
        f"{card.seconds / 60:.0f} min",
    ):
        assert f" {value} " in row
    assert f"MNIST's {card.test_count:,} test digits" in reference
    assert f"{card.digits:,} digits" in reference
    assert f"$ {card.command}\n" in DOCUMENTS["docs/how-to.md"]


def test_every_make_target_in_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)|^\$ make ([a-z-]+)", EVERYTHING, re.MULTILINE))
    names = {first or second for first, second in targets}
    assert {"serve", "test", "site", "preview", "lint", "bench"} <= names
    missing = [name for name in names if not re.search(rf"^{name}:", makefile, re.MULTILINE)]
    assert missing == []


def test_every_inkling_command_in_the_documents_exists(capsys: pytest.CaptureFixture[str]) -> None:
    commands = set(re.findall(r"(?:`|\$ |bin/)inkling ([a-z]+)", EVERYTHING))
    assert {"serve", "train", "evaluate", "predict", "data"} <= commands
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert command in capsys.readouterr().out


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_links_to_exists(document: str) -> None:
    folder = (ROOT / document).parent
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", DOCUMENTS[document]):
        assert (folder / target).exists(), target


@pytest.mark.parametrize("document", ["docs/ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_path_that_the_documents_for_developers_name_exists(document: str) -> None:
    named = re.findall(r"`((?:nn|data_cache|dashboard|tests|scripts|docs)/[\w/.-]*)`", EVERYTHING)
    assert named
    for path in named:
        assert (ROOT / path).exists(), path


def test_code_and_documents_use_the_standard_terms() -> None:
    own = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "Makefile"]
    for folder in ("nn", "data_cache", "dashboard", "scripts"):
        own += [it for it in (ROOT / folder).rglob("*") if it.suffix in READABLE]
    words = re.compile("|".join(rf"\b(?:{words})\b" for words in STANDARD_TERMS))
    for path in own:
        found = words.search(path.read_text(encoding="utf-8").lower())
        assert found is None, f"{path.relative_to(ROOT)}: “{found[0]}”; see STANDARD_TERMS"


def names_in(path: Path) -> set[str]:
    """Return the functions, classes, methods and constants of a Python module; words elsewhere."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return set(re.findall(r"\w+", text))
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        if isinstance(node, ast.Name):
            found.add(node.id)
    return found


def test_every_name_in_the_walks_through_the_code_exists_in_its_file() -> None:
    architecture = DOCUMENTS["docs/ARCHITECTURE.md"]
    steps = re.findall(r"^\d+\. `([\w/.-]+)`: ((?:`[\w.]+`(?:, | and )?)+)", architecture, re.M)
    assert len(steps) >= 15
    for path, names in steps:
        known = names_in(ROOT / path)
        for name in re.findall(r"`([\w.]+)`", names):
            assert name in known, f"{path}: {name}"


WALK = re.compile(r"^\d+\. `([\w/.-]+)`", re.MULTILINE)


def walk(title: str) -> list[str]:
    """Return the files of a walk through the code."""
    part = DOCUMENTS["docs/ARCHITECTURE.md"].partition(f"### {title}\n")[2].partition("\n#")[0]
    return WALK.findall(part)


@pytest.mark.parametrize(
    ("title", "most"),
    [
        ("A click on Train, until the chart is redrawn", 9),
        ("A stroke, until the probability", 6),
        ("An address, until the setting", 4),
        ("One training step of a dense network", 7 + 2),
    ],
)
def test_few_files_have_to_be_opened_for_a_walk(title: str, most: int) -> None:
    assert 0 < len(set(walk(title))) <= most


def test_a_training_step_executes_the_files_of_its_walk_and_no_others() -> None:
    network = create_network([4, 3, 2], generator=np.random.default_rng(0))
    step = TrainingStep(network, Adam(network.parameters()))
    batch = np.ones((2, 4), np.float32), np.array([0, 1]), [0.1]
    step.take_steps(*batch)
    entered = set()
    sys.setprofile(lambda frame, _event, _argument: entered.add(frame.f_code.co_filename))
    try:
        step.take_steps(*batch)
    finally:
        sys.setprofile(None)
    library = ROOT / "nn"
    executed = {
        Path(it).relative_to(ROOT).as_posix() for it in entered if Path(it).is_relative_to(library)
    }
    native = [it for it in walk("One training step of a dense network") if "wasm" not in it]
    assert executed == {it for it in native if not it.endswith(".c")}


def test_the_lines_of_code_in_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code is not None
    assert 8 <= len([line for line in code[1].splitlines() if line.strip()]) <= 15
    namespace: dict[str, object] = {}
    exec(compile(code[1], "README.md", "exec"), namespace)
    probabilities = namespace["probabilities"]
    assert isinstance(probabilities, np.ndarray)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert float(capsys.readouterr().out.split()[-1]) > 0.8
