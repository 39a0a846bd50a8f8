"""Copies the scripts, styles and pictures that the page loads, and makes every URL relative.

Panel and Bokeh name URLs of their content delivery networks; the site loads its own files only.
"""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

from dashboard.languages.text import gettext
from dashboard.site.conversion import PANEL_ROOT
from dashboard.site.site_files import SiteError, package_folder

BOKEH_SCRIPT = re.compile(
    r"https://cdn\.bokeh\.org/bokeh/release/(bokeh[a-z-]*)-([0-9.]+)\.min\.js"
)
PANEL_FILE = re.compile(re.escape(PANEL_ROOT) + r"([^/\"'\s]+)/dist/([^\"'\s?<>&)]+)")
CSS_URL = re.compile(
    r"""(?:url\(|@import\s+(?=["']))\s*(?:"([^"]*)"|'([^']*)'|([^"'\s)][^)]*?)\s*\))"""
)
STYLE_URL_IN_DOCUMENT = re.compile(r'"url":\s*"(https?:)?//')
# Files that Panel may load while the app runs: styles of widgets and themes, and their pictures.
PANEL_ALWAYS = ("css/**/*.css", "bundled/theme/*.css", "assets/*.svg")
LINK_TAGS = {"link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src"}


class _Links(HTMLParser):
    """Collects the URL of everything that a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = LINK_TAGS.get(tag)
        self.found += [value for name, value in attrs if name == wanted and value]


def page_links(html: str) -> list[str]:
    """Return the URLs that a page loads by itself: scripts, styles, icons, pictures."""
    parser = _Links()
    parser.feed(html)
    return parser.found


def style_links(css: str) -> list[str]:
    """Return the URLs that a style sheet loads."""
    return ["".join(found) for found in CSS_URL.findall(css)]


def is_local(url: str) -> bool:
    """Return whether a URL stays within the site, at whatever path the site is served."""
    return url.startswith(("data:", "#")) or not re.match(r"(?:[a-z][a-z0-9+.-]*:)?/", url)


def make_local(html: str, destination: Path, app_folder: Path) -> str:
    """Copy all files that the page loads, and return the page with relative URLs.

    Parameters
    ----------
    html
        The page with the URLs of Panel and Bokeh, and of files beside the app.
    destination
        The folder of the site.
    app_folder
        The folder of the Panel script.

    Raises
    ------
    SiteError
        If a file is missing, or the page or a style sheet loads from elsewhere.
    """
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
    for url in page_links(html):
        _copy_own_file(url, destination, app_folder)
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


def _copy_own_file(url: str, destination: Path, app_folder: Path) -> None:
    """Copy a file beside the app that its template links to."""
    path = re.split("[?#]", url)[0]
    if not path or not is_local(url) or url.startswith("data:"):
        return
    if not (destination / path).exists():
        origin = gettext("the app's page, as {url},", url=repr(url))
        _copy(app_folder / path, destination / path, origin)


def _copy(source: Path, target: Path, origin: str) -> None:
    if not source.is_file():
        raise SiteError(
            gettext(
                "Expected the file that {origin} links to at {source}, found none.",
                origin=origin,
                source=source,
            )
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _copy_style_files(destination: Path, panel_dist: Path, app_folder: Path) -> None:
    """Copy what the copied style sheets load themselves, and refuse URLs of other hosts."""
    for sheet in sorted(destination.rglob("*.css")):
        for url in style_links(sheet.read_text(encoding="utf-8")):
            if not is_local(url):
                raise SiteError(
                    gettext(
                        "Expected style sheets to load files of the site only (relative paths), "
                        "found {url} in {sheet}: copy that file beside the app.",
                        url=url,
                        sheet=sheet.name,
                    )
                )
            target = (sheet.parent / re.split("[?#]", url)[0]).resolve()
            if not url.startswith(("data:", "#")) and not target.is_file():
                path = target.relative_to(destination.resolve()).as_posix()
                from_panel = re.match(r"panel/[^/]+/dist/(.*)", path)
                source = panel_dist / from_panel[1] if from_panel else app_folder / path
                _copy(source, target, sheet.name)


def check_page(html: str) -> None:
    """Raise SiteError if a page loads anything from outside the site, naming every URL."""
    foreign = [url for url in page_links(html) if not is_local(url)]
    if PANEL_ROOT in html:
        foreign.append(PANEL_ROOT)
    foreign += [html[found.start() :][:120] for found in STYLE_URL_IN_DOCUMENT.finditer(html)]
    if foreign:
        raise SiteError(
            gettext(
                "Expected the page to load files of the site only (relative paths), found {urls}",
                urls=", ".join(sorted(set(foreign))),
            )
        )
