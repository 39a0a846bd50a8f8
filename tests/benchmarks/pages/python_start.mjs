/* Starts the Python of a built site in node and prints the processor seconds until the app's document.
 *
 * node python_start.mjs PYODIDE_FOLDER SITE PATCHES [copy]
 *
 * With the word "copy" it starts from the copy of Python's memory. The processor seconds at the end
 * of each part go to the standard error stream.
 */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";
import zlib from "node:zlib";

const [folder, site, patches, way] = process.argv.slice(2);
const worker = fs.readFileSync(path.join(site, "worker.js"), "utf8");
const settings = JSON.parse(worker.slice("const settings = ".length, worker.indexOf(";\n")));

/* The value of a constant of worker.js that is a template literal; "" if there is none. */
function textOf(name) {
  const found = worker.match(new RegExp(`const ${name} = (\`[\\s\\S]*?[^\\\\]\`);`));
  return found === null ? "" : (0, eval)(found[1]);
}

/* A function of worker.js that needs nothing of it but the settings. */
function functionOf(name) {
  const [text] = worker.match(new RegExp(`^function ${name}\\([\\s\\S]*?^}`, "m"));
  return new Function("settings", `return ${text}`)(settings);
}

const [readBundle, writeFiles] = ["readBundle", "writeFiles"].map(functionOf);

function processorSeconds() {
  const {user, system} = process.cpuUsage();
  return (user + system) / 1e6;
}

function endPart(name) {
  console.error(`${processorSeconds().toFixed(2)} s  ${name}`);
}

function unpack(name) {
  const packed = fs.readFileSync(path.join(site, name));
  return new Uint8Array(packed[0] === 0x1f ? zlib.gunzipSync(packed) : packed);
}

/* What Panel and the app look for in a worker. */
Object.assign(globalThis, {
  self: globalThis,
  name: JSON.stringify({search: "", tab: "benchmark"}),
  XMLHttpRequest: class {},
  addEventListener() {},
});

/* The library of the site, whose modules are compiled, as the zip file that Pyodide reads. */
const library = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "stdlib-")), "stdlib.zip");
fs.writeFileSync(library, unpack(settings.stdlib));
process.on("exit", () => fs.rmSync(path.dirname(library), {recursive: true}));
await import(pathToFileURL(path.join(folder, "pyodide.asm.js")));
const {loadPyodide} = await import(pathToFileURL(path.join(folder, "pyodide.mjs")));
const options = {
  indexURL: folder,
  stdLibURL: library,
  lockFileContents: settings.lock,
  env: {PANEL_CDN_ROOT: "http://localhost/panel/", INKLING_UPSTREAM_PATCHES: patches},
};
const files = readBundle(unpack(settings.packages));
endPart("the files are read and unpacked");

async function startPlainly() {
  const pyodide = await loadPyodide(options);
  endPart("Pyodide is loaded");
  writeFiles(pyodide.FS, files);
  endPart("the packages are written");
  pyodide.runPython("import gc; gc.disable()");
  const finder = textOf("MODULE_FINDER");
  if (finder !== "") {
    const names = {library: settings.library, path_list: files.map(([name]) => name).join("\n")};
    pyodide.runPython(finder, {globals: pyodide.toPy(names)});
  }
  for (const module of ["numpy", "param", "bokeh.models", "panel.io.pyodide", "dashboard.session"]) {
    pyodide.runPython(`import ${module}`);
    endPart(`${module} is imported`);
  }
  await pyodide.runPythonAsync(textOf("application"));
  endPart("the document is made");
}

/* As in the worker: restorePython of memory_snapshot.js. */
async function startFromCopy() {
  const script = "../../../dashboard/upstream/site_build/memory_snapshot.js";
  const text = fs.readFileSync(fileURLToPath(new URL(script, import.meta.url)), "utf8");
  const tools = new Function(
    `${text}; return {preloadLibraries, librariesOf, layoutOf, assignHandles, restoreObject,
      useParameterCounter};`,
  )();
  const data = unpack(settings.snapshot);
  const position = 4 + new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, position)));
  endPart("the copy is unpacked");
  const libraries = tools.librariesOf(files, settings.library).map(([name, content]) => (
    [name, new WebAssembly.Module(content)]
  ));
  let module = null;
  tools.preloadLibraries(libraries, (ready) => {
    module = ready;
    const layout = tools.layoutOf(module);
    if (layout !== header.layout) throw new Error(`layout ${layout}, not ${header.layout}`);
    tools.assignHandles(module, header.handles);
    endPart("Pyodide and the libraries are instantiated");
  });
  const pyodide = await loadPyodide({
    ...options,
    _loadSnapshot: data.subarray(position),
    _snapshotDeserializer: tools.restoreObject,
  });
  tools.useParameterCounter(module);
  endPart("the memory is copied");
  writeFiles(pyodide.FS, files);
  endPart("the packages are written");
  pyodide.runPython("from dashboard.memory_snapshot import resume_session; resume_session('simd')");
  endPart("the session has begun");
}

await (way === "copy" ? startFromCopy() : startPlainly());
console.log(processorSeconds());
process.exit(0);
