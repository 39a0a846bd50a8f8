import json
import re

import pytest

from dashboard.site.page import (
    AFTER_CODE,
    BEFORE_CODE,
    HANDLER_PARTS,
    MESSAGE_LOOP,
    PANEL_START,
    SEND_PATCH,
    WORKER_START,
    make_page,
    make_worker,
    read_patch,
    read_script,
)
from dashboard.site.site_files import SiteError
from dashboard.upstream import VARIABLE

PATCHES_OF_PAGE = ("message_loop.js", "adoption.js", "file_limits.js")
FUNCTION = r"^(?:async )?function (\w+)\("
WORKER = (
    f'importScripts("x");\n{SEND_PATCH}  post(patch)\n}}\n{PANEL_START}{BEFORE_CODE}print(1)\\n'
    f"print(2){AFTER_CODE}\n}}\n{MESSAGE_LOOP}  panels_loop()\n}}\n{WORKER_START}\n"
)
DOCUMENT = json.dumps({"doc": {"roots": [{"id": "p9", "attributes": {"name": "first"}}]}})
PAGE = f"""<html><body class="pn-loading pn-arc">
<div id="place-of-first" data-root-id="p9"></div>
<script>
{chr(10).join(HANDLER_PARTS)}
</script>
<script type="application/json" id="p12">
{DOCUMENT}
</script>
<script type="text/javascript">
  (function() {{
    const fn = function() {{
      const docs_json = document.getElementById('p12').textContent;
      const render_items = [{{"docid":"d1"}}];
      root.Bokeh.embed.embed_items(docs_json, render_items);
    }};
  }})();
</script>
</body></html>"""


@pytest.fixture
def patches(monkeypatch: pytest.MonkeyPatch):
    """Turn patches on or off by the value of the variable."""
    return lambda value: monkeypatch.setenv(VARIABLE, value)


def settings_of(script: str) -> dict:
    first_line = script.partition("\n")[0]
    return json.loads(first_line.removeprefix("const settings = ").removesuffix(";"))


def test_the_worker_holds_the_apps_code_and_the_patched_message_loop_only(patches) -> None:
    patches("on")
    worker = make_worker(WORKER, {"packages": "packages.bin"})

    assert settings_of(worker)["packages"] == "packages.bin"
    assert settings_of(worker)["loadsInParallel"] is True
    assert "const application = `print(1)\\nprint(2)`;" in worker
    assert worker.count("self.onmessage =") == 1
    assert "panels_loop()" not in worker


def test_with_the_patches_off_the_worker_holds_panels_message_loop_only(patches) -> None:
    patches("off")
    worker = make_worker(WORKER, {})

    assert settings_of(worker)["loadsInParallel"] is False
    assert worker.count("self.onmessage =") == 1
    assert SEND_PATCH + "  post(patch)" in worker
    assert MESSAGE_LOOP + "  panels_loop()" in worker


@pytest.mark.parametrize(
    "piece", [SEND_PATCH, PANEL_START, BEFORE_CODE, AFTER_CODE, MESSAGE_LOOP, WORKER_START]
)
def test_a_worker_without_the_text_to_replace_stops_the_build(piece: str) -> None:
    with pytest.raises(SiteError, match=r"in the worker .* found it 0 times"):
        make_worker(WORKER.replace(piece, ""), {})


@pytest.mark.parametrize("piece", [BEFORE_CODE, MESSAGE_LOOP])
def test_a_worker_that_holds_the_text_twice_stops_the_build(piece: str) -> None:
    with pytest.raises(SiteError, match="found it 2 times"):
        make_worker(WORKER + piece, {})


@pytest.mark.parametrize("piece", HANDLER_PARTS)
def test_a_page_without_the_handler_to_replace_stops_the_build(piece: str) -> None:
    with pytest.raises(SiteError, match=r"in the page .* found it 0 times"):
        make_page(PAGE.replace(piece, ""))


def test_a_page_without_a_prerendered_document_stops_the_build() -> None:
    with pytest.raises(SiteError, match="prerendered"):
        make_page(PAGE.replace("application/json", "other"))


def test_the_page_loads_its_own_script_instead_of_panels_handler(patches) -> None:
    patches("on")
    page, script = make_page(PAGE)

    assert 'src="page.js"></script>' in page
    assert not any(part in page + script for part in HANDLER_PARTS)
    assert settings_of(script) == {"adopts": True}


def test_with_the_patches_off_the_script_holds_panels_handler_without_its_worker(patches) -> None:
    patches("off")
    page, script = make_page(PAGE)

    assert HANDLER_PARTS[0] not in page + script
    assert all(part in script for part in HANDLER_PARTS[1:])
    assert settings_of(script) == {"adopts": False}


@pytest.mark.parametrize("value", ["on", "off"])
def test_the_pages_own_script_uses_no_function_of_a_patch_that_is_not_there(
    patches, value: str
) -> None:
    patches(value)
    _, script = make_page(PAGE)
    of_patches = set(re.findall(FUNCTION, "".join(map(read_patch, PATCHES_OF_PAGE)), re.MULTILINE))
    used = {name for name in of_patches if f"{name}(" in read_script("page.js")}

    assert "connectPage" in used
    assert used <= set(re.findall(FUNCTION, script, re.MULTILINE))


def test_a_page_without_the_script_that_draws_the_document_stops_the_build() -> None:
    with pytest.raises(SiteError, match="draws the prerendered document"):
        make_page(PAGE.replace("const render_items", "const other"))


def test_what_is_to_be_drawn_is_data_for_the_scripts_of_the_site() -> None:
    page, _ = make_page(PAGE)

    assert (
        '<script type="application/json" id="site-render-items">[{"docid":"d1"}]</script>' in page
    )
    assert "embed_items(" not in page
    assert page.index('id="site-end"') > page.index("site-render-items")


def test_python_starts_before_anything_else_is_loaded() -> None:
    page, _ = make_page(PAGE.replace("<html>", '<html><head><meta charset="utf-8">'))

    assert page.index('charset="utf-8"') < page.index("new Worker(") < page.index("place-of-first")
    assert '<link rel="manifest" href="app.webmanifest">' in page


def test_the_first_html_says_how_far_the_start_is_with_its_style() -> None:
    page, _ = make_page(PAGE)
    body = page[page.index("<body") :]
    assert body.index("site-status") < body.index("data-root-id")
    assert "<progress" in body
    assert ".site-status" in page[: page.index("<body")]
