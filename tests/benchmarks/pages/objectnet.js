/* A network of node and link objects that processes one example at a time, as TensorFlow Playground
 * does: tanh or ReLU units and L2; derivatives are summed over all examples before each update. */

importScripts("benchmark.js");

const L2 = 0.001;
const RATE = 0.5;

class Node {
  constructor() {
    this.incoming = [];
    this.outgoing = [];
    this.bias = 0.1;
    this.input = 0;
    this.output = 0;
    this.outputDerivative = 0;
    this.inputDerivative = 0;
    this.summedDerivative = 0;
    this.examples = 0;
  }
}

class Link {
  constructor(from, to) {
    this.from = from;
    this.to = to;
    this.weight = Math.random() - 0.5;
    this.derivative = 0;
    this.summedDerivative = 0;
    this.examples = 0;
    from.outgoing.push(this);
    to.incoming.push(this);
  }
}

function makeLayers(sizes) {
  const layers = sizes.map((size) => Array.from({length: size}, () => new Node()));
  for (let i = 1; i < layers.length; i += 1)
    for (const to of layers[i]) for (const from of layers[i - 1]) new Link(from, to);
  return layers;
}

const relu = {of: (x) => Math.max(0, x), derivative: (x) => (x <= 0 ? 0 : 1)};
const tanh = {of: (x) => Math.tanh(x), derivative: (x) => 1 - Math.tanh(x) ** 2};

function forward(layers, values) {
  layers[0].forEach((node, i) => {
    node.output = values[i];
  });
  for (let i = 1; i < layers.length; i += 1) {
    const activation = i === layers.length - 1 ? tanh : relu;
    for (const node of layers[i]) {
      node.input = node.bias;
      for (const link of node.incoming) node.input += link.weight * link.from.output;
      node.output = activation.of(node.input);
    }
  }
}

/* Square error against a target of 1 or -1 for each output. */
function backward(layers, label) {
  const last = layers.length - 1;
  layers[last].forEach((node, i) => {
    node.outputDerivative = node.output - (i === label ? 1 : -1);
  });
  for (let i = last; i > 0; i -= 1) {
    const activation = i === last ? tanh : relu;
    for (const node of layers[i]) {
      node.inputDerivative = node.outputDerivative * activation.derivative(node.input);
      node.summedDerivative += node.inputDerivative;
      node.examples += 1;
      for (const link of node.incoming) {
        link.derivative = node.inputDerivative * link.from.output;
        link.summedDerivative += link.derivative;
        link.examples += 1;
      }
    }
    if (i === 1) continue;
    for (const node of layers[i - 1]) {
      node.outputDerivative = 0;
      for (const link of node.outgoing) node.outputDerivative += link.weight * link.to.inputDerivative;
    }
  }
}

function update(layers) {
  for (const layer of layers.slice(1))
    for (const node of layer) {
      node.bias -= (RATE * node.summedDerivative) / node.examples;
      node.summedDerivative = node.examples = 0;
      for (const link of node.incoming) {
        link.weight -= RATE * (link.summedDerivative / link.examples + L2 * link.weight);
        link.summedDerivative = link.examples = 0;
      }
    }
}

function planeStep({sizes, batch}) {
  const layers = makeLayers(sizes);
  const [{inputs, labels}] = makeBatches({sizes, batch});
  const width = sizes[0];
  const examples = Array.from(labels, (label, i) => ({
    label, values: Array.from(inputs.subarray(i * width, (i + 1) * width)),
  }));
  return () => {
    for (const {values, label} of examples) {
      forward(layers, values);
      backward(layers, label);
    }
    update(layers);
  };
}

serve({facts: () => ({numbers: "float64"}), plane_step: planeStep});
