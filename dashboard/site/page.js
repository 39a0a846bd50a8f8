/* The page's side of the browser form: it shows how far the start has come, draws what Python
 * sends, hands every change of the document to Python, one message each, in order, and starts Python
 * anew when it has died. It replaces the handler that Panel generates.
 *
 * The build puts one constant before this text, and status.js, offline.js and adoption.js after it:
 *   settings     {roots, drawn, loading}: the element of each root in document order, the element
 *                with the document drawn ahead, and the classes of the page while it loads
 */

const STAGES = {
  core: "Starting Python (1 of 3) …",
  packages: "Loading the packages (2 of 3) …",
  app: "Opening the app (3 of 3) …",
};
const SILENCE_MS = 30_000;
const PROBE_MS = 5_000;
const QUICK_DEATH_MS = 20_000;

const status = new StatusLine();

/* "loading", "ready", "died" or "failed", readable for scripts and styles as html[data-site]. */
function setState(state) {
  document.documentElement.dataset.site = state;
  window.dispatchEvent(new CustomEvent("site", {detail: state}));
}

function hasState(...states) {
  return states.includes(document.documentElement.dataset.site);
}

// ---- Progress and errors ---------------------------------------------------------------------

let stage = "";

function showStage(name) {
  stage = STAGES[name];
  if (hasState("loading")) status.showProgress(stage);
}

function showProgress({received, total}) {
  if (!hasState("loading") || stage !== STAGES.core) return;
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  const percent = Math.floor((100 * received) / total);
  const bytes = `${megabytes(received)} of ${megabytes(total)} MB, ${percent} %`;
  status.showProgress(received < total ? `${stage} ${bytes}` : stage, received / total);
}

function showError(where, summary, details, fatal) {
  console.error(`${where} ${details}`);
  if (hasState("failed", "died")) return; // the first cause stays
  const close = ["Close", () => status.hide()];
  status.showError(`${where} ${summary}`, fatal ? [] : [close]);
  if (fatal) setState("failed");
}

/* What was drawn ahead of Python must not be used before Python is there to hear of it. */
function setInert(inert) {
  for (const element of rootElements()) element.inert = inert;
}

/* Some roots, such as the location, have no place in the page. */
function rootElements() {
  const placed = settings.roots.filter((root) => root.element !== null);
  return placed.map((root) => document.getElementById(root.element));
}

// ---- To Python -------------------------------------------------------------------------------

/* `sent` and `done` count messages; scripts may watch them, and `worker` and `restart` are there
 * for them too. Every change of html[data-site] is told by the window's event "site". */
const bridge = {sent: 0, done: 0, worker: null, restart};
window.siteBridge = bridge;

function send(type, content) {
  bridge.sent += 1;
  bridge.worker.postMessage({type, content, sequence: bridge.sent});
}

let jsDocument = null;

/* Bokeh marks what comes from Python with sync === false; everything else is the page's own,
 * also when it happens while a patch of Python's is being applied. */
function sendChange(event) {
  if (event.sync === false) return;
  // Ranges follow the data here, several at every redraw; Python has no use for them.
  if (event.model?.type === "DataRange1d") return;
  send("patch", jsDocument.create_json_patch([event]));
}

// ---- From Python -----------------------------------------------------------------------------

function checkRoots(documents, roots) {
  const models = Object.values(documents)[0].roots;
  const found = models.map((model) => model.attributes.name ?? null);
  const expected = settings.roots.map((root) => root.name);
  if (JSON.stringify(found) !== JSON.stringify(expected) || roots.length !== expected.length) {
    throw new Error(
      `the app made the parts ${found.join(", ")}, but the page was built for ` +
      `${expected.join(", ")}: build the site again.`,
    );
  }
}

function clearPrerendered() {
  for (const view of [...Bokeh.index.roots]) view.remove();
  Bokeh.documents.splice(0);
  for (const element of rootElements()) element.replaceChildren();
}

/* Whether what the page shows is still what was drawn ahead of Python, and all of it. */
let isDrawnAhead = true;

/* What lies in the page as JSON has been escaped as HTML needs it. */
function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/* Returns the document that was drawn ahead, made Python's own, or null if it cannot be. */
function adoptPrerendered(made) {
  const [shown] = Bokeh.documents;
  if (!isDrawnAhead || Bokeh.documents.length !== 1 || !shown.is_idle) return null;
  const drawn = JSON.parse(unescaped(document.getElementById(settings.drawn).textContent));
  const site = new URL("./", location.href).href;
  try {
    return adopt(shown, Object.values(drawn)[0], made, site) ? shown : null;
  } catch (error) {
    console.error("What was drawn ahead could not be taken over and is drawn anew.", error);
    return null;
  }
}

async function drawAnew(documents, items, roots) {
  const places = roots.map((id, i) => [id, settings.roots[i].element]);
  items[0].roots = Object.fromEntries(places.filter(([, element]) => element !== null));
  items[0].root_ids = roots;
  clearPrerendered();
  const [views] = await Bokeh.embed.embed_items(documents, items);
  return [...views.roots.values()][0].model.document;
}

async function render(message) {
  const documents = JSON.parse(message.documents);
  const roots = JSON.parse(message.roots);
  checkRoots(documents, roots);
  const adopted = adoptPrerendered(Object.values(documents)[0]);
  isDrawnAhead = false;
  jsDocument = adopted ?? (await drawAnew(documents, JSON.parse(message.items), roots));
  jsDocument.on_change(sendChange, false);
  send("rendered", null);
  send("location", JSON.stringify(window.location));
  setInert(false);
  document.body.classList.remove("pn-loading", ...settings.loading);
  if (!status.isError) status.hide();
  setState("ready");
}

function applyPatch(patch, buffers) {
  try {
    jsDocument.apply_json_patch(patch, buffers);
  } catch (error) {
    showError("A change from Python could not be shown.", error.message, error.stack, false);
  }
}

async function receive(message) {
  heard = performance.now();
  if (message.type === "done") bridge.done = message.sequence;
  else if (message.type === "patch") applyPatch(message.patch, message.buffers);
  else if (message.type === "stage") showStage(message.stage);
  else if (message.type === "progress") showProgress(message);
  else if (message.type === "died") die(message.summary);
  else if (message.type === "error") {
    showError(message.where, message.summary, message.details, message.fatal);
  } else if (message.type === "render") {
    await render(message).catch((error) => {
      showError("The app could not be drawn.", error.message, error.stack, true);
    });
  }
}

// ---- Death and a new start -------------------------------------------------------------------

let heard = performance.now();
let started = performance.now();

/* A worker that lived for a while is started anew at once; one that dies quickly waits for the
 * visitor, and does not go on with what may have killed it. */
function die(summary) {
  if (hasState("failed", "died")) return;
  const lived = performance.now() - started;
  console.error(`Python stopped: ${summary}`);
  setState("died");
  setInert(true);
  bridge.worker.terminate();
  if (lived > QUICK_DEATH_MS) restart();
  else {
    const again = ["Start again", () => restart({resume: false})];
    status.showError(`Python stopped: ${summary}`, [again]);
  }
}

/* Ends the worker and starts another one, which goes on from the last save. */
function restart(options = {resume: true}) {
  bridge.worker.terminate();
  setState("loading");
  setInert(true);
  Object.assign(bridge, {sent: 0, done: 0});
  started = performance.now();
  listen(siteStart(options));
  status.showProgress("Python stopped and is being started again …");
}

function listen({worker, early}) {
  bridge.worker = worker;
  heard = performance.now();
  worker.onmessage = (event) => receive(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    const summary = event.message ?? "worker.js could not be loaded.";
    if (hasState("ready")) die(summary);
    else {
      showError("Python's worker stopped; reload the page to start again.", summary, summary, true);
    }
  };
  worker.onmessageerror = () => {
    showError("A message from Python could not be read.", "", "a message was lost", false);
  };
  for (const event of early.splice(0)) {
    (event.type === "message" ? worker.onmessage : worker.onerror)(event);
  }
}

/* A worker that was ended from outside, or hangs, says nothing at all: it is asked now and then.
 * Nothing that the app computes in one go comes near this silence; who knows better may wait. */
function watch() {
  bridge.worker.postMessage({type: "probe"});
  const silence = performance.now() - heard;
  if (hasState("ready") && silence > SILENCE_MS && !document.hidden && !status.isError) {
    const seconds = Math.round(silence / 1000);
    status.showError(`Python has not answered for ${seconds} s.`, [
      ["Start it again", () => restart()],
      ["Wait", () => { heard = performance.now(); status.hide(); }],
    ]);
  }
}

document.addEventListener("visibilitychange", () => { heard = performance.now(); });

if (window.siteFirst) {
  setState("loading");
  setInert(true);
  showStage("core");
  listen(siteFirst);
  setInterval(watch, PROBE_MS);
  window.addEventListener("site", () => { if (hasState("ready")) keepOffline(); });
}
