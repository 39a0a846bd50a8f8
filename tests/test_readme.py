"""The README tells the truth: its figures and commands are those of the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.cli import main
from nn import PRETRAINED, pretrained_card

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_readme_states_the_ready_trained_nets_as_their_cards_do(name: str) -> None:
    card = pretrained_card(name)
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
    for told in (
        card.sizes,
        f"{100 * card.test_accuracy:.2f} %",
        f"{100 * card.moved_accuracy:.2f} %",
        f"{card.bytes / 1000:,.0f} kB",
        f"{card.seconds / 60:.0f} min",
    ):
        assert f" {told} " in row
    assert f"MNIST's {card.test_count:,} test digits" in README
    assert f"{card.digits:,} digits" in README
    assert f"$ {card.command}\n" in README


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`?make (\w+)`?", README)) - {"it"}
    assert {"serve", "test", "site", "preview", "lint"} <= targets
    missing = [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)]
    assert missing == []


def test_every_inkling_command_that_the_readme_names_exists(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in set(re.findall(r"inkling (serve|site|train|evaluate|predict|data)\b", README)):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert command in capsys.readouterr().out


def test_every_picture_that_the_readme_shows_is_there() -> None:
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).is_file()
