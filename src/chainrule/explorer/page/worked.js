// The number that is looked at, worked: its symbol, its line, and the lines of its update. Computed once a step.

import { lineOf } from "./lines.js";
import { symbolOf, updateOf } from "./step.js";

let last = {};

export function worked(app) {
  const { step, state } = app;
  if (last.step === step && last.key === state.key) return last;
  const symbol = symbolOf(step, state.key);
  const updates = symbol?.mark ? updateOf(step, { ...symbol, mark: undefined }) : null;
  const line = updates
    ? updates.at(-1)
    : symbol && step.loss !== undefined
      ? lineOf(step, symbol)
      : null;
  last = { step, key: state.key, symbol, line, updates };
  return last;
}
