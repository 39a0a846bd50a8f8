/* The web worker in which Python runs. It replaces the start-up and the message loop that Panel
 * generates, because that loop loses messages while Python is busy.
 *
 * Why it does not begin with a snapshot of Python's memory after all imports, which would save about
 * half of the start. Measured with Pyodide 0.28.3, without documentation, with unused memory wiped and
 * the libraries' own data left out: 49 MB after the imports, 11.4 MB with gzip; 64 MB with the window
 * made, 15.4 MB. With what must travel beside it (5.5 MB: Pyodide, NumPy's libraries, the scripts) even
 * the smaller one is over the budget of 16 MB, and all packages would still have to follow. And Pyodide
 * restores none in which compiled libraries are loaded: each would have to be loaded again, at the
 * same address of memory and of the table of functions, which takes a changed pyodide.asm.js. That
 * has not been tried; packing that finds far repetitions would bring the smaller one to about 10 MB.
 *
 * The build puts two constants before this text, and files.js after them:
 *   settings     {pyodide, stdlib, packages, library, lock, total}: where things lie, relative to the
 *                site, and how many bytes they have in all
 *   application  the Python code that Panel generated from the app
 */

// ---- From Python to the page -------------------------------------------------------------------

/* One patch holds all that one turn of Python changed; `arrays` is a dict of bytes. */
function sendPatch(patch, arrays) {
  const buffers = new Map();
  for (const [id, bytes] of arrays.toJs()) buffers.set(id, bytes.buffer);
  self.postMessage({type: "patch", patch: JSON.parse(patch), buffers});
}

function tellProgress(progress) {
  self.postMessage({type: "progress", ...progress});
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

/* Python would look through the folders of every package for each module it imports. */
const FINDER = `
import sys
from importlib.machinery import ModuleSpec, SourcelessFileLoader


class KnownModules:
    """Finds the compiled modules of the bundle without a look into the file system."""

    def find_spec(self, name, path=None, target=None):
        base = name.replace(".", "/")
        for place in (base + "/__init__.pyc", base + ".pyc"):
            if place in known:
                break
        else:
            return None
        file = library + "/" + place
        spec = ModuleSpec(name, SourcelessFileLoader(name, file), origin=file)
        spec.has_location = True
        if place.endswith("/__init__.pyc"):
            spec.submodule_search_locations = [library + "/" + base]
        return spec


known = set(paths.split("\\n"))
sys.meta_path.insert(0, KnownModules())
`;

/* What Panel imports that needs no NumPy, whose libraries are being compiled meanwhile. */
const AHEAD = "import jinja2, param, pyodide_http, unittest.mock";

/* Its value is the function that takes every message of the page. */
const RECEIVER = `
import json
from asyncio import get_event_loop

from panel.io.pyodide import _convert_json_patch
from panel.io.state import state
from panel.util import edit_readonly

from dashboard.upstream.message_batching import PageLink, link_page

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

/* Pyodide fetches for itself; here it is handed what is under way already. */
function handOver(wasm, stdlib) {
  const {instantiateStreaming} = WebAssembly;
  self.fetch = async (resource, options) => {
    const path = String(resource?.url ?? resource).replace(site, "");
    if (path === settings.pyodide + "pyodide.asm.wasm") return new Response();
    if (path === settings.stdlib) return new Response(await stdlib);
    return plainFetch(resource, options);
  };
  WebAssembly.instantiateStreaming = async (_response, imports) => {
    const module = await wasm;
    return {module, instance: await WebAssembly.instantiate(module, imports)};
  };
  return () => {
    self.fetch = plainFetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
  };
}

/* Puts the packages into Python's file system. */
function writeFiles(FS, files) {
  const folders = new Set();
  for (const [path, content] of files) {
    const target = `${settings.library}/${path}`;
    const folder = target.slice(0, target.lastIndexOf("/"));
    if (!folders.has(folder)) {
      FS.mkdirTree(folder);
      folders.add(folder);
    }
    FS.writeFile(target, content, {canOwn: true});
  }
}

/* Reading a file of NumPy's libraries gives the module that other threads have compiled, until all
 * are loaded. */
function handOverLibraries(FS, libraries) {
  const compiled = new Map(libraries);
  const {readFile} = FS;
  FS.readFile = (path, options) => compiled.get(path) ?? readFile(path, options);
  return () => { FS.readFile = readFile; };
}

function compileLibraries(files) {
  const libraries = files.filter(([path]) => path.endsWith(".so"));
  return Promise.all(
    libraries.map(async ([path, content]) => (
      [`${settings.library}/${path}`, await WebAssembly.compile(content)]
    )),
  );
}

async function startApplication() {
  tellStage("core");
  const wasm = compileModule(settings.pyodide + "pyodide.asm.wasm");
  const stdlib = downloadUnpacked(settings.stdlib);
  const files = downloadUnpacked(settings.packages).then(readBundle);
  const libraries = files.then(compileLibraries);
  // Pyodide waits for ever for files that do not come; the visitor must not.
  const failure = new Promise((_resolve, reject) => {
    Promise.all([wasm, stdlib, files, libraries]).catch(reject);
  });
  const endHandOver = handOver(wasm, stdlib);
  importScripts(site + settings.pyodide + "pyodide.js", site + settings.pyodide + "pyodide.asm.js");
  const loading = loadPyodide({
    indexURL: site + settings.pyodide,
    stdLibURL: site + settings.stdlib,
    lockFileContents: settings.lock,
    env: {PANEL_CDN_ROOT: site + "panel/"}, // Panel's own styles, asked for at run time
  });
  self.pyodide = await Promise.race([loading, failure]);
  endHandOver();
  tellStage("packages");
  writeFiles(self.pyodide.FS, await files);
  const paths = (await files).map(([path]) => path);
  tellStage("app");
  // Looking for garbage while nearly everything stays takes a tenth of the time.
  self.pyodide.runPython("import gc; gc.disable()");
  runApart(FINDER, {library: settings.library, paths: paths.join("\n")});
  runApart(AHEAD, {});
  const endReading = handOverLibraries(self.pyodide.FS, await libraries);
  runApart(ERRORS, {tellError});
  const [documents, items, roots] = await self.pyodide.runPythonAsync(application);
  receive = runApart(RECEIVER, {sendPatch});
  self.pyodide.runPython("gc.freeze(); gc.enable()");
  endReading();
  self.postMessage({type: "render", documents, items, roots});
}

// ---- From the page to Python: strictly one after the other --------------------------------------

async function handle(message) {
  if (receive === null) return; // the start failed, and the page has been told
  try {
    await receive(message.type, message.content);
  } catch (error) {
    if (isDead()) {
      self.postMessage({type: "died", summary: summarise(error)});
      return;
    }
    tellException("An action stopped with an error; the app goes on.", error);
  }
  self.postMessage({type: "done", sequence: message.sequence});
}

/* After some errors, such as a lack of memory at a bad moment, Python never answers again. */
function isDead() {
  try {
    return self.pyodide.runPython("1") !== 1;
  } catch {
    return true;
  }
}

let chain = startApplication().catch((error) => {
  tellException("The app could not start.", error, true);
});

self.onmessage = (event) => {
  if (event.data.type === "probe") {
    self.postMessage({type: "alive"});
    return;
  }
  chain = chain.then(() => handle(event.data));
};

self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  tellException("Python's worker reported an error.", event.reason);
});
