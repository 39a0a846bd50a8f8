import json
import sys
import zipfile
from pathlib import Path

import pytest

from dashboard.site import build, build_site
from dashboard.site.archive import write_archive
from dashboard.site.assets import is_local, page_links
from dashboard.site.bytecode import compile_archives
from dashboard.site.conversion import PANEL_ROOT, convert
from dashboard.site.errors import SiteError
from dashboard.site.pyodide_files import pinned, pyodide_files

APP = """
import panel as pn

pn.extension()
pn.Column(pn.widgets.Button(name="Press"), pn.pane.Markdown("text ${x} `code`")).servable()
"""


def quiet(line: str) -> None:
    pass


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app" / "app.py"
    path.parent.mkdir()
    path.write_text(APP)
    return path


@pytest.fixture
def without_pyodide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the right names with nothing in them, and no node to run them."""
    empty = write_archive({"module.py": b"x = 1"})
    contents = {file.name: empty for file in pyodide_files()}
    monkeypatch.setattr(build, "obtain_pyodide", lambda *arguments: contents)
    monkeypatch.setattr(build, "obtain_wheels", lambda *arguments: {})
    monkeypatch.setattr(build, "find_node", lambda: None)
    monkeypatch.setattr(build, "data_set_available", lambda name, folder: name == "digits")


def test_a_built_site_holds_all_that_it_loads(
    app: Path, tmp_path: Path, without_pyodide: None
) -> None:
    site = tmp_path / "dist" / "site"
    lines: list[str] = []
    build_site(site, app=app, log=lines.append)

    html = (site / "index.html").read_text(encoding="utf-8")
    links = page_links(html)
    assert PANEL_ROOT not in html
    assert all(is_local(link) for link in links)
    missing = [link for link in links if not (site / link.partition("?")[0]).is_file()]
    assert [link for link in missing if not link.startswith("data:")] == []
    assert "page.js" in links
    worker = (site / "worker.js").read_text(encoding="utf-8")
    settings = json.loads(worker.partition("\n")[0].removeprefix("const settings = ")[:-1])
    assert (site / settings["archive"]).is_file()
    assert (site / settings["pyodide"] / "pyodide.js").is_file()
    lock = json.loads((site / settings["pyodide"] / "pyodide-lock.json").read_text())
    assert sorted(lock["packages"]) == settings["packages"]
    for package in lock["packages"].values():
        assert (site / settings["pyodide"] / package["file_name"]).is_file()
    manifest = json.loads((site / "data" / "manifest.json").read_text())
    assert [data_set["name"] for data_set in manifest["data_sets"]] == ["digits"]
    assert any("node was not found" in line for line in lines)
    with zipfile.ZipFile(site / settings["archive"]) as archive:
        packed = {name.partition("/")[0] for name in archive.namelist()}
    assert {"panel", "bokeh", "nn", "data_cache", "dashboard"} <= packed
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_an_earlier_site_is_replaced_whole(
    app: Path, tmp_path: Path, without_pyodide: None
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "worker.js").write_text("earlier")
    (site / "left-over.txt").write_text("earlier")

    build_site(site, app=app, log=quiet)

    assert "earlier" not in (site / "worker.js").read_text(encoding="utf-8")
    assert not (site / "left-over.txt").exists()


def test_an_app_that_fails_stops_the_build_with_its_own_error(app: Path) -> None:
    app.write_text("raise ValueError('no such knob')")

    with pytest.raises(SiteError, match=r"could not convert [\s\S]*no such knob"):
        convert(app)


def test_a_missing_app_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"gone\.py, found no such file"):
        convert(tmp_path / "gone.py")


def test_a_failed_build_leaves_the_earlier_site_as_it_was(
    app: Path, tmp_path: Path, without_pyodide: None
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "worker.js").write_text("earlier")
    app.write_text("raise ValueError")

    with pytest.raises(SiteError):
        build_site(site, app=app, log=quiet)

    assert (site / "worker.js").read_text() == "earlier"


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")

    with pytest.raises(SiteError, match="empty or an earlier site"):
        build_site(tmp_path, log=quiet)

    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_a_compiler_that_fails_stops_the_build_with_its_own_words(tmp_path: Path) -> None:
    packages = write_archive({"module.py": b"x = 1"})

    with pytest.raises(SiteError, match="could not compile the modules: "):
        compile_archives({"packages.zip": packages}, {"packages.zip": "/lib"}, {}, sys.executable)


def test_the_library_folder_is_the_one_of_the_locks_python() -> None:
    version = pinned()["lock"]["info"]["python"].rpartition(".")[0]

    assert pinned()["library"] == f"/lib/python{version}/site-packages"
