/* Data, timing and the protocol of all implementations in JavaScript: the equivalents of cases.py,
 * timing.py and implementations/worker.py. */

const LEARNING_RATE = 0.01;
const BATCHES = 8;
const PIXELS = 28 * 28;
const CLOCK_READS = 10;
const site = new URL("./", self.location.href).href;
const asked = new URLSearchParams(self.location.search);

/* The mean seconds of a call during `seconds`, after `warmUp` seconds of other calls. */
function secondsPerCall(call, seconds, warmUp) {
  const expected = meanTime(call, warmUp, 1);
  return meanTime(call, seconds, Math.max(1, Math.floor(seconds / CLOCK_READS / Math.max(expected, 1e-9))));
}

function meanTime(call, seconds, batch) {
  let calls = 0;
  const start = performance.now();
  for (;;) {
    for (let i = 0; i < batch; i += 1) call();
    calls += batch;
    const elapsed = (performance.now() - start) / 1000;
    if (elapsed >= seconds) return elapsed / calls;
  }
}

/* Inputs in [0, 1] and labels, {inputs: Float32Array, labels: Int32Array} for each batch: real
 * digits of networks for pictures of 28 x 28, random numbers of all others. */
function makeBatches({sizes, batch}) {
  if (sizes[0] === PIXELS) return takeDigits({batch}, BATCHES);
  const classes = sizes[sizes.length - 1];
  return Array.from({length: BATCHES}, () => ({
    inputs: Float32Array.from({length: batch * sizes[0]}, Math.random),
    labels: Int32Array.from({length: batch}, () => Math.floor(Math.random() * classes)),
  }));
}

const DIGIT_RATES = {sgd: 0.1, momentum: 0.02, adam: 0.001};
let digits = null;

/* The bytes of all images, and then the labels. A worker may wait for them. */
function loadDigits() {
  const request = new XMLHttpRequest();
  request.open("GET", `${site}digits.bin`, false);
  request.responseType = "arraybuffer";
  request.send();
  return new Uint8Array(request.response);
}

/* Random batches of real digits, as makeBatches returns them. */
function takeDigits({batch}, count) {
  digits ??= loadDigits();
  const known = digits.length / (PIXELS + 1);
  return Array.from({length: count}, () => {
    const inputs = new Float32Array(PIXELS * batch);
    const labels = new Int32Array(batch);
    for (let i = 0; i < batch; i += 1) {
      const picked = Math.floor(Math.random() * known);
      for (let j = 0; j < PIXELS; j += 1) {
        inputs[PIXELS * i + j] = digits[PIXELS * picked + j] / 255;
      }
      labels[i] = digits[PIXELS * known + picked];
    }
    return {inputs, labels};
  });
}

/* A function that returns the elements in rotation. */
function rotate(elements) {
  let next = 0;
  return () => {
    const element = elements[next];
    next = (next + 1) % elements.length;
    return element;
  };
}

/* Responds to requests with an implementation: {facts, training_step, …}, or a promise of it. */
function serve(implementation) {
  const prepared = new Map();
  const answer = async (request) => {
    const known = await implementation;
    if (request.do === "facts") return known.facts();
    const key = JSON.stringify([request.do, request.case]);
    if (!prepared.has(key)) prepared.set(key, known[request.do](request.case));
    if (request.steps) return {seconds: await prepared.get(key)(request.steps)};
    return {seconds: secondsPerCall(prepared.get(key), request.seconds, request.warm_up)};
  };
  self.onmessage = async (event) => {
    self.postMessage(await answer(event.data).catch((error) => ({error: String(error)})));
  };
}
