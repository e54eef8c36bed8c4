// The worked step as a sheet of paper: every line, one below the other, made when the page is printed.

import { lineOf } from "./lines.js";
import { escaped } from "./markup.js";
import { math, mathInPieces, operator, writeNumber, writeSymbol } from "./mathml.js";
import { symbolOf, updateOf } from "./step.js";
import { sectionsOf } from "./stops.js";

export function makeSheet(app, box) {
  const fill = () => {
    box.innerHTML = sheetOf(app);
  };
  const empty = () => {
    box.innerHTML = "";
  };
  addEventListener("beforeprint", fill);
  addEventListener("afterprint", empty);
}

export function sheetOf(app) {
  const { step, stops } = app;
  if (step.loss === undefined) return "";
  const sections = sectionsOf(step).map(({ name, title, phase }) => {
    const own = stops.filter(({ section }) => section === name);
    const lines = own.flatMap(({ key }) => linesOf(step, symbolOf(step, key)));
    return {
      phase,
      html: `<section><h3>${escaped(title)}</h3><p>${escaped(own[0]?.why ?? "")}</p>${lines.join("")}</section>`,
    };
  });
  return ["Forward", "Loss", "Backward", "Update"]
    .map((phase) => [phase, sections.filter((section) => section.phase === phase)])
    .filter(([, found]) => found.length)
    .map(([phase, found]) => `<h2>${phase}</h2>${found.map(({ html }) => html).join("")}`)
    .join("");
}

function linesOf(step, symbol) {
  if (symbol.mark)
    return updateOf(step, { ...symbol, mark: undefined }).map((line) => written(line.result, line));
  const line = lineOf(step, symbol);
  return line ? [written(symbol, line)] : [];
}

function written(symbol, { rule, formula, numbers, value, relation }) {
  const steps = [rule, formula, numbers].filter((part) => part !== null && part !== undefined);
  const parts = steps.map((part, k) => mathInPieces(k ? "=" : relation, part));
  return `<div class="line"><span>${math(writeSymbol(symbol))}</span><span>${parts.join(" ")} ${math(operator("="), writeNumber(value))}</span></div>`;
}
