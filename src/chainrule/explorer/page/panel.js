// The panel: the current number as symbol = numbers = result, with what it uses, its check, and its story.

import { checkOf } from "./check.js";
import { aligned, asTyped, showNumber } from "./digits.js";
import { evaluate, isSymbol, product, substitute, symbolsIn } from "./formula.js";
import { keysUsed, valueOf } from "./lines.js";
import { $, $$, el, escaped, makeTabStop, replaceContent, rove } from "./markup.js";
import {
  keyOf,
  math,
  mathInPieces,
  operator,
  plainName,
  write,
  writeNumber,
  writeStacked,
  writeSymbol,
  writeTerm,
} from "./mathml.js";
import { numbersOfNeuron } from "./pointing.js";
import { slopePlot } from "./slope.js";
import { shown } from "./step.js";
import { chainOf, mistakeTag, storyBody, storyOf } from "./story_view.js";
import { worked } from "./worked.js";

// Beyond so many parameters a check is made after the number is shown, not before.
const CHECKED_AT_ONCE = 20000;
// A row with more letters has its formula on a line of its own.
const MOST_LETTERS = 34;

export function makePanel(app, box, light) {
  let scrolled = false;
  function paint() {
    const { symbol, line, updates } = worked(app);
    const parts = [where(app), heading(app, symbol), message(app)];
    if (symbol && isGiven(app, symbol)) parts.push(givenValue(app, symbol));
    if (updates) parts.push(...updates.map((update) => updateRows(app, update)));
    else if (line) parts.push(lineRows(app, symbol, line));
    if (symbol?.gradient && line) parts.push('<p class="check" data-check></p>');
    parts.push(slopePlot(app, symbol));
    // The story tells the same, and more.
    if (symbol?.gradient && line && !app.state.story) parts.push(chainOf(app.step, symbol));
    parts.push(moreOf(app, symbol));
    if (symbol) parts.push(storyOf(app, symbol, app.state.story));
    // While numbers run by it only grows, so that what is below does not dance.
    box.style.minHeight = app.busy ? `${box.offsetHeight}px` : "";
    replaceContent(box, parts.join(""));
    // Another number is read from its beginning.
    if (scrolled && box.dataset.key !== app.state.key) box.scrollTop = 0;
    makeTabStop($$(".row", box), $(".row", box));
    box.dataset.key = app.state.key;
    if (symbol?.gradient && line) check(app, box, symbol, line);
  }

  box.addEventListener("scroll", () => {
    scrolled = box.scrollTop > 0;
  });
  rove(box, ".row", { next: ["ArrowDown"], back: ["ArrowUp"] });
  const keysAt = (target) =>
    target.closest("[data-keys]")?.dataset.keys.split(" ") ??
    (target.closest("[data-k]") ? [target.closest("[data-k]").dataset.k] : []);
  box.addEventListener("mouseover", (event) => light(keysAt(event.target)));
  box.addEventListener("mouseleave", () => light([]));
  box.addEventListener("focusin", (event) => light(keysAt(event.target)));
  box.addEventListener("focusout", () => light([]));
  box.addEventListener("click", (event) => {
    const to =
      event.target.closest("[data-go]")?.dataset.go ??
      event.target.closest("[data-k]")?.dataset.k ??
      event.target.closest(".row[role=button]")?.dataset.keys.split(" ")[0];
    if (to) app.select(to);
  });
  box.addEventListener("keydown", (event) => {
    const row = event.target.closest(".row");
    if (row !== event.target || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    const [first] = row.dataset.keys.split(" ");
    if (first) app.select(first);
  });
  box.addEventListener("change", (event) => {
    if (event.target.matches("[data-edit]")) applyTyped(app, event.target);
  });
  box.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.matches(".story") || event.target.open === app.state.story) return;
      app.state.story = event.target.open;
      const { symbol } = worked(app);
      if (event.target.open)
        $(".tale", box).innerHTML = storyBody(app.step, {
          ...symbol,
          gradient: false,
          mark: undefined,
        });
    },
    true,
  );
  return paint;
}

// --- where one is ---------------------------------------------------------------------------------------------

export function placeWords(app) {
  const { step, state, content } = app;
  const parts = [`epoch ${app.epoch.toLocaleString("en")}`];
  if (app.batches > 1) parts.push(`batch ${(app.update % app.batches) + 1} of ${app.batches}`);
  if (content.samples > 1)
    parts.push(
      `sample ${state.sample + 1}${step.batch && step.row !== state.sample ? `, place ${step.row + 1}` : ""}`,
    );
  return step.batch || parts.length ? parts.join(", ") : "";
}

function where(app) {
  const stop = app.stops[app.state.stop];
  const same = app.stops.filter(({ phase }) => phase === stop.phase);
  const own = stop.key === app.state.key;
  const phase = own ? `${stop.phase}, ${same.indexOf(stop) + 1} of ${same.length}` : "Looked up";
  return `<p class="where"><span>${phase}</span><span>${placeWords(app)}</span></p>`;
}

function heading(app, symbol) {
  if (!symbol) return '<h2 tabindex="-1" data-home></h2>';
  const { title, why } = wordsFor(app, symbol);
  const kind =
    app.state.mode === "mistake" && (symbol.gradient || symbol.mark)
      ? '<b class="tag">as the mistake computes it</b>'
      : "";
  return `<h2 tabindex="-1" data-home>${math(writeSymbol(symbol))}<small>${escaped(title)}${kind}</small></h2><p class="why">${escaped(why.replaceAll(/-(?=\d)/g, "−"))}</p>`;
}

function wordsFor(app, symbol) {
  const name = keyOf(symbol).split("-")[0];
  const stop = app.stops.find(({ section }) => section === name);
  if (stop) return stop;
  const given = app.content.given[symbol.letter];
  if (given && !symbol.gradient) return { title: plainName(symbol), why: given };
  return { title: plainName(symbol), why: "" };
}

function message(app) {
  const { step, content } = app;
  if (step.outside === undefined) return "";
  const words = content.losses[step.network.loss.name].domain.replace(
    "{output}",
    asTyped(showNumber(step.outside)),
  );
  return `<p class="msg" role="alert">${escaped(words)}.</p>`;
}

// --- given numbers, and typing over them ----------------------------------------------------------------------

function isGiven(app, symbol) {
  return !symbol.gradient && !symbol.mark && "xtwb".includes(symbol.letter);
}

function givenValue(app, symbol) {
  const value = shown(app.step, symbol);
  const field = el("input", {
    type: "text",
    inputmode: "decimal",
    "data-edit": app.editKey(symbol),
    "data-f": "edit",
    value: String(value.value),
    "aria-label": `${plainName(symbol)}, a new value`,
    class: "n",
  });
  return `<div class="rows"><div class="row tot" tabindex="-1" data-keys="${keyOf(symbol)}"><span class="sy">${math(writeSymbol(symbol))}</span><span class="fo">${math(operator("="))}</span><span class="nu">${math(writeNumber(value))}</span></div></div><label class="given">Change it to ${field}</label>`;
}

// What was typed as a number; null where it is none.
export function typedNumber(text) {
  const plain = text.trim().replace("−", "-");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

export function applyTyped(app, field) {
  const value = typedNumber(field.value);
  field.setAttribute("aria-invalid", String(value === null));
  if (value === null)
    app.set({
      message: `“${field.value}” is no finite number such as 0.5, so nothing was changed.`,
    });
  else app.edit(field.dataset.edit, value);
}

// --- the line -------------------------------------------------------------------------------------------------

function lineRows(app, symbol, line) {
  const { formula, numbers, rule, value } = line;
  const chain = symbol.gradient && line.uses.length === 1;
  const rows = chain
    ? chainRows(app, symbol, line)
    : rowsOf(formula, numbers, sharesOf(app, symbol));
  const head = chain ? null : symbol.gradient ? rule : (rule ?? (isSum(formula) ? formula : null));
  // What the rows say term by term need not stand above them too.
  const symbols =
    head && !(head[0] === "sum" && head.length > (symbol.gradient ? 3 : 4))
      ? `<p class="symb">${math(writeSymbol(symbol), operator("="), write(head))}</p>`
      : "";
  return `${symbols}<div class="rows">${rows.join("")}${totalRow(symbol, value)}</div>`;
}

function totalRow(symbol, value) {
  return `<div class="row tot" tabindex="-1" data-keys="${keyOf(symbol)}" data-f="total"><span class="sy">${math(writeSymbol(symbol))}</span><span class="fo" data-sign>${math(operator("="))}</span><span class="nu">${math(writeNumber(value))}</span></div>`;
}

function row({
  sign = "",
  symbols,
  formula = "",
  value = "",
  keys = [],
  tag = "",
  share = "",
  wide = false,
  name,
}) {
  const gap =
    sign === null ? "" : `<mo form="infix" lspace="0" rspace=".3em">${sign || "&#8199;"}</mo>`;
  const kind = [
    tag && "bad",
    !(formula || tag || share) && "short",
    formula && (wide || lengthOf(symbols) + lengthOf(formula) > MOST_LETTERS) && "wide",
  ].filter(Boolean);
  return `<div class="${["row", ...kind].join(" ")}" role="button" tabindex="-1" data-f="${name}" data-keys="${[...new Set(keys)].join(" ")}"><span class="sy">${math(gap, symbols)}</span><span class="fo">${formula ? math(operator("="), formula) : ""}${tag || share ? `<span class="tag">${tag || share}</span>` : ""}</span><span class="nu">${value ? math(value) : ""}</span></div>`;
}

// About how many letters wide a formula is set.
const lengthOf = (markup) => markup.replaceAll(/<[^>]*>/g, "").length;

// A sum is worked term by term; what is no sum, as a whole.
function rowsOf(formula, numbers, shares = () => "") {
  if (isSum(formula)) {
    const terms = formula
      .slice(1)
      .map((term, k) => ({ term, numbers: numbers[k + 1], place: k, share: shares(term) }));
    const values = aligned(terms.map(valueOfTerm));
    const rows = terms.map((one, k) => termRow(one, values[k]));
    // Where one formula needs a line of its own, all have one.
    return rows.some((text) => text.startsWith('<div class="row wide'))
      ? terms.map((one, k) => termRow(one, values[k], true))
      : rows;
  }
  if (isSymbol(formula))
    return [
      row({
        sign: null,
        symbols: write(formula),
        value: write(numbers),
        keys: keysUsed(formula),
        name: "whole",
      }),
    ];
  return [wholeRow(formula, formula, "whole"), wholeRow(numbers, formula, "numbers")];
}

const isSum = (part) => Array.isArray(part) && part[0] === "sum";

// A formula that takes the row as a whole, and as many lines as it needs.
function wholeRow(part, formula, name) {
  const keys = [...new Set(keysUsed(formula))].join(" ");
  return `<div class="row whole" role="button" tabindex="-1" data-f="${name}" data-keys="${keys}">${mathInPieces("=", part)}</div>`;
}

// Of a parameter's gradient over a batch, each term is the share of one sample.
function sharesOf({ step, state }, symbol) {
  if (!step.batch || !symbol.gradient || !"wb".includes(symbol.letter)) return () => "";
  return (term) => {
    const place = symbolsIn(term).find(({ gradient }) => gradient)?.index[0];
    if (!place) return "";
    const sample = step.rows[place - 1];
    return `share of sample ${sample + 1}${sample === state.sample ? ", this one" : ""}`;
  };
}

const isNegative = (term) => Array.isArray(term) && term[0] === "negative";
const isRest = (term) => Array.isArray(term) && term[0] === "rest";

// A term without its sign, as a number.
function valueOfTerm({ term, numbers }) {
  const [inner, inNumbers] = isNegative(term) ? [term[1], numbers[1]] : [term, numbers];
  if (isRest(inner)) return inner[2];
  if (isSymbol(inner)) return inNumbers;
  const value = evaluate(inNumbers);
  return { value, digits: showNumber(value) };
}

function termRow({ term, numbers, place, share }, value, wide = false) {
  const minus = isNegative(term);
  const [inner, inNumbers] = minus ? [term[1], numbers[1]] : [term, numbers];
  const plain = isSymbol(inner) || isRest(inner) || typeof inner === "number";
  return row({
    sign: minus ? "−" : place ? "+" : "",
    symbols: isRest(inner) ? write(inner) : writeTerm(inner),
    formula: plain ? "" : write(inNumbers),
    value: writeNumber(value),
    keys: keysUsed(inner),
    share,
    wide,
    name: `${isRest(inner) ? "rest" : "term"}${place}`,
  });
}

// One link of the chain: what flows in, times the derivative on the spot.
function chainRows(app, symbol, line) {
  const { step } = app;
  const [{ fed }] = line.uses;
  const rows = [];
  const flowing = { ...fed, gradient: true };
  const local = fed.letter === "loss" ? line.formula : localOf(line, flowing);
  if (fed.letter !== "loss")
    rows.push(
      row({
        symbols: writeStacked(flowing),
        value: writeNumber(shown(step, flowing)),
        keys: [keyOf(flowing)],
        name: "flowing",
      }),
    );
  const of = fed.letter === "loss" ? { letter: "loss", gradient: true } : fed;
  const numbers = substitute(local, (one) => shown(step, one));
  const plain = isSymbol(local) || typeof local === "number";
  const factor = valueOf(step, local);
  const value =
    fed.letter === "loss"
      ? line.value
      : isSymbol(local)
        ? shown(step, local)
        : { value: factor, digits: showNumber(factor) };
  rows.push(
    row({
      sign: rows.length ? "·" : "",
      symbols: write(["partial", of, { ...symbol, gradient: false }]),
      formula: write(local) + (plain ? "" : operator("=") + write(numbers)),
      value: writeNumber(value),
      keys: keysUsed(local),
      tag: line.mistaken ? mistakeTag(step) : "",
      name: "local",
    }),
  );
  return rows;
}

// The formula without what flows in.
function localOf(line, flowing) {
  const key = keyOf(flowing);
  const strip = (part) => {
    if (isSymbol(part)) return keyOf(part) === key ? 1 : part;
    if (!Array.isArray(part)) return part;
    if (part[0] === "negative") return product(-1, strip(part[1]));
    if (part[0] === "product")
      return product(
        ...part.slice(1).filter((factor) => !(isSymbol(factor) && keyOf(factor) === key)),
      );
    return part;
  };
  return strip(line.formula);
}

function updateRows(app, { result, relation, formula, numbers, value }) {
  const rows = isSum(formula)
    ? rowsOf(formula, numbers)
    : [wholeRow(numbers, formula, `u${keyOf(result)}`)];
  const head = `<p class="symb">${math(writeSymbol(result), operator(relation), write(formula))}</p>`;
  const total = `<div class="row tot" tabindex="-1" data-keys="${keyOf(result)}"><span class="sy">${math(writeSymbol(result))}</span><span class="fo">${math(operator(relation))}</span><span class="nu">${math(writeNumber(value))}</span></div>`;
  return `${head}<div class="rows">${rows.join("")}${total}</div>`;
}

// --- the check ------------------------------------------------------------------------------------------------

function check(app, box, symbol, line) {
  const place = $("[data-check]", box);
  const parameters = Object.values(app.problem.parameters).reduce(
    (total, values) => total + values.length,
    0,
  );
  const key = app.state.key;
  const fill = () => {
    if (app.state.key !== key || !place.isConnected) return;
    const { html, equal } = checkOf(app.step, symbol, line);
    place.innerHTML = html;
    const sign = $("[data-sign]", box);
    if (sign && !equal) sign.innerHTML = math(operator("≠"));
  };
  if (parameters <= CHECKED_AT_ONCE) fill();
  else setTimeout(fill, 0);
}

// --- ways to its other numbers --------------------------------------------------------------------------------

function moreOf(app, symbol) {
  if (!symbol || !/^[xwbza]$/.test(symbol.letter)) return "";
  const base = { ...symbol, gradient: false, mark: undefined };
  // A frozen bias has no update, and its section says why.
  const frozen = app.content.sections.find(
    ({ key }) =>
      key === `new ${base.letter}${base.layer}` &&
      !(`${base.letter}${base.layer}_new` in app.step.values),
  );
  const note = frozen && app.step.optimizer ? `<p class="more">${escaped(frozen.why)}</p>` : "";
  const beside = "za".includes(base.letter)
    ? numbersOfNeuron(app.step, base.layer, base.index.at(-1))
    : [];
  const others = [base, { ...base, gradient: true }, { ...base, mark: "new" }, ...beside].filter(
    (one, k, all) =>
      keyOf(one).split("-")[0] in app.step.values &&
      keyOf(one) !== keyOf(symbol) &&
      all.findIndex((other) => keyOf(other) === keyOf(one)) === k,
  );
  const links = others.map(
    (one) =>
      `<button type="button" class="go" data-go="${keyOf(one)}" data-f="go${keyOf(one)}">${math(writeSymbol(one))}</button>`,
  );
  return note + (links.length ? `<p class="more">See also ${links.join(" ")}</p>` : "");
}
