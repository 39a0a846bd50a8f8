"""Gathers the Python packages that the browser needs.

Pure Python out of this environment, without tests, scripts of the page and tools; the same input
gives the same bytes.
"""

import re
import zipfile
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from importlib import metadata
from io import BytesIO
from pathlib import Path

from packaging.requirements import Requirement

from dashboard.site.assets import package_folder
from dashboard.site.errors import SiteError

OWN_PACKAGES = ("nn", "data_cache", "dashboard")
# Panel asks for these, but a plain app in the browser never imports them; without tqdm Panel lacks
# one indicator, and opens sooner.
NOT_NEEDED = {"pandas", "requests", "nh3", "numpy", "contourpy", "pillow", "tornado", "tqdm"}
# Modules of those that only come in when something asks for them, and what usually does.
REFUSED = {
    "nh3": "a ReactiveHTML component such as pn.FlexBox",
    "pandas": "a data frame or a widget for tables",
    "PIL": "a picture made with Pillow",
    "contourpy": "a contour plot",
    "requests": "a download",
}
# Their own needs come with them only when the app imports them.
OPTIONAL = {"panel-material-ui": "panel_material_ui"}
LEFT_OUT = (
    "*.pyi", "*.pyc", "*.so", "*.pyd", "*.c", "*.pyx", "*.ts", "*.tsx", "*.map", "*.less",
    "*.mo", "*.po", "*.1", "*.sh", "*/py.typed", "*.typed", "*/tests/*", "*/testing/*",
    "*.dist-info/*", "bin/*", "../*", "_yaml/*",
    "panel/dist/*", "panel/command/*", "panel/examples/*", "panel/*.json", "panel/assets/*",
    "bokeh/server/static/*", "bokeh/sampledata/*", "bokeh/sphinxext/*", "bokeh/_sri/*",
    "bokeh/command/*", "bokeh/client/*",
)  # fmt: skip
# The answers to the markers of requirements, such as `sys_platform == "win32"`.
BROWSER = {
    "platform_system": "Emscripten",
    "sys_platform": "emscripten",
    "os_name": "posix",
    "python_version": "3.13",
    "extra": "",
}
FIXED_DATE = (1980, 1, 1, 0, 0, 0)


def is_needed(path: str) -> bool:
    """Tell whether a file of an installed package belongs into the archive."""
    # Looking a version up takes long, and there are thousands of files.
    kept = path == "panel/package.json" or (
        path.startswith("bokeh/_sri/") and path == f"bokeh/_sri/{metadata.version('bokeh')}.json"
    )
    return kept or not any(fnmatch(path, pattern) for pattern in LEFT_OUT)


def refuse_missing(imported: Iterable[str]) -> None:
    """Raise SiteError if the app imported a module that the browser form does not carry."""
    for module in sorted(set(imported) & set(REFUSED)):
        raise SiteError(
            f"The app imports {module} while it opens, which the browser form does not carry. "
            f"The usual cause is {REFUSED[module]}: use something else there."
        )


def needed_distributions(imported: Iterable[str]) -> list[str]:
    """List the distributions that Panel needs in the browser, Panel among them, sorted.

    `imported` holds the top-level modules that the app imported while it was converted.
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
            f"The package {distribution} was expected in this environment, found it missing: "
            "install the project's dependencies again."
        ) from error
    needed = [Requirement(line) for line in lines]
    kept = [r for r in needed if r.marker is None or r.marker.evaluate(BROWSER)]
    return [re.sub(r"[-_.]+", "-", requirement.name).lower() for requirement in kept]


def version(distribution: str) -> str:
    """Return the version of an installed distribution; "unknown" if it is none."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"


def distribution_files(distribution: str) -> dict[str, bytes]:
    """Read the needed files of an installed distribution, by their path in site-packages."""
    found = metadata.distribution(distribution)
    paths = [str(path) for path in found.files or [] if is_needed(str(path))]
    contents = {path: Path(str(found.locate_file(path))).read_bytes() for path in paths}
    # Bokeh and others ask for their own version.
    info = f"{distribution.replace('-', '_')}-{found.version}.dist-info/METADATA"
    contents[info] = (
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {found.version}\n".encode()
    )
    return contents


def own_files(package: str) -> dict[str, bytes]:
    """Read one of our packages with its data, without the builder of the site."""
    folder = package_folder(package)
    contents = {}
    for path in sorted(folder.rglob("*")):
        name = f"{package}/{path.relative_to(folder).as_posix()}"
        built_here = name.startswith("dashboard/site/") or "__pycache__" in path.parts
        if path.is_file() and not built_here:
            contents[name] = path.read_bytes()
    return contents


def wheel_files(wheel: bytes) -> dict[str, bytes]:
    """Read the needed files of a wheel."""
    return {name: data for name, data in read_archive(wheel).items() if is_needed(name)}


def numpy_files(wheel: bytes) -> dict[str, bytes]:
    """Read the files of NumPy's wheel, its compiled libraries among them, without its tests."""
    unwanted = (".pyi", ".c", ".h", ".a", ".typed")
    return {
        name: data
        for name, data in read_archive(wheel).items()
        if "/tests/" not in name and not name.endswith(unwanted)
    }


def read_archive(archive: bytes) -> dict[str, bytes]:
    """Read all files of a zip archive."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        names = [name for name in opened.namelist() if not name.endswith("/")]
        return {name: opened.read(name) for name in names}


def write_archive(contents: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack files into a zip archive whose bytes depend on nothing but names and contents."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=9) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, FIXED_DATE)
            entry.compress_type = method
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, contents[name])
    return buffer.getvalue()
