// The line of every number: symbol = rule = formula = numbers = value, as chainrule's explanation writes it.
//
// Which entries feed which is known here; formulas and their derivatives are read from the rules' own text.

import {
  evaluate,
  isSymbol,
  negative,
  partial,
  product,
  quotient,
  readFormula,
  substitute,
  sum,
  symbolsIn,
} from "./formula.js";
import { LOSSES } from "./losses.js";
import { keyOf } from "./mathml.js";
import { layersWithDerivative } from "./engine.js";
import { showNumber } from "./digits.js";
import { numberOf, shapeOf, shown } from "./step.js";

// Longer sums show so many of their largest terms, and what the rest adds up to.
const LONGEST_SUM = 12;
const TERMS_SHOWN = 4;

const depthOf = (step) => step.network.layers.length;
const withSample = (sample, ...index) => (sample === null ? index : [sample, ...index]);
const sampleOf = (step, symbol) => (step.batch ? symbol.index[0] : null);
const unitOf = (symbol) => symbol.index.at(-1);
const count = (length) => Array.from({ length }, (_, k) => k + 1);
const samplesOf = (step) => (step.batch ? count(step.forward.samples) : [null]);
const below = (layer) => (layer > 1 ? { letter: "a", layer: layer - 1 } : { letter: "x" });
const lossOf = (step, sample) =>
  step.batch ? { letter: "losses", index: [sample] } : { letter: "loss", index: [] };

function biasOf(step, layer, unit) {
  return { letter: "b", layer, index: [Math.min(unit, step.network.layers[layer - 1].biases)] };
}

// A number that was set is shown as it was written, and is no factor 1 that could be left out.
const setting = (value) =>
  value && { value, digits: Number.isInteger(value) ? `${value}.0` : String(value) };

// --- forward --------------------------------------------------------------------------------------------------

// The formula of a computed value; null for what is given.
export function forwardFormula(step, symbol) {
  const { letter, layer } = symbol;
  const { layers, loss, reduction } = step.network;
  if (letter === "z") {
    const [sample, unit] = [sampleOf(step, symbol), unitOf(symbol)];
    const terms = count(layers[layer - 1].inputs).map((i) =>
      product(
        { letter: "w", layer, index: [unit, i] },
        { ...below(layer), index: withSample(sample, i) },
      ),
    );
    const bias = biasOf(step, layer, unit);
    return sum(...terms, layers[layer - 1].sign > 0 ? bias : negative(bias));
  }
  if (letter === "a") {
    const { activation, units } = layers[layer - 1];
    return readFormula(
      step.content.activations[activation.name].symbols,
      activationParts(step, symbol, activation, units),
      unitOf(symbol) - 1,
    );
  }
  if (letter === "losses" || (letter === "loss" && !step.batch)) {
    return readFormula(
      step.content.losses[loss.name].symbols,
      lossParts(step, letter === "losses" ? symbol.index[0] : null),
    );
  }
  if (letter === "loss") {
    const terms = samplesOf(step).map((sample) => lossOf(step, sample));
    return reduction === "mean" ? quotient(sum(...terms), terms.length) : sum(...terms);
  }
  return null;
}

function activationParts(step, symbol, activation, units) {
  const z = { letter: "z", layer: symbol.layer, index: symbol.index };
  const row = count(units).map((unit) => ({
    ...z,
    index: withSample(sampleOf(step, symbol), unit),
  }));
  const coupled = activation.name === "softmax";
  return { 0: coupled ? row : z, y: { ...z, letter: "a" }, alpha: setting(activation.alpha) };
}

function lossParts(step, sample) {
  const units = step.network.layers.at(-1).units;
  const row = (part) => count(units).map((unit) => ({ ...part, index: withSample(sample, unit) }));
  return {
    0: row({ letter: "a", layer: depthOf(step) }),
    1: row({ letter: "t" }),
    O: units,
    delta: setting(step.network.loss.delta),
  };
}

// a = f(z) by name, for activations that have a longer formula too.
function functionOf(step, symbol) {
  if (symbol.letter !== "a") return null;
  const { name } = step.network.layers[symbol.layer - 1].activation;
  if (name === "softmax" || name === "identity" || name === "tanh") return null;
  return ["function", name, { ...symbol, letter: "z" }];
}

// --- backward -------------------------------------------------------------------------------------------------

// What an entry feeds: [{ fed, local, words }], local the derivative of the one by the other.
export function usesOf(step, symbol) {
  const { letter, layer, index } = symbol;
  const { links } = step.content;
  const { layers, reduction } = step.network;
  if (letter === "w" || letter === "b") {
    const own = layers[layer - 1];
    const units = letter === "b" && own.shareBias ? count(own.units) : [index[0]];
    return samplesOf(step).flatMap((sample) =>
      units.map((unit) => ({
        fed: { letter: "z", layer, index: withSample(sample, unit) },
        local: letter === "b" ? own.sign : { ...below(layer), index: withSample(sample, index[1]) },
        words: links.affine[letter === "b" ? 2 : 1],
      })),
    );
  }
  if (letter === "z") return usesOfSum(step, symbol);
  if (letter === "losses") {
    const share = reduction === "mean" ? quotient(1, step.forward.samples) : 1;
    return [{ fed: { letter: "loss", index: [] }, local: share, words: links[reduction] }];
  }
  if (letter === "loss") return [];
  if (letter === "t" || (letter === "a" && layer === depthOf(step))) {
    const { name } = step.network.loss;
    const local = step.content.losses[name].local[letter === "t" ? 1 : 0];
    const sample = sampleOf(step, symbol);
    const words = name === "output" ? links.sum : links.loss;
    return [
      {
        fed: lossOf(step, sample),
        local: readFormula(local, lossParts(step, sample), unitOf(symbol) - 1),
        words,
      },
    ];
  }
  const next = (layer ?? 0) + 1;
  return count(layers[next - 1].units).map((unit) => ({
    fed: { letter: "z", layer: next, index: withSample(sampleOf(step, symbol), unit) },
    local: { letter: "w", layer: next, index: [unit, unitOf(symbol)] },
    words: links.affine[0],
  }));
}

function usesOfSum(step, symbol) {
  const { activation, units } = step.network.layers[symbol.layer - 1];
  const where = symbol.layer === depthOf(step) ? "output" : "hidden";
  const words = step.content.links.slope
    .replace("{activation}", activation.name)
    .replace("{where}", where);
  const own = { ...symbol, letter: "a" };
  if (activation.name !== "softmax") {
    const local = readFormula(
      step.content.activations[activation.name].local,
      activationParts(step, symbol, activation, units),
    );
    return [{ fed: own, local, words }];
  }
  return count(units).map((unit) => {
    const fed = { ...own, index: [...symbol.index.slice(0, -1), unit] };
    const local =
      unit === unitOf(symbol) ? product(fed, sum(1, negative(own))) : negative(product(fed, own));
    return { fed, local, words };
  });
}

// The derivative as the mistake evaluates it: activations for sums, or weights that are already updated.
export function asMistaken(step, symbol, local) {
  if (
    step.mistake === "updated-weights" &&
    isSymbol(local) &&
    local.letter === "w" &&
    local.layer > 1
  )
    return { ...local, mark: "new" };
  if (
    step.mistake !== "derivative-at-activation" ||
    symbol.letter !== "z" ||
    !layersWithDerivative(step.network).includes(symbol.layer)
  )
    return local;
  const { activation, units } = step.network.layers[symbol.layer - 1];
  const rule = step.content.activations[activation.name];
  return substitute(local, (part) => {
    if (part.letter === "z") return { ...part, letter: "a" };
    if (part.letter !== "a") return part;
    if (activation.name === "sigmoid") return ["function", "sigmoid", part];
    const row = count(units).map((unit) => ({
      ...part,
      index: [...part.index.slice(0, -1), unit],
    }));
    return readFormula(
      rule.symbols,
      { 0: activation.name === "softmax" ? row : part, alpha: setting(activation.alpha) },
      unitOf(part) - 1,
    );
  });
}

// --- lines ----------------------------------------------------------------------------------------------------

// Where a long sum is cut, the terms that hold the entry `keeping` stay.
export function lineOf(step, symbol, keeping = null) {
  if (symbol.gradient) return gradientLine(step, symbol);
  const formula = forwardFormula(step, symbol);
  if (formula === null) return null;
  const own = keeping ? termsWith(formula, keeping) : [];
  return finished(step, symbol, folded(step, formula, own), functionOf(step, symbol));
}

function termsWith(formula, entry) {
  const terms = Array.isArray(formula) && formula[0] === "sum" ? formula.slice(1) : [];
  const same = ({ letter, layer, index }) =>
    letter === entry.letter &&
    layer === entry.layer &&
    index.every((place, k) => place === entry.index[k]);
  return terms.flatMap((term, k) => (symbolsIn(term).some(same) ? [k] : []));
}

function gradientLine(step, symbol) {
  const value = { ...symbol, gradient: false };
  const uses = usesOf(step, value);
  const terms = uses.map(({ fed, local }) => {
    const taken = asMistaken(step, value, local);
    return fed.letter === "loss" ? taken : product({ ...fed, gradient: true }, taken);
  });
  const partials = uses.map(({ fed }) =>
    fed.letter === "loss" ? null : product({ ...fed, gradient: true }, partial(fed, value)),
  );
  const formula = folded(step, sum(...terms), ownTerms(step, uses, symbol));
  const short = terms.length <= LONGEST_SUM && partials.every(Boolean);
  const line = finished(step, symbol, formula, short ? sum(...partials) : null);
  line.uses = uses;
  line.mistaken = uses.some(({ local }) => asMistaken(step, value, local) !== local);
  return line;
}

// Of a parameter's sum over the batch, the term of the sample that is looked at is never left out.
function ownTerms(step, uses, symbol) {
  if (!step.batch || !"wb".includes(symbol.letter)) return [];
  return uses.flatMap(({ fed }, k) => (fed.index[0] === step.row + 1 ? [k] : []));
}

function finished(step, result, formula, rule) {
  const numbers = substitute(formula, (symbol) => shown(step, symbol));
  return { result, rule, formula, numbers, value: shown(step, result), relation: "=" };
}

// A formula with its long sum cut to the largest terms; their order stays.
function folded(step, formula, own = []) {
  if (!Array.isArray(formula)) return formula;
  const [kind, ...parts] = formula;
  if (kind === "negative") return negative(folded(step, parts[0]));
  if (kind === "quotient") return quotient(folded(step, parts[0]), folded(step, parts[1]));
  if (kind !== "sum" || parts.length <= LONGEST_SUM) return formula;
  const values = parts.map((term) => valueOf(step, term));
  const order = parts
    .map((_, k) => k)
    .sort(
      (a, b) =>
        own.includes(b) - own.includes(a) || Math.abs(values[b]) - Math.abs(values[a]) || a - b,
    );
  const kept = order.slice(0, TERMS_SHOWN).sort((a, b) => a - b);
  const rest = values.reduce((total, value, k) => (kept.includes(k) ? total : total + value), 0);
  return [
    "sum",
    ...kept.map((k) => parts[k]),
    ["rest", parts.length - kept.length, { value: rest, digits: showNumber(rest) }],
  ];
}

export function valueOf(step, expression) {
  return evaluate(substitute(expression, (symbol) => shownValue(step, symbol)));
}

function shownValue(step, symbol) {
  return { value: numberOf(step, symbol), digits: "" };
}

// The keys of the numbers that a line uses.
export function keysUsed(expression) {
  if (isSymbol(expression)) return [keyOf(expression)];
  return Array.isArray(expression)
    ? expression
        .slice(1)
        .flatMap((part) => (part && typeof part === "object" ? keysUsed(part) : []))
    : [];
}

export const isFused = (step) =>
  LOSSES[step.network.loss.name].fused?.activation === step.network.layers.at(-1).activation.name;

export const sizeOf = (step, name) => shapeOf(step, name).reduce((total, size) => total * size, 1);
