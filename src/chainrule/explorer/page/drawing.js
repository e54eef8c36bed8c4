// The network, drawn: neurons with their values and their own curve, edges whose width is the size of a number.
//
// The drawing is built anew only where its shape changes; a step repaints what is there, so focus stays.

import { ACTIVATIONS } from "./activations.js";
import { asTyped, shortNumber } from "./digits.js";
import { keysUsed } from "./lines.js";
import { layOut } from "./layout.js";
import { $, $$, el, makeTabStop } from "./markup.js";
import { keyOf, plainName } from "./mathml.js";
import { edgesOfPath, pathsShown } from "./path_lines.js";
import { numberOf, ofSample, placeOfLargest, symbolOf } from "./step.js";
import { worked } from "./worked.js";

// Between two columns with more edges a label shows once its number is looked at, used, or pointed to.
const [MOST_LABELS, QUIET_LABELS] = [48, 12];
const ITALIC = { x: "𝑥", w: "𝑤", b: "𝑏", z: "𝑧", a: "𝑎", t: "𝑡", L: "𝐿", d: "𝛿" };
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const lowered = (number) => [...String(number)].map((digit) => SUBSCRIPTS[digit]).join("");

export function makeDrawing(app, stage, openEditor) {
  let plan = null;
  let shape = "";

  function paint() {
    const { layers } = app.step.network;
    const sizes = [layers[0].inputs, ...layers.map(({ units }) => units)];
    const selected = selectedUnits(app, sizes.length);
    const width = Math.max(300, Math.round(stage.clientWidth));
    const wanted = JSON.stringify([sizes, width, layOut(sizes, width, selected).columns.map(({ shown }) => shown)]);
    if (wanted !== shape) {
      shape = wanted;
      plan = layOut(sizes, width, selected);
      build();
    }
    paintAll(app, stage, plan);
  }

  function build() {
    const focused = stage.contains(document.activeElement) ? document.activeElement.dataset.r : null;
    $("svg", stage)?.remove();
    stage.insertAdjacentHTML("afterbegin", drawingOf(app, plan));
    const members = $$("[data-r][role]", stage);
    makeTabStop(members, members.find((member) => member.dataset.r === focused) ?? members[0]);
    if (focused) $$("[data-r]", stage).find((member) => member.dataset.r === focused)?.focus();
  }

  function choose(target) {
    const key = target.dataset.k;
    if (!key) return;
    app.select(key);
    if (/^[xtwb]\d*-/.test(key)) openEditor(key, target);
  }

  stage.addEventListener("click", (event) => {
    const target = event.target.closest("[data-k]");
    if (target && $("svg", stage).contains(target)) choose(target);
  });
  stage.addEventListener("keydown", (event) => {
    const target = event.target.closest("svg [data-r]");
    if (!target) return;
    if (event.key === "Enter" || event.key === " ") choose(target);
    else if (event.key.startsWith("Arrow")) moveFocus(stage, target, event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(() => {
    if (Math.abs((plan?.width ?? 0) - stage.clientWidth) > 1) paint();
  }).observe(stage);
  return paint;
}

// Of each column the neuron that the current number belongs to.
function selectedUnits(app, columns) {
  const symbol = symbolOf(app.step, app.state.key);
  const selected = Array(columns).fill(0);
  if (!symbol || !symbol.index.length || symbol.letter.startsWith("loss")) return selected;
  const parameter = /[wb]$/.test(symbol.letter);
  const unit = parameter ? symbol.index[0] : symbol.index.at(-1);
  selected[symbol.letter === "t" ? columns - 1 : (symbol.layer ?? 0)] = unit;
  if (symbol.letter.endsWith("w")) selected[symbol.layer - 1] = symbol.index[1];
  return selected;
}

// To the nearest label in the direction of the arrow.
function moveFocus(stage, from, key) {
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const centre = (element) => {
    const box = element.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = centre(from);
  const members = $$("svg [data-r][role]", stage).filter((member) => member.style.visibility !== "hidden");
  let best = null;
  for (const member of members) {
    const [mx, my] = centre(member);
    const [along, across] = [(mx - x) * dx + (my - y) * dy, Math.abs((mx - x) * dy) + Math.abs((my - y) * dx)];
    if (member === from || along < 2) continue;
    const distance = along + 2.5 * across;
    if (!best || distance < best.distance) best = { member, distance };
  }
  if (!best) return;
  makeTabStop(members, best.member);
  best.member.focus();
}

// --- building -------------------------------------------------------------------------------------------------

function drawingOf(app, plan) {
  const parts = [...edges(plan), ...foldMarks(app, plan)];
  parts.push(el("g", { class: "paths" }));
  for (const column of plan.columns) for (const place of column.units) parts.push(neuron(plan, column, place));
  parts.push(lossBox(plan), ...edgeLabels(plan));
  return el(
    "svg",
    { viewBox: `0 0 ${plan.width} ${plan.height}`, width: plan.width, height: plan.height, role: "group", "aria-label": "The network. Arrow keys move between its numbers, Enter opens one." },
    parts.join(""),
  );
}

function pairs(plan) {
  return plan.columns.slice(1).flatMap((to, k) =>
    to.units.flatMap((end) => plan.columns[k].units.map((start) => ({ layer: to.layer, start, end, from: plan.columns[k], to }))),
  );
}

function edges(plan) {
  const last = plan.columns.at(-1);
  const toLoss = last.units.map(({ unit, x, y }) =>
    plan.tall
      ? el("line", { class: "ed link", "data-r": `l-${unit}`, x1: x, y1: y, x2: plan.loss.x, y2: plan.loss.y - 26 })
      : el("line", { class: "ed link", "data-r": `l-${unit}`, x1: x, y1: y, x2: plan.loss.x - 40, y2: plan.loss.y + (y - plan.loss.y) * 0.12 }),
  );
  const lines = pairs(plan).map(({ layer, start, end }) =>
    el("line", { class: "ed", "data-r": `e-${layer}-${end.unit}-${start.unit}`, x1: start.x, y1: start.y, x2: end.x, y2: end.y }),
  );
  return [...toLoss, ...lines];
}

function edgeLabels(plan) {
  return plan.columns.slice(1).flatMap((to, k) => {
    const from = plan.columns[k];
    if (from.units.length * to.units.length > MOST_LABELS) return [];
    return to.units.flatMap((end, o) =>
      from.units.map((start) => {
        const along = spotOf(plan, from, to, o);
        const x = start.x + (end.x - start.x) * along;
        const y = start.y + (end.y - start.y) * along;
        return label(`w-${to.layer}-${end.unit}-${start.unit}`, x, y + 5, "middle");
      }),
    );
  });
}

// Labels stand apart where edges do: near their source, or before the one unit that all lead to.
function spotOf(plan, from, to, o) {
  if (plan.tall) return to.units.length === 1 ? 0.6 : [0.24, 0.37, 0.5][o % 3];
  if (to.units.length === 1 && from.units.length > 1) return 0.58;
  const start = (from.layer ? from.radius + 96 : from.radius + 50) / (to.x - from.x);
  return Math.min(0.5, start);
}

function label(role, x, y, anchor) {
  return el(
    "g",
    { class: "lab q", "data-r": role, role: "button", tabindex: "-1", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, "data-a": anchor },
    `<rect rx="2" y="-16" height="22"/><text class="n" text-anchor="${anchor}"></text>`,
  );
}

function neuron(plan, column, { unit, x, y }) {
  const { layer, radius, pitch } = column;
  const input = layer === 0;
  const parts = [el("circle", { class: "plate", cx: x, cy: y, r: radius }), el("circle", { class: "body", cx: x, cy: y, r: radius })];
  if (!input && radius >= 18) parts.push('<path class="cv"/><line class="ax"/><line class="tg"/><line class="tg bad"/><circle class="pt" r="3"/>');
  const value = input && radius >= 17;
  if (value) parts.push(el("text", { class: "n in", x, y: y + 5.5, "text-anchor": "middle" }));
  const nodeOf = (inner) => el("g", { class: `node q ${input ? "kx" : "ka"}`, "data-r": `n-${layer}-${unit}`, role: "button", tabindex: "-1" }, inner);
  const name = input && pitch >= 24 ? el("text", { class: "n lb kx", x: plan.tall ? x : x - radius - 10, y: plan.tall ? y - radius - 10 : y + 6, "text-anchor": plan.tall ? "middle" : "end" }, `𝑥${lowered(unit)}`) : "";
  if (input) return nodeOf(parts.join("") + name);
  return nodeOf(parts.join("")) + neuronLabels(plan, column, unit, x, y).join("");
}

function neuronLabels(plan, { layer, radius, pitch, units, count }, unit, x, y) {
  const last = layer === plan.columns.length - 1;
  const role = (letter) => `${letter}-${layer}-${unit}`;
  if (plan.tall) {
    if (pitch < 62) return [];
    const labels = [label(role("b"), x, y - radius - 9, "middle")];
    // With a column to itself the numbers stand beside the neuron, and the edges below stay free.
    if (units.length === 1 && count === 1) {
      return [...labels, label(role("z"), x + radius + 10, y - 12, "start"), label(role("a"), x + radius + 10, y + 9, "start"), label(role("d"), x + radius + 10, y + 30, "start"), ...(last ? [label(`t-${unit}`, x - radius - 12, y + 5, "end")] : [])];
    }
    const below = [label(role("z"), x, y + radius + 17, "middle"), label(role("a"), x, y + radius + 38, "middle"), label(role("d"), x, y + radius + 59, "middle")];
    return [...labels, ...below, ...(last ? [label(`t-${unit}`, x, y + radius + 80, "middle")] : [])];
  }
  const beside = x + radius + 8;
  if (pitch > 100) {
    return [
      label(role("b"), x, y - radius - 9, "middle"),
      label(role("z"), x, y + radius + 18, "middle"),
      label(role("a"), beside, y - 9, "start"),
      label(role("d"), beside, y + (last ? 22 : 26), "start"),
      ...(last && plan.columns.at(-1).count > 1 ? [label(`t-${unit}`, beside, y + 43, "start")] : []),
    ];
  }
  if (pitch >= 52) {
    const labels = [label(role("a"), beside, y - 3, "start"), label(role("d"), beside, y + 18, "start")];
    return last ? [...labels, label(`t-${unit}`, beside + 74, y - 3, "start")] : labels;
  }
  return [label(role("a"), beside, y + 5, "start")];
}

function lossBox(plan) {
  const { x, y } = plan.loss;
  const box = '<rect class="box" x="-40" y="-27" width="80" height="54"/><text class="n lb" y="-6" text-anchor="middle">𝐿</text><text class="n val" y="16" text-anchor="middle"></text>';
  const loss = el("g", { class: "loss-node q kn", "data-r": "L", role: "button", tabindex: "-1", transform: `translate(${x} ${y})` }, box);
  return loss + (plan.columns.at(-1).count === 1 && !plan.tall ? label("t-1", x, y + 47, "middle") : "");
}

function foldMarks(app, plan) {
  return plan.columns.flatMap(({ layer, count, units, radius }) => {
    if (units.length === count) return [];
    const [word, plural] = layer === 0 ? ["input", "inputs"] : ["neuron", "neurons"];
    const dots = units.slice(1).flatMap((place, k) => {
      const before = units[k];
      if (place.unit - before.unit < 2) return [];
      return [el("text", { class: "n fold", x: (place.x + before.x) / 2, y: (place.y + before.y) / 2 + 6, "text-anchor": "middle" }, plan.tall ? "⋯" : "⋮")];
    });
    const caption = `${count.toLocaleString("en")} ${count === 1 ? word : plural}, ${(count - units.length).toLocaleString("en")} folded`;
    const at = plan.tall ? { x: plan.width / 2, y: units[0].y - radius - 31, "text-anchor": "middle" } : { x: units[0].x, y: plan.height - 4, "text-anchor": "middle" };
    return [...dots, el("text", { class: "cap halo", ...at }, caption)];
  });
}

// --- painting -------------------------------------------------------------------------------------------------

function paintAll(app, stage, plan) {
  const svg = $("svg", stage);
  const { step, state } = app;
  const line = worked(app).line;
  const used = new Set(line ? keysUsed(line.formula) : []);
  const look = { app, step, used, known: knownIn(app), phase: app.stops[state.stop].phase, key: state.key };
  look.crowded = new Set(plan.columns.slice(1).filter((to, k) => to.units.length * plan.columns[k].units.length > QUIET_LABELS).map(({ layer }) => layer));
  look.tight = new Set(plan.columns.filter(({ pitch, layer }) => layer && pitch <= 100 && pitch >= 52 && !plan.tall).map(({ layer }) => layer));
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
  hideCollisions(svg, look);
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
  if (phase === "Update") return keyOf(fresh).split("-")[0] in app.step.values && known(fresh) ? fresh : symbol;
  return known(gradient) ? gradient : symbol;
}

function largestByLayer({ step }) {
  return step.network.layers.map((_, k) => {
    const largest = (values) => (values ? Math.abs(values[placeOfLargest(values)]) : 0);
    return { w: Math.max(1, largest(step.values[`w${k + 1}`])), g: largest(step.values[`gw${k + 1}`]) };
  });
}

function paintEdge(look, element, [layer, o, i], widest) {
  const symbol = { letter: "w", layer, index: [o, i] };
  const facet = facetOf(look, symbol);
  const value = numberOf(look.step, facet);
  const top = facet.gradient ? Math.max(...widest.map(({ g }) => g)) : widest[layer - 1].w;
  const width = facet.gradient || look.phase !== "Backward" || look.app.state.lines === "weights" ? 1 + (5.5 * Math.abs(value)) / (top || 1) : 1;
  element.setAttribute("stroke-width", Number.isFinite(width) ? width.toFixed(2) : "1");
  element.setAttribute("stroke-dasharray", value < 0 ? "6 4" : "none");
  const neutral = look.phase === "Backward" && !facet.gradient && look.app.state.lines === "auto";
  element.setAttribute("class", `ed ${facet.gradient ? "grad" : ""} ${neutral ? "rest" : ""} ${stateOf(look, [symbol, { ...symbol, gradient: true }, { ...symbol, mark: "new" }])}`);
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
  element.setAttribute("class", `node q ${layer ? "ka" : "kx"} ${known ? "" : "empty"} ${stateOf(look, [symbol, { ...symbol, gradient: true }])} ${look.app.isEdited(datasetKey(look.app, symbol)) ? "changed" : ""}`);
  element.setAttribute("aria-label", `${plainName(symbol)}${known ? ` = ${shortNumber(value)}` : ", not computed yet"}`);
  if (!layer) {
    const text = $(".in", element);
    if (text) text.textContent = fitted(value, plan.columns[0].radius);
    const name = $(".lb", element);
    if (name && !text && !plan.tall) name.textContent = `𝑥${lowered(unit)} ${shortNumber(value)}`;
    name?.classList.toggle("small", !text);
    return;
  }
  const column = plan.columns[layer];
  const place = column.units.find((one) => one.unit === unit);
  if (column.radius >= 18) paintCurve(look, element, column, place, ofSample(step, "z", layer, unit), known);
}

// As many digits as there is room for in a circle.
function fitted(value, radius) {
  const whole = shortNumber(value);
  const room = Math.floor((2 * radius - 4) / 7.6);
  if (whole.length <= room) return whole;
  const rounded = Number(value.toPrecision(Math.max(1, room - (value < 0 ? 3 : 2))));
  return shortNumber(rounded);
}

// An edit of an input or a target is kept by the sample's place in the data, not in the batch.
export function datasetKey(app, symbol) {
  if (symbol.letter !== "x" && symbol.letter !== "t") return keyOf(symbol);
  const sample = app.step.batch ? app.step.rows[symbol.index[0] - 1] : app.step.rows[0];
  return `${symbol.letter}-${sample + 1}-${symbol.index.at(-1)}`;
}

function paintCurve(look, element, { layer, radius }, { x, y }, z, known) {
  const { activation } = look.step.network.layers[layer - 1];
  const { value, slope } = ACTIVATIONS[activation.name];
  const curve = $(".cv", element);
  const [axis, tangent, wrong, dot] = [$(".ax", element), $(".tg", element), $(".tg.bad", element), $(".pt", element)];
  for (const part of [curve, axis, tangent, wrong, dot]) part.style.display = value ? "" : "none";
  if (!value) return;
  const points = Array.from({ length: 41 }, (_, k) => -5 + k / 4);
  const values = points.map((point) => value(point, activation.alpha));
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const [across, up] = [(radius * 0.78) / 5, (radius * 0.95) / Math.max(high - low, 1e-9)];
  const at = (u, v) => [x + Math.max(-5, Math.min(5, u)) * across, y + radius * 0.52 - (v - low) * up];
  curve.setAttribute("d", `M${points.map((point, k) => at(point, values[k]).map((c) => c.toFixed(1)).join(" ")).join("L")}`);
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
  element.setAttribute("class", `loss-node q kn ${stateOf(look, [symbol, { letter: "losses", index: [look.step.row + 1] }])} ${known ? "" : "empty"}`);
  $(".val", element).textContent = known ? shortNumber(look.step.loss) : "";
  element.setAttribute("aria-label", known ? `loss = ${shortNumber(look.step.loss)}` : "loss, not computed yet");
}

function symbolsOfLabel({ step }, kind, [layer, unit, input]) {
  if (kind === "w") return { letter: "w", layer, index: [unit, input] };
  if (kind === "b") return { letter: "b", layer, index: [Math.min(unit, step.network.layers[layer - 1].biases)] };
  if (kind === "t") return ofSample(step, "t", 0, layer);
  if (kind === "d") return { ...ofSample(step, "z", layer, unit), gradient: true };
  return ofSample(step, kind, layer, unit);
}

function paintLabel(look, element, kind, place) {
  const { step, app } = look;
  const own = symbolsOfLabel(look, kind, place);
  const facet = kind === "w" || kind === "b" ? facetOf(look, own) : own;
  const exists = keyOf(facet).split("-")[0] in step.values;
  const known = exists && look.known(facet) && !(kind === "d" && look.phase === "Forward" && app.state.lines !== "gradients");
  const value = exists ? numberOf(step, facet) : NaN;
  const text = $("text", element);
  const sign = { w: "", d: `${ITALIC.d} `, b: facet.gradient ? "∂𝑏 " : `${ITALIC.b} ` }[kind] ?? `${ITALIC[kind]} `;
  text.textContent = known ? sign + shortNumber(value) : "";
  const hue = facet.gradient ? "kg" : { w: "kw", b: "kw", t: "kx" }[kind] ?? "ka";
  text.setAttribute("class", `n ${hue}`);
  element.dataset.k = keyOf(facet);
  const state = stateOf(look, kind === "w" || kind === "b" ? [own, { ...own, gradient: true }, { ...own, mark: "new" }] : [facet]);
  const quiet = kind === "w" && look.crowded.has(place[0]) && !state && element !== document.activeElement;
  // In a crowded column there is room for one number beside a neuron: the one that its phase is about.
  const tight = !state && look.tight.has(place[0]) && (kind === "a" ? look.phase === "Backward" && app.state.stop >= look.turn(place[0]) : kind === "d" && look.phase !== "Backward");
  const hidden = !known || quiet || tight || (kind === "t" && !app.problem.hasTargets);
  element.setAttribute("class", `lab q ${hue} ${state} ${hidden ? "blank" : ""} ${app.isEdited(datasetKey(app, own)) ? "changed" : ""}`);
  element.setAttribute("aria-label", `${plainName(facet)}${facet.mark ? " after the update" : ""} = ${asTyped(shortNumber(value))}`);
  const rect = $("rect", element);
  const width = [...text.textContent].length * 7.7 + 8;
  rect.setAttribute("width", width.toFixed(1));
  rect.setAttribute("x", { middle: -width / 2, start: -4, end: 4 - width }[element.dataset.a].toFixed(1));
}

// Labels never overlap: the current number's wins, then those that it uses, then the others in order.
function hideCollisions(svg, look) {
  const labels = $$(".lab", svg);
  const rank = (label) => (label.classList.contains("cur") ? 0 : label.classList.contains("used") ? 1 : label.dataset.r[0] === "w" ? 3 : 2);
  const boxes = labels.map((label) => ({ label, box: $("rect", label).getBoundingClientRect(), rank: rank(label) }));
  const nodes = $$(".node .body", svg).map((body) => body.getBoundingClientRect());
  const kept = $$(".loss-node .box", svg).map((body) => body.getBoundingClientRect());
  for (const { label, box } of boxes.sort((a, b) => a.rank - b.rank)) {
    const blank = label.classList.contains("blank");
    const hit = !label.classList.contains("cur") && (nodes.some((node) => meetsCircle(box, node)) || kept.some((other) => box.left < other.right - 3 && box.right > other.left + 3 && box.top < other.bottom - 5 && box.bottom > other.top + 5));
    label.style.visibility = blank || hit ? "hidden" : "";
    if (!blank && !hit) kept.push(box);
  }
  if (!$$("[data-r][role][tabindex='0']", svg).some((member) => member.style.visibility !== "hidden")) {
    makeTabStop($$("[data-r][role]", svg), $("[data-r^='n-']", svg));
  }
  return look;
}

// Whether a label reaches into a circle: the nearest point of its box lies inside.
function meetsCircle(box, { left, top, width, height }) {
  const [x, y, radius] = [left + width / 2, top + height / 2, width / 2];
  const across = Math.max(box.left + 4 - x, 0, x - (box.right - 4));
  const down = Math.max(box.top + 4 - y, 0, y - (box.bottom - 5));
  return Math.hypot(across, down) < radius - 1;
}
