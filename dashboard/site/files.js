/* How the worker gets its files: all at once, counted while they come in, and unpacked as they do.
 *
 * `tellProgress({received, total})` is called while bytes arrive.
 */

const site = new URL("./", self.location.href).href;
const plainFetch = self.fetch;
const received = {};
let progressTold = 0;

/* At most twenty times a second, and when a file is complete. */
function countBytes(name, bytes, isComplete) {
  received[name] = (received[name] ?? 0) + bytes;
  const now = performance.now();
  if (!isComplete && now - progressTold < 50) return;
  progressTold = now;
  const sum = Object.values(received).reduce((all, one) => all + one, 0);
  tellProgress({received: Math.min(sum, settings.total), total: settings.total});
}

/* Fetches a file of the site; an error says which file and why. */
async function download(name) {
  let response;
  try {
    response = await plainFetch(site + name);
  } catch (error) {
    throw new Error(`${name} could not be loaded: ${error.message}.`);
  }
  if (!response.ok) {
    throw new Error(`${name} could not be loaded: the server answered ${response.status}.`);
  }
  const counter = new TransformStream({
    transform(chunk, controller) {
      countBytes(name, chunk.byteLength, false);
      controller.enqueue(chunk);
    },
    flush() { countBytes(name, 0, true); },
  });
  return response.body.pipeThrough(counter);
}

/* The same, as bytes in one piece. */
async function downloadBytes(name) {
  return new Uint8Array(await new Response(await download(name)).arrayBuffer());
}

/* The same, unpacked. Some servers say of a compressed file that it is a compressed answer, and the
 * browser has unpacked it then: gzip's mark at the beginning tells. */
async function downloadUnpacked(name) {
  const [probe, rest] = (await download(name)).tee();
  const reader = probe.getReader();
  const {value} = await reader.read();
  reader.cancel();
  const isPacked = value !== undefined && value[0] === 0x1f && value[1] === 0x8b;
  const stream = isPacked ? rest.pipeThrough(new DecompressionStream("gzip")) : rest;
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* The files of a bundle, as [path, content]; dashboard/site/bundle.py says how they are packed. */
function readBundle(data) {
  const view = new DataView(data.buffer, data.byteOffset);
  let position = 4 + view.getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(data.subarray(4, position)));
  return index.map(([path, size]) => {
    const content = data.subarray(position, position + size);
    position += size;
    return [path, content];
  });
}

/* Compiles while the bytes come in. The type is set here, for not every server knows it. */
async function compileModule(name) {
  const response = new Response(await download(name), {
    headers: {"Content-Type": "application/wasm"},
  });
  return WebAssembly.compileStreaming(response);
}
