// Losses of one sample and their slopes, as in chainrule's losses.py: value(a, t), slope(a, t), over the outputs.

import { logistic } from "./activations.js";

const timesLog = (factor, a) => (factor === 0 ? 0 : factor * Math.log(a));
const ratio = (numerator, a) => (numerator === 0 ? 0 : numerator / a);

function sumOver(a, t, term) {
  let total = 0;
  for (let k = 0; k < a.length; k++) total += term(a[k], t[k]);
  return total;
}

const each = (a, t, slope) => a.map((value, k) => slope(value, t[k]));
const square = (a, t) => (a - t) ** 2;

function huber(r, delta) {
  const size = Math.abs(r);
  const quadratic = Math.min(size, delta);
  return quadratic * (size - quadratic / 2);
}

function softmaxOf(z) {
  const top = Math.max(...z);
  const powers = z.map((value) => Math.exp(value - top));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

function sumOfOthers(values) {
  // For the largest entry the others are added up; total - value would cancel there alone.
  const total = values.reduce((sum, value) => sum + value, 0);
  const top = values.indexOf(Math.max(...values));
  const rest = values.reduce((sum, value, k) => (k === top ? sum : sum + value), 0);
  return values.map((value, k) => (k === top ? rest : total - value));
}

export const LOSSES = {
  "half-squared-error": {
    value: (a, t) => sumOver(a, t, square) / 2,
    slope: (a, t) => each(a, t, (a, t) => a - t),
  },
  "squared-error": {
    value: (a, t) => sumOver(a, t, square),
    slope: (a, t) => each(a, t, (a, t) => 2 * (a - t)),
  },
  "mean-squared-error": {
    value: (a, t) => sumOver(a, t, square) / a.length,
    slope: (a, t) => each(a, t, (p, q) => (2 * (p - q)) / a.length),
  },
  huber: {
    value: (a, t, delta) => sumOver(a, t, (a, t) => huber(a - t, delta)),
    slope: (a, t, delta) => each(a, t, (a, t) => Math.min(Math.max(a - t, -delta), delta)),
  },
  output: {
    value: (a) => a.reduce((sum, value) => sum + value, 0),
    slope: (a) => a.map(() => 1),
  },
  "binary-cross-entropy": {
    value: (a, t) => -sumOver(a, t, (a, t) => timesLog(t, a) + timesLog(1 - t, 1 - a)),
    slope: (a, t) => each(a, t, (a, t) => ratio(1 - t, 1 - a) - ratio(t, a)),
    probabilities: true,
    // Together with its activation as a function of z: there f' cancels the loss's denominator.
    fused: {
      activation: "sigmoid",
      value: (z, t) =>
        sumOver(z, t, (z, t) => Math.max(z, 0) - t * z + Math.log1p(Math.exp(-Math.abs(z)))),
      slope: (z, t) => each(z, t, (z, t) => logistic(z) * (1 - t) - logistic(-z) * t),
    },
  },
  "cross-entropy": {
    value: (a, t) => -sumOver(a, t, (a, t) => timesLog(t, a)),
    slope: (a, t) => each(a, t, (a, t) => -ratio(t, a)),
    probabilities: true,
    fused: {
      activation: "softmax",
      value: (z, t) => {
        const top = Math.max(...z);
        const log = Math.log(z.reduce((sum, value) => sum + Math.exp(value - top), 0));
        return sumOver(z, t, (z, t) => (t === 0 ? 0 : t * (log - (z - top))));
      },
      slope: (z, t) => {
        const a = softmaxOf(z);
        const [others, rest] = [sumOfOthers(t), sumOfOthers(a)];
        return a.map((value, k) => value * others[k] - t[k] * rest[k]);
      },
    },
  },
};

// The form on z, where the network's last activation is the one that it is valid for.
export function fusedForm(network) {
  const { fused } = LOSSES[network.loss.name];
  return fused && fused.activation === network.layers.at(-1).activation.name ? fused : null;
}
