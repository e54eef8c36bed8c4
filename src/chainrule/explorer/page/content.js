// The problem that the page was made from, as the engine takes it.

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// Arrays come as lists, or as bytes in base 64.
function unpacked(array) {
  if (Array.isArray(array)) return Float64Array.from(array);
  if (array.u1) return Float64Array.from(bytes(array.u1));
  return new Float64Array(bytes(array.f8).buffer);
}

export function readContent(content) {
  const { training } = content;
  const parameters = Object.fromEntries(
    Object.entries(content.parameters).map(([name, array]) => [name, unpacked(array)]),
  );
  const layers = content.layers.map((layer, k) => ({
    inputs: layer.inputs,
    units: layer.units,
    activation: layer.activation,
    trainBiases: layer.train_biases,
    shareBias: layer.share_bias,
    sign: layer.bias_sign === "+" ? 1 : -1,
    biases: parameters[`b${k + 1}`].length,
  }));
  const outputs = layers.at(-1).units;
  const { samples } = content;
  const size = training && training.batch_size !== "all" ? training.batch_size : samples;
  return {
    network: { layers, loss: content.loss, reduction: content.reduction },
    parameters,
    x: unpacked(content.x),
    t: content.t ? unpacked(content.t) : new Float64Array(samples * outputs),
    hasTargets: Boolean(content.t),
    samples,
    batchSize: Math.min(size, samples),
    orders: content.orders ? ordersOf(unpacked(content.orders), samples) : null,
    optimizer: training && { name: training.optimizer.name, settings: training.optimizer.settings },
    delta: content.losses.huber.delta,
    alphas: Object.fromEntries(
      Object.entries(content.activations).map(([name, { alpha }]) => [name, alpha]),
    ),
  };
}

function ordersOf(flat, samples) {
  return Array.from({ length: flat.length / samples }, (_, epoch) =>
    Array.from(flat.subarray(epoch * samples, (epoch + 1) * samples)),
  );
}
