/* A net of objects, one example at a time: nodes that know their links, links that know their
 * weights. Nets for teaching are often written so, TensorFlow Playground's among them; it has tanh
 * or ReLU units and L2, adds up the derivatives of all examples, and then updates every link. */

importScripts("contestant.js");

const L2 = 0.001;
const RATE = 0.5;

class Node {
  constructor() {
    this.incoming = [];
    this.outgoing = [];
    this.bias = 0.1;
    this.input = 0;
    this.output = 0;
    this.outputSlope = 0;
    this.inputSlope = 0;
    this.summedSlope = 0;
    this.examples = 0;
  }
}

class Link {
  constructor(from, to) {
    this.from = from;
    this.to = to;
    this.weight = Math.random() - 0.5;
    this.slope = 0;
    this.summedSlope = 0;
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

const relu = {of: (x) => Math.max(0, x), slope: (x) => (x <= 0 ? 0 : 1)};
const tanh = {of: (x) => Math.tanh(x), slope: (x) => 1 - Math.tanh(x) ** 2};

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

/* Square error against one target for each output, as a Playground with several outputs has it. */
function backward(layers, label) {
  const last = layers.length - 1;
  layers[last].forEach((node, i) => {
    node.outputSlope = node.output - (i === label ? 1 : -1);
  });
  for (let i = last; i > 0; i -= 1) {
    const activation = i === last ? tanh : relu;
    for (const node of layers[i]) {
      node.inputSlope = node.outputSlope * activation.slope(node.input);
      node.summedSlope += node.inputSlope;
      node.examples += 1;
      for (const link of node.incoming) {
        link.slope = node.inputSlope * link.from.output;
        link.summedSlope += link.slope;
        link.examples += 1;
      }
    }
    if (i === 1) continue;
    for (const node of layers[i - 1]) {
      node.outputSlope = 0;
      for (const link of node.outgoing) node.outputSlope += link.weight * link.to.inputSlope;
    }
  }
}

function update(layers) {
  for (const layer of layers.slice(1))
    for (const node of layer) {
      node.bias -= (RATE * node.summedSlope) / node.examples;
      node.summedSlope = node.examples = 0;
      for (const link of node.incoming) {
        link.weight -= RATE * (link.summedSlope / link.examples + L2 * link.weight);
        link.summedSlope = link.examples = 0;
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
