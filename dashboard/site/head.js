/* The first script of the page, inline: starts the worker, loads the scripts of the page, and says
 * what is wrong where something does not come. It needs no other file.
 *
 * The build puts status.js and download.js, and one constant, before this text:
 *   siteFiles    {scripts, worker, languages, sheets}: the scripts of the page in their order, the
 *                worker's script, by its code the file of the texts of each language but English,
 *                and the style sheets by their names, as download.js describes them; {texts} of a
 *                language's file are those of this script, which may have to tell that the file
 *                does not come
 *
 * `siteStart(options)` starts a worker and collects its events until page.js listens. The worker's
 * name holds what `Launch` in dashboard/sharing/links.py reads. Browsers refuse workers to pages
 * that were opened from a file; the page then says how to serve it.
 */

const SILENT_WORKER_SECONDS = 20;

const root = document.documentElement;
const site = new URL("./", location.href).href;
const fetchFile = (...request) => fetch(...request);
const status = new StatusLine();

/* "loading", "ready", "died" or "failed", readable for scripts and styles as html[data-site]. */
function setState(state) {
  root.dataset.site = state;
  window.dispatchEvent(new CustomEvent("site", {detail: state}));
}

function afterParsing(action) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", action);
  else action();
}

// ---- The language ----------------------------------------------------------------------------

/* The first that is offered of: the address, an earlier choice, the browser's languages. */
function chooseLanguage() {
  const asked = new URLSearchParams(location.search).get("lang") ?? "";
  let kept = "";
  try {
    kept = /(?:^|; )inkling-language=([\w-]+)/.exec(document.cookie)?.[1] ?? "";
  } catch {
    // Cookies may be forbidden.
  }
  const primary = (code) => code.toLowerCase().split(/[-_]/)[0];
  const offered = ["en", ...Object.keys(siteFiles?.languages ?? {})];
  const wanted = [asked, kept, ...(navigator.languages ?? [])];
  const find = (code) => offered.find((one) => primary(one) === primary(code));
  return find(wanted.find(find) ?? "en");
}

const language = chooseLanguage();
if (language !== "en") window.inklingTexts = siteFiles.languages[language].texts;
const TRANSLATED = ["aria-label", "title", "data-inside"];

/* The page is built in English; the texts of another language come in a file. */
async function translatePage() {
  if (language === "en") return;
  const file = siteFiles.languages[language];
  const {direction, texts, about} = JSON.parse(await obtain(file, readText, report));
  window.inklingTexts = texts;
  Object.assign(root, {lang: language, dir: direction});
  showTroubles();
  afterParsing(() => {
    document.getElementById("about-text").innerHTML = about;
    document.getElementById("language").value = language;
    for (const element of document.querySelectorAll(TRANSLATED.map((name) => `[${name}]`))) {
      for (const name of TRANSLATED) {
        const text = element.getAttribute(name);
        if (text in texts) element.setAttribute(name, texts[text]);
      }
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const text = node.data.trim();
      if (Object.hasOwn(texts, text)) node.data = node.data.replace(text, () => texts[text]);
    }
  });
}

// ---- What the page cannot mend ---------------------------------------------------------------

const reload = () => [gettext("Reload"), () => location.reload()];

/* Nothing of a page that can never work is shown, unless it was in use. */
function fail(sentence, cause, actions = [reload()]) {
  if (root.dataset.site === "failed") return; // the first cause stays
  const isUsed = root.dataset.site === "died" || root.dataset.site === "ready";
  if (!isUsed) root.dataset.dead = "";
  setState("failed");
  if (!isUsed) afterParsing(() => document.querySelector(".app")?.setAttribute("hidden", ""));
  status.showError(sentence, actions, {cause});
}

const REFUSED = {
  "script-src": () => gettext("scripts"),
  "script-src-elem": () => gettext("scripts"),
  "worker-src": () => gettext("the worker in which Python runs"),
  "connect-src": () => gettext("downloads from the site itself"),
  "style-src": () => gettext("style sheets"),
  "style-src-elem": () => gettext("style sheets"),
  "style-src-attr": () => gettext("style attributes"),
};

/* `refusal` has the names of a SecurityPolicyViolationEvent; the worker reports its own too. */
function takeRefusal({effectiveDirective, blockedURI, disposition}) {
  const what = REFUSED[effectiveDirective];
  if (disposition === "report" || what === undefined || root.dataset.site === "ready") return;
  const source = blockedURI.replace(site, "");
  fail(
    gettext(
      "The Content-Security-Policy of this server refuses {what} ({directive}: {source}). The file _headers of the site has the policy that Inkling needs; reload the page when the server sends it.",
      {what: what(), directive: effectiveDirective, source},
    ),
    "policy",
  );
}

document.addEventListener("securitypolicyviolation", takeRefusal);

// ---- What is tried again ---------------------------------------------------------------------

const troubles = new Map();

const WAYS_OUT = {
  status: () => gettext("The folder of the site must be copied to the server as a whole."),
  unreachable: () => gettext("Check the connection, and whether the server is running."),
  hang: () => gettext("Check the connection; a proxy or a filter may hold the file back."),
  cut: () => gettext("Check the connection."),
  html: () => gettext("Sign in to this network or server in another tab, or copy the whole site again."),
  type: () => gettext("The types of files are set at the server."),
  bytes: () => gettext("It may be of another build: reload the page, or copy the whole site to the server again."),
};

let told = null; // what the line shows of the troubles

/* The app may be ready without a file, as without the texts of its language: that is told as well,
 * where the line is free, until the file has come. */
function showTroubles() {
  const isLoading = root.dataset.site === "loading";
  const isFree = status.shown === told || !status.isError;
  if (!isLoading && !(root.dataset.site === "ready" && isFree)) return;
  const [first] = troubles.entries();
  if (first === undefined) {
    if (isLoading) status.showProgress(gettext("Starting Python (1 of 3) …"));
    else if (told !== null) status.hide();
    told = null;
    return;
  }
  const [name, {kind, text, values, seconds}] = first;
  const count = troubles.size;
  const sentences = [
    gettext("{name} could not be loaded: {cause}.", {name, cause: gettext(text, values)}),
    count > 1 ? gettext("{count} files are missing.", {count}) : "",
    WAYS_OUT[kind](),
    gettext("The next attempt is in {seconds} s.", {seconds}),
  ];
  status.showError(
    sentences.filter(Boolean).join(" "),
    [[gettext("Try again"), tryNow], reload()],
    {file: name, cause: kind},
  );
  told = status.shown;
}

function tryNow() {
  tryAgain();
  window.siteFirst?.worker?.postMessage({type: "try again"});
}

/* Takes what `obtain` reports, here or in the worker. */
function report(name, trouble) {
  if (trouble !== null) {
    console.info(`${name}: ${fillIn(trouble.text, trouble.values)}`);
    if (trouble.kind === "status") addMissingSlash();
    troubles.set(name, trouble);
    showTroubles();
  } else if (troubles.delete(name)) showTroubles();
}

window.addEventListener("online", tryNow);

/* At …/lab instead of …/lab/ the files are looked for in the folder above. */
let checkedSlash = false;

async function addMissingSlash() {
  const folder = `${location.pathname}/`;
  if (checkedSlash || /(\/|\.html?)$/.test(location.pathname)) return;
  checkedSlash = true;
  const {ok} = await fetch(`${folder}page.js`, {cache: "no-store"}).catch(() => ({ok: false}));
  if (ok) location.replace(folder + location.search + location.hash);
}

// ---- The tab ---------------------------------------------------------------------------------

let tab = "";
let releaseTab = () => {};

/* Names this tab in all its loads. A lock of the name tells other tabs that this one is open,
 * before Python does it with a lock of its own. */
function nameTab(name) {
  tab = name;
  try {
    sessionStorage["inkling-tab"] = name;
  } catch {
    // Storage may be forbidden.
  }
  releaseTab();
  const hold = () => new Promise((resolve) => { releaseTab = resolve; });
  const options = {mode: "shared"};
  navigator.locks?.request(`inkling-session ${name}.0`, options, hold).catch(() => {});
}

/* Does the same where there are no locks, as the worker does in indexed_db.js. */
function beat() {
  if (root.dataset.site === "ready") return;
  setTimeout(beat, 2000);
  const request = window.indexedDB?.open("inkling", 1);
  if (!request) return;
  request.onupgradeneeded = () => request.result.createObjectStore("records");
  request.onerror = (event) => event.preventDefault();
  request.onsuccess = () => {
    const database = request.result;
    const transaction = database.transaction("records", "readwrite");
    transaction.oncomplete = transaction.onabort = () => database.close();
    transaction.objectStore("records").put(Date.now(), `alive/${tab}.0`);
  };
}

function sayThatTabIsOpen() {
  try {
    if (navigator.locks === undefined) beat();
  } catch {
    // Storage may be forbidden.
  }
}

/* The name of this tab's last load. A tab that was duplicated has that of the original until
 * Python notices it and gives it another one. */
function lastName() {
  try {
    return sessionStorage["inkling-tab"];
  } catch {
    return undefined;
  }
}

/* Lets the next load of this tab continue without asking, as after a crash. */
function resumeNext() {
  try {
    sessionStorage["inkling-resume"] = "1";
  } catch {
    // It then asks.
  }
}

function takeResume() {
  try {
    const resume = "inkling-resume" in sessionStorage;
    delete sessionStorage["inkling-resume"];
    return resume;
  } catch {
    return false;
  }
}

// ---- The worker ------------------------------------------------------------------------------

let workerCount = 0;
let bytesTold = 0;

/* The worker counts as traffic what the page downloads, once a second. */
function tellBytes() {
  if (performance.now() - bytesTold < 1000) return;
  bytesTold = performance.now();
  window.siteFirst?.worker.postMessage({type: "bytes"});
}

function start(options) {
  const launch = {search: location.search, tab, language, ...options};
  // One that failed may be in a cache under its plain address.
  const address = workerCount === 0 ? siteFiles.worker.name : `${siteFiles.worker.name}?${workerCount}`;
  workerCount += 1;
  const worker = new Worker(address, {name: JSON.stringify(launch)});
  const early = [];
  worker.onmessage = (event) => early.push(event);
  worker.onerror = (event) => early.push(event);
  return {worker, early};
}

/* Starts the first worker. Its script is downloaded once more, out of the browser's cache, to know
 * whether it came whole; where it did not, another worker is started when it has. */
function startFirst() {
  const options = {resume: takeResume()};
  let [hasSpoken, hasFailed, wasBad] = [false, false, false];

  function launch() {
    const first = start(options);
    const {worker} = first;
    const noteEarly = worker.onerror;
    worker.onerror = null; // behind the next listener
    worker.addEventListener("error", (event) => {
      if (hasSpoken) return;
      event.stopImmediatePropagation(); // it is no error of Python
      event.preventDefault();
      hasFailed = true;
    });
    worker.onerror = noteEarly;
    worker.addEventListener("message", ({data}) => {
      hasSpoken = true;
      if (data.type === "progress") noteBytes();
    });
    hasFailed = false;
    window.siteFirst = first;
    window.siteStart?.take?.(first);
  }

  function relaunch() {
    window.siteFirst.worker.terminate();
    showLoading(); // the bad script may have reported that the app cannot start
    launch();
  }

  /* A script that has made the app is good enough: the visitor's work is not ended for it. */
  function check(name, trouble) {
    const isBad = trouble !== null && root.dataset.site !== "ready";
    wasBad ||= isBad;
    report(name, isBad ? trouble : null);
  }

  async function follow() {
    await obtain(siteFiles.worker, readBytes, check, {priority: "low"});
    if (wasBad && root.dataset.site !== "ready") relaunch();
    for (let [failures, silence] = [0, 0]; !hasSpoken; silence += 1) {
      await pause(1);
      if (hasSpoken || (!hasFailed && silence < SILENT_WORKER_SECONDS)) continue;
      const seconds = Math.min(2 ** failures, LONGEST_PAUSE_SECONDS);
      const text = hasFailed
        ? gettext_noop("the browser could not run it")
        : gettext_noop("it does not start");
      report(siteFiles.worker.name, {kind: "type", text, values: {}, seconds});
      await pause(seconds);
      relaunch();
      failures += 1;
      silence = 0;
    }
    report(siteFiles.worker.name, null);
  }

  launch();
  follow();
}

// ---- The scripts of the page -----------------------------------------------------------------

/* The modules of the page are made in memory; a policy without blob: refuses them. */
function tryModule() {
  const url = URL.createObjectURL(new Blob([""], {type: "text/javascript"}));
  import(url).catch(() => {}).finally(() => URL.revokeObjectURL(url));
}

async function loadScripts() {
  const options = {priority: "low", count: tellBytes};
  const all = siteFiles.scripts.map((file) => [file.name, obtain(file, readText, report, options)]);
  await new Promise(afterParsing);
  try {
    for (const [name, text] of all) runScript(name, await text);
  } catch (error) {
    // A policy has been reported already.
    console.error(error);
    setTimeout(() => {
      fail(gettext("The scripts of this page stopped: {error}", {error: error.message}), "error");
    }, 0);
  }
  tryModule();
}

// ---- Start -----------------------------------------------------------------------------------

/* What a page that was opened from a file says. */
function explainFile() {
  root.dataset.site = "failed";
  const folder = decodeURI(location.pathname.replace(/[^/]*$/, "")).replaceAll("<", "&lt;");
  const address = '<a href="http://localhost:8000/">http://localhost:8000/</a>';
  root.lang = language;
  document.body.innerHTML = `
    <main style="display: block; max-width: 40rem; margin: 15vh auto; padding: 0 1rem">
      <h1>${gettext("Inkling needs a web server")}</h1>
      <p>${gettext("Browsers do not let a page run Python straight from a file. In the folder of this file ({folder}) run", {folder})}</p>
      <pre><code>python3 -m http.server</code></pre>
      <p>${gettext("and open {address}. Any other server of static files does as well.", {address})}</p>
    </main>`;
}

/* The last script of the page is missing where the HTML was cut. */
function checkEnd() {
  if (document.getElementById("site-end") !== null) return true;
  fail(gettext("index.html was cut in the middle. Check the connection, and reload the page."), "cut");
  return false;
}

/* The style sheet shows what is not ready. */
function showLoading() {
  delete root.dataset.dead;
  afterParsing(() => document.querySelector(".app")?.removeAttribute("hidden"));
  setState("loading");
  showTroubles();
}

function startSite() {
  showLoading();
  if (self.origin === "null") {
    fail(
      gettext("This page is in a frame whose sandbox does not have allow-same-origin, without which the browser refuses workers and storage. The frame needs sandbox=“allow-scripts allow-same-origin”; or open the page in a tab of its own."),
      "sandbox",
      [],
    );
    return;
  }
  nameTab(lastName() ?? Math.random().toString(36).slice(2));
  sayThatTabIsOpen();
  try {
    startFirst();
  } catch (error) {
    fail(
      gettext("The browser refuses the worker in which Python runs: {error}", {error: error.message}),
      "worker",
    );
    return;
  }
  translatePage();
  loadScripts();
  const unwatch = watchSilence(() => {
    if (document.readyState !== "loading") return;
    fail(
      gettext("Nothing more of index.html has come for {seconds} s. Check the connection, and reload the page.", {
        seconds: SILENCE_SECONDS,
      }),
      "hang",
    );
  });
  afterParsing(() => {
    unwatch();
    checkEnd();
  });
}

window.siteStart = location.protocol === "file:" ? null : Object.assign(start, {
  nameTab, resumeNext, status, showNews, fail, report, troubles, takeRefusal, setState,
  obtain, readBytes, tryAgain, WAYS_OUT, sheets: siteFiles?.sheets ?? {},
});
if (window.siteStart) startSite();
else document.addEventListener("DOMContentLoaded", explainFile);
