/* The messages between the page and Python in its worker, handled in order, one at a time.
 *
 * Changes    the handler of the page and the message loop of the worker that `panel convert --to
 *            pyodide-worker` generates (Panel 1.9.4); reason: correctness.
 * Why        Panel's worker stores a patch in one global variable, calls runPythonAsync without
 *            waiting for it, and answers "idle" at once. While Python is busy, a second message
 *            overwrites the first, which is lost, and is then applied twice. Here each message is
 *            handled after the one before, and is then answered with "done" and its number.
 * Measured   200 commands, one every 10 ms: all arrive once and in order
 *            (tests/ui/test_commands_in_order.py). With Panel's own loop, of 20 clicks while Python
 *            computed in slices of 60 ms, 12 were lost and the others applied twice.
 * Upstream   no issue yet: "pyodide-worker: patches are lost or applied twice while Python is busy;
 *            await runPythonAsync and chain the messages".
 *
 * `connectPage` runs in the page, with page.js of dashboard/site; `receiveMessages` runs in the worker
 * and uses worker.js.
 */

/* Draws what Python sends and sends the page's changes; called once for every worker. */
function connectPage(worker) {
  let shown = null;

  function send(message) {
    bridge.sent += 1;
    worker.postMessage({...message, sequence: bridge.sent});
  }

  function sendChange(event) {
    // Bokeh marks changes that came from Python with sync === false.
    if (event.sync === false) return;
    // The ranges of charts follow the data, several at every redraw; Python does not read them.
    if (event.model?.type === "DataRange1d") return;
    send({type: "patch", patch: shown.create_json_patch([event])});
  }

  async function render(message) {
    const documents = JSON.parse(message.docs_json);
    const [made] = Object.values(documents);
    checkRoots(made.roots);
    shown = settings.adopts ? adoptPrerendered(made) : null;
    shown ??= await drawDocument(documents, JSON.parse(message.render_items), made.roots);
    shown.on_change(sendChange, false);
    send({type: "rendered"});
    send({type: "location", location: JSON.stringify(window.location)});
    finishStart();
  }

  function applyPatch({patch, buffers}) {
    const unsent = new Set(shown._new_models); // made by the page
    try {
      shown.apply_json_patch(patch, buffers);
      // BokehJS 3.9 takes models that Python has just sent for unknown to Python, and would send
      // all of a button with its first click.
      for (const model of shown._new_models) {
        if (!unsent.has(model)) shown._new_models.delete(model);
      }
    } catch (error) {
      showError(gettext_noop("A change from Python could not be shown."), error.message, error.stack, false);
    }
  }

  worker.onmessage = ({data}) => {
    if (data.type === "done") bridge.done = data.sequence;
    else if (data.type === "patch") applyPatch(data);
    else if (data.type === "render") drawNext(() => render(data));
  };
}

function checkRoots(made) {
  const names = (roots) => roots.map((root) => root.attributes.name ?? null).join(", ");
  const built = prerenderedDocument().roots;
  if (names(made) !== names(built)) {
    throw new Error(
      `Expected the parts ${names(built)}, for which the page was built; the app made ` +
      `${names(made)}. Build the site again.`,
    );
  }
}

/* Replaces the prerendered document, or that of an earlier worker, by the one that Python made. */
async function drawDocument(documents, items, made) {
  const elements = prerenderedDocument().roots.map((root) => (
    document.querySelector(`[data-root-id="${root.id}"]`)
  ));
  const placed = made.map((root, i) => [root.id, elements[i]]).filter(([, element]) => element);
  items[0].roots = Object.fromEntries(placed.map(([id, element]) => [id, element.id]));
  items[0].root_ids = made.map((root) => root.id);
  for (const view of [...Bokeh.index.roots]) view.remove();
  Bokeh.documents.splice(0);
  for (const [, element] of placed) element.replaceChildren();
  const [views] = await Bokeh.embed.embed_items(documents, items);
  return [...views.roots.values()][0].model.document;
}

// ---- In the worker -----------------------------------------------------------------------------

/* The value of this Python code is the function that takes every message of the page. */
const RECEIVER = `
import json
from asyncio import get_event_loop

from panel.io.pyodide import _convert_json_patch, _link_docs_worker
from panel.io.state import state
from panel.util import edit_readonly

from dashboard.upstream import is_applied
from dashboard.upstream.message_batching import PageLink, link_page

link = None


def receive(kind, content):
    global link
    if kind == "patch":
        patch = _convert_json_patch(content)
        if link is None:
            state.curdoc.apply_json_patch(patch, setter=PageLink.PAGE)
        else:
            link.receive(patch)  # it sends what has changed before the answer "done"
    elif kind == "rendered" and link is None:  # it draws twice where a start was begun again
        if is_applied("message_batching"):
            link = link_page(state.curdoc, send_json_patch, get_event_loop().call_soon)
        else:
            _link_docs_worker(state.curdoc, send_patch, setter=PageLink.PAGE)
    elif kind == "location" and state.location:
        known = {k: v for k, v in json.loads(content).items() if k in state.location.param}
        with edit_readonly(state.location):
            state.location.param.update(known)


receive
`;

function sendPatch(patch, buffers) {
  self.postMessage({type: "patch", patch, buffers});
}

/* The same with the patch as JSON, and the arrays as a dictionary of bytes by their names. */
function sendJsonPatch(patch, arrays) {
  const buffers = new Map();
  for (const [id, bytes] of arrays.toJs()) buffers.set(id, bytes.buffer);
  sendPatch(JSON.parse(isRestored ? withAddress(patch) : patch), buffers);
}

/* Handles the messages of the page, once the app has started, each after the one before. */
function receiveMessages(started) {
  let receive = null;
  let last = started.then((isStarted) => {
    if (!isStarted) return;
    receive = runApart(RECEIVER, {send_patch: sendPatch, send_json_patch: sendJsonPatch});
  });

  async function handle(message) {
    if (receive === null) return; // the start failed, and the page has been told
    try {
      await receive(message.type, message.patch ?? message.location);
    } catch (error) {
      if (reportFailure(gettext_noop("An action stopped with an error; the app continues."), error)) return;
    }
    self.postMessage({type: "done", sequence: message.sequence});
  }

  self.onmessage = ({data}) => {
    if (data.sequence !== undefined) last = last.then(() => handle(data));
  };
}
