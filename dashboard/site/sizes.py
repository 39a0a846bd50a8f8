"""Tells what in a built site weighs how much, as it lies there and as it travels.

A table at the end of every build keeps growth from going unnoticed, and a test keeps the budget.
"""

import zlib
from collections import defaultdict
from pathlib import Path

from dashboard.site.bundle import read_bundle
from dashboard.site.python_files import PACKAGES

BUDGET_BYTES = 16_000_000
"""What a first visitor may have to wait for: all bytes until the first answer, compressed."""

# Fetched later, or by devices that install the app.
LATER = ("data/", "icon", "service-worker.js", "build-manifest.json", "app.webmanifest")
SHOWN_BYTES = 20_000


def first_answer_bytes(site: Path) -> int:
    """Return how many bytes, compressed, a first visitor loads until Python answers."""
    return sum(_travelling(site / name) for name in _files(site) if not name.startswith(LATER))


def size_table(site: Path) -> list[str]:
    """Return lines: the folders and big files of a site, then what its bundle holds."""
    parts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name in _files(site):
        part = name if name.startswith("pyodide/") else name.partition("/")[0]
        parts[part][0] += (site / name).stat().st_size
        parts[part][1] += _travelling(site / name)
    first = first_answer_bytes(site)
    packages: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, content in read_bundle((site / PACKAGES).read_bytes()).items():
        packages[name.partition("/")[0]][0] += len(content)
        packages[name.partition("/")[0]][1] += len(zlib.compress(content))
    return [
        "the site, in kB:",
        "     as is  compressed",
        *_lines(parts),
        f"{'':10}{first / 1e3:12,.0f}  until the first answer; {BUDGET_BYTES / 1e3:,.0f} at most",
        f"of which {PACKAGES}, file by file:",
        *_lines(packages),
    ]


def _files(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())


def _travelling(path: Path) -> int:
    """Return the size of a file as servers send it: compressed, unless it is already."""
    content = path.read_bytes()
    return min(len(content), len(zlib.compress(content)))


def _lines(sizes: dict[str, list[int]]) -> list[str]:
    rows = [(packed, size, name) for name, (size, packed) in sizes.items() if size >= SHOWN_BYTES]
    return [
        f"{size / 1e3:10,.0f}{packed / 1e3:12,.0f}  {name}"
        for packed, size, name in sorted(rows, reverse=True)
    ]
