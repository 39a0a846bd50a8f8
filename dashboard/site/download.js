/* Downloads files of the site, each with a time limit, a check of its bytes, and retries.
 *
 * The page and the worker both have this text. What is reported of a file: its name, the kind of
 * the cause ("status", "unreachable", "hang", "cut", "html", "type", "bytes"), and the cause as a
 * text in English with values, which the page translates.
 */

/* Marks a text that is translated where it is shown. */
const gettext_noop = (text) => text;

function fillIn(text, values) {
  return text.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
}

/* Without a byte of any file for so long, a download is given up and begun again. */
const SILENCE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 30;

class FileError extends Error {
  constructor(kind, text, values = {}) {
    super(fillIn(text, values));
    Object.assign(this, {kind, text, values});
  }
}

/* Counts what arrives, in this thread and in the other one, which tells of it with `noteBytes`.
 * Repeated attempts do not count: they would hide a file that hangs. */
const traffic = {bytes: 0};

function noteBytes() {
  traffic.bytes += 1;
}

/* Calls `stop` when nothing has arrived for too long. Whole seconds are counted in which this
 * thread was free: one that was busy has not seen what had arrived. `own` counts further signs. */
function watchSilence(stop, own = {bytes: 0}) {
  let [seen, silence] = [traffic.bytes + own.bytes, 0];
  const timer = setInterval(() => {
    const now = traffic.bytes + own.bytes;
    silence = now === seen ? silence + 1 : 0;
    seen = now;
    if (silence >= SILENCE_SECONDS) stop();
  }, 1000);
  return () => clearInterval(timer);
}

function join(chunks, size) {
  const all = new Uint8Array(size);
  let position = 0;
  for (const chunk of chunks) {
    all.set(chunk, position);
    position += chunk.byteLength;
  }
  return all;
}

async function sha256(content) {
  if (globalThis.crypto?.subtle === undefined) return null; // neither https nor localhost
  const digest = await crypto.subtle.digest("SHA-256", content);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isPage(response) {
  return (response.headers.get("content-type") ?? "").startsWith("text/html");
}

/* Downloads a file once. `read` makes the value of its stream of bytes; `file` is
 * {name, bytes, sums, type}: the size, the SHA-256 sums of which it must have one, and a part of its
 * media type where that matters. Files of one `group` count what arrives together. */
async function downloadOnce(file, read, {cache, priority, count, group = traffic}) {
  const controller = new AbortController();
  const own = cache === "default" ? group : {bytes: 0};
  const unwatch = watchSilence(() => {
    controller.abort(
      new FileError("hang", gettext_noop("nothing of it has come for {seconds} s"), {
        seconds: SILENCE_SECONDS,
      }),
    );
  }, own === traffic ? undefined : own);
  const chunks = [];
  let size = 0;
  const counter = new TransformStream({
    transform(chunk, out) {
      chunks.push(chunk);
      size += chunk.byteLength;
      own.bytes += 1;
      count?.(chunk.byteLength);
      out.enqueue(chunk);
    },
  });
  let response = null;
  try {
    response = await fetchFile(site + file.name, {signal: controller.signal, cache, priority});
    own.bytes += 1;
    if (!response.ok) {
      throw new FileError("status", gettext_noop("the server answered {status}"), {
        status: response.status,
      });
    }
    const value = await read(response.body.pipeThrough(counter));
    const sum = await sha256(join(chunks, size));
    if (sum === null ? size < file.bytes : !file.sums.includes(sum)) {
      throw new FileError("bytes", gettext_noop("it has other bytes than this build"));
    }
    const type = response.headers.get("content-type") ?? "none";
    if (file.type && !type.includes(file.type)) {
      throw new FileError("type", gettext_noop("the server sent it with the type {type}"), {type});
    }
    return value;
  } catch (error) {
    count?.(-size);
    throw describe(error, response, size, file, controller.signal);
  } finally {
    unwatch();
    controller.abort();
  }
}

/* The error of a download with the best cause that is known. */
function describe(error, response, size, file, signal) {
  if (signal.aborted) return signal.reason;
  if (error.kind === "status" || error.kind === "type") return error;
  if (response === null) {
    return new FileError("unreachable", gettext_noop("the server cannot be reached"));
  }
  if (isPage(response)) {
    return new FileError(
      "html", gettext_noop("a page (HTML) came instead of it, such as one for signing in"),
    );
  }
  if (error.kind === "bytes") return error;
  if (error instanceof TypeError && size < file.bytes) {
    const [found, all] = [size, file.bytes].map((count) => count.toLocaleString("en"));
    return new FileError("cut", gettext_noop("it was cut after {found} of {all} bytes"), {found, all});
  }
  return new FileError("bytes", gettext_noop("it is damaged"));
}

/* What waits for its next attempt; `tryAgain` ends all pauses. */
const waiting = new Set();

function tryAgain() {
  for (const go of [...waiting]) go();
}

function pause(seconds) {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      waiting.delete(go);
      resolve();
    };
    const timer = setTimeout(go, 1000 * seconds);
    waiting.add(go);
  });
}

/* Downloads a file until it is there. `report` is told of every failure, and with null of the end of
 * the trouble. */
async function obtain(file, read, report, options = {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const cache = attempt === 0 ? "default" : "reload";
      const value = await downloadOnce(file, read, {cache, ...options});
      report(file.name, null);
      return value;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      // Wrong bytes may be those of an older build in the browser's cache.
      const seconds = error.kind === "bytes" && attempt === 0
        ? 0
        : Math.min(2 ** Math.max(attempt - 1, 0), LONGEST_PAUSE_SECONDS);
      if (seconds > 0) {
        const {kind, text, values} = error;
        report(file.name, {kind, text, values, seconds});
        await pause(seconds);
      }
    }
  }
}

async function readBytes(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function readText(stream) {
  return new Response(stream).text();
}

/* Runs a script of the site whose bytes have been checked; `name` is the global variable that it
 * makes, if it does not set it by itself. Evaluated, it needs no second request. */
function runScript(file, text, name) {
  const ending = name === undefined ? "" : `\nglobalThis.${name} = ${name};`;
  globalThis.eval(`${text}${ending}\n//# sourceURL=${site}${file}`);
}
