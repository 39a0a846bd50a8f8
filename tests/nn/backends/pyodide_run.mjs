/* node pyodide_run.mjs <folder of Pyodide> <folder of the project> <script>
 * Runs a Python script inside Pyodide, with NumPy and with the project on the path. */
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const [distribution, project, script] = process.argv.slice(2);
const {loadPyodide} = await import(pathToFileURL(`${distribution}/pyodide.mjs`));
const pyodide = await loadPyodide({indexURL: `${distribution}/`});
await pyodide.loadPackage("numpy", {messageCallback: () => {}});
pyodide.mountNodeFS("/project", project);
pyodide.runPython("import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '/project')");
await pyodide.runPythonAsync(readFileSync(script, "utf8"));
