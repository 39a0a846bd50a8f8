/* Caches one complete, verified version of the site, so that it starts without a network.
 *
 * Only files of the build and blocks of data are cached and answered; API requests, other methods
 * than GET and other origins are not handled. The build puts one constant before this text:
 *   build     {version, data, blocks, files}: the version, that of the data, the folder of its
 *             blocks, and the SHA-256 of every file
 */

const base = new URL("./", self.location.href);
const prefix = `inkling ${base.pathname} `;
const filesCache = `${prefix}files ${build.version}`;
const FETCHED_AT_A_TIME = 4;
const ANSWER_WITHIN = 6000; // milliseconds; a file that hangs is told of, and the page works without
const blocksCache = `${prefix}blocks ${build.data}`;

/* Some hosts redirect index.html to the folder itself, so the page is cached under that URL. */
function urlOf(name) {
  return new URL(name === "index.html" ? "./" : name, base).href;
}

/* The file of the build that a request asks for, or undefined. */
function fileOf(url) {
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) return undefined;
  const name = decodeURIComponent(url.pathname.slice(base.pathname.length)) || "index.html";
  return name in build.files ? name : undefined;
}

function isBlock(url) {
  return url.origin === base.origin && url.pathname.startsWith(base.pathname + build.blocks);
}

async function hasChecksum(response, checksum) {
  const digest = await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer());
  const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return found.join("") === checksum;
}

/* An error with the name of the file and the cause, as the page shows them. */
function fileError(name, cause) {
  return new Error(`${name} could not be loaded: ${cause}.`);
}

/* The response to a request for a file, once its first bytes are there. */
async function ask(name, cache) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ANSWER_WITHIN);
  try {
    return await fetch(urlOf(name), {cache, signal: controller.signal});
  } catch {
    const isLate = controller.signal.aborted;
    throw fileError(name, isLate ? "the server does not answer" : "the server cannot be reached");
  } finally {
    clearTimeout(timer);
  }
}

/* Returns a file with the expected checksum: out of the cache of an older version, else from the
 * browser's HTTP cache, else from the server. */
async function obtain(name, checksum, older) {
  for (const cache of older) {
    const cached = await cache.match(urlOf(name));
    if (cached && (await hasChecksum(cached, checksum))) return cached;
  }
  let cause = "";
  for (const cache of ["default", "reload"]) {
    const response = await ask(name, cache);
    const isWhole = response.status === 200 && !response.redirected;
    const isRight = isWhole && (await hasChecksum(response, checksum).catch(() => null));
    if (isRight) return response;
    if (!isWhole) cause = `the server answered ${response.status}`;
    else cause = isRight === null ? "it was cut" : "it has other bytes than this build";
  }
  throw fileError(name, cause);
}

/* Files that an interrupted attempt has cached already are not fetched again. Several are fetched at
 * a time: most are small. */
async function cacheFiles() {
  const cache = await caches.open(filesCache);
  const keys = (await caches.keys()).filter((key) => key.startsWith(`${prefix}files `));
  const older = await Promise.all(
    keys.filter((key) => key !== filesCache).map((key) => caches.open(key)),
  );
  const kept = new Set((await cache.keys()).map(({url}) => url));
  const left = Object.entries(build.files).filter(([name]) => !kept.has(urlOf(name)));

  async function work() {
    while (left.length > 0) {
      const [name, checksum] = left.shift();
      await cache.put(urlOf(name), await obtain(name, checksum, older));
    }
  }

  await Promise.all(Array.from({length: FETCHED_AT_A_TIME}, work));
}

async function deleteOlder() {
  const keys = (await caches.keys()).filter((key) => key.startsWith(prefix));
  const old = keys.filter((key) => key !== filesCache && key !== blocksCache);
  await Promise.all(old.map((key) => caches.delete(key)));
}

async function answerFile(name, request) {
  const cached = await (await caches.open(filesCache)).match(urlOf(name));
  const response = cached ?? (await fetch(request));
  return isIsolated(request) ? isolate(response) : response;
}

// ---- Headers that isolate the page --------------------------------------------------------------

/* Only where the page is isolated do browsers have a memory that threads share. Chromium since 137
 * isolates a single document, also in a frame of another site; other browsers need both others. */
const isolationHeaders = navigator.userAgentData?.brands.some(
  ({brand, version}) => brand === "Chromium" && Number(version) >= 137,
) ? {"document-isolation-policy": "isolate-and-require-corp"} : {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/* The page and its workers; not in a frame of a page of the same site, which could no longer use
 * the frame's window (scorm.js does). */
function isIsolated({destination, referrer}) {
  if (destination === "document" || destination === "worker") return true;
  return destination === "iframe" && referrer !== "" && new URL(referrer).origin !== base.origin;
}

/* The response with headers that the host does not send itself. All others are handed on as they
 * are: browsers keep compiled code with the response that it came in. */
function isolate(response) {
  if (response.status !== 200) return response;
  const headers = {...isolationHeaders, ...Object.fromEntries(response.headers)};
  return new Response(response.body, {headers});
}

async function answerBlock(request) {
  const cache = await caches.open(blocksCache);
  // A block that arrived damaged is requested again past all caches.
  const isFresh = ["reload", "no-store", "no-cache"].includes(request.cache);
  const cached = isFresh ? undefined : await cache.match(request.url);
  if (cached) return cached;
  const response = await fetch(request);
  if (response.status === 200) await cache.put(request.url, response.clone()).catch(() => {});
  return response;
}

/* Caches the files; the pages are told what is wrong where there is no earlier copy of the site. */
async function install() {
  try {
    await cacheFiles();
  } catch (error) {
    const pages = await self.clients.matchAll({type: "window", includeUncontrolled: true});
    if (self.registration.active === null) {
      for (const page of pages) page.postMessage({type: "no copy", message: error.message});
    }
    throw error;
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));

self.addEventListener("activate", (event) => {
  event.waitUntil(deleteOlder().then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const {request} = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || request.headers.has("range")) return;
  const name = fileOf(url);
  if (name !== undefined) event.respondWith(answerFile(name, request));
  else if (isBlock(url)) event.respondWith(answerBlock(request));
});
