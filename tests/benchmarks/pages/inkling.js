/* Inkling in Pyodide: contestants/worker.py answers here too. The contestant and its backend are
 * as the address says. */

const site = new URL("./", self.location.href).href;
const asked = new URLSearchParams(self.location.search);

const PYTHON = `
import json

from benchmarks.contestants.worker import Worker

worker = Worker("${asked.get("contestant")}")
lambda request: json.dumps(worker.answer(json.loads(request)))
`;

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
