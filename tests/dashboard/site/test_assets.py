from pathlib import Path

import pytest

from dashboard.site.assets import check_page, is_local, make_local, page_links, style_links
from dashboard.site.conversion import PANEL_ROOT
from dashboard.site.site_files import SiteError


def test_scripts_styles_and_pictures_are_found_and_plain_links_are_not() -> None:
    html = '<link href="a.css"><script src="b.js"></script><img src="c.png"><a href="d.html">d</a>'

    assert page_links(html) == ["a.css", "b.js", "c.png"]


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a { background: url(dot.svg) }", ["dot.svg"]),
        ("a { background: url( 'dot.svg' ) }", ["dot.svg"]),
        ('@import "other.css";', ["other.css"]),
        ("@import url('other.css');", ["other.css"]),
        ("""a { mask: url("data:image/svg+xml,<g filter='url(#a)'/>") }""",
         ["data:image/svg+xml,<g filter='url(#a)'/>"]),
    ],
)  # fmt: skip
def test_what_a_style_sheet_loads_is_found(css: str, expected: list[str]) -> None:
    assert style_links(css) == expected


@pytest.mark.parametrize("address", ["page/a.css", "./a.css", "data:image/png;base64,x", "#part"])
def test_relative_addresses_stay_within_the_site(address: str) -> None:
    assert is_local(address)


@pytest.mark.parametrize(
    "address", ["https://host/a.css", "//host/a.css", "/static/a.css", "http://host/a"]
)
def test_addresses_with_a_host_or_from_the_root_leave_the_site(address: str) -> None:
    assert not is_local(address)


def test_panels_and_bokehs_files_are_copied_and_linked_by_relative_paths(tmp_path: Path) -> None:
    html = (
        f'<link href="{PANEL_ROOT}1.2.3/dist/css/loading.css"><script '
        'src="https://cdn.bokeh.org/bokeh/release/bokeh-widgets-9.9.9.min.js"></script>'
    )

    page = make_local(html, tmp_path, tmp_path)

    assert page_links(page) == [
        "panel/1.2.3/dist/css/loading.css",
        "bokeh/bokeh-widgets-9.9.9.min.js",
    ]
    for address in page_links(page):
        assert (tmp_path / address).stat().st_size > 0


def test_styles_that_panel_adds_at_run_time_are_shipped_with_all_that_they_load(
    tmp_path: Path,
) -> None:
    make_local(f'<link href="{PANEL_ROOT}1.2.3/dist/css/loading.css">', tmp_path, tmp_path)

    dist = tmp_path / "panel/1.2.3/dist"
    assert {"css/models/card.css", "bundled/theme/dark.css"} <= {
        path.relative_to(dist).as_posix() for path in dist.rglob("*.css")
    }
    for sheet in dist.rglob("*.css"):
        for address in style_links(sheet.read_text(encoding="utf-8")):
            assert address.startswith(("data:", "#")) or (sheet.parent / address).is_file()


def test_files_beside_the_app_are_copied_with_what_they_load(tmp_path: Path) -> None:
    app, site = tmp_path / "app", tmp_path / "site"
    (app / "page").mkdir(parents=True)
    (app / "page" / "own.css").write_text("body { background: url(dot.svg) }")
    (app / "page" / "dot.svg").write_text("<svg/>")

    make_local('<link href="page/own.css?v=1">', site, app)

    assert (site / "page" / "own.css").is_file()
    assert (site / "page" / "dot.svg").is_file()


def test_a_link_to_a_file_that_is_not_beside_the_app_names_the_link(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"'page/gone\.css'.* found none"):
        make_local('<link href="page/gone.css">', tmp_path / "site", tmp_path)


def test_a_style_sheet_that_loads_from_another_host_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.css").write_text("@import url(https://fonts.example/font.css);")

    with pytest.raises(SiteError, match=r"https://fonts\.example/font\.css in own\.css"):
        make_local('<link href="own.css">', tmp_path / "site", tmp_path)


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link href="/static/x.css">',
        '{"type":"object","name":"ImportedStyleSheet","attributes":{"url":"https://a.example/b"}}',
        f"<style>a {{ background: url({PANEL_ROOT}x/dist/y.svg) }}</style>",
    ],
)
def test_a_page_that_would_leave_the_sites_origin_is_refused(html: str) -> None:
    with pytest.raises(SiteError, match="files of the site only"):
        check_page(html)
