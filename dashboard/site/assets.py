"""Copies the scripts, styles and pictures that the page asks for, and makes every address local.

Panel and Bokeh name addresses on the internet; in the site each of them is a relative path.
"""

import re
import shutil
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

from dashboard.site.conversion import PANEL_ROOT
from dashboard.site.errors import SiteError

BOKEH_SCRIPT = re.compile(
    r"https://cdn\.bokeh\.org/bokeh/release/(bokeh[a-z-]*)-([0-9.]+)\.min\.js"
)
PANEL_FILE = re.compile(re.escape(PANEL_ROOT) + r"([^/\"'\s]+)/dist/([^\"'\s?<>&)]+)")
CSS_URL = re.compile(
    r"""(?:url\(|@import\s+(?=["']))\s*(?:"([^"]*)"|'([^']*)'|([^"'\s)][^)]*?)\s*\))"""
)
STYLE_URL_IN_DOCUMENT = re.compile(r'"url":\s*"(https?:)?//')
# What Panel may add while the app runs: styles of widgets and of themes, and their pictures.
PANEL_ALWAYS = ("css/**/*.css", "bundled/theme/*.css", "assets/*.svg")
LINK_TAGS = {"link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src"}


def package_folder(name: str) -> Path:
    """Return the folder of an installed package."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SiteError(f"The package {name} was expected in this environment, found it missing.")
    return Path(spec.origin).parent


class _Links(HTMLParser):
    """Collects the address of everything that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = LINK_TAGS.get(tag)
        self.found += [value for name, value in attrs if name == wanted and value]


def page_links(html: str) -> list[str]:
    """List the addresses that a page loads by itself: scripts, styles, icons, pictures."""
    parser = _Links()
    parser.feed(html)
    return parser.found


def style_links(css: str) -> list[str]:
    """List the addresses that a style sheet loads."""
    return ["".join(found) for found in CSS_URL.findall(css)]


def is_local(address: str) -> bool:
    """Tell whether an address stays within the site wherever the site lies."""
    return address.startswith(("data:", "#")) or not re.match(r"(?:[a-z][a-z0-9+.-]*:)?/", address)


def localise(html: str, destination: Path, app_folder: Path) -> str:
    """Copy what the page asks for into `destination`; returns the page with local addresses."""
    html = BOKEH_SCRIPT.sub(lambda found: _copy_bokeh_script(found, destination), html)
    panel_dist = package_folder("panel") / "dist"
    for version, path in sorted(set(PANEL_FILE.findall(html))):
        _copy(panel_dist / path, destination / _panel_path(version, path), "Panel's page")
    versions = {version for version, _ in PANEL_FILE.findall(html)}
    for version in versions:
        for pattern in PANEL_ALWAYS:
            for file in sorted(panel_dist.glob(pattern)):
                path = file.relative_to(panel_dist).as_posix()
                _copy(file, destination / _panel_path(version, path), "Panel")
    html = PANEL_FILE.sub(lambda found: _panel_path(found[1], found[2]), html)
    for address in page_links(html):
        _copy_own_file(address, destination, app_folder)
    _copy_style_files(destination, panel_dist, app_folder)
    check_page(html)
    return html


def _panel_path(version: str, path: str) -> str:
    return f"panel/{version}/dist/{path}"


def _copy_bokeh_script(found: re.Match[str], destination: Path) -> str:
    name, version = found[1], found[2]
    source = package_folder("bokeh") / "server" / "static" / "js" / f"{name}.min.js"
    path = f"bokeh/{name}-{version}.min.js"
    _copy(source, destination / path, "Bokeh's page")
    return path


def _copy_own_file(address: str, destination: Path, app_folder: Path) -> None:
    """Copy a file that lies beside the app and that its template links to."""
    path = address.partition("?")[0].partition("#")[0]
    if not path or not is_local(address) or address.startswith("data:"):
        return
    if not (destination / path).exists():
        _copy(app_folder / path, destination / path, f"the app's page, as {address!r},")


def _copy(source: Path, target: Path, asked_by: str) -> None:
    if not source.is_file():
        raise SiteError(f"A file that {asked_by} links to was expected at {source}, found none.")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _copy_style_files(destination: Path, panel_dist: Path, app_folder: Path) -> None:
    """Copy what the copied style sheets load in turn, and refuse what lies elsewhere."""
    for sheet in sorted(destination.rglob("*.css")):
        for address in style_links(sheet.read_text(encoding="utf-8")):
            if not is_local(address):
                raise SiteError(f"{sheet.name} loads {address}; a site must not leave its origin.")
            target = (sheet.parent / re.split("[?#]", address)[0]).resolve()
            if not address.startswith(("data:", "#")) and not target.is_file():
                path = target.relative_to(destination.resolve()).as_posix()
                from_panel = re.match(r"panel/[^/]+/dist/(.*)", path)
                source = panel_dist / from_panel[1] if from_panel else app_folder / path
                _copy(source, target, sheet.name)


def check_page(html: str) -> None:
    """Refuse a page that would load anything from outside the site, naming every address."""
    foreign = [address for address in page_links(html) if not is_local(address)]
    if PANEL_ROOT in html:
        foreign.append(PANEL_ROOT)
    if STYLE_URL_IN_DOCUMENT.search(html):
        foreign.append(html[STYLE_URL_IN_DOCUMENT.search(html).start() :][:120])  # type: ignore
    if foreign:
        raise SiteError(
            "The page was expected to load files of the site only (relative paths); found: "
            + ", ".join(sorted(set(foreign)))
        )
