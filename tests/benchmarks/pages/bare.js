/* The minimum of every app in Pyodide: Python and NumPy, from the same server as the site. */

async function start() {
  const site = new URL("./", self.location.href).href;
  importScripts(`${site}pyodide/pyodide.js`);
  const pyodide = await loadPyodide({indexURL: `${site}pyodide/`});
  self.postMessage("python");
  await pyodide.loadPackage("numpy");
  pyodide.runPython("import numpy");
  self.postMessage("numpy");
}

start();
