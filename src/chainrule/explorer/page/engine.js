// The four steps of training on plain arrays: forward, loss, backward, update; and the classic mistakes.
//
// A network is { layers: [{ inputs, units, activation, trainBiases, shareBias, sign }], loss, reduction }, its
// parameters { w1, b1, w2, ... } and all values are Float64Arrays, row after row: w (units x inputs), b (units, or
// one number for a layer that shares it), values of a batch (samples x units).

import { ACTIVATIONS, activate, activationBackward } from "./activations.js";
import { LOSSES, fusedForm } from "./losses.js";
import { times, timesTransposed, transposedTimes } from "./matrices.js";
import { OPTIMIZERS } from "./optimizers.js";

// --- forward --------------------------------------------------------------------------------------------------

export function preActivation(layer, w, b, x, samples) {
  const { inputs, units, sign } = layer;
  const z = timesTransposed(x, w, samples, units, inputs);
  for (let n = 0; n < samples; n++)
    for (let o = 0; o < units; o++) z[n * units + o] += sign * b[b.length === 1 ? 0 : o];
  return z;
}

// Every value of a forward pass by its name on paper: x, z1, a1, z2 ...
export function forwardPropagation(network, parameters, x, samples) {
  const forward = { x, samples };
  let a = x;
  network.layers.forEach((layer, k) => {
    const z = preActivation(layer, parameters[`w${k + 1}`], parameters[`b${k + 1}`], a, samples);
    a = activate(layer.activation, z, layer.units);
    forward[`z${k + 1}`] = z;
    forward[`a${k + 1}`] = a;
  });
  return forward;
}

// The loss of each sample. Outside its domain it is said so, by an exception that holds the output.
export function sampleLosses(network, forward, t) {
  const { units } = network.layers.at(-1);
  const [z, a] = [forward[`z${network.layers.length}`], forward[`a${network.layers.length}`]];
  requireDomain(network, a);
  const form = fusedForm(network);
  const loss = LOSSES[network.loss.name];
  return Float64Array.from({ length: forward.samples }, (_, n) => {
    const target = rowOf(t, n, units);
    if (form) return form.value(rowOf(z, n, units), target);
    return loss.value(rowOf(a, n, units), target, network.loss.delta);
  });
}

export class OutsideDomain extends Error {
  constructor(output) {
    super(`the network gives ${output}`);
    this.output = output;
  }
}

function requireDomain(network, outputs) {
  if (!LOSSES[network.loss.name].probabilities) return;
  for (const output of outputs) if (output < 0 || output > 1) throw new OutsideDomain(output);
}

export function reductionFactor(network, samples) {
  return network.reduction === "mean" ? 1 / samples : 1;
}

export function reducedLoss(network, losses) {
  let total = 0;
  for (const loss of losses) total += loss;
  return total * reductionFactor(network, losses.length);
}

export function rowOf(values, n, units) {
  return Array.from(values.subarray(n * units, (n + 1) * units));
}

// --- backward -------------------------------------------------------------------------------------------------

// The gradient of the loss with respect to every value and every parameter.
export function backwardPropagation(network, parameters, forward, t) {
  const { samples } = forward;
  const depth = network.layers.length;
  const { units } = network.layers.at(-1);
  const factor = reductionFactor(network, samples);
  const [z, a] = [forward[`z${depth}`], forward[`a${depth}`]];
  const loss = LOSSES[network.loss.name];
  const form = fusedForm(network);
  const gradients = {};
  let dL_dx = null;
  let dL_da = byRow(samples, units, (n) =>
    loss.slope(rowOf(a, n, units), rowOf(t, n, units), network.loss.delta),
  ).map((value) => factor * value);
  for (let number = depth; number >= 1; number--) {
    const layer = network.layers[number - 1];
    gradients[`a${number}`] = dL_da;
    // Sigmoid before binary cross-entropy, or softmax before cross-entropy: f' cancels, and a - t remains.
    const dL_dz =
      number === depth && form
        ? byRow(samples, units, (n) => form.slope(rowOf(z, n, units), rowOf(t, n, units))).map(
            (v) => factor * v,
          )
        : activationBackward(layer.activation, forward[`z${number}`], dL_da, layer.units);
    gradients[`z${number}`] = dL_dz;
    const below = number > 1 ? forward[`a${number - 1}`] : forward.x;
    gradients[`w${number}`] = transposedTimes(dL_dz, below, samples, layer.units, layer.inputs);
    gradients[`b${number}`] = biasGradient(dL_dz, samples, layer);
    const into = () => times(dL_dz, parameters[`w${number}`], samples, layer.units, layer.inputs);
    if (number > 1) dL_da = into();
    else dL_dx = into;
  }
  // Training has no use for it, and it costs as much as the rest: the inputs' gradient is found once it is asked for.
  let found = null;
  return {
    ...gradients,
    get x() {
      return (found ??= dL_dx());
    },
  };
}

// Its row of one sample: as a picture it is wanted at every step.
export function inputGradientOf({ layers }, parameters, gradients, row) {
  const { units, inputs } = layers[0];
  const dL_dz = gradients.z1.subarray(row * units, (row + 1) * units);
  return times(dL_dz, parameters.w1, 1, units, inputs);
}

function byRow(samples, units, row) {
  const result = new Float64Array(samples * units);
  for (let n = 0; n < samples; n++) result.set(row(n), n * units);
  return result;
}

function biasGradient(dL_dz, samples, { units, sign, shareBias, biases }) {
  const gradient = new Float64Array(units);
  for (let n = 0; n < samples; n++)
    for (let o = 0; o < units; o++) gradient[o] += sign * dL_dz[n * units + o];
  if (!shareBias) return gradient;
  // One number behind all units: their gradients add up.
  return new Float64Array(biases).fill(gradient.reduce((sum, value) => sum + value, 0));
}

// --- update ---------------------------------------------------------------------------------------------------

export function trainedParameters(network) {
  return network.layers.flatMap((layer, k) =>
    layer.trainBiases ? [`w${k + 1}`, `b${k + 1}`] : [`w${k + 1}`],
  );
}

// New parameters and what the optimizer remembers of them; the old ones are unchanged.
export function applyOptimizer(network, optimizer, parameters, gradients, states) {
  const { start, update } = OPTIMIZERS[optimizer.name];
  const [updated, remembered] = [{ ...parameters }, { ...states }];
  for (const name of trainedParameters(network)) {
    const state = states[name] ?? start(parameters[name]);
    [updated[name], remembered[name]] = update(
      parameters[name],
      gradients[name],
      state,
      optimizer.settings,
    );
  }
  return [updated, remembered];
}

// --- mistakes -------------------------------------------------------------------------------------------------

// The layers whose step evaluates an f': all but the last of a fused pair.
export function layersWithDerivative(network) {
  const count = network.layers.length - (fusedForm(network) ? 1 : 0);
  return Array.from({ length: count }, (_, k) => k + 1);
}

export const MISTAKES = {
  // f'(a) in place of f'(z): the backward pass is handed the activations as pre-activations.
  "derivative-at-activation": {
    places: layersWithDerivative,
    gradients: (network, optimizer, parameters, forward, t) => {
      const swapped = { ...forward };
      for (const number of layersWithDerivative(network))
        swapped[`z${number}`] = forward[`a${number}`];
      return backwardPropagation(network, parameters, swapped, t);
    },
  },
  // Each layer is updated before the error goes back through it, so through the new weights.
  "updated-weights": {
    places: (network) => network.layers.slice(1).map((_, k) => k + 1),
    gradients: (network, optimizer, parameters, forward, t, states) => {
      const gradients = {};
      let partly = parameters;
      for (let number = network.layers.length; number >= 1; number--) {
        const mistaken = backwardPropagation(network, partly, forward, t);
        for (const letter of "azwb")
          gradients[`${letter}${number}`] = mistaken[`${letter}${number}`];
        if (number === 1) gradients.x = mistaken.x;
        const [updated] = applyOptimizer(
          network,
          optimizer,
          parameters,
          { ...mistaken, ...gradients },
          states,
        );
        partly = { ...partly, [`w${number}`]: updated[`w${number}`] };
      }
      return gradients;
    },
  },
};

// The gradients of one step, true or as a mistake makes them.
export function stepGradients(network, optimizer, parameters, forward, t, states, mistake) {
  if (!mistake) return backwardPropagation(network, parameters, forward, t);
  return MISTAKES[mistake].gradients(network, optimizer, parameters, forward, t, states);
}

export const hasCurve = (activation) => !ACTIVATIONS[activation.name].coupled;
