/* Starts a built site's Python and app in node, and writes a copy of its memory.
 *
 * node make_snapshot.mjs PYODIDE_FOLDER SITE SCRIPT TARGET
 *
 * SCRIPT is memory_snapshot.js. Everything that differs from run to run, as random numbers and the
 * time, is replaced, so that equal sites give equal copies; worker.js sets it anew.
 */

import fs from "node:fs";
import {createRequire} from "node:module";
import path from "node:path";
import {pathToFileURL} from "node:url";
import zlib from "node:zlib";

const [folder, site, script, target] = process.argv.slice(2);
const worker = fs.readFileSync(path.join(site, "worker.js"), "utf8");
const settings = JSON.parse(worker.slice("const settings = ".length, worker.indexOf(";\n")));

/* The value of a constant of worker.js that is a template literal. */
function textOf(name) {
  return (0, eval)(worker.match(new RegExp(`const ${name} = (\`[\\s\\S]*?[^\\\\]\`);`))[1]);
}

function unpack(name) {
  const packed = fs.readFileSync(path.join(site, name));
  return new Uint8Array(packed[0] === 0x1f ? zlib.gunzipSync(packed) : packed);
}

// ---- A machine that is always the same --------------------------------------------------------

const EPOCH_MS = 1_577_836_800_000;
let [state, now] = [1, 0];

function fillDeterministically(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return view;
}

process.env.TZ = "UTC";
createRequire(import.meta.url)("node:crypto").randomFillSync = fillDeterministically;
Date.now = () => EPOCH_MS;
Math.random = () => 0.5;
performance.now = () => (now += 0.001);
Object.defineProperty(globalThis, "navigator", {value: {userAgent: "iPhone"}}); // see useParameterCounter
// What Panel and the app look for in a worker.
Object.assign(globalThis, {self: globalThis, name: "", XMLHttpRequest: class {}, addEventListener() {}});

// ---- The start, and the copy ------------------------------------------------------------------

const tools = new Function(
  `${fs.readFileSync(script, "utf8")};
  return {preloadLibraries, librariesOf, layoutOf, handlesOf, storeObject};`,
)();
const finder = textOf("MODULE_FINDER");
const [hold, application] = [textOf("HOLD"), textOf("application")];

const bundle = Buffer.from(unpack(settings.packages));
let position = 4 + bundle.readUInt32LE(0);
const files = JSON.parse(bundle.toString("utf8", 4, position)).map(([name, size]) => {
  position += size;
  return [name, new Uint8Array(bundle.subarray(position - size, position))];
});
const libraries = tools.librariesOf(files, settings.library).map(([name, content]) => (
  [name, new WebAssembly.Module(content)]
));
let [module, before] = [null, null];
await import(pathToFileURL(path.join(folder, "pyodide.asm.js")));
tools.preloadLibraries(libraries, (ready) => {
  module = ready;
  before = tools.layoutOf(module);
});
const library = path.join(path.dirname(target), "stdlib.zip");
fs.writeFileSync(library, unpack(settings.stdlib));
const {loadPyodide} = await import(pathToFileURL(path.join(folder, "pyodide.mjs")));
const pyodide = await loadPyodide({
  _makeSnapshot: true,
  _sysExecutable: "./this.program",
  indexURL: folder,
  stdLibURL: library,
  lockFileContents: settings.lock,
  env: {
    PANEL_CDN_ROOT: settings.snapshotRoot,
    PYTHONHASHSEED: "0",
    INKLING_BACKEND: "simd",
    LANG: "en_US.UTF-8",
    ...settings.env,
  },
});
for (const [name, content] of files) {
  const file = `${settings.library}/${name}`;
  pyodide.FS.mkdirTree(path.dirname(file));
  pyodide.FS.writeFile(file, content);
}
pyodide.runPython("import gc; gc.disable()");
const names = pyodide.toPy({});
names.set("library", settings.library);
names.set("path_list", files.map(([name]) => name).join("\n"));
pyodide.runPython(finder, {globals: names});
pyodide.runPython(hold);
const made = await pyodide.runPythonAsync(application);
const [documents, items, roots] = made.toJs();
made.destroy();
pyodide.runPython("gc.collect(); gc.freeze(); gc.enable()");
const layout = tools.layoutOf(module);
if (layout !== before) throw new Error(`Functions were added: ${before} became ${layout}.`);
const header = {
  layout,
  handles: tools.handlesOf(module),
  files: Object.fromEntries(Object.entries(settings.files).map(([name, {sums}]) => [name, sums[0]])),
  page: {docs_json: documents, render_items: items, root_ids: roots},
};
let text = JSON.stringify(header);
text += " ".repeat(-(4 + Buffer.byteLength(text)) & 15); // the memory begins at a multiple of 16
const size = Buffer.alloc(4);
size.writeUInt32LE(Buffer.byteLength(text));
fs.writeFileSync(
  target, Buffer.concat([size, Buffer.from(text), pyodide.makeMemorySnapshot({serializer: tools.storeObject})]),
);
process.exit(0);
