"""Replaces the start-up and the message loop that Panel generates by the ones of this folder.

Panel's loop loses messages while Python is busy; should Panel's text ever change, the build stops
here instead of making a site that loses them again.
"""

import html as html_module
import json
import re
from importlib.resources import files
from typing import Any

from dashboard.site.errors import SiteError

# Panel's worker, in order: what precedes the app's code, what follows it, and the message loop.
BEFORE_CODE = "const [docs_json, render_items, root_ids] = await self.pyodide.runPythonAsync(`"
AFTER_CODE = "`)\n    self.postMessage({\n      type: 'render',\n      docs_json: docs_json,"
MESSAGE_LOOP = "self.onmessage = async (event) => {\n  const msg = event.data\n"
WORKER_START = "\nstartApplication()"

# Panel's handler in the page.
HANDLER_PARTS = (
    "const pyodideWorker = new Worker(",
    "function send_change(jsdoc, event) {",
    "pyodideWorker.onmessage = async (event) => {",
    "jsdoc.on_change(send_change.bind(null, jsdoc), false)",
)
PAGE_SCRIPTS = ("status.js", "offline.js", "adoption.js", "page.js")
HEAD = re.compile(r'<head[^>]*>(?:\s*<meta charset="[^"]*"\s*/?>)?')
SCRIPT_LINK = re.compile(r'<script([^>]* src="([^"]*)"[^>]*)></script>')
LOG_LEVEL = re.compile(r"<script[^>]*>\s*Bokeh\.set_log_level\([^)]*\);\s*</script>")
# Scripts of BokehJS that are needed only by a document with these words in it.
SPECIAL_SCRIPTS = {
    "bokeh-gl-": ("webgl",),
    "bokeh-mathjax-": ("$$", r"\\[", r"\\("),
}
INSTALLABLE = """
  <link rel="manifest" href="app.webmanifest">
  <link rel="apple-touch-icon" href="icon-192.png">
  <meta name="theme-color" content="#3b5bdb">
"""
SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
RENDER_ITEMS = re.compile(r"const render_items = (\[.*\]);")
DOCUMENTS = re.compile(
    r'<script type="application/json" id="(?P<id>[^"]*)">(?P<json>.*?)</script>', re.DOTALL
)
LOADING_CLASSES = re.compile(r'<body class="pn-loading ([^"]*)">')


def own_script(name: str) -> str:
    """Read a script of this folder."""
    return (files("dashboard.site") / name).read_text(encoding="utf-8")


def _position(text: str, wanted: str, what: str, start: int = 0) -> int:
    """Return where `wanted` stands in `text`; SiteError unless it is there exactly once."""
    count = text.count(wanted)
    position = text.find(wanted, start)
    if count != 1 or position < 0:
        raise SiteError(
            f"Panel's generated {what} was expected to hold {wanted.strip()!r} once, "
            f"and in its place; found it {count} times. This version of Panel writes another text: "
            "adapt dashboard/site/patching.py to it, or install the Panel of pyproject.toml."
        )
    return position


def application_code(worker: str) -> str:
    """Return the app's Python code as Panel's worker holds it, ready for a JavaScript template."""
    start = _position(worker, BEFORE_CODE, "worker") + len(BEFORE_CODE)
    end = _position(worker, AFTER_CODE, "worker", start)
    loop = _position(worker, MESSAGE_LOOP, "worker", end)
    _position(worker, WORKER_START, "worker", loop)
    return worker[start:end]


def patch_worker(worker: str, settings: dict[str, Any]) -> str:
    """Put our start-up and message loop in the place of those in Panel's generated worker."""
    code = application_code(worker)
    constants = f"const settings = {json.dumps(settings)};\nconst application = `{code}`;\n\n"
    return constants + own_script("files.js") + own_script("worker.js")


def page_roots(html: str) -> list[dict[str, str | None]]:
    """List the name and the element of every root of the page, in the document's order.

    The element is None for a root that has no place in the page, such as the location.
    """
    item = json.loads(_drawn_ahead(RENDER_ITEMS, html)[1])[0]
    documents = json.loads(html_module.unescape(_drawn_ahead(DOCUMENTS, html)["json"]))
    roots = next(iter(documents.values()))["roots"]
    names = {root["id"]: root["attributes"].get("name") for root in roots}
    elements = {root: item["roots"].get(root) for root in names}
    return [
        {"name": name, "element": elements[root] if f'id="{elements[root]}"' in html else None}
        for root, name in names.items()
    ]


def _drawn_ahead(part: re.Pattern[str], html: str) -> re.Match[str]:
    """Find the documents that are drawn ahead of Python, or where they are drawn."""
    found = part.search(html)
    if found is None:
        raise SiteError(
            "Panel's page was expected to hold the document drawn ahead (render_items and its "
            "JSON), found none: does the app publish anything with servable()?"
        )
    return found


def patch_page(html: str, settings: dict[str, Any]) -> tuple[str, str]:
    """Return the page with a link to `page.js` instead of Panel's handler, and that script.

    What is drawn ahead, and the classes of the loading page, are added to `settings`. The scripts
    of the page wait until it has been read and shown; those that nothing in it needs are left out.
    """
    position = _position(html, HANDLER_PARTS[0], "page")
    script = next((s for s in SCRIPT.finditer(html) if s.start(1) <= position < s.end(1)), None)
    if script is None:
        raise SiteError("Panel's page was expected to hold its handler in a script, found it bare.")
    for part in HANDLER_PARTS[1:]:
        _position(script[1], part, "page")
    loading = LOADING_CLASSES.search(html)
    settings = {
        **settings,
        "roots": page_roots(html),
        "drawn": _drawn_ahead(DOCUMENTS, html)["id"],
        "loading": loading[1].split() if loading else [],
    }
    page = html[: script.start()] + '<script src="page.js"></script>' + html[script.end() :]
    parts = "".join(map(own_script, PAGE_SCRIPTS))
    return _start_early(page), f"const settings = {json.dumps(settings)};\n\n{{\n{parts}}}\n"


def _start_early(html: str) -> str:
    """Start the worker before anything else, and let the page be seen before scripts are read."""
    documents = "".join(found["json"] for found in DOCUMENTS.finditer(html))
    needless = [
        name
        for name, words in SPECIAL_SCRIPTS.items()
        if not any(word in documents for word in words)
    ]

    def defer(link: re.Match[str]) -> str:
        if any(name in link[2] for name in needless):
            return ""
        return f"<script defer{link[1]}></script>"

    html = LOG_LEVEL.sub("", SCRIPT_LINK.sub(defer, html))
    head = HEAD.search(html)
    position = head.end() if head else 0
    start = f"{INSTALLABLE}  <script>\n{own_script('head.js')}  </script>"
    return html[:position] + start + html[position:]
