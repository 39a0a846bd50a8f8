/* TensorFlow.js on the backend in the query, with the operations of its layers but without their
 * overhead, which makes it faster. */

importScripts(
  "benchmark.js",
  "node/@tensorflow/tfjs/dist/tf.min.js",
  "node/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
);

function makeModel(sizes) {
  const pairs = sizes.slice(1).map((outputs, i) => [sizes[i], outputs]);
  const layers = pairs.map(([inputs, outputs]) => ({
    weights: tf.variable(tf.randomNormal([inputs, outputs], 0, Math.sqrt(2 / inputs))),
    bias: tf.variable(tf.zeros([outputs])),
  }));
  return (x) => layers.reduce((a, {weights, bias}, i) => {
    const activation = i < layers.length - 1 ? "relu" : "linear";
    return tf.fused.matMul({a, b: weights, bias, activation});
  }, x);
}

const tensors = ({sizes, batch}) => ({inputs, labels}) => ({
  x: tf.tensor2d(inputs, [batch, sizes[0]]),
  y: tf.cast(tf.oneHot(labels, sizes[sizes.length - 1]), "float32"),
});

function train(model, optimizer, {x, y}) {
  tf.tidy(() => optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model(x))));
}

function trainingStep({sizes, batch}) {
  const model = makeModel(sizes);
  const optimizer = tf.train.sgd(LEARNING_RATE);
  const next = rotate(makeBatches({sizes, batch}).map(tensors({sizes, batch})));
  return () => train(model, optimizer, next());
}

/* A function that trains for a number of steps on real digits and returns their seconds. */
function digitsTraining({sizes, batch, optimizer: name}) {
  const model = makeModel(sizes);
  const rate = DIGIT_RATES[name];
  const optimizer = {
    sgd: () => tf.train.sgd(rate),
    momentum: () => tf.train.momentum(rate, 0.9),
    adam: () => tf.train.adam(rate),
  }[name]();
  return (steps) => {
    const batches = takeDigits({batch}, steps).map(tensors({sizes, batch}));
    const start = performance.now();
    for (const one of batches) train(model, optimizer, one);
    const seconds = (performance.now() - start) / 1000;
    tf.dispose(batches);
    return seconds;
  };
}

function forwardPass({sizes, batch}) {
  const model = makeModel(sizes);
  const x = tf.tensor2d(makeBatches({sizes, batch})[0].inputs, [batch, sizes[0]]);
  return () => tf.tidy(() => tf.softmax(model(x)).dataSync());
}

async function start() {
  tf.wasm.setWasmPaths(`${site}node/@tensorflow/tfjs-backend-wasm/dist/`);
  const backend = asked.get("backend");
  if (!await tf.setBackend(backend)) throw new Error(`TF.js has no backend ${backend} here`);
  await tf.ready();
  const facts = async () => ({
    tfjs: tf.version.tfjs,
    backend: tf.getBackend(),
    simd: await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"),
    threads: self.crossOriginIsolated ? tf.wasm.getThreadsCount() : 1,
  });
  return {facts, training_step: trainingStep, digits_training: digitsTraining, forward_pass: forwardPass};
}

serve(start());
