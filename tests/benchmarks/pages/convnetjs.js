/* ConvNetJS, which processes one sample at a time and updates the weights after each batch. */

self.window = self; // ConvNetJS expects a page
importScripts("benchmark.js", "node/convnetjs/build/convnet.js");

function makeNet(sizes) {
  const net = new convnetjs.Net();
  net.makeLayers([
    {type: "input", out_sx: 1, out_sy: 1, out_depth: sizes[0]},
    ...sizes.slice(1, -1).map((units) => ({type: "fc", num_neurons: units, activation: "relu"})),
    {type: "softmax", num_classes: sizes[sizes.length - 1]},
  ]);
  return net;
}

/* The samples of a batch, each a volume with its label. */
function volumesOf({inputs, labels}, size) {
  return Array.from(labels, (label, i) => {
    const volume = new convnetjs.Vol(1, 1, size, 0);
    volume.w.set(inputs.subarray(i * size, (i + 1) * size));
    return {volume, label};
  });
}

function trainingStep({sizes, batch}) {
  const trainer = new convnetjs.Trainer(makeNet(sizes), {
    method: "sgd", learning_rate: LEARNING_RATE, momentum: 0, l2_decay: 0, batch_size: batch,
  });
  const next = rotate(makeBatches({sizes, batch}).map((made) => volumesOf(made, sizes[0])));
  return () => {
    for (const {volume, label} of next()) trainer.train(volume, label);
  };
}

/* The network of ConvNetJS's demo for MNIST, on random pictures of 24 x 24 pixels. */
const SIDE = 24;

function demoStep({batch}) {
  const net = new convnetjs.Net();
  net.makeLayers([
    {type: "input", out_sx: SIDE, out_sy: SIDE, out_depth: 1},
    {type: "conv", sx: 5, filters: 8, stride: 1, pad: 2, activation: "relu"},
    {type: "pool", sx: 2, stride: 2},
    {type: "conv", sx: 5, filters: 16, stride: 1, pad: 2, activation: "relu"},
    {type: "pool", sx: 3, stride: 3},
    {type: "softmax", num_classes: 10},
  ]);
  const trainer = new convnetjs.Trainer(net, {
    method: "adadelta", batch_size: batch, l2_decay: 0.001,
  });
  const sizes = [SIDE * SIDE, 10];
  const next = rotate(makeBatches({sizes, batch}).map(({inputs, labels}) => (
    Array.from(labels, (label, i) => {
      const volume = new convnetjs.Vol(SIDE, SIDE, 1, 0);
      volume.w.set(inputs.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE));
      return {volume, label};
    })
  )));
  return () => {
    for (const {volume, label} of next()) trainer.train(volume, label);
  };
}

function forwardPass({sizes, batch}) {
  const net = makeNet(sizes);
  const samples = volumesOf(makeBatches({sizes, batch})[0], sizes[0]);
  return () => samples.map(({volume}) => net.forward(volume));
}

serve({
  facts: () => ({convnetjs: asked.get("version"), numbers: "float64"}),
  training_step: trainingStep,
  convnetjs_step: demoStep,
  forward_pass: forwardPass,
});
