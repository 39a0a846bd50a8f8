/* Keeps one version of the site, whole and checked, so that it starts without a network.
 *
 * Only files of the build and blocks of data are ever kept or answered: what an API says, what is
 * posted, and what lies elsewhere goes past this file. The build puts one constant before it:
 *   build     {version, data, blocks, files}: the version, that of the data, where its blocks are,
 *             and the SHA-256 of every file
 */

const base = new URL("./", self.location.href);
const prefix = `inkling ${base.pathname} `;
const filesCache = `${prefix}files ${build.version}`;
const blocksCache = `${prefix}blocks ${build.data}`;

/* Some hosts lead index.html to the folder itself: the page goes by that address. */
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

async function hasSum(response, sum) {
  const digest = await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer());
  const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return found.join("") === sum;
}

/* From an older version if the file has not changed, else from the browser's own cache or the
 * server; a file of another version is not taken. */
async function obtain(name, sum) {
  for (const key of await caches.keys()) {
    if (!key.startsWith(`${prefix}files `)) continue;
    const kept = await (await caches.open(key)).match(urlOf(name));
    if (kept && (await hasSum(kept, sum))) return kept;
  }
  for (const cache of ["default", "reload"]) {
    const response = await fetch(urlOf(name), {cache});
    if (response.status === 200 && !response.redirected && (await hasSum(response, sum))) {
      return response;
    }
  }
  throw new Error(`${name} could not be had in version ${build.version}.`);
}

/* What an attempt that broke off has kept already is not fetched again. */
async function keepFiles() {
  const cache = await caches.open(filesCache);
  for (const [name, sum] of Object.entries(build.files)) {
    if (!(await cache.match(urlOf(name)))) await cache.put(urlOf(name), await obtain(name, sum));
  }
}

async function dropOlder() {
  const keys = (await caches.keys()).filter((key) => key.startsWith(prefix));
  const old = keys.filter((key) => key !== filesCache && key !== blocksCache);
  await Promise.all(old.map((key) => caches.delete(key)));
}

async function answerFile(name, request) {
  const kept = await (await caches.open(filesCache)).match(urlOf(name));
  return kept ?? fetch(request);
}

async function answerBlock(request) {
  const cache = await caches.open(blocksCache);
  // A block that was damaged on its way is asked for once more past all caches.
  const isFresh = ["reload", "no-store", "no-cache"].includes(request.cache);
  const kept = isFresh ? undefined : await cache.match(request.url);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.status === 200) await cache.put(request.url, response.clone()).catch(() => {});
  return response;
}

self.addEventListener("install", (event) => event.waitUntil(keepFiles()));

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOlder().then(() => self.clients.claim()));
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
