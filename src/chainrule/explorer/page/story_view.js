// The story of a number as it is shown: what it feeds, and each path by which the loss comes back to it.

import { aligned, showNumber } from "./digits.js";
import { escaped } from "./markup.js";
import { keyOf, math, operator, write, writeNumber, writeSymbol } from "./mathml.js";
import { isSymbol } from "./formula.js";
import { numberOf, shown } from "./step.js";
import { fedBy, pathsTo } from "./story.js";

export function storyOf(app, symbol, open) {
  const { step } = app;
  const base = { ...symbol, gradient: false, mark: undefined };
  if (base.letter === "loss" || base.letter.includes("_") || step.loss === undefined) return "";
  // What is folded away is not worked out.
  const body = open ? storyBody(step, base) : "";
  const summary = `<summary data-f="story">Where ${math(writeSymbol(base))} goes, and how the loss comes back</summary>`;
  return `<details class="story"${open ? " open" : ""}>${summary}<div class="tale">${body}</div></details>`;
}

export function storyBody(step, base) {
  const { shown: fed, left } = fedBy(step, base);
  const direct = fed.filter(({ distance }) => distance === 1);
  const later = fed.filter(({ distance }) => distance > 1);
  const more = left ? `<p>${left.toLocaleString("en")} more move with it.</p>` : "";
  return `${list("It enters", direct, step)}${list("Through these it reaches", later, step)}${more}${pathsOf(step, base)}`;
}

function list(title, entries, step) {
  if (!entries.length) return "";
  const items = entries.map(({ symbol }) => {
    const key = keyOf(symbol);
    return `<li><button type="button" class="go" data-go="${key}" data-f="fed${key}">${math(writeSymbol(symbol), operator("="), writeNumber(shown(step, symbol)))}</button></li>`;
  });
  return `<h3>${title}</h3><ul class="fed">${items.join("")}</ul>`;
}

function pathsOf(step, base) {
  if (!(`g${keyOf(base).split("-")[0]}` in step.values) && base.letter !== "losses") return "";
  const { count, gathered, shown: paths, left } = pathsTo(step, base);
  const title =
    count === 1
      ? "The loss comes back by one path"
      : `The loss comes back by ${count.toLocaleString("en")} paths`;
  const where = gathered
    ? ` They are gathered in the error that arrives at ${escaped(gathered)}.`
    : "";
  const cut = left ? ` Shown are the ${paths.length} largest.` : "";
  const note =
    count > 1
      ? `<p>Along a path the links multiply; the paths add up.${where}${cut}</p>`
      : "<p>Along a path the links multiply.</p>";
  const truly = step.mistake
    ? "<p>These are the chain rule’s numbers, whatever the mistake makes of them.</p>"
    : "";
  const tables = paths.map((path) => pathTable(base, path)).join("");
  return `<h3>${title}</h3>${note}${truly}${tables}${count > 1 ? totalOf(step, base) : ""}`;
}

function pathTable(base, { links, product }) {
  const values = aligned(
    [...links.map(({ value }) => value), product].map((value) => ({
      value,
      digits: showNumber(value),
    })),
  );
  const rows = links.map(({ words, partial, formula }, k) => {
    const name = isSymbol(partial) ? writeSymbol(partial) : write(partial);
    const same = isSymbol(partial) && isSymbol(formula);
    return `<tr><th scope="row">${escaped(words)}</th><td>${math(name, same ? "" : operator("=") + write(formula))}</td><td>${math(writeNumber(values[k]))}</td></tr>`;
  });
  const result = `<tr class="sum"><th scope="row">product</th><td></td><td class="kg">${math(writeNumber(values.at(-1)))}</td></tr>`;
  return `<table class="path-table"><tbody>${rows.join("")}${result}</tbody></table>`;
}

function totalOf(step, base) {
  const gradient = { ...base, gradient: true };
  const right = step.right[keyOf(base).split("-")[0]];
  const value =
    right && base.index.length
      ? numberOf(
          { ...step, values: { ...step.values, [`g${keyOf(base).split("-")[0]}`]: right } },
          gradient,
        )
      : numberOf(step, gradient);
  return `<p class="adds">${math(writeSymbol(gradient), operator("="), writeNumber({ value, digits: showNumber(value), of: gradient }))}, all paths together.</p>`;
}
