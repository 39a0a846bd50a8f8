/* node pyodide_run.mjs <folder of Pyodide> <folder of the project> <script>
 * Runs a Python script inside Pyodide, with NumPy and with the project on the path. */
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";
import {Worker as NodeWorker} from "node:worker_threads";

const [distribution, project, script] = process.argv.slice(2);
const {loadPyodide} = await import(pathToFileURL(`${distribution}/pyodide.mjs`));
const pyodide = await loadPyodide({indexURL: `${distribution}/`});
await pyodide.loadPackage("numpy", {messageCallback: () => {}});
pyodide.mountNodeFS("/project", project);
pyodide.runPython("import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '/project')");

/* Workers as browsers have them. Node ends them with the process. */
globalThis.Worker = class {
  constructor(script) {
    const start = `
      require("node:worker_threads").parentPort.on("message", (data) => self.onmessage({data}));
      globalThis.self = globalThis;
      ${readFileSync(script, "utf8")}`;
    this.worker = new NodeWorker(start, {eval: true});
    this.worker.unref();
  }

  postMessage(data) { this.worker.postMessage(data); }
  terminate() { this.worker.terminate(); }
};
globalThis.kernelThreads = {count: 1, script: `${project}/nn/backends/kernels/thread.js`};
await pyodide.runPythonAsync(readFileSync(script, "utf8"));
