"""The files of a built site: their checksums and sizes, and the error of a build that fails.

A table at the end of every build shows what grows; a test keeps the budget of a first visit.
"""

import hashlib
import zlib
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

from dashboard.languages.numbers import format_number
from dashboard.languages.text import gettext
from dashboard.site.archives import read_bundle

PACKAGES = "packages.bin"
BUDGET_BYTES = 16_000_000
"""The most that a first visitor with a slow connection loads until the first answer, compressed."""

# Downloaded after the first answer, by devices that install the app, or for a page in another
# language than English.
LATER = (
    "languages/",
    "data/",
    "icon",
    "service-worker.js",
    "build-manifest.json",
    "app.webmanifest",
    "_headers",
    "nginx",
    "snapshot.bin",
)
SHOWN_BYTES = 20_000


class SiteError(RuntimeError):
    """The static site cannot be built; the message says why and how to mend it."""


def package_folder(name: str) -> Path:
    """Return the folder of an installed package; SiteError if there is none."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SiteError(
            gettext(
                "Expected the package {name} in this environment, found none: install the "
                "project's dependencies again.",
                name=name,
            )
        )
    return Path(spec.origin).parent


def list_files(site: Path) -> list[str]:
    """Return the paths of all files in a folder, relative to it and sorted."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())


def checksums(site: Path) -> dict[str, str]:
    """Return the SHA-256 of every file, by its path in the site."""
    return {
        name: hashlib.sha256((site / name).read_bytes()).hexdigest() for name in list_files(site)
    }


def first_answer_bytes(site: Path) -> int:
    """Return how many bytes, compressed, a first visitor loads until Python answers."""
    return sum(_compressed(site / name) for name in list_files(site) if not name.startswith(LATER))


def size_table(site: Path) -> list[str]:
    """Return lines with the sizes of a site's folders and big files, and of its packages."""
    parts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name in list_files(site):
        part = name if name.startswith("pyodide/") else name.partition("/")[0]
        parts[part][0] += (site / name).stat().st_size
        parts[part][1] += _compressed(site / name)
    packages: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, content in read_bundle((site / PACKAGES).read_bytes()).items():
        packages[name.partition("/")[0]][0] += len(content)
        packages[name.partition("/")[0]][1] += len(zlib.compress(content))
    first = first_answer_bytes(site)
    return [
        gettext("the site, in kB: as is, compressed"),
        *_lines(parts),
        gettext(
            "{kilobytes}  until the first answer; {most:,.0f} at most",
            kilobytes=format_number(first / 1e3, "22,.0f"),
            most=BUDGET_BYTES / 1e3,
        ),
        gettext("of which {file}, file by file:", file=PACKAGES),
        *_lines(packages),
    ]


def _compressed(path: Path) -> int:
    """Return the size of a file as servers send it: compressed, unless it is already."""
    content = path.read_bytes()
    return min(len(content), len(zlib.compress(content)))


def _lines(sizes: dict[str, list[int]]) -> list[str]:
    rows = [(packed, size, name) for name, (size, packed) in sizes.items() if size >= SHOWN_BYTES]
    return [
        f"{format_number(size / 1e3, '10,.0f')}{format_number(packed / 1e3, '12,.0f')}  {name}"
        for packed, size, name in sorted(rows, reverse=True)
    ]
