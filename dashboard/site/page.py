"""The page and the worker's script of the site, made from those that Panel generates.

The start is the site's own; the message loop is the patch of `dashboard/upstream/site_build`, or
Panel's own when the patches are turned off.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from dashboard.languages.text import gettext
from dashboard.shell import read_asset
from dashboard.site.site_files import SiteError
from dashboard.upstream import is_applied
from dashboard.upstream.site_build.page_scripts import leave_out_scripts

# Panel's worker, in order: sendPatch, the app's code between two texts, and the message loop.
SEND_PATCH = "function sendPatch(patch, buffers, msg_id) {\n"
PANEL_START = "\nasync function startApplication() {\n"
BEFORE_CODE = "const [docs_json, render_items, root_ids] = await self.pyodide.runPythonAsync(`"
AFTER_CODE = "`)\n    self.postMessage({\n      type: 'render',\n      docs_json: docs_json,"
MESSAGE_LOOP = "self.onmessage = async (event) => {\n  const msg = event.data\n"
WORKER_START = "\nstartApplication()"
# The handler in Panel's page; the first line starts the worker.
HANDLER_PARTS = (
    "const pyodideWorker = new Worker(",
    "function send_change(jsdoc, event) {",
    "pyodideWorker.onmessage = async (event) => {",
    "jsdoc.on_change(send_change.bind(null, jsdoc), false)",
)
HEAD = re.compile(r'<head[^>]*>(?:\s*<meta charset="[^"]*"\s*/?>)?')
SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
BODY = re.compile(r"<body[^>]*>")
DOCUMENT = re.compile(r'<script type="application/json" id="[^"]*">(.*?)</script>', re.DOTALL)
INSTALLABLE = """
  <link rel="manifest" href="app.webmanifest">
  <link rel="apple-touch-icon" href="icon-192.png">
  <meta name="theme-color" content="#3b5bdb">
"""

# Stays where no script runs, or where the page was cut before the first one, which follows it and
# says how far the start is.
STATUS = """
  <div class="site-status" role="status"><span>Inkling has not started. If this stays, index.html
    was cut on its way, and has to be loaded again; or its scripts do not run: they are turned off
    in this browser, or refused by the Content-Security-Policy of the server (the file _headers of
    the site has the one that Inkling needs), or by the sandbox of a frame (it needs allow-scripts
    and allow-same-origin).</span>
    <progress hidden aria-label="Progress of the start"></progress><span></span></div>
"""
APP = '<div class="app">'
# Would run before BokehJS is loaded, which the first script of the page does.
LOG_LEVEL = re.compile(r"<script[^>]*>\s*Bokeh\.set_log_level\([^)]*\);\s*</script>")
# Draws the prerendered document; page.js does it, when the scripts are loaded.
EMBED = re.compile(
    r"<script[^>]*>\s*\(function\(\) \{\s*const fn = function\(\) \{(?:(?!</script>).)*?"
    r"const render_items = (\[.*?\]);\s(?:(?!</script>).)*?</script>",
    re.DOTALL,
)
# Filled in when all files are written; see start_files.py.
SITE_FILES = "const siteFiles = null;\n"
# The last element of the page: without it the page was cut.
END = '<script type="application/json" id="site-end">true</script>\n'

# Panel's loop as the message loop of the site's scripts; see connectPage in message_loop.js.
PANEL_PAGE = """
function connectPage(pyodideWorker) {{
{handler}
const receivePanel = pyodideWorker.onmessage;
pyodideWorker.onmessage = (event) => {{
  const draw = async () => {{
    Bokeh.documents.splice(0); // Panel leaves the prerendered document in this list
    await receivePanel(event);
    finishStart();
  }};
  if (event.data.type === "render") drawNext(draw);
  else receivePanel(event).catch((error) => {{
    showError("A change from Python could not be shown.", error.message, error.stack, false);
  }});
}};
}}
"""
PANEL_WORKER = """
{send_patch}
{loop}
started.then((isStarted) => {{
  if (isStarted) self.pyodide.globals.set("sendPatch", sendPatch);
}});
"""


def read_script(name: str) -> str:
    """Return the text of a script or a style sheet of this folder."""
    return (files("dashboard.site") / name).read_text(encoding="utf-8")


def read_patch(name: str) -> str:
    """Return the text of a JavaScript file of `dashboard/upstream/site_build`."""
    return (files("dashboard.upstream.site_build") / name).read_text(encoding="utf-8")


def make_worker(worker: str, settings: Mapping[str, Any]) -> str:
    """Return the worker's script of the site.

    Parameters
    ----------
    worker
        The worker's script that Panel generated.
    settings
        What `worker.js` needs to know of the site's files.

    Raises
    ------
    SiteError
        If Panel's script is not the one that is known.
    """
    begin = _position(worker, SEND_PATCH, "worker")
    panel_start = _position(worker, PANEL_START, "worker", begin)
    code = _position(worker, BEFORE_CODE, "worker", panel_start) + len(BEFORE_CODE)
    end = _position(worker, AFTER_CODE, "worker", code)
    loop = _position(worker, MESSAGE_LOOP, "worker", end)
    start = _position(worker, WORKER_START, "worker", loop)
    settings = {
        **settings,
        "loadsInParallel": is_applied("pyodide_loading"),
        "reportsTasks": is_applied("task_errors"),
        "findsModules": is_applied("module_finder"),
    }
    scripts = [
        f"const settings = {json.dumps(settings)};\nconst application = `{worker[code:end]}`;\n\n",
        read_script("download.js"),
        read_script("worker.js"),
    ]
    scripts += [
        read_patch(f"{name}.js")
        for name in ("pyodide_loading", "memory_snapshot", "task_errors", "module_finder")
        if is_applied(name)
    ]
    if is_applied("message_loop"):
        scripts += [read_patch("message_loop.js"), "\nreceiveMessages(started);\n"]
    else:
        send_patch = worker[begin:panel_start]
        scripts.append(PANEL_WORKER.format(send_patch=send_patch, loop=worker[loop:start]))
    return "".join(scripts)


def make_page(html: str) -> tuple[str, str]:
    """Return the page of the site, and the script `page.js` that it loads.

    Parameters
    ----------
    html
        The page that Panel generated, with the prerendered document.

    Raises
    ------
    SiteError
        If Panel's page is not the one that is known.
    """
    position = _position(html, HANDLER_PARTS[0], "page")
    script = next((s for s in SCRIPT.finditer(html) if s.start(1) <= position < s.end(1)), None)
    document = DOCUMENT.search(html)
    if script is None or document is None:
        raise SiteError(
            gettext(
                "Expected Panel's page to hold its handler in a script and the prerendered "
                "document as JSON, found none. Does the app publish anything with servable()?"
            )
        )
    for part in HANDLER_PARTS[1:]:
        _position(script[1], part, "page")
    page = html[: script.start()] + '<script src="page.js"></script>' + html[script.end() :]
    page, count = EMBED.subn(
        lambda found: f'<script type="application/json" id="site-render-items">{found[1]}</script>',
        page,
    )
    if count != 1:
        raise SiteError(
            gettext(
                "Expected one script in Panel's page that draws the prerendered document, found "
                "{count}.",
                count=count,
            )
        )
    page = LOG_LEVEL.sub("", page)
    if is_applied("page_scripts"):
        page = leave_out_scripts(page, document[1])
    head = HEAD.search(page)
    position = head.end() if head else 0
    early = f"{INSTALLABLE}  <style>\n{read_script('status.css')}  </style>\n"
    page = _begin_body_early(page[:position] + early, page[position:])
    page = page.replace(APP, APP.replace(">", " hidden>"), 1)
    end = page.rfind("</body>")
    page = page[:end] + END + page[end:]
    return page, _page_script(script[1])


def _begin_body_early(begun: str, rest: str) -> str:
    """Return the page with the status and its script before the styles and scripts of the app.

    They are most of what precedes the app; the text of the status is painted without them.
    """
    body = BODY.search(rest)
    if body is None:
        raise SiteError(gettext("Expected a body in Panel's page, found none."))
    head = rest[: body.start()].replace("</head>", "")
    position = head.find("<style") if "<style" in head else len(head)
    script = f"  <script>\n{_head_script()}  </script>\n"
    start = f"{head[:position]}</head>\n{body[0]}{STATUS}{script}"
    return begun + start + head[position:] + rest[body.end() :]


def _head_script() -> str:
    scripts = "".join(read_script(name) for name in ("status.js", "download.js", "head.js"))
    texts = read_asset("texts.js")
    return f'{texts}(() => {{\n"use strict";\n{SITE_FILES}{scripts}}})();\n'


def _page_script(handler: str) -> str:
    adopts = is_applied("message_loop") and is_applied("adoption")
    scripts = []
    if adopts:
        scripts.append(read_patch("adoption.js"))
    if is_applied("message_loop"):
        scripts.append(read_patch("message_loop.js"))
    else:
        # The worker is started by head.js and given to the handler.
        rest = handler.partition(HANDLER_PARTS[0])[2].partition("\n")[2]
        scripts.append(PANEL_PAGE.format(handler=rest))
    if is_applied("file_limits"):
        scripts += [read_patch("file_limits.js"), "\nlimitFiles();\n"]
    # In the app's own script, which runs before BokehJS is loaded.
    scripts.append("\nwindow.applyBokehPatches?.();\n")
    scripts.append(read_script("page.js"))
    settings = json.dumps({"adopts": adopts})
    return f"const settings = {settings};\n\n{{\n{''.join(scripts)}}}\n"


def _position(text: str, wanted: str, what: str, start: int = 0) -> int:
    """Return where `wanted` is in `text` after `start`; SiteError unless it is there once."""
    count = text.count(wanted)
    position = text.find(wanted, start)
    if count != 1 or position < 0:
        raise SiteError(
            gettext(
                "Expected {text} once, and in its place, in the {file} that Panel generates; found "
                "it {count} times. Adapt dashboard/site/page.py to this version of Panel, or "
                "install the one that pyproject.toml names.",
                text=repr(wanted.strip()),
                file=what,
                count=count,
            )
        )
    return position
