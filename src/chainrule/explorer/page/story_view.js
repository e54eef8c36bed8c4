// The story of a number as it is shown: what it feeds, and each path by which the loss comes back to it.

import { aligned, showNumber } from "./digits.js";
import { escaped } from "./markup.js";
import { isSymbol, substitute, sum, symbolsIn } from "./formula.js";
import { lineOf } from "./lines.js";
import {
  keyOf,
  math,
  mathInPieces,
  operator,
  write,
  writeFactor,
  writeNumber,
  writeSymbol,
} from "./mathml.js";
import { shown, trueGradient } from "./step.js";
import { fedBy, onlyPath, pathsTo } from "./story.js";

const LINKS_OF_A_LINE = 2;

export function storyOf(app, symbol, open) {
  const { step } = app;
  const base = { ...symbol, gradient: false, mark: undefined };
  if (base.letter === "loss" || base.letter.includes("_") || step.loss === undefined) return "";
  // What is folded away is not worked out.
  const body = open ? storyBody(step, base) : "";
  const summary = `<summary data-f="story">Where ${math(writeSymbol(base))} goes, and how the loss comes back</summary>`;
  return `<details class="story"${open ? " open" : ""}>${summary}<div class="tale">${body}</div></details>`;
}

// Every link of a gradient's chain, where the loss comes back by one path of more links than its line shows.
export function chainOf(step, gradient) {
  const path = onlyPath(step, { ...gradient, gradient: false });
  if (!path || path.links.length <= LINKS_OF_A_LINE) return "";
  return `<section class="chain"><h3>All the way from the loss</h3>${pathTable(step, path, shown(step, gradient))}</section>`;
}

export function mistakeTag(step) {
  return step.mistake === "updated-weights"
    ? "the weight after its update"
    : "slope taken at the activation";
}

export function storyBody(step, base) {
  const { shown: fed, left } = fedBy(step, base);
  const direct = fed.filter(({ distance }) => distance === 1);
  const later = fed.filter(({ distance }) => distance > 1);
  const more = left ? `<p>${left.toLocaleString("en")} more move with it.</p>` : "";
  const enters = list("It enters", direct, step, base);
  return `${enters}${list("Through these it reaches", later, step)}${more}${pathsOf(step, base)}`;
}

// What a number feeds, each with its own line: symbol = numbers = result. Where that is long, `base` stays in it.
function list(title, entries, step, base = null) {
  if (!entries.length) return "";
  const rows = entries.map(({ symbol }) => {
    const [key, line] = [keyOf(symbol), lineOf(step, symbol, base)];
    const name = `<button type="button" class="go" data-go="${key}" data-f="fed${key}">${math(writeSymbol(symbol))}</button>`;
    return `<tr><th scope="row">${name}</th><td>${mathInPieces("=", line.numbers)}</td>${result(line.value)}</tr>`;
  });
  return `<h3>${title}</h3><table class="story-table fed"><tbody>${rows.join("")}</tbody></table>`;
}

const result = (value) => `<td>${math(operator("="))}</td><td>${math(writeNumber(value))}</td>`;

function pathsOf(step, base) {
  if (!(`g${keyOf(base).split("-")[0]}` in step.values) && base.letter !== "losses") return "";
  const found = pathsTo(step, base);
  const { count, gathered, shown: paths, left } = found;
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
  const gradient = trueNumber(step, base);
  const tables = paths.map((path) => pathTable(step, path, count === 1 ? gradient : null)).join("");
  return `<h3>${title}</h3>${note}${truly}${tables}${count > 1 ? totalOf(found, gradient) : ""}`;
}

// One link a row: what it is = its formula = its numbers = its value; below them their product. Where the path is the
// only one, that is the gradient.
function pathTable(step, { links, product }, gradient) {
  const factors = links.map(({ formula, value }) =>
    isSymbol(formula) && !formula.gradient
      ? shown(step, formula)
      : { value, digits: showNumber(value) },
  );
  const whole = gradient ?? { value: product, digits: showNumber(product) };
  const values = aligned([...factors, whole]);
  const rows = links.map(({ words, partial, formula, mistaken }, k) => {
    const name = isSymbol(partial) ? writeSymbol(partial) : write(partial);
    const pieces = [math(name)];
    if (isSymbol(formula) ? !isSymbol(partial) : typeof formula !== "number")
      pieces.push(mathInPieces("=", formula));
    if (!isSymbol(formula) && symbolsIn(formula).length)
      pieces.push(
        mathInPieces(
          "=",
          substitute(formula, (one) => shown(step, one)),
        ),
      );
    if (mistaken) pieces.push(`<span class="tag">${mistakeTag(step)}</span>`);
    return `<tr${mistaken ? ' class="bad"' : ""}><th scope="row"><span class="tag">${escaped(words)}</span>${pieces.join(" ")}</th>${result(values[k])}</tr>`;
  });
  const name = gradient ? math(writeSymbol(gradient.of), operator("=")) : "";
  const chain = factors.map((factor, k) =>
    math(k ? operator("·") : "", k ? writeFactor(factor) : writeNumber(factor)),
  );
  return `<table class="story-table"><tbody>${rows.join("")}<tr class="sum"><th scope="row"><span class="tag">product</span>${name} ${chain.join(" ")}</th>${result(values.at(-1))}</tr></tbody></table>`;
}

// The paths together: their products, what the others add up to, and the gradient.
function totalOf({ shown: paths, left, rest }, gradient) {
  const terms = paths.map(({ product }) => ({ value: product, digits: showNumber(product) }));
  if (left) terms.push({ value: rest, digits: showNumber(rest), more: left });
  return `<p class="adds">${math(writeSymbol(gradient.of))} ${mathInPieces("=", sum(...terms))} ${math(operator("="), writeNumber(gradient))}, all paths together.</p>`;
}

function trueNumber(step, base) {
  const gradient = { ...base, gradient: true };
  if (!step.mistake) return shown(step, gradient);
  const value = trueGradient(step, base);
  return { value, digits: showNumber(value), of: gradient };
}
