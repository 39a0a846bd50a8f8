"""The Python packages that the browser needs: pure Python out of this environment, without tests.

Scripts of the page, command-line tools and packages that a plain app never imports are left out.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from dashboard.languages.text import gettext, gettext_noop
from dashboard.site.archives import read_archive
from dashboard.site.site_files import SiteError, package_folder

CATALOGUES = "dashboard/languages/catalogues"
OWN_PACKAGES = ("nn", "data_cache", "dashboard")
# Code that runs while the site is built, and not in it.
BUILD_ONLY = ("dashboard/site/", "dashboard/upstream/site_build/")
# Panel requires these, but a plain app in the browser never imports them; without tqdm Panel lacks
# one indicator.
NOT_NEEDED = {"pandas", "requests", "nh3", "numpy", "contourpy", "pillow", "tornado", "tqdm"}
# Modules of those, and what usually imports them.
REFUSED = {
    "nh3": gettext_noop("a ReactiveHTML component such as pn.FlexBox"),
    "pandas": gettext_noop("a data frame or a widget for tables"),
    "PIL": gettext_noop("a picture made with Pillow"),
    "contourpy": gettext_noop("a contour plot"),
    "requests": gettext_noop("a download"),
}
# Distributions that come along only when the app imports these modules of theirs.
OPTIONAL = {"panel-material-ui": "panel_material_ui"}
LEFT_OUT = (
    "*.pyi", "*.pyc", "*.so", "*.pyd", "*.c", "*.pyx", "*.ts", "*.tsx", "*.map", "*.less",
    "*.mo", "*.po", "*.1", "*.sh", "*/py.typed", "*.typed", "*/tests/*", "*/testing/*",
    "*.dist-info/*", "bin/*", "../*", "_yaml/*",
    "panel/dist/*", "panel/command/*", "panel/examples/*", "panel/*.json", "panel/assets/*",
    "bokeh/server/static/*", "bokeh/sampledata/*", "bokeh/sphinxext/*", "bokeh/_sri/*",
    "bokeh/command/*", "bokeh/client/*",
)  # fmt: skip
NUMPY_LEFT_OUT = ("*.pyi", "*.c", "*.h", "*.a", "*.typed", "*/tests/*")
# The answers to the markers of requirements, such as `sys_platform == "win32"`.
BROWSER = {
    "platform_system": "Emscripten",
    "sys_platform": "emscripten",
    "os_name": "posix",
    "python_version": "3.13",
    "extra": "",
}


def is_needed(path: str) -> bool:
    """Return whether a file of an installed package belongs into the site."""
    # Looking a version up is slow, and there are thousands of files.
    kept = path == "panel/package.json" or (
        path.startswith("bokeh/_sri/") and path == f"bokeh/_sri/{metadata.version('bokeh')}.json"
    )
    return kept or not any(fnmatch(path, pattern) for pattern in LEFT_OUT)


def refuse_missing(imported: Iterable[str]) -> None:
    """Raise SiteError if one of the imported top-level modules is not in the site."""
    for module in sorted(set(imported) & set(REFUSED)):
        raise SiteError(
            gettext(
                "Expected the app to import only what the static site carries, found {module} "
                "imported while it opens. The usual cause is {cause}: replace that.",
                module=module,
                cause=gettext(REFUSED[module]),
            )
        )


def needed_distributions(imported: Iterable[str]) -> list[str]:
    """Return the names of Panel and of all distributions that it needs in the browser, sorted.

    Parameters
    ----------
    imported
        The top-level modules that the app imported while it was converted.
    """
    skipped = NOT_NEEDED | {name for name, module in OPTIONAL.items() if module not in imported}
    found: set[str] = set()
    waiting = ["panel"]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in skipped:
            found.add(name)
            waiting += _requirements(name)
    return sorted(found)


def _requirements(distribution: str) -> list[str]:
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError as error:
        raise SiteError(
            gettext(
                "Expected the package {name} in this environment, found none: install the "
                "project's dependencies again.",
                name=distribution,
            )
        ) from error
    needed = [Requirement(line) for line in lines]
    kept = [r for r in needed if r.marker is None or r.marker.evaluate(BROWSER)]
    return [re.sub(r"[-_.]+", "-", requirement.name).lower() for requirement in kept]


def distribution_files(distribution: str) -> dict[str, bytes]:
    """Return the needed files of an installed distribution, by their paths in site-packages."""
    found = metadata.distribution(distribution)
    paths = [str(path) for path in found.files or [] if is_needed(str(path))]
    contents = {path: Path(str(found.locate_file(path))).read_bytes() for path in paths}
    # Bokeh and others look up their own version.
    info = f"{distribution.replace('-', '_')}-{found.version}.dist-info/METADATA"
    contents[info] = (
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {found.version}\n".encode()
    )
    return contents


def own_files(package: str) -> dict[str, bytes]:
    """Return the files of one of our packages, with its data and without the site's builder."""
    folder = package_folder(package)
    contents = {}
    for path in sorted(folder.rglob("*")):
        name = f"{package}/{path.relative_to(folder).as_posix()}"
        # Catalogues of texts are loaded one by one; see languages.py.
        is_left_out = name.startswith((*BUILD_ONLY, CATALOGUES)) or "__pycache__" in path.parts
        if path.is_file() and not is_left_out:
            contents[name] = path.read_bytes()
    return contents


def wheel_files(wheel: bytes) -> dict[str, bytes]:
    """Return the needed files of a wheel of pure Python, by their paths."""
    return {name: data for name, data in read_archive(wheel).items() if is_needed(name)}


def numpy_files(wheel: bytes) -> dict[str, bytes]:
    """Return the files of NumPy's wheel, with its compiled libraries and without its tests."""
    return {
        name: data
        for name, data in read_archive(wheel).items()
        if not any(fnmatch(name, pattern) for pattern in NUMPY_LEFT_OUT)
    }
