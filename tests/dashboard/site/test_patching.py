import json

import pytest

from dashboard.site.errors import SiteError
from dashboard.site.patching import (
    AFTER_CODE,
    BEFORE_CODE,
    HANDLER_PARTS,
    MESSAGE_LOOP,
    WORKER_START,
    patch_page,
    patch_worker,
)

WORKER = (
    f'importScripts("x");\n{BEFORE_CODE}print(1)\\nprint(2){AFTER_CODE}\n}}\n{MESSAGE_LOOP}'
    f"}}\n{WORKER_START}\n"
)
DOCUMENTS = {
    "doc": {
        "roots": [
            {"id": "p9", "attributes": {"name": "first"}},
            {"id": "p10", "attributes": {"name": "second"}},
            {"id": "p11", "attributes": {}},
        ]
    }
}
PLACES = {"p10": "place-of-second", "p9": "place-of-first", "p11": "nowhere"}
PAGE = f"""<html><body class="pn-loading pn-arc">
<div id="place-of-second" data-root-id="p10"></div><div id="place-of-first"></div>
<script>
{chr(10).join(HANDLER_PARTS)}
</script>
<script type="application/json" id="p12">
{json.dumps(DOCUMENTS)}
</script>
<script>
const render_items = [{json.dumps({"roots": PLACES})}];
</script>
</body></html>"""


def settings_of(script: str) -> dict:
    first_line = script.partition("\n")[0]
    return json.loads(first_line.removeprefix("const settings = ").removesuffix(";"))


def test_the_patched_worker_holds_the_apps_code_and_our_message_loop_only() -> None:
    patched = patch_worker(WORKER, {"packages": "packages.bin"})

    assert settings_of(patched) == {"packages": "packages.bin"}
    assert "const application = `print(1)\\nprint(2)`;" in patched
    assert patched.count("self.onmessage =") == 1
    assert MESSAGE_LOOP not in patched


@pytest.mark.parametrize("piece", [BEFORE_CODE, AFTER_CODE, MESSAGE_LOOP, WORKER_START])
def test_a_worker_without_the_text_to_replace_stops_the_build(piece: str) -> None:
    with pytest.raises(SiteError, match=r"worker was expected to hold .* found it 0 times"):
        patch_worker(WORKER.replace(piece, ""), {})


@pytest.mark.parametrize("piece", [BEFORE_CODE, MESSAGE_LOOP])
def test_a_worker_that_holds_the_text_twice_stops_the_build(piece: str) -> None:
    with pytest.raises(SiteError, match="found it 2 times"):
        patch_worker(WORKER + piece, {})


@pytest.mark.parametrize("piece", HANDLER_PARTS)
def test_a_page_without_the_handler_to_replace_stops_the_build(piece: str) -> None:
    with pytest.raises(SiteError, match=r"page was expected to hold .* found it 0 times"):
        patch_page(PAGE.replace(piece, ""), {})


def test_a_page_without_a_document_drawn_ahead_stops_the_build() -> None:
    with pytest.raises(SiteError, match="drawn ahead"):
        patch_page(PAGE.replace("render_items", "other"), {})


def test_the_patched_page_loads_our_script_instead_of_panels_handler() -> None:
    page, script = patch_page(PAGE, {})

    assert '<script defer src="page.js"></script>' in page
    assert not any(part in page + script for part in HANDLER_PARTS[:1] + HANDLER_PARTS[2:])
    assert settings_of(script)["loading"] == ["pn-arc"]


def test_the_roots_keep_the_documents_order_and_only_those_in_the_page_have_a_place() -> None:
    _, script = patch_page(PAGE, {})

    assert settings_of(script)["roots"] == [
        {"name": "first", "element": "place-of-first"},
        {"name": "second", "element": "place-of-second"},
        {"name": None, "element": None},
    ]


def test_python_starts_before_anything_else_is_loaded() -> None:
    page, _ = patch_page(PAGE.replace("<html>", '<html><head><meta charset="utf-8">'), {})

    assert page.index('charset="utf-8"') < page.index("new Worker(") < page.index("place-of-second")
    assert '<link rel="manifest" href="app.webmanifest">' in page


@pytest.mark.parametrize(
    ("script", "word"),
    [("bokeh-gl-3.9.2.min.js", "webgl"), ("bokeh-mathjax-3.9.2.min.js", "$$")],
)
def test_scripts_that_nothing_in_the_document_needs_are_left_out(script: str, word: str) -> None:
    link = f'<script src="https://cdn.bokeh.org/{script}"></script>'
    page = PAGE.replace("<body", f"{link}<body")

    assert script not in patch_page(page, {})[0]
    assert script in patch_page(page.replace('"id": "p9"', f'"id": "p9", "text": "{word}"'), {})[0]


def test_scripts_of_the_page_wait_until_it_is_shown() -> None:
    loud = '<script>\n Bokeh.set_log_level("info");\n</script>'
    page, _ = patch_page(PAGE.replace("<body", f'<script src="a.js"></script>{loud}<body'), {})

    assert '<script defer src="a.js"></script>' in page
    assert "set_log_level" not in page
