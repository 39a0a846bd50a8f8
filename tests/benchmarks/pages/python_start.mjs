/* Starts the Python of a built site in node and prints the processor seconds until the app's document.
 *
 * node python_start.mjs PYODIDE_FOLDER SITE PATCHES
 */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import zlib from "node:zlib";

const [folder, site, patches] = process.argv.slice(2);
const worker = fs.readFileSync(path.join(site, "worker.js"), "utf8");
const settings = JSON.parse(worker.slice("const settings = ".length, worker.indexOf(";\n")));
const application = worker.match(/const application = `([\s\S]*?[^\\])`;/)[1];

function* bundledFiles() {
  const data = zlib.gunzipSync(fs.readFileSync(path.join(site, settings.packages)));
  let position = 4 + data.readUInt32LE(0);
  for (const [name, size] of JSON.parse(data.toString("utf8", 4, position))) {
    yield [name, new Uint8Array(data.subarray(position, position + size))];
    position += size;
  }
}

/* What Panel and the app look for in a worker. */
Object.assign(globalThis, {
  self: globalThis,
  name: JSON.stringify({search: "", tab: "benchmark"}),
  XMLHttpRequest: class {},
  addEventListener() {},
});

/* The library of the site, whose modules are compiled, as the zip file that Pyodide reads. */
const packed = fs.readFileSync(path.join(site, settings.stdlib));
const library = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "stdlib-")), "stdlib.zip");
fs.writeFileSync(library, settings.stdlib.endsWith(".zip") ? packed : zlib.gunzipSync(packed));

const {loadPyodide} = await import(path.join(folder, "pyodide.mjs"));
const pyodide = await loadPyodide({
  indexURL: folder,
  stdLibURL: library,
  lockFileContents: settings.lock,
  env: {PANEL_CDN_ROOT: "http://localhost/panel/", INKLING_UPSTREAM_PATCHES: patches},
});
for (const [name, content] of bundledFiles()) {
  const target = `${settings.library}/${name}`;
  pyodide.FS.mkdirTree(path.dirname(target));
  pyodide.FS.writeFile(target, content);
}
pyodide.runPython("import gc; gc.disable()");
await pyodide.runPythonAsync(eval(`\`${application}\``));
fs.rmSync(path.dirname(library), {recursive: true});
const {user, system} = process.cpuUsage();
console.log((user + system) / 1e6);
process.exit(0);
