/* The web worker in which Python runs. It replaces the start-up and the message loop that Panel
 * generates, because that loop loses messages while Python is busy.
 *
 * The build puts two constants before this text:
 *   settings     {pyodide, archive, packages}: where things lie, relative to the site
 *   application  the Python code that Panel generated from the app
 */

const site = new URL("./", self.location.href).href;

// ---- From Python to the page -------------------------------------------------------------------

/* One patch holds all that one turn of Python changed; `arrays` is a dict of bytes. */
function sendPatch(patch, arrays) {
  const buffers = new Map();
  for (const [id, bytes] of arrays.toJs()) buffers.set(id, bytes.buffer);
  self.postMessage({type: "patch", patch: JSON.parse(patch), buffers});
}

function tellStage(stage) {
  self.postMessage({type: "stage", stage});
}

/* `where` is a sentence for the visitor; `details`, the traceback, is for the console. */
function tellError(where, summary, details, fatal = false) {
  self.postMessage({type: "error", where, summary, details, fatal});
}

/* The last line of a Python traceback names the error; JavaScript errors have one line. */
function summarise(error) {
  const lines = String(error?.message ?? error).split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? "unknown error" : lines[lines.length - 1].trim();
}

function tellException(where, error, fatal = false) {
  tellError(where, summarise(error), String(error?.stack ?? error), fatal);
}

// ---- Start-up ----------------------------------------------------------------------------------

/* Pyodide waits for ever for some of its files when they are missing; the visitor must not. */
async function fetchOrTell(resource, options) {
  const path = String(resource?.url ?? resource).replace(site, "");
  try {
    const response = await plainFetch(resource, options);
    if (response.ok) return response;
    throw new Error(`${path} could not be loaded: the server answered ${response.status}.`);
  } catch (error) {
    const known = error.message.startsWith(path);
    const told = known ? error : new Error(`${path} could not be loaded: ${error.message}.`);
    tellException("The app could not start.", told, true);
    throw told;
  }
}

const plainFetch = self.fetch;

/* Errors in tasks reach the visitor and the console. */
const ERRORS = `
import asyncio
import gc
import traceback


def tell_unhandled(loop, context):
    error = context.get("exception")
    if error is None:
        tellError("Python reported an error.", context["message"], context["message"])
    else:
        summary = traceback.format_exception_only(error)[-1].strip()
        details = "".join(traceback.format_exception(error))
        tellError("A task in Python stopped with an error.", summary, details)


def collect_unheard(task):
    # A failed task that nobody waits for is reported when it is freed: free it soon.
    if task._log_traceback:
        loop.call_later(0.1, gc.collect)


def create_task(coroutine, **options):
    # With a callback of its own no task counts as unheard before somebody could wait for it.
    task = loop_create_task(coroutine, **options)
    task.add_done_callback(collect_unheard)
    return task


loop = asyncio.get_event_loop()
loop_create_task = loop.create_task
loop.create_task = create_task
loop.set_exception_handler(tell_unhandled)
`;

/* Its value is the function that takes every message of the page. */
const RECEIVER = `
import json
from asyncio import get_event_loop

from panel.io.pyodide import _convert_json_patch
from panel.io.state import state
from panel.util import edit_readonly

from dashboard.page_link import PageLink, link_page

link = None


def receive(kind, content):
    global link
    if kind == "patch":
        state.curdoc.apply_json_patch(_convert_json_patch(content), setter=PageLink.PAGE)
        link.flush()  # ahead of the acknowledgement
    elif kind == "rendered":
        link = link_page(state.curdoc, sendPatch, get_event_loop().call_soon)
    elif kind == "location" and state.location:
        known = {k: v for k, v in json.loads(content).items() if k in state.location.param}
        with edit_readonly(state.location):
            state.location.param.update(known)


receive
`;

/* Runs our own Python apart from the names of the app. */
function runApart(code, names) {
  const namespace = self.pyodide.toPy({});
  for (const [name, value] of Object.entries(names)) namespace.set(name, value);
  return self.pyodide.runPython(code, {globals: namespace});
}

let receive = null;

async function startApplication() {
  tellStage("core");
  self.fetch = fetchOrTell;
  const archive = fetch(site + settings.archive).then((response) => response.arrayBuffer());
  archive.catch(() => {}); // awaited below
  importScripts(site + settings.pyodide + "pyodide.js");
  self.pyodide = await loadPyodide({
    indexURL: site + settings.pyodide,
    env: {PANEL_CDN_ROOT: site + "panel/"}, // Panel's own styles, asked for at run time
    packages: settings.packages,
  });
  tellStage("packages");
  self.pyodide.unpackArchive(await archive, "zip", {extractDir: settings.library});
  self.fetch = plainFetch;
  tellStage("app");
  runApart(ERRORS, {tellError});
  const [documents, items, roots] = await self.pyodide.runPythonAsync(application);
  receive = runApart(RECEIVER, {sendPatch});
  self.postMessage({type: "render", documents, items, roots});
}

// ---- From the page to Python: strictly one after the other --------------------------------------

async function handle(message) {
  if (receive === null) return; // the start failed, and the page has been told
  try {
    await receive(message.type, message.content);
  } catch (error) {
    tellException("An action stopped with an error; the app goes on.", error);
  }
  self.postMessage({type: "done", sequence: message.sequence});
}

let chain = startApplication().catch((error) => {
  tellException("The app could not start.", error, true);
});

self.onmessage = (event) => {
  chain = chain.then(() => handle(event.data));
};

self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  tellException("Python's worker reported an error.", event.reason);
});
