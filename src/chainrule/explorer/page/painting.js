// What the drawing says at a step: numbers in their places, widths of edges, and what is known, used, or looked at.

import { ACTIVATIONS } from "./activations.js";
import { hideCollisions } from "./collisions.js";
import { asTyped, shortNumber } from "./digits.js";
import { keysUsed } from "./lines.js";
import { $, $$ } from "./markup.js";
import { keyOf, plainName } from "./mathml.js";
import { edgesOfPath, pathsShown } from "./path_lines.js";
import { indexed } from "./shapes.js";
import { numberOf, ofSample, placeOfLargest } from "./step.js";
import { worked } from "./worked.js";

// Between two columns with more edges a label shows once its number is looked at, used, or pointed to.
const QUIET_LABELS = 12;
const ITALIC = { b: "𝑏", z: "𝑧", a: "𝑎", t: "𝑡", d: "𝛿" };

export function paintNumbers(app, stage, plan) {
  const svg = $("svg", stage);
  const { step, state } = app;
  const line = worked(app).line;
  const used = new Set(line ? keysUsed(line.formula) : []);
  const look = {
    app,
    step,
    used,
    known: knownIn(app),
    phase: app.stops[state.stop].phase,
    key: state.key,
  };
  look.crowded = new Set(
    plan.columns
      .slice(1)
      .filter((to, k) => to.units.length * plan.columns[k].units.length > QUIET_LABELS)
      .map(({ layer }) => layer),
  );
  look.tight = new Set(
    plan.columns
      .filter(
        ({ pitch, layer, narrow }) =>
          layer && !plan.tall && (narrow || pitch <= 100) && pitch >= 52,
      )
      .map(({ layer }) => layer),
  );
  look.turn = (layer) => app.stops.findIndex(({ section }) => section === `gz${layer}`);
  const widest = largestByLayer(look);
  for (const element of $$("[data-r]", svg)) {
    const [kind, ...place] = element.dataset.r.split("-");
    const numbers = place.map(Number);
    if (kind === "e") paintEdge(look, element, numbers, widest);
    else if (kind === "l") paintLink(look, element, numbers);
    else if (kind === "n") paintNeuron(look, element, numbers, plan);
    else if (kind === "L") paintLoss(look, element);
    else paintLabel(look, element, kind, numbers);
  }
  $(".paths", svg).innerHTML = pathsShown(app)
    .map((path) => edgesOfPath(svg, path))
    .join("");
  hideCollisions(svg);
}

// Whether a number is computed yet, where one stands.
function knownIn(app) {
  const first = new Map();
  const exact = new Map();
  app.stops.forEach(({ key, section }, place) => {
    if (!first.has(section)) first.set(section, place);
    exact.set(key, place);
  });
  return (symbol) => {
    const key = keyOf(symbol);
    const place = exact.get(key) ?? first.get(key.split("-")[0]);
    return place === undefined ? !symbol.gradient && !symbol.mark : place <= app.state.stop;
  };
}

// Which of a weight's three numbers the drawing shows: itself, its gradient, or what the update makes of it.
function facetOf({ app, known, phase }, symbol) {
  const gradient = { ...symbol, gradient: true };
  if (app.state.lines === "gradients") return gradient;
  if (app.state.lines === "weights" || phase === "Forward" || phase === "Loss") return symbol;
  const fresh = { ...symbol, mark: "new" };
  if (phase === "Update")
    return keyOf(fresh).split("-")[0] in app.step.values && known(fresh) ? fresh : symbol;
  return known(gradient) ? gradient : symbol;
}

function largestByLayer({ step }) {
  return step.network.layers.map((_, k) => {
    const largest = (values) => (values ? Math.abs(values[placeOfLargest(values)]) : 0);
    return {
      w: Math.max(1, largest(step.values[`w${k + 1}`])),
      g: largest(step.values[`gw${k + 1}`]),
    };
  });
}

function paintEdge(look, element, [layer, o, i], widest) {
  const symbol = { letter: "w", layer, index: [o, i] };
  const facet = facetOf(look, symbol);
  element.dataset.k = keyOf(facet);
  const value = numberOf(look.step, facet);
  const top = facet.gradient ? Math.max(...widest.map(({ g }) => g)) : widest[layer - 1].w;
  const width =
    facet.gradient || look.phase !== "Backward" || look.app.state.lines === "weights"
      ? 1 + (5.5 * Math.abs(value)) / (top || 1)
      : 1;
  element.setAttribute("stroke-width", Number.isFinite(width) ? width.toFixed(2) : "1");
  element.setAttribute("stroke-dasharray", value < 0 ? "6 4" : "none");
  const neutral = look.phase === "Backward" && !facet.gradient && look.app.state.lines === "auto";
  element.setAttribute(
    "class",
    `ed ${facet.gradient ? "grad" : ""} ${neutral ? "rest" : ""} ${stateOf(look, [symbol, { ...symbol, gradient: true }, { ...symbol, mark: "new" }])}`,
  );
}

function paintLink(look, element, [unit]) {
  const a = ofSample(look.step, "a", look.step.network.layers.length, unit);
  element.setAttribute("class", `ed link ${stateOf(look, [{ ...a, gradient: true }])}`);
}

function stateOf({ key, used }, symbols) {
  const keys = symbols.map(keyOf);
  return keys.includes(key) ? "cur" : keys.some((one) => used.has(one)) ? "used" : "";
}

function paintNeuron(look, element, [layer, unit], plan) {
  const { step } = look;
  const symbol = layer ? ofSample(step, "a", layer, unit) : ofSample(step, "x", 0, unit);
  const value = numberOf(step, symbol);
  const known = look.known(symbol);
  element.dataset.k = keyOf(symbol);
  element.setAttribute(
    "class",
    `node q ${layer ? "ka" : "kx"} ${known ? "" : "empty"} ${stateOf(look, [symbol, { ...symbol, gradient: true }])} ${look.app.isEdited(look.app.editKey(symbol)) ? "changed" : ""}`,
  );
  element.setAttribute(
    "aria-label",
    `${plainName(symbol)}${known ? ` = ${shortNumber(value)}` : ", not computed yet"}`,
  );
  if (!layer) {
    const text = $(".in", element);
    if (text) text.textContent = fitted(value, plan.columns[0].radius);
    const name = $(".lb", element);
    if (name && !text && !plan.tall) name.innerHTML = indexed("𝑥", unit, shortNumber(value));
    name?.classList.toggle("small", !text);
    return;
  }
  const column = plan.columns[layer];
  const place = column.units.find((one) => one.unit === unit);
  if (column.radius >= 18)
    paintCurve(look, element, column, place, ofSample(step, "z", layer, unit), known);
}

// As many digits as there is room for in a circle.
function fitted(value, radius) {
  const room = Math.floor((2 * radius - 4) / 7.6);
  const texts = [value, ...[4, 3, 2, 1].map((digits) => Number(value.toPrecision(digits)))].map(
    shortNumber,
  );
  return texts.find((text) => text.length <= room) ?? "…";
}

function paintCurve(look, element, { layer, radius }, { x, y }, z, known) {
  const { activation } = look.step.network.layers[layer - 1];
  const { value, slope } = ACTIVATIONS[activation.name];
  const curve = $(".cv", element);
  const [axis, tangent, wrong, dot] = [
    $(".ax", element),
    $(".tg", element),
    $(".tg.bad", element),
    $(".pt", element),
  ];
  const points = Array.from({ length: 41 }, (_, k) => -5 + k / 4);
  const values = value ? points.map((point) => value(point, activation.alpha)) : [];
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  // Softmax has no curve of one unit alone, and some curves go beyond all bounds.
  const drawn = Boolean(value) && high - low < 1e12;
  for (const part of [curve, axis, tangent, wrong, dot]) part.style.display = drawn ? "" : "none";
  if (!drawn) return;
  const [across, up] = [(radius * 0.78) / 5, (radius * 0.95) / Math.max(high - low, 1e-9)];
  const at = (u, v) => [
    x + Math.max(-5, Math.min(5, u)) * across,
    y + radius * 0.52 - (v - low) * up,
  ];
  curve.setAttribute(
    "d",
    `M${points
      .map((point, k) =>
        at(point, values[k])
          .map((c) => c.toFixed(1))
          .join(" "),
      )
      .join("L")}`,
  );
  const [left, right] = [at(-5, 0), at(5, 0)];
  setLine(axis, left, right);
  const now = numberOf(look.step, z);
  const touch = (line, u) => {
    const [px, py] = at(u, value(u, activation.alpha));
    const [dx, dy] = [across, -slope(u, activation.alpha) * up];
    const scale = (radius * 0.3) / Math.hypot(dx, dy);
    setLine(line, [px - dx * scale, py - dy * scale], [px + dx * scale, py + dy * scale]);
    return [px, py];
  };
  const visible = known && Math.abs(now) <= 5;
  tangent.style.display = dot.style.display = visible ? "" : "none";
  const mistaken = look.step.mistake === "derivative-at-activation" && look.phase === "Backward";
  wrong.style.display = mistaken && visible ? "" : "none";
  if (!visible) return;
  const [px, py] = touch(tangent, now);
  dot.setAttribute("cx", px.toFixed(1));
  dot.setAttribute("cy", py.toFixed(1));
  if (mistaken) touch(wrong, value(now, activation.alpha));
}

function setLine(line, [x1, y1], [x2, y2]) {
  line.setAttribute("x1", x1.toFixed(1));
  line.setAttribute("y1", y1.toFixed(1));
  line.setAttribute("x2", x2.toFixed(1));
  line.setAttribute("y2", y2.toFixed(1));
}

function paintLoss(look, element) {
  const symbol = { letter: "loss", index: [] };
  const known = look.known(symbol) && look.step.loss !== undefined;
  element.dataset.k = "loss";
  element.setAttribute(
    "class",
    `loss-node q kn ${stateOf(look, [symbol, { letter: "losses", index: [look.step.row + 1] }])} ${known ? "" : "empty"}`,
  );
  $(".val", element).textContent = known ? shortNumber(look.step.loss) : "";
  element.setAttribute(
    "aria-label",
    known ? `loss = ${shortNumber(look.step.loss)}` : "loss, not computed yet",
  );
}

function symbolsOfLabel({ step }, kind, [layer, unit, input]) {
  if (kind === "w") return { letter: "w", layer, index: [unit, input] };
  if (kind === "b")
    return { letter: "b", layer, index: [Math.min(unit, step.network.layers[layer - 1].biases)] };
  if (kind === "t") return ofSample(step, "t", 0, layer);
  if (kind === "d") return { ...ofSample(step, "z", layer, unit), gradient: true };
  return ofSample(step, kind, layer, unit);
}

function paintLabel(look, element, kind, place) {
  const { step, app } = look;
  const own = symbolsOfLabel(look, kind, place);
  const facet = kind === "w" || kind === "b" ? facetOf(look, own) : own;
  const exists = keyOf(facet).split("-")[0] in step.values;
  const known =
    exists &&
    look.known(facet) &&
    !(kind === "d" && look.phase === "Forward" && app.state.lines !== "gradients");
  const value = exists ? numberOf(step, facet) : NaN;
  const text = $("text", element);
  const sign =
    { w: "", d: `${ITALIC.d} `, b: facet.gradient ? "∂𝑏 " : `${ITALIC.b} ` }[kind] ??
    `${ITALIC[kind]} `;
  text.textContent = known ? sign + shortNumber(value) : "";
  const hue = facet.gradient ? "kg" : ({ w: "kw", b: "kw", t: "kx" }[kind] ?? "ka");
  text.setAttribute("class", `n ${hue}`);
  element.dataset.k = keyOf(facet);
  const state = stateOf(
    look,
    kind === "w" || kind === "b"
      ? [own, { ...own, gradient: true }, { ...own, mark: "new" }]
      : [facet],
  );
  const quiet =
    kind === "w" && look.crowded.has(place[0]) && !state && element !== document.activeElement;
  // In a crowded column there is room for one number beside a neuron: the one that its phase is about.
  const tight =
    !state &&
    look.tight.has(place[0]) &&
    (kind === "a"
      ? look.phase === "Backward" && app.state.stop >= look.turn(place[0])
      : kind === "d" && look.phase !== "Backward");
  const hidden = !known || quiet || tight || (kind === "t" && !app.problem.hasTargets);
  element.setAttribute(
    "class",
    `lab q ${hue} ${state} ${hidden ? "blank" : ""} ${app.isEdited(app.editKey(own)) ? "changed" : ""}`,
  );
  element.setAttribute(
    "aria-label",
    `${plainName(facet)}${facet.mark ? " after the update" : ""} = ${asTyped(shortNumber(value))}`,
  );
  const rect = $("rect", element);
  const width = [...text.textContent].length * 7.7 + 8;
  rect.setAttribute("width", width.toFixed(1));
  rect.setAttribute(
    "x",
    { middle: -width / 2, start: -4, end: 4 - width }[element.dataset.a].toFixed(1),
  );
}
