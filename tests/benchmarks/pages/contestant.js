/* What all contestants written in JavaScript share: data, timing, and the answers to requests.
 * It says the same as cases.py, timing.py and contestants/worker.py. */

const LEARNING_RATE = 0.01;
const BATCHES = 8;
const LOOKS = 10;
const site = new URL("./", self.location.href).href;
const asked = new URLSearchParams(self.location.search);

/* Seconds that a call takes, the mean over at least `seconds` after at least `warmUp` seconds. */
function secondsPerCall(call, seconds, warmUp) {
  const expected = meanTime(call, warmUp, 1);
  return meanTime(call, seconds, Math.max(1, Math.floor(seconds / LOOKS / Math.max(expected, 1e-9))));
}

function meanTime(call, seconds, betweenLooks) {
  let calls = 0;
  const start = performance.now();
  for (;;) {
    for (let i = 0; i < betweenLooks; i += 1) call();
    calls += betweenLooks;
    const elapsed = (performance.now() - start) / 1000;
    if (elapsed >= seconds) return elapsed / calls;
  }
}

/* Random inputs in [0, 1) and labels: {inputs: Float32Array, labels: Int32Array} for each batch. */
function makeBatches({sizes, batch}) {
  const classes = sizes[sizes.length - 1];
  return Array.from({length: BATCHES}, () => ({
    inputs: Float32Array.from({length: batch * sizes[0]}, Math.random),
    labels: Int32Array.from({length: batch}, () => Math.floor(Math.random() * classes)),
  }));
}

/* A function that gives the elements in turn, for ever. */
function inTurn(elements) {
  let next = 0;
  return () => {
    const element = elements[next];
    next = (next + 1) % elements.length;
    return element;
  };
}

/* Answers requests with a contestant: {facts, training_step, forward_pass}, or its promise. */
function serve(contestant) {
  const prepared = new Map();
  const answer = async (request) => {
    const known = await contestant;
    if (request.do === "facts") return known.facts();
    const key = JSON.stringify([request.do, request.case]);
    if (!prepared.has(key)) prepared.set(key, known[request.do](request.case));
    return {seconds: secondsPerCall(prepared.get(key), request.seconds, request.warm_up)};
  };
  self.onmessage = async (event) => {
    self.postMessage(await answer(event.data).catch((error) => ({error: String(error)})));
  };
}
