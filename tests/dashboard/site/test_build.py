import gzip
import json
import re
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from dashboard.site import build, build_site, python_files
from dashboard.site.archives import read_bundle, write_archive
from dashboard.site.assets import is_local, page_links
from dashboard.site.conversion import PANEL_ROOT, convert
from dashboard.site.offline import BUILD_MANIFEST
from dashboard.site.pyodide_files import pinned, pyodide_files
from dashboard.site.python_files import compile_archives
from dashboard.site.site_files import SiteError, checksums
from dashboard.upstream import VARIABLE

APP = """
import panel as pn

pn.extension()
pn.Column(pn.widgets.Button(name="Press"), pn.pane.Markdown("text ${x} `code`")).servable()
"""


def quiet(line: str) -> None:
    pass


def write_app(folder: Path) -> Path:
    path = folder / "app" / "app.py"
    path.parent.mkdir()
    path.write_text(APP)
    return path


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path)


@pytest.fixture(scope="module")
def without_pyodide() -> Iterator[None]:
    """Files of the right names with nothing in them, no node to run them, and fast compression."""
    empty = write_archive({"module.py": b"x = 1"})
    compress = gzip.compress
    contents = {file.name: empty for file in pyodide_files()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "obtain_pyodide", lambda *arguments: contents)
        patch.setattr(python_files, "obtain_wheels", lambda *arguments: {})
        patch.setattr(python_files, "find_node", lambda: None)
        patch.setattr(build, "data_set_available", lambda name, folder: name == "digits")
        patch.setattr(
            gzip, "compress", lambda data, compresslevel, *, mtime: compress(data, 1, mtime=mtime)
        )
        yield


@dataclass(frozen=True)
class BuiltSite:
    """A site, the app that it was built from, and what the build said."""

    folder: Path
    app: Path
    lines: list[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, without_pyodide: None) -> BuiltSite:
    """One build, which takes seconds, for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("build")
    site, app, lines = folder / "dist" / "site", write_app(folder), []
    build_site(site, app=app, log=lines.append)
    return BuiltSite(site, app, lines)


def test_a_built_site_holds_all_that_it_loads(built: BuiltSite) -> None:
    site, lines = built.folder, built.lines

    html = (site / "index.html").read_text(encoding="utf-8")
    links = page_links(html)
    assert PANEL_ROOT not in html
    assert all(is_local(link) for link in links)
    missing = [link for link in links if not (site / link.partition("?")[0]).is_file()]
    assert [link for link in missing if not link.startswith("data:")] == []
    listed = html.partition("const siteFiles = ")[2]
    files = json.JSONDecoder().raw_decode(listed)[0]
    assert files["scripts"][-1]["name"] == "page.js"
    for file in (*files["scripts"], files["worker"]):
        content = (site / file["name"]).read_bytes()
        assert file["bytes"] == len(content)
        assert file["sums"][0] == sha256(content).hexdigest()
    worker = (site / "worker.js").read_text(encoding="utf-8")
    settings = json.loads(worker.partition("\n")[0].removeprefix("const settings = ")[:-1])
    for name in ("packages", "stdlib"):
        assert (site / settings[name]).is_file()
    for name in ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm"):
        assert (site / settings["pyodide"] / name).is_file()
    manifest = json.loads((site / "data" / "manifest.json").read_text())
    assert [data_set["name"] for data_set in manifest["data_sets"]] == ["digits"]
    assert any("node was not found" in line for line in lines)
    bundle = read_bundle((site / settings["packages"]).read_bytes())
    packed = {name.partition("/")[0] for name in bundle}
    assert "script-src blob: 'unsafe-eval' " in (site / "_headers").read_text()
    assert {"panel", "bokeh", "nn", "data_cache", "dashboard"} <= packed
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_the_switch_of_the_upstream_patches_is_stored_in_the_site(
    app: Path, tmp_path: Path, without_pyodide: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    build_site(tmp_path / "site", app=app, log=quiet)

    worker = (tmp_path / "site" / "worker.js").read_text(encoding="utf-8")
    settings = json.loads(worker.partition("\n")[0].removeprefix("const settings = ")[:-1])
    assert settings["env"] == {VARIABLE: "off"}
    assert (tmp_path / "site" / settings["stdlib"]).is_file()
    assert "_link_docs_worker(state.curdoc, sendPatch, setter='js')" in worker
    assert "loadInParallel(" in worker  # the call; its definition is a patch
    assert "function loadInParallel" not in worker
    page = (tmp_path / "site" / "page.js").read_text(encoding="utf-8")
    assert "pyodideWorker.queue = events" in page
    # es-module-shims, which is left out with the patches, writes inline scripts.
    assert "'unsafe-inline'; worker-src" in (tmp_path / "site" / "_headers").read_text()


def test_a_missing_app_is_named(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"gone\.py, found no such file"):
        convert(tmp_path / "gone.py")


def test_an_app_that_fails_stops_the_build_with_its_own_error_and_leaves_the_earlier_site(
    app: Path, tmp_path: Path, without_pyodide: None
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "worker.js").write_text("of before")
    app.write_text("raise ValueError('no such knob')")

    with pytest.raises(SiteError, match=r"could not convert [\s\S]*no such knob"):
        build_site(site, app=app, log=quiet)

    assert (site / "worker.js").read_text() == "of before"


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


def test_an_earlier_site_is_replaced_whole_and_the_same_inputs_give_the_same_bytes(
    built: BuiltSite, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "worker.js").write_text("of before")
    (site / "left-over.txt").write_text("of before")

    build_site(site, app=built.app, log=quiet)

    assert checksums(site) == checksums(built.folder)


def test_every_file_is_listed_with_its_checksum(built: BuiltSite) -> None:
    first = checksums(built.folder)
    manifest = json.loads((built.folder / "build-manifest.json").read_text())
    listed = {name: file["sha256"] for name, file in manifest["files"].items()}
    assert listed == {name: found for name, found in first.items() if name != BUILD_MANIFEST}
    assert set(manifest["versions"]) >= {"panel", "bokeh", "numpy", "pyodide", "python"}


def test_the_service_worker_keeps_the_whole_build_but_the_blocks(built: BuiltSite) -> None:
    text = (built.folder / "service-worker.js").read_text()
    kept = json.JSONDecoder().raw_decode(text.removeprefix("const build = "))[0]
    others = set(checksums(built.folder)) - set(kept["files"])
    assert {name for name in others if not name.startswith("data/blocks/")} == {
        "_headers",
        "nginx-headers.conf",
        "build-manifest.json",
        "service-worker.js",
    }
    version = json.loads((built.folder / "build-manifest.json").read_text())["version"]
    assert kept["version"] == version


@pytest.mark.upstream_patch("page_scripts")
def test_the_policy_allows_exactly_the_inline_scripts_of_the_page(built: BuiltSite) -> None:
    html = (built.folder / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = {f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in scripts}
    headers = (built.folder / "_headers").read_text()
    policy = headers.partition("Content-Security-Policy: ")[2].strip()
    sources = dict(part.split(" ", 1) for part in policy.split("; "))
    assert hashes <= set(sources["script-src"].split())
    assert sources["default-src"] == "'none'"
    assert "'unsafe-inline'" not in sources["script-src"]
    assert policy in (built.folder / "nginx-headers.conf").read_text()
