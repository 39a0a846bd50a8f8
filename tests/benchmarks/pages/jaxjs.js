/* jax-js on its WebAssembly backend: a whole training step, with the update, is one jitted function.
 * Reading the loss of every step makes it faster: otherwise updates pile up unevaluated. */

importScripts("benchmark.js");

const PATH = "node/@jax-js/jax/dist/index.js";

async function start() {
  const {init, defaultDevice, jit, lax, nn, numpy: np, tree, valueAndGrad} = await import(`${site}${PATH}`);
  await init("wasm");
  defaultDevice("wasm");

  const random = (shape, fanIn) => {
    const limit = Math.sqrt(6 / fanIn);
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({length: count}, () => limit * (2 * Math.random() - 1));
    return np.array(values, {shape});
  };

  /* Words such as "conv5x24 pool2": the parameters of the convolutions, and the values they give. */
  function makeConvolutions(spec) {
    const words = spec.split(" ").filter(Boolean);
    let [channels, side] = [1, 28];
    const parameters = [];
    for (const word of words) {
      const [, kind, size, filters] = /(conv|pool)(\d+)(?:x(\d+))?/.exec(word);
      if (kind === "pool") {
        side = Math.floor(side / Number(size));
      } else {
        const shape = [Number(filters), channels, Number(size), Number(size)];
        parameters.push({
          weights: random(shape, channels * size * size),
          bias: np.zeros([1, Number(filters), 1, 1]),
        });
        channels = Number(filters);
      }
    }
    return {words, parameters, outputs: channels * side * side};
  }

  function makeModel({sizes, batch, layers = ""}) {
    const {words, parameters, outputs} = makeConvolutions(layers);
    const inputs = layers ? [outputs, ...sizes.slice(1)] : sizes;
    const dense = inputs.slice(1).map((units, i) => ({
      weights: random([inputs[i], units], inputs[i]),
      bias: np.zeros([units]),
    }));
    const predict = (given, x) => {
      const known = [...given];
      if (layers) x = x.reshape([batch, 1, 28, 28]);
      words.forEach((word, i) => {
        if (word.startsWith("pool")) {
          const size = Number(word.slice(4));
          const [n, filters, height, width] = x.shape;
          // Faster than its reduceWindow.
          x = x.reshape([n, filters, height / size, size, width / size, size]).max([3, 5]);
        } else {
          const {weights, bias} = known.shift();
          x = lax.conv(x, weights, [1, 1], "SAME").add(bias);
        }
        // The activation is the same after the pooling, where there are fewer values.
        if (!words[i + 1]?.startsWith("pool")) x = nn.relu(x);
      });
      if (layers) x = x.reshape([batch, outputs]);
      known.forEach(({weights, bias}, i) => {
        x = np.dot(x, weights).add(bias);
        if (i < known.length - 1) x = nn.relu(x);
      });
      return x;
    };
    return {parameters: [...parameters, ...dense], predict};
  }

  /* A jitted step (parameters, moments, counted steps, x, y) of an optimiser. */
  function makeStep(predict, batch, name, rate) {
    const measure = valueAndGrad((parameters, x, y) =>
      nn.logSoftmax(predict(parameters, x)).mul(y).sum().mul(-1 / batch));
    const rules = {
      sgd: (W, g) => [W.sub(g.mul(rate)), []],
      momentum: (W, g, [v]) => {
        const next = v.mul(0.9).add(g);
        return [W.sub(next.ref.mul(rate)), [next]];
      },
      adam: (W, g, [m, v], first, second) => {
        const [nextM, nextV] = [m.mul(0.9).add(g.ref.mul(0.1)), v.mul(0.999).add(np.square(g).mul(0.001))];
        const size = np.sqrt(nextV.ref.mul(second)).add(1e-8);
        return [W.sub(nextM.ref.mul(first).mul(rate).div(size)), [nextM, nextV]];
      },
    };
    return jit((parameters, moments, corrections, x, y) => {
      const [loss, gradients] = measure(tree.ref(parameters), x, y);
      const [nextParameters, nextMoments] = [[], []];
      parameters.forEach((layer, i) => {
        nextParameters.push({});
        nextMoments.push({});
        for (const key of ["weights", "bias"]) {
          const given = [layer[key], gradients[i][key], moments[i][key]];
          const found = rules[name](...given, ...corrections.map((one) => one.ref));
          [nextParameters[i][key], nextMoments[i][key]] = found;
        }
      });
      tree.dispose(corrections);
      return [loss, nextParameters, nextMoments];
    });
  }

  function makeTraining(given, rate) {
    const {batch, optimizer: name = "sgd"} = given;
    let {parameters, predict} = makeModel(given);
    const count = {sgd: 0, momentum: 1, adam: 2}[name];
    const zeros = ({shape}) => Array.from({length: count}, () => np.zeros(shape));
    let moments = parameters.map(({weights, bias}) => ({weights: zeros(weights), bias: zeros(bias)}));
    const step = makeStep(predict, batch, name, rate);
    let steps = 0;
    return ({x, y}) => {
      steps += 1;
      const corrections = name === "adam"
        ? [1 / (1 - 0.9 ** steps), 1 / (1 - 0.999 ** steps)].map((one) => np.array([one]))
        : [];
      let loss;
      [loss, parameters, moments] = step(parameters, moments, corrections, x.ref, y.ref);
      return loss.dataSync()[0];
    };
  }

  const tensors = ({sizes, batch}) => ({inputs, labels}) => {
    const classes = sizes[sizes.length - 1];
    const targets = new Float32Array(batch * classes);
    labels.forEach((label, i) => { targets[i * classes + label] = 1; });
    return {
      x: np.array(inputs, {shape: [batch, sizes[0]]}),
      y: np.array(targets, {shape: [batch, classes]}),
    };
  };

  const training = (given) => {
    const train = makeTraining(given, LEARNING_RATE);
    const next = rotate(makeBatches(given).map(tensors(given)));
    return () => train(next());
  };

  const forward = (given) => {
    const {parameters, predict} = makeModel(given);
    const probabilities = jit((known, x) => nn.softmax(predict(known, x)));
    const {x} = tensors(given)(makeBatches(given)[0]);
    return () => probabilities(tree.ref(parameters), x.ref).dataSync();
  };

  const digits = (given) => {
    const train = makeTraining(given, DIGIT_RATES[given.optimizer]);
    return (steps) => {
      const batches = takeDigits(given, steps).map(tensors(given));
      const started = performance.now();
      for (const one of batches) train(one);
      const seconds = (performance.now() - started) / 1000;
      tree.dispose(batches);
      return seconds;
    };
  };

  const facts = () => ({
    "jax-js": asked.get("version"),
    threads: self.crossOriginIsolated ? navigator.hardwareConcurrency : 1,
  });
  return {facts, training_step: training, forward_pass: forward, digits_training: digits};
}

serve(start());
