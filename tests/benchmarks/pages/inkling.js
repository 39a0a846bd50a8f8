/* Inkling in Pyodide: implementations/worker.py with the module and the backend in the query. */

const site = new URL("./", self.location.href).href;
const asked = new URLSearchParams(self.location.search);

const PYTHON = `
import json

from benchmarks.implementations.worker import Worker

worker = Worker("${asked.get("module")}")
lambda request: json.dumps(worker.respond(json.loads(request)))
`;

// For nn/backends/threads.py.
self.kernelThreads = {
  count: self.crossOriginIsolated ? navigator.hardwareConcurrency : 1,
  script: `${site}thread.js`,
};

async function start() {
  importScripts(`${site}pyodide/pyodide.js`);
  const pyodide = await loadPyodide({
    indexURL: `${site}pyodide/`,
    env: {INKLING_BACKEND: asked.get("backend")},
    packages: ["numpy"],
  });
  const archive = await (await fetch(`${site}python.zip`)).arrayBuffer();
  pyodide.unpackArchive(archive, "zip", {extractDir: asked.get("library")});
  return pyodide.runPython(PYTHON);
}

const started = start();

self.onmessage = async (event) => {
  try {
    const answer = await started;
    self.postMessage(JSON.parse(answer(JSON.stringify(event.data))));
  } catch (error) {
    const lines = String(error.message ?? error).trim().split("\n");
    self.postMessage({error: lines[lines.length - 1]});
  }
};
