// The plane of two inputs: what the network says everywhere, where it changes its mind, and the samples on it.

import { forwardPropagation } from "./engine.js";
import { asTyped, shortNumber } from "./digits.js";
import { chooseSample } from "./controls.js";
import { $, $$, colourOf, el, makeTabStop, replaceContent, rove } from "./markup.js";

const [SIDE, CELLS, MARGIN] = [300, 60, 34];
const MOST_DOTS = 600;
const FARTHEST = 1e12;

export function makeBoundary(app, box) {
  const [canvas, svg] = [$("canvas", box), $("svg", box)];
  canvas.width = canvas.height = CELLS;
  rove(svg, ".sample", { next: ["ArrowRight", "ArrowDown"], back: ["ArrowLeft", "ArrowUp"] });
  const choose = (target) => {
    const dot = target.closest(".sample");
    if (dot) chooseSample(app, Number(dot.dataset.sample));
  };
  svg.addEventListener("click", (event) => choose(event.target));
  svg.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    choose(event.target);
  });

  return function paint() {
    const setting = app.run.setting(app.step.update);
    const range = rangeOf(setting.x);
    if (![...range.x, ...range.y].every((bound) => Math.abs(bound) < FARTHEST)) {
      canvas.getContext("2d").clearRect(0, 0, CELLS, CELLS);
      replaceContent(svg, "");
      $("figcaption", box).textContent = "The inputs lie too far apart to be drawn.";
      return;
    }
    const said = outputsOver(app, setting, range);
    fill(canvas, said);
    replaceContent(svg, [frame(range), ...borders(said), ...dots(app, setting, range)].join(""));
    const members = $$(".sample", svg);
    makeTabStop(
      members,
      members.find((dot) => Number(dot.dataset.sample) === app.state.sample) ?? members[0],
    );
    $("figcaption", box).textContent = words(app, said);
  };
}

function rangeOf(x) {
  const bounds = [0, 1].map((axis) => {
    const values = Array.from(x).filter((_, k) => k % 2 === axis);
    const [low, high] = [
      values.reduce((a, b) => Math.min(a, b)),
      values.reduce((a, b) => Math.max(a, b)),
    ];
    const room = high > low ? (high - low) * 0.3 : Math.max(1, Math.abs(low));
    return [low - room, high + room];
  });
  return { x: bounds[0], y: bounds[1] };
}

// The outputs on a grid, from the lower left corner, row after row.
function outputsOver(app, setting, range) {
  const points = new Float64Array(CELLS * CELLS * 2);
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      const at = (row * CELLS + column) * 2;
      points[at] = range.x[0] + ((column + 0.5) / CELLS) * (range.x[1] - range.x[0]);
      points[at + 1] = range.y[0] + ((row + 0.5) / CELLS) * (range.y[1] - range.y[0]);
    }
  }
  const { layers } = setting.network;
  const { units, activation } = layers.at(-1);
  const a = forwardPropagation(setting.network, app.step.parameters, points, CELLS * CELLS)[
    `a${layers.length}`
  ];
  const cells = Array.from({ length: CELLS * CELLS }, (_, k) =>
    Array.from(a.subarray(k * units, (k + 1) * units)),
  );
  const probability = activation.name === "sigmoid" || activation.name === "softmax";
  if (units === 1) {
    const values = cells.map(([value]) => value);
    const [low, high] = probability
      ? [0, 1]
      : [values.reduce((p, q) => Math.min(p, q)), values.reduce((p, q) => Math.max(p, q))];
    const level = thresholdOf(setting, low, high);
    return {
      shade: values.map((value) => 0.06 + (0.44 * (value - low)) / (high - low || 1)),
      values,
      level,
      classes: 1,
    };
  }
  const winners = cells.map((row) => row.indexOf(row.reduce((p, q) => Math.max(p, q))));
  const leads = Array.from({ length: units }, (_, k) =>
    cells.map((row) => row[k] - Math.max(...row.filter((_, other) => other !== k))),
  );
  return {
    shade: winners.map((winner) => 0.08 + (0.36 * winner) / (units - 1)),
    leads,
    classes: units,
  };
}

// Where one output changes sides: half way between the targets.
function thresholdOf({ t }, low, high) {
  const [least, most] = [t.reduce((p, q) => Math.min(p, q)), t.reduce((p, q) => Math.max(p, q))];
  if (most > least) return (least + most) / 2;
  return low <= 0.5 && high >= 0.5 ? 0.5 : (low + high) / 2;
}

function fill(canvas, { shade }) {
  const context = canvas.getContext("2d");
  const hue = colourOf("a");
  context.clearRect(0, 0, CELLS, CELLS);
  context.fillStyle = hue;
  shade.forEach((share, k) => {
    context.globalAlpha = Number.isFinite(share) ? share : 0;
    context.fillRect(k % CELLS, CELLS - 1 - Math.floor(k / CELLS), 1, 1);
  });
  context.globalAlpha = 1;
}

const inside = SIDE - MARGIN - 8;

// Lines where the network changes its mind: where one output crosses a level, or leads all others no more.
function borders({ values, level, leads }) {
  return leads ? leads.flatMap((lead) => contour(lead, 0)) : contour(values, level);
}

// Marching squares: through each square of four grid points, straight from edge to edge.
function contour(values, level) {
  const cell = inside / CELLS;
  const at = (column, row) =>
    `${(MARGIN + (column + 0.5) * cell).toFixed(1)} ${(8 + inside - (row + 0.5) * cell).toFixed(1)}`;
  let path = "";
  for (let row = 0; row + 1 < CELLS; row++) {
    for (let column = 0; column + 1 < CELLS; column++) {
      const corners = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ].map(([x, y]) => [column + x, row + y, values[(row + y) * CELLS + column + x] - level]);
      const crossings = corners.flatMap(([x, y, value], k) => {
        const [x2, y2, other] = corners[(k + 1) % 4];
        if (value > 0 === other > 0 || !Number.isFinite(value - other)) return [];
        const share = value / (value - other);
        return [at(x + (x2 - x) * share, y + (y2 - y) * share)];
      });
      for (let k = 0; k + 1 < crossings.length; k += 2)
        path += `M${crossings[k]}L${crossings[k + 1]}`;
    }
  }
  return path ? [el("path", { class: "border", d: path })] : [];
}

function frame(range) {
  const text = (x, y, words, anchor) =>
    el("text", { class: "n", x, y, "text-anchor": anchor }, asTyped(words));
  return [
    el("rect", { class: "frame", x: MARGIN, y: 8, width: inside, height: inside }),
    text(MARGIN, SIDE - 8, shortNumber(range.x[0]), "start"),
    text(SIDE - 8, SIDE - 8, shortNumber(range.x[1]), "end"),
    el(
      "text",
      { class: "n kx", x: MARGIN + inside / 2, y: SIDE - 8, "text-anchor": "middle" },
      "𝑥₁",
    ),
    text(MARGIN - 4, 8 + inside, shortNumber(range.y[0]), "end"),
    text(MARGIN - 4, 18, shortNumber(range.y[1]), "end"),
    el("text", { class: "n kx", x: MARGIN - 6, y: 12 + inside / 2, "text-anchor": "end" }, "𝑥₂"),
  ].join("");
}

function dots(app, { x, t, network }, range) {
  const { units } = network.layers.at(-1);
  const count = x.length / 2;
  const shown = Array.from({ length: count }, (_, n) => n).filter(
    (n) => count <= MOST_DOTS || n % Math.ceil(count / MOST_DOTS) === 0 || n === app.state.sample,
  );
  return shown.map((n) => {
    const at = (axis, [low, high]) => (x[n * 2 + axis] - low) / (high - low);
    const [cx, cy] = [MARGIN + at(0, range.x) * inside, 8 + inside - at(1, range.y) * inside];
    const row = Array.from(t.subarray(n * units, (n + 1) * units));
    const target = units === 1 ? shortNumber(row[0]) : String(row.indexOf(Math.max(...row)) + 1);
    const yes = units === 1 && row[0] > 0.5;
    const here = n === app.state.sample;
    const name = `sample ${n + 1}, target ${app.content.classes?.[units === 1 ? row[0] : row.indexOf(Math.max(...row))] ?? target}`;
    const mark =
      units > 1
        ? el("text", { class: "n", x: cx, y: cy + 4.5, "text-anchor": "middle" }, target)
        : "";
    return el(
      "g",
      {
        class: `sample${here ? " here" : ""}${yes ? " yes" : ""}`,
        role: "button",
        tabindex: "-1",
        "data-sample": n,
        "data-f": `dot${n}`,
        "aria-label": name,
        "aria-pressed": here,
      },
      el("circle", { cx, cy, r: units > 1 ? 8 : here ? 7 : 5.5 }) + mark,
    );
  });
}

function words(app, { level, classes }) {
  if (classes === 1)
    return `The stronger the colour, the larger the output; the line is where it is ${asTyped(shortNumber(level))}. Full dots have the larger target.`;
  const names = app.content.classes
    ? `: ${app.content.classes.map((name, k) => `${k + 1} ${name}`).join(", ")}`
    : "";
  return `Each tint is the output that wins; numbers are the samples’ classes${names}.`;
}
