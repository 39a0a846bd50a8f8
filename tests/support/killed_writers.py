"""Runs a script that kills processes while they write, and reads the counts that it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def folder_in_memory(instead: Path) -> Iterator[str]:
    """A folder in memory if possible: SIGKILL loses no pages of the system, and it is faster."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else instead) as folder:
        yield folder


def check_kills(script: Path, folder: str, kills: int, damaged: str) -> None:
    """Run a script with so many kills; nothing that was acknowledged is lost or damaged.

    Parameters
    ----------
    script
        Gets the folder, the number of kills and a seed.
    folder
        Where the killed processes write.
    kills
        How many processes are killed.
    damaged
        The word of the script for what cannot be read any more.
    """
    done = subprocess.run(
        [sys.executable, str(script), folder, str(kills), "1"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(rf"(\d+) kills, (\d+) acknowledged, 0 lost, 0 {damaged}\n", done.stdout)
    assert found, done.stdout
    assert int(found[1]) == kills
    assert int(found[2]) > kills
