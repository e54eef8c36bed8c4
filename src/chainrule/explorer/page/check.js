// What a nudge says of a gradient's line. It says that the line differs only where that is certain: beside a kink,
// and where numbers are not finite, it says what it found and no more.

import { showNumber } from "./digits.js";
import { math, writeNumber, writeSymbol } from "./mathml.js";
import { nudged } from "./nudge.js";

// The words, as markup, and whether the sign of equality may stand.
export function checkOf(step, symbol, line) {
  const base = { ...symbol, gradient: false };
  const found = nudged(step, base);
  const value = line.value.value;
  const name = math(writeSymbol(base));
  const measured = (slope) =>
    math(writeNumber({ value: slope, digits: nearZero(slope, found.bound), of: symbol }));
  if (!Number.isFinite(found.value))
    return {
      html: `Nudging ${name} leaves the finite numbers, so the line is not checked here.`,
      equal: true,
    };
  const said = `Nudging ${name} and measuring the loss gives ${measured(found.value)}.`;
  if (Math.abs(value - found.value) <= Math.max(2 * found.bound, 1e-9 * (1 + Math.abs(value))))
    return { html: `${said} <b>The line agrees.</b>`, equal: true };
  const { least, most } = hasKinks(step) ? found.sides() : { least: NaN, most: NaN };
  if (value >= least && value <= most) {
    return {
      html: `Near a kink of the activation, nudging ${name} gives slopes from ${measured(least)} to ${measured(most)}. <b>The line lies between them.</b>`,
      equal: true,
    };
  }
  return { html: `${said} <b>${verdict(value, found.value)}</b>`, equal: false };
}

const hasKinks = (step) =>
  step.network.layers.some(({ activation }) => step.content.activations[activation.name].kinks);

const nearZero = (value, bound) => (Math.abs(value) < bound / 10 ? "0" : showNumber(value));

function verdict(value, measured) {
  if (measured !== 0 && Math.sign(value) !== Math.sign(measured))
    return "The line has the wrong sign.";
  const percent = Math.abs(value / measured - 1) * 100;
  if (!Number.isFinite(percent)) return "The line differs.";
  const size = percent < 1 ? percent.toPrecision(1) : percent.toFixed(0);
  return `The line is ${size}% too ${Math.abs(value) > Math.abs(measured) ? "large" : "small"}.`;
}
