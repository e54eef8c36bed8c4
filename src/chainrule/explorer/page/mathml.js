// Formulas as MathML, in the notation of chainrule's pages: the layer in brackets above, delta for dL/dz.
//
// Every symbol and every number that stands for one carries its key in data-k, and the class of its hue.

import { isShown, isSymbol } from "./formula.js";

const HUES = { x: "kx", t: "kx", w: "kw", b: "kw", z: "ka", a: "ka" };
const GREEK = { eta: "η", mu: "μ", rho: "ρ", beta1: "β₁", beta2: "β₂", epsilon: "ε", lambda: "λ" };
const NAMES = { sigmoid: "σ", Phi: "Φ", phi: "φ" };
const SIGNS = { ">": "&gt;", "<": "&lt;", ">=": "≥", "<=": "≤" };
const [SUM, PRODUCT, POWER, ATOM] = [0, 1, 2, 3];

const tight = (sign) => `<mo stretchy="false" lspace="0" rspace="0">${sign}</mo>`;
const OPERATORS = {
  neg: tight("−"),
  "·": '<mo lspace=".22em" rspace=".22em">·</mo>',
  ",": '<mo separator="true" lspace="0" rspace=".2em">,</mo>',
};

export const operator = (sign) => OPERATORS[sign] ?? `<mo>${sign}</mo>`;
export const math = (...parts) => `<math displaystyle="true">${parts.join("")}</math>`;
const row = (...parts) => `<mrow>${parts.join("")}</mrow>`;

// --- names ----------------------------------------------------------------------------------------------------

export function nameOf(symbol) {
  return (symbol.letter ?? "") + (symbol.layer ?? "") + (symbol.mark ? `_${symbol.mark}` : "");
}

// The key of an entry: gw1-2-1 for dL/dw1[2,1], w1_new-2-1 for the updated one.
export function keyOf(symbol) {
  return [(symbol.gradient ? "g" : "") + nameOf(symbol), ...(symbol.index ?? [])].join("-");
}

// As Python and the command line write it: dL/dw1[2,1].
export function plainName(symbol) {
  const entry = symbol.index?.length ? `[${symbol.index.join(",")}]` : "";
  return (symbol.gradient ? "dL/d" : "") + symbol.letter + (symbol.layer ?? "") + entry;
}

export function hueOf(symbol) {
  return symbol.gradient ? "kg" : (HUES[symbol.letter] ?? "kn");
}

// A local derivative has the hue of its value: dz/dw that of the input, dz/da that of the weight.
function hueOfPartial(of, by) {
  if (of.letter === "z") return { w: by.layer > 1 ? "ka" : "kx", b: "kn" }[by.letter] ?? "kw";
  return of.letter === "a" ? "ka" : "kg";
}

// --- symbols and numbers --------------------------------------------------------------------------------------

const marks = (symbol) =>
  ` class="${hueOf(symbol)}"` +
  (symbol.index?.length || symbol.letter === "loss" ? ` data-k="${keyOf(symbol)}"` : "");

function letters(symbol, attributes, instead) {
  let [letter, parameter] = symbol.letter.split("_");
  const hat = letter === "mhat" || letter === "shat";
  if (hat) letter = letter[0];
  if (letter === "loss" || letter === "losses") letter = "L";
  letter = instead ?? GREEK[letter] ?? letter;
  const layer = symbol.layer ?? "";
  const above = layer ? `${tight("(")}<mn>${layer}</mn>${tight(")")}` : "";
  const raised = above + (symbol.mark === "new" && !instead ? "<mtext>&#8202;new</mtext>" : "");
  const index = symbol.index ?? [];
  const apart = "xzat".includes(symbol.letter) || index.some((place) => place > 9);
  const comma = apart ? '<mo separator="true" lspace="0" rspace="0">,</mo>' : "";
  const places = index
    .filter((place) => place > 0)
    .map((place) => `<mn>${place}</mn>`)
    .join(comma);
  const below =
    (parameter ? `<mi>${parameter}</mi>` : "") +
    (parameter && places ? '<mo separator="true" lspace="0" rspace="0">,</mo>' : "") +
    places;
  const shape = `<mi>${letter}</mi>`;
  const base = hat
    ? `<mover accent="true">${row(shape)}<mo stretchy="false">ˆ</mo></mover>`
    : shape;
  if (below && raised) return `<msubsup${attributes}>${base}${row(below)}${row(raised)}</msubsup>`;
  if (raised) return `<msup${attributes}>${base}${row(raised)}</msup>`;
  if (below) return `<msub${attributes}>${base}${row(below)}</msub>`;
  return `<mrow${attributes}>${base}</mrow>`;
}

export function writeSymbol(symbol) {
  if (!symbol.gradient) return letters(symbol, marks(symbol));
  if (symbol.letter === "z") return letters(symbol, marks(symbol), "δ");
  return `<mrow${marks(symbol)}>${tight("∂")}<mi>L</mi>${tight("/")}${tight("∂")}${letters(symbol, "")}</mrow>`;
}

export function writeNumber({ digits, of, more }) {
  if (more)
    return `<mrow><mtext>(${more.toLocaleString("en")} more:&#160;</mtext>${writeNumber({ digits })}<mtext>)</mtext></mrow>`;
  const attributes = of ? marks(of) : "";
  const [mantissa, exponent] = digits.split("e");
  const shown = mantissa.replace("-", "−");
  if (!exponent)
    return /\d/.test(shown) || shown.length < 3
      ? `<mn${attributes}>${shown}</mn>`
      : `<mtext${attributes}>${shown}</mtext>`;
  const power = `<msup><mn>10</mn><mn>${exponent.replace("-", "−")}</mn></msup>`;
  return `<mrow${attributes}><mn>${shown}</mn><mo lspace=".1em" rspace=".1em">×</mo>${power}</mrow>`;
}

function writePartial(of, by) {
  const top = of.letter === "loss" ? `${tight("∂")}<mi>L</mi>` : tight("∂") + letters(of, "");
  return `<mfrac class="${of.gradient ? "kg" : hueOfPartial(of, by)}">${row(top)}${row(tight("∂") + letters(by, ""))}</mfrac>`;
}

// A gradient as a fraction, which the head of a chain has room for.
export function writeStacked(symbol) {
  if (!symbol.gradient || symbol.letter === "z") return writeSymbol(symbol);
  return `<mfrac${marks(symbol)}>${row(tight("∂"), "<mi>L</mi>")}${row(tight("∂"), letters({ ...symbol, gradient: false }, ""))}</mfrac>`;
}

// --- expressions ----------------------------------------------------------------------------------------------

const isNegative = (part) =>
  (typeof part === "number" && part < 0) || (isShown(part) && part.digits.startsWith("-"));

function binding(part, first) {
  if (part?.more) return ATOM;
  if (isNegative(part)) return first ? PRODUCT : SUM;
  if (isShown(part) && part.digits.includes("e")) return POWER;
  if (!Array.isArray(part)) return ATOM;
  if (part[0] === "negative") return first ? PRODUCT : SUM;
  if (part[0] === "sum" || part[0] === "compare") return SUM;
  if (part[0] === "product") return PRODUCT;
  if (part[0] === "power" || (part[0] === "function" && part[1] === "exp")) return POWER;
  return ATOM;
}

const parentheses = (inner) => {
  const tall = /<mtable|<mfrac/.test(inner);
  return `<mo stretchy="${tall}" lspace="0" rspace="0">(</mo>${inner}<mo stretchy="${tall}" lspace="0" rspace="0">)</mo>`;
};

export function writeAt(part, least, first = false) {
  return binding(part, first) >= least ? write(part) : parentheses(write(part));
}

export function writeFactor(part) {
  return writeAt(part, POWER);
}

// Symbols and parentheses stand side by side; numbers, fractions and choices need a sign between them.
const needsDot = (factor) =>
  isSymbol(factor)
    ? Boolean(factor.gradient)
    : !(Array.isArray(factor) && ["sum", "power", "function"].includes(factor[0]));

function writeProduct(factors, first = true) {
  const parts = [writeAt(factors[0], PRODUCT, first)];
  factors.slice(1).forEach((factor, k) => {
    if (needsDot(factors[k]) || needsDot(factor)) parts.push(operator("·"));
    parts.push(writeAt(factor, POWER));
  });
  return row(...parts);
}

// A term after an operator: a negative factor at its start needs parentheses.
export function writeTerm(part) {
  return Array.isArray(part) && part[0] === "product"
    ? writeProduct(part.slice(1), false)
    : writeAt(part, PRODUCT);
}

function writePower(base, exponent) {
  const close = '<mo stretchy="false" lspace="0" rspace="0">)</mo>';
  // On the row as a whole browsers hang the exponent too high, so it hangs on the parenthesis.
  if (base.endsWith(close))
    return `${base.slice(0, -close.length)}<msup>${close}${row(exponent)}</msup>`;
  return `<msup>${row(base)}${row(exponent)}</msup>`;
}

function writeFunction(name, argument) {
  if (name === "exp") return writePower("<mi>e</mi>", write(argument));
  if (name === "sqrt") return `<msqrt>${write(argument)}</msqrt>`;
  if (name === "abs") return row(tight("|"), write(argument), tight("|"));
  const label = name.endsWith("'")
    ? `${NAMES[name.slice(0, -1)] ?? name.slice(0, -1)}′`
    : (NAMES[name] ?? name);
  return row(`<mi>${label}</mi><mo>&#8289;</mo>`, parentheses(write(argument)));
}

function writeCases(yes, condition, no) {
  const brace =
    '<mo stretchy="true" symmetric="true" form="prefix" lspace="0" rspace=".1em">{</mo>';
  const cells = [
    [write(yes), `<mtext>if </mtext>${write(condition)}`],
    [write(no), "<mtext>else</mtext>"],
  ].map(([a, b]) => `<mtr><mtd>${a}</mtd><mtd>${b}</mtd></mtr>`);
  return row(brace, `<mtable class="cases">${cells.join("")}</mtable>`);
}

export function write(part) {
  if (isSymbol(part)) return writeSymbol(part);
  if (isShown(part)) return writeNumber(part);
  if (typeof part === "number") return writeNumber({ digits: String(part) });
  const [kind, ...parts] = part;
  switch (kind) {
    case "sum":
      return row(
        writeAt(parts[0], PRODUCT, true),
        ...parts.slice(1).map((term) => {
          const minus = Array.isArray(term) && term[0] === "negative";
          return operator(minus ? "−" : "+") + writeTerm(minus ? term[1] : term);
        }),
      );
    case "product":
      return writeProduct(parts);
    case "quotient":
      return `<mfrac>${row(write(parts[0]))}${row(write(parts[1]))}</mfrac>`;
    case "power":
      return writePower(writeAt(parts[0], ATOM), write(parts[1]));
    case "negative":
      return row(operator("neg"), writeTerm(parts[0]));
    case "function":
      return writeFunction(...parts);
    case "max":
      return row("<mi>max</mi><mo>&#8289;</mo>", parentheses(parts.map(write).join(operator(","))));
    case "compare":
      return row(write(parts[1]), `<mo>${SIGNS[parts[0]]}</mo>`, write(parts[2]));
    case "choice":
      return writeCases(...parts);
    case "partial":
      return writePartial(...parts);
    case "rest":
      return `<mtext>(${parts[0].toLocaleString("en")} more terms)</mtext>`;
    default:
      throw new Error(`${kind} is no formula`);
  }
}

// An expression in pieces between which a line may end: a long sum, also in parentheses before or behind a sign.
function writeInPieces(part) {
  if (!Array.isArray(part)) return [write(part)];
  const [kind, first, second] = part;
  if (isLong(part)) return piecesOfSum(part);
  if (kind === "negative" && isLong(first)) return enclosed(operator("neg"), first, "");
  if (kind === "quotient" && isLong(first))
    return enclosed("", first, tight("/") + writeAt(second, ATOM));
  if (kind === "quotient" && isLong(second))
    return enclosed(writeAt(first, PRODUCT) + tight("/"), second, "");
  return [write(part)];
}

const LONGEST_SUM = 2;
const isLong = (part) => Array.isArray(part) && part[0] === "sum" && part.length - 1 > LONGEST_SUM;

function piecesOfSum([, first, ...terms]) {
  const rest = terms.map((term) => {
    const minus = Array.isArray(term) && term[0] === "negative";
    const sign = `<mo form="infix">${minus ? "−" : "+"}</mo>`;
    return sign + writeTerm(minus ? term[1] : term);
  });
  return [writeAt(first, PRODUCT, true), ...rest];
}

function enclosed(before, sum, after) {
  const pieces = piecesOfSum(sum);
  pieces[0] = before + tight("(") + pieces[0];
  pieces[pieces.length - 1] += tight(")") + after;
  return pieces;
}

// The same as elements of their own, the first behind a sign.
export function mathInPieces(sign, part) {
  const [first, ...others] = writeInPieces(part);
  return [math(operator(sign), first), ...others.map((piece) => math(piece))].join(" ");
}
