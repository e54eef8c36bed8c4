// The loss over epochs, which is the slider of epochs too: hover to look, drag or press arrows to go there.

import { asTyped, showNumber } from "./digits.js";
import { fusedForm } from "./losses.js";
import { $, el, widthOf } from "./markup.js";

export function makeLossPlot(app, box) {
  const svg = $("#plot", box);
  let hovered = null;
  let frame = null;
  const boxWidth = widthOf(svg.parentElement, () => paint());

  function paint() {
    if (!app.problem.optimizer) return;
    frame = frameOf(app, Math.max(280, Math.round(boxWidth())));
    const at = hovered ?? app.epoch;
    svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    svg.setAttribute("height", frame.height);
    svg.innerHTML = [
      ...gridLines(frame),
      ...curves(app, frame),
      ...cross(app, frame, at),
      ...hint(app, frame),
    ].join("");
    $("#reading", box).innerHTML = reading(app, at);
    svg.setAttribute("aria-valuemax", frame.last);
    svg.setAttribute("aria-valuenow", app.epoch);
    svg.setAttribute(
      "aria-valuetext",
      `epoch ${app.epoch}, loss ${asTyped(showNumber(lossAt(app.run, app.epoch)))}`,
    );
    paintWords(app, box);
  }

  const epochAt = (event) => {
    const { left, width } = svg.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * frame.width;
    const epoch = Math.round(
      ((x - frame.left) / (frame.width - frame.left - frame.right)) * frame.last,
    );
    return Math.max(0, Math.min(app.state.trained, epoch));
  };
  svg.addEventListener("pointermove", (event) => {
    hovered = epochAt(event);
    if (event.buttons) app.goToEpoch(hovered);
    else if (!app.lookAt(hovered)) paint();
  });
  svg.addEventListener("pointerleave", () => {
    hovered = null;
    if (!app.lookAt(null)) paint();
  });
  svg.addEventListener("pointerdown", (event) => {
    svg.setPointerCapture(event.pointerId);
    app.goToEpoch(epochAt(event));
  });
  svg.addEventListener("keydown", (event) => {
    const by = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowUp: 10,
      ArrowDown: -10,
      PageUp: 50,
      PageDown: -50,
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    app.goToEpoch(Math.max(0, Math.min(app.state.trained, app.epoch + by)));
  });
  return paint;
}

const lossAt = (run, epoch) => run.losses[epoch] ?? NaN;

function frameOf(app, width) {
  const narrow = width < 560;
  const last = Math.max(app.state.trained, 10);
  const finite = app.allRuns().flatMap((run) => run.losses.filter(Number.isFinite));
  const top =
    Math.max(
      ...finite.slice(0, 1),
      ...app
        .allRuns()
        .map(({ losses }) =>
          losses.reduce((most, loss) => (loss > most && Number.isFinite(loss) ? loss : most), 0),
        ),
      1e-12,
    ) * 1.04;
  const bottom = Math.min(
    0,
    ...app
      .allRuns()
      .map(({ losses }) =>
        losses.reduce((least, loss) => (loss < least && Number.isFinite(loss) ? loss : least), 0),
      ),
  );
  return {
    width,
    height: narrow ? 190 : 212,
    left: 58,
    right: narrow || !app.runs.mistaken ? 14 : 142,
    top: 12,
    bottom: 28,
    narrow,
    last,
    high: top,
    low: bottom,
  };
}

const px = (frame, epoch) =>
  frame.left + (epoch / frame.last) * (frame.width - frame.left - frame.right);
const py = (frame, loss) =>
  frame.height -
  frame.bottom -
  ((loss - frame.low) / (frame.high - frame.low || 1)) * (frame.height - frame.bottom - frame.top);

// A round distance between lines.
function roundStep(span, count) {
  const size = span / count;
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= size * 0.999);
}

function gridLines(frame) {
  const parts = [];
  const step = roundStep(frame.high - frame.low, 4);
  for (let value = Math.ceil(frame.low / step) * step; value <= frame.high; value += step) {
    const y = py(frame, value);
    parts.push(
      el("line", { class: "gl", x1: frame.left, x2: frame.width - frame.right, y1: y, y2: y }),
    );
    parts.push(
      el(
        "text",
        { x: frame.left - 8, y: y + 4, "text-anchor": "end" },
        asTyped(String(Number(value.toPrecision(3)))),
      ),
    );
  }
  const across = Math.max(1, roundStep(frame.last, frame.narrow ? 4 : 5));
  for (let epoch = 0; epoch <= frame.last; epoch += across) {
    parts.push(
      el(
        "text",
        { x: px(frame, epoch), y: frame.height - 8, "text-anchor": "middle" },
        epoch.toLocaleString("en"),
      ),
    );
  }
  return parts;
}

function curves(app, frame) {
  const named = [];
  const parts = [];
  for (const [name, run] of Object.entries(app.runs)) {
    if (!run) continue;
    const losses = run.losses.slice(0, app.state.trained + 1);
    const stride = Math.max(1, Math.floor(losses.length / 500));
    const kept = losses
      .map((loss, epoch) => [epoch, loss])
      .filter(
        ([epoch, loss]) =>
          Number.isFinite(loss) && (epoch % stride === 0 || epoch === losses.length - 1),
      );
    if (!kept.length) continue;
    const path = kept
      .map(([epoch, loss]) => `${px(frame, epoch).toFixed(1)} ${py(frame, loss).toFixed(1)}`)
      .join("L");
    const here = (name === "mistaken") === (app.state.mode === "mistake");
    parts.push(el("path", { class: `curve ${name} ${here ? "" : "off"}`, d: `M${path}` }));
    named.push({
      words: name === "mistaken" ? "with the mistake" : "true gradient",
      y: py(frame, kept.at(-1)[1]),
      x: px(frame, kept.at(-1)[0]),
      here,
    });
  }
  if (frame.narrow || app.runs.mistaken === undefined) return parts;
  const [first, second] = named.sort((a, b) => a.y - b.y);
  if (second && second.y - first.y < 17)
    [first.y, second.y] = [(first.y + second.y) / 2 - 8.5, (first.y + second.y) / 2 + 8.5];
  for (const { words, x, y, here } of named)
    parts.push(
      el(
        "text",
        { class: here ? "here" : "", x: Math.min(x, frame.width - frame.right) + 10, y: y + 4 },
        words,
      ),
    );
  return parts;
}

function cross(app, frame, epoch) {
  const x = px(frame, epoch);
  const dots = Object.entries(app.runs).map(([name, run]) => {
    const loss = run ? lossAt(run, epoch) : NaN;
    const here = (name === "mistaken") === (app.state.mode === "mistake");
    return Number.isFinite(loss)
      ? el("circle", { class: here ? "dot here" : "dot", cx: x, cy: py(frame, loss), r: 4.5 })
      : "";
  });
  return [
    el("line", { class: "cr", x1: x, x2: x, y1: frame.top - 6, y2: frame.height - frame.bottom }),
    ...dots,
  ];
}

// Before anything is trained there is a place for the curve, and words for it.
function hint(app, frame) {
  if (app.state.trained) return [];
  const x = (frame.left + frame.width - frame.right) / 2;
  const at = { x, y: frame.height * 0.62, "text-anchor": "middle" };
  return [el("text", at, "Step, or run, and the curve grows here.")];
}

function reading(app, epoch) {
  const number = (run) => {
    const loss = lossAt(run, epoch);
    return `<span class="n">${Number.isFinite(loss) ? asTyped(showNumber(loss)) : "no longer finite"}</span>`;
  };
  const words = app.runs.mistaken
    ? `true ${number(app.runs.right)}, mistake ${number(app.runs.mistaken)}`
    : number(app.runs.right);
  return `epoch ${epoch.toLocaleString("en")}: ${words}`;
}

// --- what is said beside the curves -----------------------------------------------------------------------------

function paintWords(app, box) {
  const end = app.run.end;
  const message = $("#ended", box);
  message.hidden = !end;
  if (end) message.textContent = endWords(app, end);
  const note = $("#compared", box);
  const words = app.runs.mistaken ? comparison(app) : "";
  // Its place stays once it was taken: what lies below does not jump.
  note.hidden &&= !words;
  note.textContent = words;
}

function endWords(app, { epoch, name, output }) {
  const { losses, diverged } = app.content;
  if (output !== undefined)
    return `The run stops at epoch ${epoch}: ${losses[app.setting.network.loss.name].domain.replace("{output}", asTyped(showNumber(output)))}.`;
  const words = diverged
    .replace("{epoch}", epoch)
    .replace("{name}", name)
    .replace("{rate}", app.setting.optimizer.settings.eta);
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}

// The mistake's step beside the gradient's: how far, and in which direction. Never a verdict by the curves.
function comparison(app) {
  const { step, state } = app;
  const explained = mistakeWords(app);
  if (step.loss === undefined || !app.mistakenStep) return explained;
  const names = Object.keys(step.parameters);
  const flat = (gradients) => names.flatMap((name) => Array.from(gradients[name] ?? []));
  const [right, wrong] = [flat(step.right), flat(app.mistakenStep)];
  const dot = (a, b) => a.reduce((total, value, k) => total + value * b[k], 0);
  const [r, w] = [Math.sqrt(dot(right, right)), Math.sqrt(dot(wrong, wrong))];
  if (!(r > 0) || !Number.isFinite(w)) return explained;
  const angle =
    (Math.acos(Math.max(-1, Math.min(1, dot(right, wrong) / (r * w || 1)))) * 180) / Math.PI;
  if (Math.abs(w / r - 1) < 1e-9 && angle < 1e-4)
    return `${explained} With these numbers both come out the same, so the mistake cannot be seen.`;
  const place = state.mode === "mistake" ? "On the mistake’s way" : "Here";
  return `${explained} ${place}, at epoch ${app.epoch.toLocaleString("en")}, its step is ${(w / r).toFixed(2)} times as long as the gradient’s and points ${angle.toFixed(1)}° away from it. A curve that falls faster does not make it the gradient: nudging a weight tells which is.`;
}

export function mistakeWords(app) {
  const { layers } = app.setting.network;
  const [plain, fused] = app.content.mistakes[app.state.compare];
  const words = fusedForm(app.setting.network) ? fused : plain;
  return words
    ? `${app.state.compare}: ${layers.reduce((text, layer, k) => text.replaceAll(`{${k + 1}}`, layer.activation.name), words)}.`
    : "";
}
