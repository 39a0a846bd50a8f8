/* Threads that compute training steps in a memory which they share; see nn/backends/threads.py.
 *
 * A function of {pyodide, code, count, script}: the Emscripten module that Python runs in, the bytes
 * of the kernels, how many threads there are with the one that calls, and the address of thread.js. */
({pyodide, code, count, script}) => {
  const STACK_BYTES = 65_536;
  const PAGE_BYTES = 65_536;
  const MOST_PAGES = 4096; // as scripts/build_kernels.sh has it

  const kernels = new WebAssembly.Module(code);
  const memory = new WebAssembly.Memory({initial: 16, maximum: MOST_PAGES, shared: true});
  const {exports} = new WebAssembly.Instance(kernels, {env: {memory}});
  const base = exports.__heap_base.value + (count - 1) * STACK_BYTES;
  let workers = [];

  for (let number = 1; number < count; number += 1) {
    const worker = new Worker(script, {name: `Training, thread ${number + 1}`});
    const stack = base - (number - 1) * STACK_BYTES; // which grows downwards
    worker.onerror = (event) => {
      event.preventDefault();
      console.info(`${script}: a thread did not start: ${event.message ?? "it could not be loaded"}`);
    };
    worker.postMessage({kernels, memory, number, stack});
    workers.push(worker);
  }

  /* How many threads there are: those that have not started yet, or never will, are not counted. */
  function threads() {
    return workers.length === 0 ? 1 : 1 + exports.helpers();
  }

  /* Makes the memory reach up to an address; returns whether it does. */
  function reserve(end) {
    const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES);
    try {
      if (missing > 0) memory.grow(missing);
      return true;
    } catch {
      return false;
    }
  }

  function end() {
    for (const worker of workers) worker.terminate();
    workers = [];
  }

  /* Calls `train`. Before it, ranges of Python's memory are copied to the shared one, and after it
   * the first ones back. The table has {address there, address here, bytes} for each. Returns
   * whether all went well; else Python's memory is as it was, and there are no more threads. */
  function train(table, ranges, given, taken, ...call) {
    const [mine, shared] = [pyodide.HEAPU8, new Uint8Array(memory.buffer)];
    const list = new Uint32Array(mine.buffer, table, 3 * ranges);
    for (let at = 3 * given; at < list.length; at += 3) {
      const [from, to, bytes] = [list[at], list[at + 1], list[at + 2]];
      shared.set(mine.subarray(from, from + bytes), to);
    }
    if (exports.train(...call) === 0) {
      console.info("A thread stopped amid a training step; training goes on with one thread.");
      end();
      return false;
    }
    for (let at = 0; at < 3 * taken; at += 3) {
      const [to, from, bytes] = [list[at], list[at + 1], list[at + 2]];
      mine.set(shared.subarray(from, from + bytes), to);
    }
    return true;
  }

  return {base, count, threads, reserve, train};
}
