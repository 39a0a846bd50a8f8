/* The web worker in which Python runs: downloads, the start of Python and of the app, errors.
 *
 * The build puts two constants and download.js before this text and the message loop after it:
 *   settings     {pyodide, stdlib, packages, snapshot}: paths relative to the site, snapshot only where
 *                there is one; {languages}: the paths of the catalogues of texts, by the codes of the
 *                languages; {files}: these files as
 *                download.js describes them, by their paths; {library, lock, env}: the folder of
 *                Python's packages, Pyodide's lock file, environment variables; {total}: the number
 *                of bytes whose download is counted; {loadsInParallel, reportsTasks}: whether these
 *                patches follow
 *   application  the Python code that Panel generated from the app
 */

// ---- To the page -------------------------------------------------------------------------------

/* `where` is a sentence for the visitor; `details`, the traceback, is for the console. */
function tellError(where, summary, details, fatal = false) {
  self.postMessage({type: "error", where, summary, details, fatal});
}

/* The last line of a Python traceback names the error; JavaScript errors have one line. */
function summarise(error) {
  const lines = String(error?.message ?? error).split("\n").filter((line) => line.trim() !== "");
  return lines.at(-1)?.trim() ?? "unknown error";
}

/* Tells the page of an error; returns whether Python is dead. After some errors, such as a lack of
 * memory at a bad moment, it never answers again. */
function reportFailure(where, error, fatal = false) {
  const isDead = self.pyodide !== undefined && !isAlive();
  if (isDead) self.postMessage({type: "died", summary: summarise(error)});
  else tellError(where, summarise(error), String(error?.stack ?? error), fatal);
  return isDead;
}

function isAlive() {
  try {
    return self.pyodide.runPython("1") === 1;
  } catch {
    return false;
  }
}

self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  reportFailure(gettext_noop("Python's worker reported an error."), event.reason);
});

self.addEventListener("message", ({data}) => {
  if (data.type === "probe") self.postMessage({type: "alive"});
  else if (data.type === "bytes") noteBytes();
  else if (data.type === "try again") tryAgain();
});

/* The policy of the server may refuse what the start needs. */
self.addEventListener("securitypolicyviolation", (event) => {
  const {effectiveDirective, blockedURI, disposition} = event;
  self.postMessage({type: "refused", refusal: {effectiveDirective, blockedURI, disposition}});
});

// ---- Downloads ---------------------------------------------------------------------------------

const site = new URL("./", self.location.href).href;
const fetchFile = self.fetch;
const received = {};
let progressTold = 0;

/* Tells the page at most twenty times a second, and when a file is complete. */
function countBytes(name, bytes, isComplete) {
  received[name] = (received[name] ?? 0) + bytes;
  const now = performance.now();
  if (!isComplete && now - progressTold < 50) return;
  progressTold = now;
  const sum = Object.values(received).reduce((all, one) => all + one, 0);
  const {total} = settings;
  self.postMessage({type: "progress", received: Math.min(sum, total), total});
}

/* Tells the page what keeps a file from coming, and with null that it has come. */
function reportTrouble(name, trouble) {
  self.postMessage({type: "trouble", name, trouble});
}

/* The value that `read` makes of the stream of a file. */
async function download(name, read, {counted = true, priority = "auto"} = {}) {
  const count = counted ? (bytes) => countBytes(name, bytes, false) : undefined;
  const value = await obtain(settings.files[name], read, reportTrouble, {count, priority});
  if (counted) countBytes(name, 0, true);
  return value;
}

/* The same as unpacked bytes of a file that is used only if it comes whole at the first attempt. */
async function downloadSnapshot(name) {
  const options = {cache: "default", priority: "high"};
  return downloadOnce(settings.files[name], readUnpacked, options);
}

/* The same as unpacked bytes. */
function downloadUnpacked(name) {
  return download(name, readUnpacked);
}

/* The unpacked bytes of a stream. Where a server sent the file with Content-Encoding: gzip, the browser
 * has unpacked it already, so the first two bytes decide. */
async function readUnpacked(stream) {
  const [probe, rest] = stream.tee();
  const reader = probe.getReader();
  const {value} = await reader.read();
  reader.cancel();
  const isPacked = value !== undefined && value[0] === 0x1f && value[1] === 0x8b;
  return readBytes(isPacked ? rest.pipeThrough(new DecompressionStream("gzip")) : rest);
}

/* Runs a script of Pyodide; `variable` is its result where it sets none itself. */
async function runPyodideScript(name, variable) {
  const file = settings.pyodide + name;
  runScript(file, await download(file, readText, {counted: false, priority: "high"}), variable);
}

/* The files of a bundle, as [path, content]; `write_bundle` in archives.py packs them. */
function readBundle(data) {
  const view = new DataView(data.buffer, data.byteOffset);
  let position = 4 + view.getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(data.subarray(4, position)));
  return index.map(([path, size]) => {
    const content = data.subarray(position, position + size);
    position += size;
    return [path, content];
  });
}

/* Writes the packages into Python's file system. `FS.writeFile` would look up every path anew and open
 * every file, which takes three times as long. */
function writeFiles(FS, files) {
  const folders = new Map();
  for (const [path, content] of files) {
    const target = `${settings.library}/${path}`;
    const split = target.lastIndexOf("/");
    const folder = target.slice(0, split);
    let parent = folders.get(folder);
    if (parent === undefined) {
      FS.mkdirTree(folder);
      parent = FS.lookupPath(folder).node;
      folders.set(folder, parent);
    }
    const node = parent.node_ops.mknod(parent, target.slice(split + 1), 0o100644, 0);
    node.contents = content;
    node.usedBytes = content.length;
  }
}

/* What the page passed in the worker's name; see head.js. */
function readLaunch() {
  try {
    return JSON.parse(self.name) ?? {};
  } catch {
    return {};
  }
}

const {language = "en", resume = false, search = ""} = readLaunch();

/* For nn/backends/threads.py: how many threads may train, by default one for each core up to four,
 * and the script of those that help. A memory that threads share exists only where the headers of
 * the page isolate it. */
const MOST_THREADS = 4;
const asked = Number(new URLSearchParams(search).get("threads")) || MOST_THREADS;
self.kernelThreads = {
  count: self.crossOriginIsolated ? Math.min(asked, navigator.hardwareConcurrency, MOST_THREADS) : 1,
  script: `${site}${settings.threadScript}`,
};

/* The catalogue of the page's language, as a list of [path, content]; that of English is empty. */
async function downloadCatalogue() {
  const name = settings.languages[language];
  if (name === undefined) return [];
  const content = await download(name, readBytes, {counted: false});
  return [[`${settings.catalogues}/${language}.mo`, content]];
}

// ---- Start -------------------------------------------------------------------------------------

const WITHOUT_ERROR = gettext_noop("Python reported an error.");
const IN_A_TASK = gettext_noop("A task in Python stopped with an error.");

/* Exceptions of tasks reach the visitor and the console. */
const ERRORS = `
import asyncio
import traceback


def tell_unhandled(loop, context):
    error = context.get("exception")
    if error is None:
        tell_error("${WITHOUT_ERROR}", context["message"], context["message"])
    else:
        summary = traceback.format_exception_only(error)[-1].strip()
        details = "".join(traceback.format_exception(error))
        tell_error("${IN_A_TASK}", summary, details)


asyncio.get_event_loop().set_exception_handler(tell_unhandled)
`;

const pyodideOptions = {
  indexURL: site + settings.pyodide,
  stdLibURL: site + settings.stdlib,
  lockFileContents: settings.lock,
  // Where Panel finds its own style sheets at run time, what the build has set,
  // and the language of the page.
  env: {PANEL_CDN_ROOT: `${site}panel/`, INKLING_LANGUAGE: language, ...settings.env},
};

/* Whether Python began with a copy of its memory. */
let isRestored = false;

/* Pyodide as it loads by itself, one file after the other. */
async function loadPlainly(files) {
  await runPyodideScript("pyodide.js");
  const failure = new Promise((_resolve, reject) => { files.catch(reject); });
  return Promise.race([loadPyodide(pyodideOptions), failure]);
}

/* Runs Python code of this script apart from the names of the app, and returns its value. */
function runApart(code, names) {
  const namespace = self.pyodide.toPy({});
  for (const [name, value] of Object.entries(names)) namespace.set(name, value);
  return self.pyodide.runPython(code, {globals: namespace});
}

function tellStage(stage) {
  self.postMessage({type: "stage", stage});
}

/* Sends the page what it draws. */
function render([docs_json, render_items, root_ids]) {
  self.postMessage({type: "render", docs_json, render_items, root_ids});
}

/* Executes all imports and makes the page. */
async function makePage(files, parts) {
  const catalogue = downloadCatalogue();
  self.pyodide = await (parts === null ? loadPlainly(files) : loadInParallel(parts));
  tellStage("packages");
  const bundle = await files;
  writeFiles(self.pyodide.FS, [...bundle, ...(await catalogue)]);
  tellStage("app");
  // Nearly all objects of the start stay, so collecting garbage meanwhile would be wasted time.
  self.pyodide.runPython("import gc; gc.disable()");
  if (settings.findsModules) {
    const paths = bundle.map(([path]) => path).join("\n");
    runApart(MODULE_FINDER, {library: settings.library, path_list: paths});
  }
  reportErrors();
  const page = await self.pyodide.runPythonAsync(application);
  // What exists now stays: garbage collections while the app runs need not search it.
  self.pyodide.runPython("gc.freeze(); gc.enable()");
  render([...page]);
}

function reportErrors() {
  runApart(ERRORS, {tell_error: tellError});
  if (settings.reportsTasks) runApart(TASK_ERRORS, {});
}

/* Restores the copy of Python's memory in which the page is made, in English; returns whether it
 * could. After a crash the start does without, as the copy may be what this browser has trouble with. */
async function restorePage(files, parts) {
  try {
    if (resume || language !== "en") return false;
    isFast = await measureConnection();
    if (!isFast) return false;
    const {pyodide, page, backend} = await restorePython(parts);
    self.pyodide = pyodide;
    isRestored = true;
    tellStage("packages");
    tellStage("app");
    // The page draws it meanwhile.
    self.postMessage({type: "restoring", state: "begun"});
    render([withAddress(page.docs_json), page.render_items, page.root_ids]);
    // Modules that are imported later, and the library.
    const [bundle, stdlib] = await Promise.all([files, parts.stdlib]);
    writeFiles(pyodide.FS, bundle);
    pyodide.FS.writeFile(`/lib/${settings.stdlibFile}`, stdlib, {canOwn: true});
    reportErrors();
    runApart(RESUME, {backend});
    self.postMessage({type: "restoring", state: "done"});
    return true;
  } catch (error) {
    self.pyodide = undefined;
    isRestored = false;
    self.postMessage({type: "restoring", state: "failed"});
    console.info(`Python starts without the copy of its memory: ${error?.message ?? error}`);
    return false;
  }
}

async function startApplication() {
  tellStage("core");
  const files = downloadUnpacked(settings.packages).then(readBundle);
  const parts = settings.loadsInParallel ? beginDownloads(files) : null;
  const isDone = settings.snapshot !== undefined && (await restorePage(files, parts));
  if (!isDone) await makePage(files, parts);
}

/* Resolves to whether the app has started. */
const started = startApplication().then(() => true, (error) => {
  reportFailure(gettext_noop("The app could not start."), error, true);
  return false;
});
