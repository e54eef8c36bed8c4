// One worked step: all its numbers, by the names of what they are numbers of.
//
// x, w1, z1, losses ...; gw1 for dL/dw1; w1_new for what the update makes of w1; v_w1 for what the optimizer
// remembers. With a mistake, gradients and updates are the mistaken ones, and `right` has the true gradients.

import {
  OutsideDomain,
  backwardPropagation,
  reducedLoss,
  reductionFactor,
  sampleLosses,
  trainedParameters,
} from "./engine.js";
import { evaluate, readFormula, substitute } from "./formula.js";
import { OPTIMIZERS } from "./optimizers.js";
import { showNumber } from "./digits.js";

// The step before an update of a run. `row` is the place in the batch of the sample that is looked at.
export function workStep(run, update, sample, content) {
  const { parameters, states, update: found } = run.at(update);
  const { network, optimizer, rows, t, forward, gradients, updated } = run.work(found, {
    parameters,
    states,
  });
  const batch = run.problem.batchSize > 1 || (!run.problem.optimizer && run.problem.samples > 1);
  const step = {
    network,
    optimizer,
    parameters,
    states,
    rows,
    forward,
    t,
    batch,
    update: found,
    content,
    mistake: run.mistake,
  };
  step.row = Math.max(0, rows.indexOf(sample));
  step.values = { x: forward.x, t, ...forward, ...parameters };
  delete step.values.samples;
  try {
    const losses = sampleLosses(network, forward, t);
    step.loss = reducedLoss(network, losses);
    step.values.loss = Float64Array.of(step.loss);
    if (batch) step.values.losses = losses;
    addGradients(step, gradients, updated);
  } catch (error) {
    if (!(error instanceof OutsideDomain)) throw error;
    step.outside = error.output;
  }
  return step;
}

function addGradients(step, gradients, updated) {
  const { network, optimizer, parameters, forward, t, states, mistake, values } = step;
  const { samples } = forward;
  step.gradients = gradients;
  step.right = mistake ? backwardPropagation(network, parameters, forward, t) : gradients;
  for (const name of Object.keys(gradients))
    Object.defineProperty(values, `g${name}`, { enumerable: true, get: () => gradients[name] });
  if (step.batch)
    values.glosses = new Float64Array(samples).fill(reductionFactor(network, samples));
  if (!optimizer) return;
  for (const [letter, value] of Object.entries(optimizer.settings))
    values[letter] = Float64Array.of(value);
  const { remembers } = step.content.training.optimizer;
  for (const name of trainedParameters(network)) {
    values[`${name}_new`] = updated[name];
    const state = states[name] ?? OPTIMIZERS[optimizer.name].start(parameters[name]);
    remembers.forEach((letter, k) => {
      if (letter === "k") values.k = Float64Array.of(state[k][0] + 1);
      else values[`${letter}_${name}`] = state[k];
    });
  }
}

// The place of the largest entry of a value, found once.
const largest = new WeakMap();

export function placeOfLargest(values) {
  if (!largest.has(values)) {
    let top = 0;
    for (let k = 1; k < values.length; k++)
      if (Math.abs(values[k]) > Math.abs(values[top])) top = k;
    largest.set(values, top);
  }
  return largest.get(values);
}

// --- shapes and lookup ----------------------------------------------------------------------------------------

const BY_SAMPLE = ["x", "z", "a", "t", "losses"];

export function shapeOf(step, name) {
  const { letter, number } = splitName(name);
  const { layers } = step.network;
  const layer = layers[number - 1];
  const own = {
    x: () => [layers[0].inputs],
    t: () => [layers.at(-1).units],
    w: () => [layer.units, layer.inputs],
    b: () => [layer.biases],
    z: () => [layer.units],
    a: () => [layer.units],
  }[letter]?.();
  if (!own) return letter === "losses" ? [step.forward.samples] : [];
  return step.batch && BY_SAMPLE.includes(letter) ? [step.forward.samples, ...own] : own;
}

// Whether a name is that of a gradient, the letter of what it is of, and its layer: gw1, v_w1, w1_new.
const split = new Map();

function splitName(name) {
  if (!split.has(name)) split.set(name, partsOfName(name));
  return split.get(name);
}

function partsOfName(name) {
  const plain = name.replace(/_new$/, "").replace(/^[a-z]+_(?=[wb]\d)/, "");
  const gradient = /^g[a-z]/.test(plain);
  const [, letter, number] = plain.slice(gradient ? 1 : 0).match(/^([a-z]+)(\d*)$/) ?? [];
  return { gradient, letter, number: Number(number) };
}

// A symbol from its key, such as gw1-2-1; null for what does not exist in this step.
export function symbolOf(step, key) {
  const [name, ...places] = key.split("-");
  const { gradient, letter, number } = splitName(name);
  if (!letter || !(name in step.values)) return null;
  const shape = shapeOf(step, name);
  const index = places.map(Number);
  if (
    index.length !== shape.length ||
    index.some((place, k) => !(Number.isInteger(place) && place >= 1 && place <= shape[k]))
  )
    return null;
  const remembered = name.match(/^([a-z]+_[wb])\d/);
  return {
    letter: remembered ? remembered[1] : letter,
    ...(number ? { layer: number } : {}),
    index,
    ...(gradient ? { gradient: true } : {}),
    ...(name.endsWith("_new") ? { mark: "new" } : {}),
  };
}

export function nameInStep(symbol) {
  return (
    (symbol.gradient ? "g" : "") +
    symbol.letter +
    (symbol.layer ?? "") +
    (symbol.mark ? `_${symbol.mark}` : "")
  );
}

export function placeIn(step, symbol) {
  const name = nameInStep(symbol);
  const shape = shapeOf(step, name);
  return symbol.index.reduce((place, number, k) => place * shape[k] + number - 1, 0);
}

// Not a number where there is none: outside its domain a loss has no value, and nothing a gradient.
export function numberOf(step, symbol) {
  const values = step.values[nameInStep(symbol)];
  if (!values) return NaN;
  return values[symbol.index?.length ? placeIn(step, symbol) : 0];
}

// The gradient of an entry as the chain rule has it, whatever a mistake makes of it.
export function trueGradient(step, symbol) {
  const right = step.right[nameInStep(symbol)];
  return right ? right[placeIn(step, symbol)] : numberOf(step, { ...symbol, gradient: true });
}

// A number as it is shown: the exact digits where the step is the one that Python worked, else those of its float.
export function shown(step, symbol) {
  const value = numberOf(step, symbol);
  const name = nameInStep(symbol);
  const exact = step.exact?.[name]?.[symbol.index?.length ? placeIn(step, symbol) : 0];
  const digits = exact ?? (symbol.letter === "k" ? String(value) : showNumber(value));
  return { value, digits, of: symbol };
}

export const ofSample = (step, letter, layer, unit) => ({
  letter,
  ...(layer ? { layer } : {}),
  index: step.batch ? [step.row + 1, unit] : [unit],
});

// --- the optimizer's numbers on the way -----------------------------------------------------------------------

// One entry's update: [{ result, relation, formula }], a line for each assignment; values come along by key.
export function updateOf(step, parameter) {
  const { formulas, remembers } = step.content.training.optimizer;
  const own = (letter, mark) => ({
    ...parameter,
    letter: `${letter}_${parameter.letter}`,
    ...(mark ? { mark } : {}),
  });
  const assigned = new Map();
  return formulas.map(([letter, text]) => {
    const parts = { w: parameter, g: { ...parameter, gradient: true }, k: { letter: "k" } };
    for (const name of Object.keys(step.optimizer.settings)) parts[name] = { letter: name };
    for (const name of remembers) if (name !== "k") parts[name] = own(name);
    for (const name of assigned.keys()) parts[name] = own(name, "new");
    const formula = readFormula(text, parts);
    const look = (symbol) => {
      const value =
        symbol.mark && symbol.letter !== parameter.letter
          ? assigned.get(symbol.letter.split("_")[0])
          : null;
      return value === null
        ? shown(step, symbol)
        : { value, digits: showNumber(value), of: symbol };
    };
    const numbers = substitute(formula, look);
    const target = { ...parameter, mark: "new" };
    const value =
      letter === "w"
        ? shown(step, target)
        : {
            value: evaluate(numbers),
            digits: showNumber(evaluate(numbers)),
            of: own(letter, "new"),
          };
    assigned.set(letter, value.value);
    const relation = letter === "w" || remembers.includes(letter) ? "←" : "=";
    const unmarked = (symbol) =>
      symbol.letter === parameter.letter ? symbol : { ...symbol, mark: "" };
    return {
      result: letter === "w" ? parameter : own(letter),
      relation,
      formula: substitute(formula, unmarked),
      numbers,
      value,
    };
  });
}
