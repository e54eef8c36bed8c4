// The independent check of a gradient: move one number a little to either side, and measure the loss.
//
//   dL/dv ~ (4 D(h/2) - D(h)) / 3,   D(h) = (L(v + h) - L(v - h)) / 2h
//
// Nothing here uses a derivative. Only what the number reaches is computed anew: of a weight, one unit of its layer,
// and what that unit adds to the next.

import { ACTIVATIONS, activate } from "./activations.js";
import { preActivation, reducedLoss, reductionFactor, rowOf, sampleLosses } from "./engine.js";
import { LOSSES, fusedForm } from "./losses.js";
import { numberOf } from "./step.js";

// The first balances truncation against rounding; the smaller ones pass between kinks.
const STEPS = [Number.EPSILON ** 0.2, 1e-4, 1e-5, 1e-6, 1e-7];

// { value, bound, sides }: what the nudges measure, how far that may be off, and, where one asks, the least and the
// most steep slope to either side, which differ where a kink lies near.
export function nudged(step, symbol) {
  const measure = remembering(lossAround(step, symbol));
  const size = Math.max(1, Math.abs(numberOf(step, symbol)));
  const centre = measure(0);
  const slope = (h) => (measure(h) - measure(-h)) / (2 * h);
  const extrapolated = (h) => (4 * slope(h / 2) - slope(h)) / 3;
  let best = null;
  for (const relative of STEPS) {
    const h = relative * size;
    const value = extrapolated(h);
    const noise = (16 * Number.EPSILON * Math.max(Math.abs(centre), Math.abs(value) * h)) / h;
    const bound = 4 * Math.abs(value - extrapolated(h / 2)) + noise;
    if (!best || bound < best.bound) best = { value, bound };
    // Smooth enough: a smaller step would only round more.
    if (bound <= 1e-9 * (1 + Math.abs(value))) break;
  }
  const sides = () => {
    const slopes = STEPS.slice(1).flatMap((relative) => {
      const h = relative * size;
      const noise = (8 * Number.EPSILON * (1 + Math.abs(centre))) / h;
      const [left, right] = [(centre - measure(-h)) / h, (measure(h) - centre) / h];
      return [left - noise, left + noise, right - noise, right + noise];
    });
    return { least: Math.min(...slopes), most: Math.max(...slopes) };
  };
  return { ...best, sides };
}

function remembering(measure) {
  const found = new Map();
  return (by) => {
    if (!found.has(by)) found.set(by, measure(by));
    return found.get(by);
  };
}

// The part of the loss that an entry reaches, as a function of how far the entry is moved.
function lossAround(step, symbol) {
  const { network, parameters, forward, batch } = step;
  const { letter, layer, index } = symbol;
  const depth = network.layers.length;
  const n = batch && !"wb".includes(letter) ? index[0] - 1 : null;
  const rows = n === null ? Array.from({ length: forward.samples }, (_, k) => k) : [n];
  const unit = index.at(-1) - 1;
  if (letter === "losses") {
    const losses = sampleLosses(network, forward, step.t);
    return (by) =>
      reducedLoss(
        network,
        losses.map((loss, k) => (k === n ? loss + by : loss)),
      );
  }
  const take = (name, units) =>
    Float64Array.from(rows.flatMap((row) => rowOf(forward[name], row, units)));
  if (letter === "a" && layer === depth) {
    const a = take(`a${depth}`, network.layers.at(-1).units);
    return (by) =>
      lossOfRows(
        step,
        null,
        a.map((value, k) => (k === unit ? value + by : value)),
        rows,
      );
  }
  const at = letter === "x" || letter === "a" ? (layer ?? 0) + 1 : layer;
  const own = network.layers[at - 1];
  const rate = (row, o) => rateOf(step, symbol, own, at, row, o, unit, parameters, forward);
  // Where one unit alone moves, the next layer's z move with it, and nothing else has to be computed for them.
  const moved = { w: index[0] - 1, b: own.shareBias ? undefined : index[0] - 1, z: unit }[letter];
  if (moved !== undefined && at < depth && !ACTIVATIONS[own.activation.name].coupled) {
    const z = Float64Array.from(rows, (row) => forward[`z${at}`][row * own.units + moved]);
    const rates = rows.map((row) => rate(row, moved));
    const activations = (by) =>
      activate(
        own.activation,
        z.map((value, k) => value + rates[k] * by),
        1,
      );
    return (by) =>
      continueForward(step, at + 1, movedByOne(step, at + 1, activations(by), rows, moved), rows);
  }
  const z = take(`z${at}`, own.units);
  const rates = Float64Array.from(z, (_, k) =>
    rate(rows[Math.floor(k / own.units)], k % own.units),
  );
  return (by) =>
    continueForward(
      step,
      at,
      z.map((value, k) => value + rates[k] * by),
      rows,
    );
}

// How fast z_o of a sample moves with the entry: no calculus, z is linear in each of these.
function rateOf(step, symbol, layer, at, row, o, unit, parameters, forward) {
  const { letter, index } = symbol;
  if (letter === "z") return o === unit ? 1 : 0;
  if (letter === "b") return layer.shareBias || o === index[0] - 1 ? layer.sign : 0;
  if (letter === "w") {
    const below = at > 1 ? forward[`a${at - 1}`] : forward.x;
    return o === index[0] - 1 ? below[row * layer.inputs + index[1] - 1] : 0;
  }
  return parameters[`w${at}`][o * layer.inputs + unit];
}

function continueForward(step, from, z, rows) {
  const { network, parameters } = step;
  let sums = z;
  let a = activate(network.layers[from - 1].activation, sums, network.layers[from - 1].units);
  for (let number = from + 1; number <= network.layers.length; number++) {
    const layer = network.layers[number - 1];
    sums = preActivation(layer, parameters[`w${number}`], parameters[`b${number}`], a, rows.length);
    a = activate(layer.activation, sums, layer.units);
  }
  return lossOfRows(step, sums, a, rows);
}

// z of a layer of whose inputs one alone has moved, in each row to what `a` says.
function movedByOne({ network, parameters, forward }, number, a, rows, input) {
  const { inputs, units } = network.layers[number - 1];
  const [w, before, z] = [
    parameters[`w${number}`],
    forward[`a${number - 1}`],
    forward[`z${number}`],
  ];
  const sums = new Float64Array(rows.length * units);
  rows.forEach((row, k) => {
    const by = a[k] - before[row * inputs + input];
    for (let o = 0; o < units; o++)
      sums[k * units + o] = z[row * units + o] + by * w[o * inputs + input];
  });
  return sums;
}

function lossOfRows(step, z, a, rows) {
  const { network, t } = step;
  const { units } = network.layers.at(-1);
  const form = z ? fusedForm(network) : null;
  const loss = LOSSES[network.loss.name];
  let total = 0;
  rows.forEach((row, k) => {
    const target = rowOf(t, row, units);
    total += form
      ? form.value(rowOf(z, k, units), target)
      : loss.value(rowOf(a, k, units), target, network.loss.delta);
  });
  return total * reductionFactor(network, step.forward.samples);
}
