/* The page's side of the browser form: it starts the worker, shows how far the start has come,
 * draws what Python sends, and hands every change of the document to Python, one message each,
 * in order. It replaces the handler that Panel generates.
 *
 * The build puts one constant before this text:
 *   settings     {worker, roots}: the worker's path, and the element of each root in document order
 */

(function () {
  const STAGES = {
    core: "Starting Python (1 of 3) …",
    packages: "Loading the packages (2 of 3) …",
    app: "Opening the app (3 of 3) …",
  };

  // ---- The status line -------------------------------------------------------------------------

  const STATUS_STYLE = `
    .site-status {
      position: fixed; left: 50%; bottom: 16px; transform: translateX(-50%); z-index: 10000;
      box-sizing: border-box; max-width: calc(100vw - 32px); padding: 8px 14px;
      display: flex; gap: 12px; align-items: center; border-radius: 8px;
      font: 14px/1.4 system-ui, sans-serif; color: #fff; background: #26303d;
      box-shadow: 0 2px 12px rgb(0 0 0 / 30%);
    }
    .site-status[hidden] { display: none; }
    .site-status-error { background: #9f1d20; }
    .site-status button {
      font: inherit; color: inherit; background: none; border: 1px solid; border-radius: 4px;
      cursor: pointer;
    }`;

  const status = document.createElement("div");
  status.className = "site-status";
  status.setAttribute("role", "status");
  const statusText = document.createElement("span");
  const closeButton = document.createElement("button");
  closeButton.textContent = "Close";
  closeButton.hidden = true;
  closeButton.addEventListener("click", () => { status.hidden = true; });
  status.append(statusText, closeButton);

  function showStatusElement() {
    const style = document.createElement("style");
    style.textContent = STATUS_STYLE;
    document.head.append(style);
    document.body.append(status);
  }

  function hasFailed() {
    return document.documentElement.dataset.site === "failed";
  }

  function showStage(text) {
    if (!hasFailed()) statusText.textContent = text;
  }

  function showError(where, summary, details, fatal) {
    console.error(`${where} ${details}`);
    if (hasFailed()) return; // the first cause stays
    status.classList.add("site-status-error");
    status.setAttribute("role", "alert");
    statusText.textContent = `${where} ${summary}`;
    closeButton.hidden = fatal;
    status.hidden = false;
    if (fatal) setState("failed");
  }

  function hideStatus() {
    if (!status.classList.contains("site-status-error")) status.hidden = true;
  }

  /* "loading", "ready" or "failed", readable for scripts and styles as html[data-site]. */
  function setState(state) {
    document.documentElement.dataset.site = state;
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

  /* What Python is told before it starts; dashboard/keeping/__init__.py says what for. */
  function launch() {
    return JSON.stringify({search: window.location.search, tab: tabName()});
  }

  /* The same in every load of this tab. */
  function tabName() {
    const fresh = Math.random().toString(36).slice(2);
    try {
      sessionStorage["inkling-tab"] ??= fresh;
      return sessionStorage["inkling-tab"];
    } catch {
      return fresh; // storage may be forbidden
    }
  }

  const worker = new Worker(settings.worker, {name: launch()});
  const bridge = {sent: 0, done: 0, worker};
  window.siteBridge = bridge;

  function send(type, content) {
    bridge.sent += 1;
    worker.postMessage({type, content, sequence: bridge.sent});
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

  async function render(message) {
    const documents = JSON.parse(message.documents);
    const items = JSON.parse(message.items);
    const roots = JSON.parse(message.roots);
    checkRoots(documents, roots);
    const places = roots.map((id, i) => [id, settings.roots[i].element]);
    items[0].roots = Object.fromEntries(places.filter(([, element]) => element !== null));
    items[0].root_ids = roots;
    clearPrerendered();
    const [views] = await Bokeh.embed.embed_items(documents, items);
    jsDocument = [...views.roots.values()][0].model.document;
    jsDocument.on_change(sendChange, false);
    send("rendered", null);
    send("location", JSON.stringify(window.location));
    setInert(false);
    document.body.classList.remove("pn-loading", ...settings.loading);
    hideStatus();
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
    if (message.type === "done") bridge.done = message.sequence;
    else if (message.type === "patch") applyPatch(message.patch, message.buffers);
    else if (message.type === "stage") showStage(STAGES[message.stage]);
    else if (message.type === "error") {
      showError(message.where, message.summary, message.details, message.fatal);
    } else if (message.type === "render") {
      await render(message).catch((error) => {
        showError("The app could not be drawn.", error.message, error.stack, true);
      });
    }
  }

  worker.onmessage = (event) => receive(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    const summary = event.message ?? `${settings.worker} could not be loaded.`;
    showError("Python's worker stopped; reload the page to start again.", summary, summary, true);
  };
  worker.onmessageerror = () => {
    const summary = "A message from Python could not be read.";
    showError(summary, "", summary, false);
  };

  setState("loading");
  showStatusElement();
  showStage(STAGES.core);
  setInert(true);
})();
