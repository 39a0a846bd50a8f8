"""Tells what in a built site weighs how much.

A table at the end of every build keeps growth from going unnoticed.
"""

import zipfile
from collections import Counter
from pathlib import Path


def size_table(site: Path) -> list[str]:
    """Return lines: the folders and big files of a site, then what its archive holds (packed)."""
    parts: Counter[str] = Counter()
    for path in site.rglob("*"):
        if path.is_file():
            inside = path.relative_to(site)
            parts[inside.parts[0] if len(inside.parts) > 1 else inside.name] += path.stat().st_size
    packages: Counter[str] = Counter()
    with zipfile.ZipFile(site / "packages.zip") as archive:
        for entry in archive.infolist():
            packages[entry.filename.partition("/")[0]] += entry.compress_size
    lines = ["the site, in kB:", *_lines(parts), f"{sum(parts.values()) / 1e3:10,.0f}  in all"]
    return [*lines, "of which packages.zip:", *_lines(packages)]


def _lines(sizes: Counter[str]) -> list[str]:
    return [f"{size / 1e3:10,.0f}  {name}" for name, size in sizes.most_common() if size >= 20_000]
