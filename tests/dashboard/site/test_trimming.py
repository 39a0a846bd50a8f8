import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.site import trimming
from dashboard.site.archive import distribution_files
from dashboard.site.assets import package_folder
from dashboard.site.trimming import TRIMS, Trim, trim

PACKAGES = ("bokeh", "panel", "param")
# Prints all that Panel's classes ended up with, and a page made of them, without ids and addresses.
DESCRIBE = r"""
import re, sys
import panel as pn
import param
from bokeh.document import Document
from bokeh.plotting import figure

SEEN = set()

def describe(kind):
    if kind in SEEN:
        return
    SEEN.add(kind)
    for name in sorted(kind.__dict__):
        parameter = kind.__dict__[name]
        if isinstance(parameter, param.Parameter):
            slots = {slot: getattr(parameter, slot) for slot in sorted(type(parameter)._all_slots_)}
            print(kind.__qualname__, name, {k: plain(v) for k, v in slots.items()})
    for below in type.__subclasses__(kind):
        describe(below)

def plain(value):
    return re.sub(r"0x[0-9a-f]+|'/\S+(?=/(panel|bokeh|param)/)", "", repr(value))

describe(param.Parameterized)
HELP = ("*help*", "Plain (so to say): 5 % of it, and … more.", "1. one", "a_b_c", "a < b", "A line\\nor two")

def explained(text):
    return pn.widgets.Select(description=text)

plot = figure()
plot.line([1, 2], [3, 4], line_alpha=0.5)
page = pn.Template("{% extends base %}{% block contents %}{{ embed(roots.a) }}{% endblock %}")
page.add_panel("a", pn.Column(plot, *map(explained, HELP), "text"))
document = page.server_doc(Document(), title="A page")
order = {}
text = repr(document.to_json(deferred=False))
print(re.sub(r"\bp\d+\b|(?<=[A-Za-z])\d{5}\b", lambda m: order.setdefault(m[0], len(order)).__repr__(), text))
from io import StringIO
shown = StringIO()
page.save(shown, title="A page")
assert "A page" in shown.getvalue()
print(sys.modules.get("bokeh").__file__, file=sys.stderr)
"""  # noqa: E501 - one line of the program each


@pytest.fixture(scope="module")
def packages() -> dict[str, bytes]:
    return {
        path: content for name in PACKAGES for path, content in distribution_files(name).items()
    }


def refuse(line: str) -> None:
    """Hear of no change that does not fit: with the versions at hand, all do."""
    raise AssertionError(line)


def describe(folder: Path | None) -> tuple[str, str]:
    """What a fresh Python prints that finds its packages in a folder first."""
    program = f"import sys; sys.path.insert(0, {str(folder)!r})\n" if folder else ""
    finished = subprocess.run(
        [sys.executable, "-c", program + DESCRIBE], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout, finished.stderr


def test_trimmed_packages_make_the_same_classes_and_the_same_page(
    packages: dict[str, bytes], tmp_path: Path
) -> None:
    trimmed = trim(packages, refuse)
    for name in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__", "examples", "tests")
        shutil.copytree(
            package_folder(name), tmp_path / name, copy_function=os.symlink, ignore=ignore
        )
    for change in TRIMS:
        (tmp_path / change.path).unlink(missing_ok=True)
        (tmp_path / change.path).write_bytes(trimmed[change.path])
    expected, _ = describe(None)
    found, origin = describe(tmp_path)

    assert str(tmp_path) in origin
    assert found == expected


def test_every_change_changes_something(packages: dict[str, bytes]) -> None:
    trimmed = trim(packages, refuse)
    assert {change.path for change in TRIMS} == {
        path for path in packages if trimmed[path] != packages[path]
    }


@pytest.mark.parametrize("text", ["other", "old old"])
def test_a_package_with_another_text_stays_as_it_is_and_the_build_says_so(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "TRIMS", (Trim("package/module.py", "old", "new"),))
    fitting = {"package/module.py": b"an old text"}
    assert trim(fitting, refuse) == {"package/module.py": b"an new text"}
    lines: list[str] = []
    other = {"package/module.py": text.encode()}
    assert trim(other, lines.append) == other
    assert "package/module.py holds 'old'" in lines[0]
    assert "stays as it is" in lines[0]
