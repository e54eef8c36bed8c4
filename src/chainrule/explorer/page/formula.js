// Formulas as data: read from the text of chainrule's rules, with numbers put in place of symbols, and evaluated.
//
// An expression is a number, a symbol { letter, layer, index, gradient, mark }, a shown number { value, digits, of,
// more } with `more` where it stands for so many terms, or [kind, ...parts] with kind one of sum, product, quotient,
// power, negative, max, choice, compare, partial, rest, or function; a function has its name as the first part, a
// comparison its sign.

import { logistic, normalDensity, normalDistribution } from "./activations.js";

export const isSymbol = (part) => typeof part === "object" && part !== null && "letter" in part;
export const isShown = (part) => typeof part === "object" && part !== null && "digits" in part;

// --- building, as Python's operators do it --------------------------------------------------------------------

const partsOf = (kind, expression) =>
  Array.isArray(expression) && expression[0] === kind ? expression.slice(1) : [expression];

export const sum = (...terms) =>
  terms.length === 1 ? terms[0] : ["sum", ...terms.flatMap((term) => partsOf("sum", term))];
export const quotient = (top, bottom) => ["quotient", top, bottom];
export const partial = (of, by) => ["partial", of, by];
export const apply = (name, argument) => ["function", name, argument];

export function negative(part) {
  return ["negative", part];
}

export function product(...factors) {
  const sign = factors.filter((factor) => factor === -1).length % 2;
  const kept = factors
    .filter((factor) => factor !== 1 && factor !== -1)
    .flatMap((factor) => partsOf("product", factor));
  const whole = kept.length > 1 ? ["product", ...kept] : (kept[0] ?? 1);
  return sign ? negative(whole) : whole;
}

// --- reading --------------------------------------------------------------------------------------------------

// A rule's text, such as "1 / (1 + exp(-{0}))", with what stands for {0}. Where a row of entries stands for it,
// "sum(...)" is written out term by term, and {0} outside a sum is its entry number `entry`.
export function readFormula(text, parts, entry = 0) {
  const tokens = text.match(/\{\w+\}|[\w.]+|\*\*|[<>]=?|[-+*/(),]/g);
  const length = Math.max(
    1,
    ...Object.values(parts)
      .filter(isRow)
      .map((row) => row.length),
  );
  let at = 0;
  const next = (token) => (tokens[at] === token ? ((at += 1), true) : false);

  function choice(place) {
    const yes = comparison(place);
    if (!next("if")) return yes;
    const condition = comparison(place);
    next("else");
    return ["choice", yes, condition, choice(place)];
  }
  function comparison(place) {
    const left = added(place);
    if (!/^[<>]/.test(tokens[at] ?? "")) return left;
    const sign = tokens[at++];
    return ["compare", sign, left, added(place)];
  }
  function added(place) {
    let whole = multiplied(place);
    for (;;) {
      if (next("+")) whole = sum(whole, multiplied(place));
      else if (next("-")) whole = sum(whole, negative(multiplied(place)));
      else return whole;
    }
  }
  function multiplied(place) {
    let whole = signed(place);
    for (;;) {
      if (next("*")) whole = product(whole, signed(place));
      else if (next("/")) whole = quotient(whole, signed(place));
      else return whole;
    }
  }
  function signed(place) {
    return next("-") ? negative(signed(place)) : raised(place);
  }
  function raised(place) {
    const base = atom(place);
    return next("**") ? ["power", base, signed(place)] : base;
  }
  function atom(place) {
    if (next("(")) {
      const inner = choice(place);
      next(")");
      return inner;
    }
    const token = tokens[at++];
    if (token[0] === "{") {
      const part = parts[token.slice(1, -1)];
      return isRow(part) ? part[place] : part;
    }
    if (/^[\d.]/.test(token)) return Number(token);
    next("(");
    if (token === "sum") return total();
    const first = choice(place);
    const second = next(",") ? choice(place) : null;
    next(")");
    return token === "max" ? ["max", first, second] : apply(token, first);
  }
  function total() {
    const start = at;
    const terms = Array.from({ length }, (_, place) => {
      at = start;
      return choice(place);
    });
    next(")");
    return sum(...terms);
  }
  return choice(entry);
}

// A row of entries is an array of symbols; an expression is an array too, but begins with its kind.
const isRow = (part) => Array.isArray(part) && typeof part[0] !== "string";

// --- walking --------------------------------------------------------------------------------------------------

const named = { function: 1, compare: 1 };

export function children(expression) {
  return Array.isArray(expression) ? expression.slice(1 + (named[expression[0]] ?? 0)) : [];
}

export function substitute(expression, replacement) {
  if (isSymbol(expression)) return replacement(expression);
  if (!Array.isArray(expression)) return expression;
  if (expression[0] === "rest") return { ...expression[2], more: expression[1] };
  const head = expression.slice(0, 1 + (named[expression[0]] ?? 0));
  return [...head, ...children(expression).map((part) => substitute(part, replacement))];
}

export function symbolsIn(expression) {
  if (isSymbol(expression)) return [expression];
  return children(expression).flatMap(symbolsIn);
}

// --- evaluating -----------------------------------------------------------------------------------------------

const FUNCTIONS = {
  Phi: normalDistribution,
  phi: normalDensity,
  abs: Math.abs,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sigmoid: logistic,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
};
const COMPARISONS = {
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
};

export function evaluate(expression) {
  if (typeof expression === "number") return expression;
  if (isShown(expression)) return expression.value;
  const [kind, ...parts] = expression;
  switch (kind) {
    case "sum":
      return parts.reduce((total, part) => total + evaluate(part), 0);
    case "product":
      return parts.reduce((total, part) => total * evaluate(part), 1);
    case "quotient":
      return evaluate(parts[0]) / evaluate(parts[1]);
    case "power":
      return evaluate(parts[0]) ** evaluate(parts[1]);
    case "negative":
      return -evaluate(parts[0]);
    case "function":
      return FUNCTIONS[parts[0]](evaluate(parts[1]));
    case "max":
      return Math.max(...parts.map(evaluate));
    case "compare":
      return COMPARISONS[parts[0]](evaluate(parts[1]), evaluate(parts[2]));
    case "choice":
      return evaluate(parts[1]) ? evaluate(parts[0]) : evaluate(parts[2]);
    default:
      throw new Error(`${kind} has no value`);
  }
}
