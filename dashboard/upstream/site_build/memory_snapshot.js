/* Starts Python from a copy of its memory, made by the build when the app's page was complete.
 *
 * Changes    how `loadPyodide` starts (Pyodide 0.28.3): its `makeMemorySnapshot` and `_loadSnapshot`
 *            know nothing of shared libraries, so they are loaded before Python begins, in the same
 *            order when the copy is made and when it is used; reason: speed.
 * Why        Most of the start is Python that executes imports and makes the page: always the same.
 * Measured   60 % less processor time until the app's document (1.43 s instead of 3.59 s in node);
 *            `make bench ARGS="--only upstream"`.
 * Upstream   https://github.com/pyodide/pyodide/issues/6418: snapshots with shared libraries.
 *
 * The build (make_snapshot.mjs) and the worker both have this text. docs/START.md has the details.
 */

/* Loads shared libraries, [path, compiled module], before Python begins: their data, and their
 * functions in the table, then have the same places in every start. `isReady` is called with the
 * Emscripten module when this is done, and may throw. Returns what ends the change. */
function preloadLibraries(libraries, isReady) {
  const create = globalThis._createPyodideModule;

  async function load(module) {
    for (const [path, library] of libraries) {
      const dso = module.newDSO(path, undefined, "loading");
      Object.assign(dso, {refcount: Infinity, global: false});
      const flags = {loadAsync: true, nodelete: true};
      dso.exports = await module.loadWebAssemblyModule(library, flags, path, {}, 0);
    }
  }

  globalThis._createPyodideModule = async (settings) => {
    const failure = new Promise((_resolve, reject) => {
      settings.preRun.push((module) => {
        module.addRunDependency("libraries");
        load(module).then(() => module.removeRunDependency("libraries"), reject);
      });
    });
    const module = await Promise.race([create(settings), failure]);
    isReady(module);
    return module;
  };
  return () => { globalThis._createPyodideModule = create; };
}

/* The libraries of a bundle in the order in which they are preloaded. The module for products on
 * `kernel` takes the place of the plain one: both have the same functions and data. */
function librariesOf(files, folder) {
  const paths = files.map(([path]) => path);
  const wanted = paths.filter((path) => path.endsWith(".so")).sort();
  return [...wanted, PLAIN_KERNEL].map((path) => {
    const file = files.find(([name]) => name === path);
    if (file === undefined) throw new Error(`Expected ${path} among the packages, found none.`);
    return [`${folder}/${path}`, file[1]];
  });
}

const PLAIN_KERNEL = "nn/backends/kernels/dense-simd.wasm";

/* What must be the same when a copy is made and used: the places of all functions and data. */
function layoutOf(module) {
  let hash = 0x811c9dc5;
  const symbols = Object.keys(module.GOT).sort();
  for (const symbol of symbols) {
    for (const character of `${symbol} ${module.GOT[symbol].value};`) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
    }
  }
  const {wasmTable: {length}, _PyEM_CountArgsPtr: counter} = module; // the counter comes last
  return [counter === length - 1 ? counter : length, symbols.length, hash].join(" ");
}

/* The handles with which Python has opened the preloaded libraries. */
function handlesOf(module) {
  return Object.entries(module.LDSO.loadedLibsByHandle)
    .filter(([handle]) => handle !== "0")
    .map(([handle, {name}]) => [Number(handle), name]);
}

function assignHandles(module, handles) {
  for (const [handle, name] of handles) {
    const library = module.LDSO.loadedLibsByName[name];
    if (library === undefined) throw new Error(`Expected the library ${name}, found none.`);
    module.LDSO.loadedLibsByHandle[handle] = library;
  }
}

/* JavaScript objects that Python refers to are found again by their names, and functions by their
 * code; there must be no others. */
function storeObject(object) {
  if (typeof object === "function") return {code: String(object)};
  throw new Error(`Python refers to an object of JavaScript: ${Object.keys(object).slice(0, 9)}`);
}

function restoreObject({code}) {
  return (0, globalThis.eval)(code);
}

/* Python calls C functions of any number of parameters, and has the engine count them where it can.
 * The copy is made as if it could not (see make_snapshot.mjs), and this is the function for it. */
function useParameterCounter(module) {
  const offset = module.HEAP32[module.__PyEM_EMSCRIPTEN_COUNT_ARGS_OFFSET / 4];
  module.HEAP32[(module.__PyRuntime + offset) / 4] = module._PyEM_CountArgsPtr;
}

// ---- In the worker -----------------------------------------------------------------------------

/* Python code that the build runs before the app's. */
const HOLD = `
from dashboard.memory_snapshot import hold_session

hold_session()
`;

/* Python code of the worker, after the copy. */
const RESUME = `
from dashboard.memory_snapshot import resume_session

resume_session(backend)
`;

const RELAXED_KERNEL = "nn/backends/kernels/dense-relaxed.wasm";

let isFast = null; // whether the connection is, once that is known

/* Whether the connection is fast, as the first part of the packages tells, which all ways to start
 * need. On slower ones, some 70 Mbit/s of which the packages then have a third, the copy takes longer
 * to come than it saves. */
async function measureConnection() {
  const [leastBytes, longestMs] = [1e6, 350];
  if (navigator.connection?.saveData) return false;
  let began = null;
  for (;;) {
    const bytes = received[settings.packages] ?? 0;
    if (bytes > 0) began ??= performance.now();
    if (bytes >= leastBytes) return true;
    if (began !== null && performance.now() - began > longestMs) return false;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}

/* The header of the copy and its memory. */
function readSnapshot(data) {
  const position = 4 + new DataView(data.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, position)));
  for (const [name, sum] of Object.entries(header.files)) {
    if (settings.files[name]?.sums[0] !== sum) throw new Error(`${name} is another one`);
  }
  return {header, memory: data.subarray(position)};
}

/* The fastest module for products that this browser takes, and its name. */
async function compileKernel(files) {
  const find = (path) => files.find(([name]) => name === path)?.[1] ?? new Uint8Array();
  try {
    return ["simd-relaxed", await WebAssembly.compile(find(RELAXED_KERNEL))];
  } catch {
    return ["simd", await WebAssembly.compile(find(PLAIN_KERNEL))];
  }
}

/* Starts Python from the copy; returns {pyodide, page, backend}, and throws where anything differs
 * from the build. */
async function restorePython(parts) {
  const [data, files, compiled] = await Promise.all([
    downloadSnapshot(settings.snapshot), parts.files, parts.libraries, parts.scripts,
  ]);
  const {header, memory} = readSnapshot(data);
  const [backend, kernel] = await compileKernel(files);
  const modules = new Map(compiled);
  const libraries = librariesOf(files, settings.library).map(([path]) => (
    [path, modules.get(path) ?? kernel]
  ));
  let module = null;
  const endPreload = preloadLibraries(libraries, (ready) => {
    module = ready;
    const layout = layoutOf(module);
    if (layout !== header.layout) throw new Error(`its layout is ${header.layout}, here ${layout}`);
    assignHandles(module, header.handles);
  });
  try {
    const options = {
      ...pyodideOptions, _loadSnapshot: memory, _snapshotDeserializer: restoreObject,
    };
    const {pyodide} = await loadWith(parts, Promise.resolve(new Uint8Array()), options);
    useParameterCounter(module);
    delete pyodide._api.config._loadSnapshot; // which would stay in memory
    return {pyodide, page: header.page, backend};
  } finally {
    endPreload();
  }
}

/* Python's memory does not know the address of the site; this stands for it. */
function withAddress(text) {
  return text.replaceAll(settings.snapshotRoot, `${site}panel/`);
}
