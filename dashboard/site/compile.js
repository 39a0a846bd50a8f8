/* Compiles the Python modules of zip archives to bytecode with the very Pyodide that will run them.
 *
 * Docstrings and the columns of tracebacks are left out: a quarter of all bytes.
 *
 * node compile.js PYODIDE_FOLDER ARCHIVE...   replaces x.py by x.pyc in each archive, in place.
 */

const fs = require("node:fs");
const path = require("node:path");

const COMPILE = `
import ast
import io
import zipfile
from importlib import _bootstrap_external, util


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# Modules that only attach docstrings to NumPy's functions.
EMPTY = {"numpy/_core/_add_newdocs.py", "numpy/_core/_add_newdocs_scalars.py"}


def _parse(text):
    """Parse a module and empty its docstrings: some code expects them to be strings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            node.body[0].value.value = ""
    return tree


def _compile(content, folder):
    """Replace every module of a zip archive by its bytecode; keep those that do not compile."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(output, "w") as target:
        for entry in source.infolist():
            if entry.is_dir():
                continue
            data, name = source.read(entry), entry.filename
            if name.endswith(".py"):
                try:
                    tree = _parse(b"" if name in EMPTY else data)
                    code = compile(tree, folder + "/" + name, "exec", dont_inherit=True)
                except SyntaxError:
                    pass
                else:
                    hashed = util.source_hash(data)
                    data = _bootstrap_external._code_to_hash_pyc(code, hashed, checked=False)
                    name += "c"
            target.writestr(name, bytes(data))
    return output.getvalue()


lambda content, folder: _compile(content.to_bytes(), folder)
`;

async function main(pyodideFolder, archives) {
  const {loadPyodide} = await import(path.resolve(pyodideFolder, "pyodide.mjs"));
  const pyodide = await loadPyodide({
    indexURL: path.resolve(pyodideFolder) + "/",
    env: {PYTHONNODEBUGRANGES: "1", PYTHONHASHSEED: "0"},
  });
  const compile = pyodide.runPython(COMPILE);
  for (const argument of archives) {
    const [archive, folder] = argument.split("=");
    const result = compile(new Uint8Array(fs.readFileSync(archive)), folder);
    const buffer = result.getBuffer();
    fs.writeFileSync(archive, buffer.data);
    buffer.release();
    result.destroy();
  }
}

main(process.argv[2], process.argv.slice(3)).catch((error) => {
  console.error(String(error));
  process.exitCode = 1;
});
