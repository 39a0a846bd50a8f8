/* The page's side of the static site: progress of the start, errors, restart after Python died,
 * and use without a network.
 *
 * The first script of the page, head.js, has loaded it. The build puts the message loop, and one
 * constant, before this text:
 *   settings     {adopts}: whether adoption.js is part of this script
 */

const STAGES = {
  core: () => gettext("Starting Python (1 of 3) …"),
  packages: () => gettext("Loading the packages (2 of 3) …"),
  app: () => gettext("Opening the app (3 of 3) …"),
};
const SILENCE_MS = 30_000;
const PROBE_MS = 5_000;
const QUICK_DEATH_MS = 20_000;
const LONG_LIFE_MS = 600_000;
const MOST_RESTARTS = 3;
const NO_ANSWER_MS = 5_000;
const SHEETS_MS = 3_000;
const SERVICE_WORKER = "service-worker.js";

const {status, showNews, fail, report, troubles, takeRefusal, setState} = window.siteStart;
const {obtain, readBytes, tryAgain, sheets, WAYS_OUT} = window.siteStart;

/* For scripts: the numbers of messages sent to Python and handled by it, the worker, and `restart`.
 * Every change of html[data-site] is an event "site" of the window. */
const bridge = {sent: 0, done: 0, worker: null, restart};
window.siteBridge = bridge;

function hasState(...states) {
  return states.includes(document.documentElement.dataset.site);
}

// ---- Progress and errors ---------------------------------------------------------------------

let stage = "";

function showStage(name) {
  stage = name;
  if (hasState("loading") && troubles.size === 0) status.showProgress(STAGES[stage]());
}

function showProgress({received, total}) {
  if (!hasState("loading") || stage !== "core" || troubles.size > 0) return;
  const digits = {minimumFractionDigits: 1, maximumFractionDigits: 1};
  const megabytes = (bytes) => format_number(bytes / 1e6, digits);
  const percent = Math.floor((100 * received) / total);
  const bytes = gettext("{received} of {total} MB, {percent} %", {
    received: megabytes(received), total: megabytes(total), percent,
  });
  const text = STAGES[stage]();
  status.showProgress(received < total ? `${text} ${bytes}` : text, received / total);
}

function showError(where, summary, details, fatal) {
  console.error(`${where} ${details}`);
  if (hasState("failed", "died")) return; // the first cause stays
  const text = where;
  const sentence = `${gettext(text)} ${summary}`;
  if (fatal) fail(sentence, "error");
  else status.showError(sentence, [[gettext("Close"), () => status.hide()]]);
}

/* Ends when all documents so far are drawn: two at once would be drawn into the same elements. */
let drawing = Promise.resolve();

function drawNext(draw) {
  drawing = drawing.then(draw).catch((error) => {
    showError(gettext_noop("The app could not be drawn."), error.message, error.stack, true);
  });
}

/* Shows the prerendered document. */
async function showPrerendered() {
  const items = JSON.parse(document.getElementById("site-render-items").textContent);
  const text = document.querySelector('script[type="application/json"]').textContent;
  await Bokeh.embed.embed_items(text, items);
}

/* The prerendered parts of the page cannot be used before Python receives what they send. */
function setInert(inert) {
  // The cards too: a card that scrolls and holds nothing that takes the focus would be out of reach.
  const parts = document.querySelectorAll("[data-root-id], .pane > section");
  for (const element of parts) element.inert = inert;
}

/* The document that the build made and the page showed first; its JSON is escaped as HTML. */
function prerenderedDocument() {
  const text = document.querySelector('script[type="application/json"]').textContent;
  const json = text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return Object.values(JSON.parse(json))[0];
}

const loadingClasses = [...document.body.classList];

/* A page that was restored from the copy of memory is drawn before all files are there: "begun",
 * "done" or "failed". Until it is done Python answers nothing; that usually takes no time. */
let restoring = "";

function takeRestoring(state) {
  restoring = state;
  if (state === "done") drawNext(() => { if (hasState("loading")) finishStart(); });
}

/* Where a file does not come meanwhile, the page is not shown as working. */
function takeTrouble({name, trouble}) {
  if (restoring === "begun" && trouble !== null && hasState("ready")) {
    setInert(true);
    document.body.classList.add(...loadingClasses);
    setState("loading");
  }
  report(name, trouble);
}

/* Called by the message loop when the document of a worker is shown. */
function finishStart() {
  if (restoring === "begun" && troubles.size > 0) return;
  setInert(false);
  document.body.classList.remove(...loadingClasses);
  if (!status.isError) status.hide();
  setState("ready");
}

function receive(message) {
  heard = performance.now();
  if (message.type === "stage") showStage(message.stage);
  else if (message.type === "progress") showProgress(message);
  else if (message.type === "tab") siteStart.nameTab(message.name);
  else if (message.type === "died") die(message.summary);
  else if (message.type === "trouble") takeTrouble(message);
  else if (message.type === "restoring") takeRestoring(message.state);
  else if (message.type === "refused") takeRefusal(message.refusal);
  else if (message.type === "error") {
    showError(message.where, message.summary, message.details, message.fatal);
  }
}

// ---- Death and a new start -------------------------------------------------------------------

let heard = performance.now();
let startTime = performance.now();
let restarts = 0; // by itself, since a worker last lived long

/* A worker that lived for a while is restarted at once and resumes from the last save; one that
 * died quickly waits for the visitor and does not resume, since the save may be the cause. Nor is
 * one restarted for ever that dies again and again, as where the memory is too small. */
function die(summary) {
  if (hasState("failed", "died")) return;
  const lived = performance.now() - startTime;
  console.error(`Python stopped: ${summary}`);
  setState("died");
  setInert(true);
  bridge.worker.terminate();
  if (lived > LONG_LIFE_MS) restarts = 0;
  const again = [gettext("Start again"), () => restart({resume: false})];
  const sentence = gettext("Python stopped: {summary}", {summary});
  if (lived <= QUICK_DEATH_MS) status.showError(sentence, [again]);
  else if (restarts < MOST_RESTARTS) {
    restarts += 1;
    restart();
  } else {
    status.showError(
      gettext("Python stopped {count} times, each time less than {minutes} minutes after its start: {summary} It is not started again by itself; a smaller network or batch may help.", {
        count: restarts + 1, minutes: LONG_LIFE_MS / 60_000, summary,
      }),
      [[gettext("Resume from the last save"), () => { restarts = 0; restart(); }], again],
    );
  }
}

function restart(options = {resume: true}) {
  if (isOutdated) {
    reloadAndResume(); // the worker of the newer version may not fit this page
    return;
  }
  bridge.worker.terminate();
  setState("loading");
  setInert(true);
  Object.assign(bridge, {sent: 0, done: 0});
  restoring = "";
  startTime = performance.now();
  listen(siteStart(options));
  status.showProgress(gettext("Python stopped and is being started again …"));
}

/* Connects the page with a worker, and delivers the events that came before. */
function listen({worker, early}) {
  bridge.worker = worker;
  heard = performance.now();
  worker.onerror = (event) => {
    event.preventDefault();
    const summary = event.message ?? gettext("worker.js could not be loaded.");
    if (hasState("ready")) die(summary);
    else {
      const where = gettext_noop("Python's worker stopped; reload the page to start again.");
      showError(where, summary, summary, true);
    }
  };
  worker.onmessageerror = () => {
    const where = gettext_noop("A message from Python could not be read.");
    showError(where, "", "a message was lost", false);
  };
  worker.addEventListener("message", (event) => receive(event.data));
  connectPage(worker);
  for (const event of early.splice(0)) worker.dispatchEvent(event);
}

/* A worker that was ended from outside, or hangs, sends nothing: it is asked at intervals. Nothing
 * that the app computes in one call takes as long as SILENCE_MS. */
function watch() {
  bridge.worker.postMessage({type: "probe"});
  const silence = performance.now() - heard;
  if (hasState("ready") && silence > SILENCE_MS && !document.hidden && !status.isError) {
    const seconds = Math.round(silence / 1000);
    status.showError(gettext("Python has not answered for {seconds} s.", {seconds}), [
      [gettext("Start it again"), () => restart()],
      [gettext("Wait"), () => { heard = performance.now(); status.hide(); }],
    ]);
  }
}

document.addEventListener("visibilitychange", () => { heard = performance.now(); });

// ---- Use without a network -------------------------------------------------------------------

let isRegistered = false;
let isOutdated = false; // a newer version has replaced the files of this page's version
let acceptsUpdate = false;

/* After it the page continues with its last save without asking; see head.js. */
function reloadAndResume() {
  siteStart.resumeNext();
  location.reload();
}

/* The update that was accepted in one tab must not end the training in the others. */
function followUpdate() {
  if (isOutdated) return;
  isOutdated = true;
  if (acceptsUpdate) reloadAndResume();
  else {
    document.querySelector(".site-news")?.remove();
    const text = gettext("Inkling was updated in another tab; your work here continues.");
    showNews(text, gettext("Reload"), reloadAndResume);
  }
}

/* Registers the service worker as soon as the app is ready: what it stores has been downloaded for
 * the start, and lies in the browser's cache. */
async function keepOffline() {
  if (isRegistered || !("serviceWorker" in navigator)) return;
  isRegistered = true;
  let hasController = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (hasController) followUpdate();
    hasController = true;
  });
  navigator.serviceWorker.addEventListener("message", ({data}) => {
    if (data.type === "no copy") tellNoCopy(data.name, data.text, data.values);
  });
  await registerWorker();
}

let noCopy = null; // the notice that the site cannot be used without a network

async function registerWorker(isLast = false) {
  const late = gettext_noop("the server does not answer");
  const timer = setTimeout(tellNoCopy, NO_ANSWER_MS, SERVICE_WORKER, late);
  try {
    const registration = await navigator.serviceWorker.register(SERVICE_WORKER);
    const offer = () => offerUpdate(registration);
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", offer);
    });
    noCopy?.remove();
    offer();
  } catch (error) {
    console.info(`The site cannot be used without a network: ${error.message}`);
    // Private windows and insecure addresses may refuse it; the site then needs the network.
    const cause = await workerTrouble();
    if (cause !== null) tellNoCopy(SERVICE_WORKER, ...cause);
    else if (error.name !== "TypeError") return;
    else if (isLast) tellNoCopy(SERVICE_WORKER, gettext_noop("the browser could not run it"));
    else await registerWorker(true); // the file has come back while the browser waited for it
  } finally {
    clearTimeout(timer);
  }
}

/* What is wrong with the script of the service worker, as a text and its values, or null. */
async function workerTrouble() {
  const response = await fetch(SERVICE_WORKER, {cache: "no-store"}).catch(() => null);
  const type = response?.headers.get("content-type") ?? "";
  if (response === null) return [gettext_noop("the server cannot be reached")];
  if (!response.ok) return [gettext_noop("the server answered {status}"), {status: response.status}];
  if (!type.includes("javascript")) {
    return [gettext_noop("the server sent it with the type {type}"), {type}];
  }
  const isWhole = await response.text().then(() => true, () => false);
  return isWhole ? null : [gettext_noop("it was cut")];
}

/* `text` is the cause, in English, with its values. */
function tellNoCopy(name, text, values = {}) {
  if (document.querySelector(".site-news") !== null) return;
  const sentences = [
    gettext("{name} could not be loaded: {cause}.", {name, cause: gettext(text, values)}),
    gettext("Everything works, but not without a network."),
  ];
  noCopy = showNews(sentences.join(" "), gettext("Try again"), () => {
    noCopy.remove();
    registerWorker();
  });
}

// ---- Style sheets that did not come ----------------------------------------------------------

const followed = new Set();
const sheetTroubles = new Map();
const sheetTraffic = {bytes: 0}; // none of the start's, which would hide a file of it that hangs
let tellsOfSheets = false;

function sheetLinks(part) {
  const links = [...part.querySelectorAll("link[rel=stylesheet]")];
  const roots = [...part.querySelectorAll("*")].map(({shadowRoot}) => shadowRoot).filter(Boolean);
  return [...links, ...roots.flatMap(sheetLinks)];
}

function sheetName(link) {
  return link.href.split("?")[0].replace(new URL("./", location.href).href, "");
}

/* A browser says nothing of a style sheet that did not come. So each that the page uses is
 * downloaded once more, out of the browser's cache, to know whether it came whole. */
function checkSheets() {
  if (document.hidden || !hasState("ready")) return;
  for (const name of new Set(sheetLinks(document).map(sheetName))) {
    if (followed.has(name) || !Object.hasOwn(sheets, name)) continue;
    followed.add(name);
    followSheet(name);
  }
}

async function followSheet(name) {
  let wasBad = false;
  await obtain(sheets[name], readBytes, (_, trouble) => {
    wasBad ||= trouble !== null;
    tellOfSheet(name, trouble);
  }, {group: sheetTraffic});
  for (const link of sheetLinks(document)) {
    const isMissing = wasBad || link.sheet === null;
    if (isMissing && sheetName(link) === name) link.href = `${name}?${Date.now()}`;
  }
}

/* The page works without them, but does not look as it should. */
function tellOfSheet(name, trouble) {
  if (trouble === null) sheetTroubles.delete(name);
  else sheetTroubles.set(name, trouble);
  const [first] = sheetTroubles.entries();
  if (first === undefined) {
    if (tellsOfSheets) status.hide();
    tellsOfSheets = false;
  } else if (tellsOfSheets || !status.isError) {
    tellsOfSheets = true;
    const [file, {kind, text, values}] = first;
    const name = `${file} (${gettext(text, values)})`;
    const sentence = gettext(
      "{name} could not be loaded; the page looks wrong without it. Check the connection.", {name});
    status.showError(
      kind === "cut" || kind === "unreachable" ? sentence : `${sentence} ${WAYS_OUT[kind]()}`,
      [[gettext("Try again"), tryAgain], [gettext("Close"), () => status.hide()]],
      {file, cause: kind},
    );
  }
}

function offerUpdate(registration) {
  const {waiting} = registration;
  const isOffered = document.querySelector(".site-news") !== null;
  if (!waiting || !navigator.serviceWorker.controller || isOffered || isOutdated) return;
  showNews(gettext("A newer Inkling is ready."), gettext("Reload"), () => {
    acceptsUpdate = true;
    waiting.postMessage("take over");
  });
}

// ---- Start -----------------------------------------------------------------------------------

if (hasState("loading")) {
  setInert(true);
  showStage("core");
  // Where a script of the page came late, Python's own document is there already.
  if (!siteFirst.early.some(({data}) => data?.type === "render")) drawNext(showPrerendered);
  listen(siteFirst);
  siteStart.take = listen; // one that is started instead
  setInterval(watch, PROBE_MS);
  window.addEventListener("site", () => {
    if (!hasState("ready")) return;
    keepOffline();
    checkSheets();
  });
  setInterval(checkSheets, SHEETS_MS); // more of the page is drawn later
}
