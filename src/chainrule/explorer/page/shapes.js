// The shapes of the drawing, still without numbers: each bears in data-r what it is for, such as w-1-2-3 for the label
// of w1[2,3], n-1-2 for neuron 2 of layer 1, e-1-2-3 for the edge between.

import { labelsOf } from "./labels.js";
import { el } from "./markup.js";

// A letter with its index below, and what follows it.
export function indexed(letter, index, after = "") {
  const rest = after && `<tspan dy="-4"> ${after}</tspan>`;
  return `${letter}<tspan class="index" dy="4">${index}</tspan>${rest}`;
}

export function drawingOf(plan) {
  const parts = [...edges(plan), ...foldMarks(plan)];
  parts.push(el("g", { class: "paths" }));
  for (const column of plan.columns)
    for (const place of column.units) parts.push(neuron(plan, column, place));
  parts.push(lossBox(plan), ...labelsOf(plan).map(label));
  return el(
    "svg",
    {
      viewBox: `0 0 ${plan.width} ${plan.height}`,
      width: plan.width,
      height: plan.height,
      role: "group",
      "aria-label": "The network. Arrow keys move between its numbers, Enter opens one.",
    },
    parts.join(""),
  );
}

function pairs(plan) {
  return plan.columns.slice(1).flatMap((to, k) =>
    to.units.flatMap((end) =>
      plan.columns[k].units.map((start) => ({
        layer: to.layer,
        start,
        end,
        from: plan.columns[k],
        to,
      })),
    ),
  );
}

function edges(plan) {
  const last = plan.columns.at(-1);
  const toLoss = last.units.map(({ unit, x, y }) =>
    plan.tall
      ? el("line", {
          class: "ed link",
          "data-r": `l-${unit}`,
          x1: x,
          y1: y,
          x2: plan.loss.x,
          y2: plan.loss.y - 26,
        })
      : el("line", {
          class: "ed link",
          "data-r": `l-${unit}`,
          x1: x,
          y1: y,
          x2: plan.loss.x - 40,
          y2: plan.loss.y + (y - plan.loss.y) * 0.12,
        }),
  );
  const lines = pairs(plan).map(({ layer, start, end }) =>
    el("line", {
      class: "ed",
      "data-r": `e-${layer}-${end.unit}-${start.unit}`,
      x1: start.x,
      y1: start.y,
      x2: end.x,
      y2: end.y,
    }),
  );
  // An edge is thin: what can be pointed to is wider.
  const hits = pairs(plan).map(({ layer, start, end }) =>
    el("line", {
      class: "hit",
      "data-edge": `${layer}-${end.unit}-${start.unit}`,
      x1: start.x,
      y1: start.y,
      x2: end.x,
      y2: end.y,
    }),
  );
  return [...toLoss, ...lines, ...hits];
}

function label({ role, x, y, anchor }) {
  return el(
    "g",
    {
      class: "lab q",
      "data-r": role,
      role: "button",
      tabindex: "-1",
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
      "data-a": anchor,
    },
    `<rect rx="2" y="-16" height="22"/><text class="n" text-anchor="${anchor}"></text>`,
  );
}

function neuron(plan, column, { unit, x, y }) {
  const { layer, radius, pitch } = column;
  const input = layer === 0;
  const parts = [
    el("circle", { class: "plate", cx: x, cy: y, r: radius }),
    el("circle", { class: "body", cx: x, cy: y, r: radius }),
  ];
  if (!input && radius >= 18)
    parts.push(
      '<path class="cv"/><line class="ax"/><line class="tg"/><line class="tg bad"/><circle class="pt" r="3"/>',
    );
  const value = input && radius >= 17;
  if (value) parts.push(el("text", { class: "n in", x, y: y + 5.5, "text-anchor": "middle" }));
  const nodeOf = (inner) =>
    el(
      "g",
      {
        class: `node q ${input ? "kx" : "ka"}`,
        "data-r": `n-${layer}-${unit}`,
        role: "button",
        tabindex: "-1",
      },
      inner,
    );
  const name =
    input && pitch >= 24
      ? el(
          "text",
          {
            class: "n lb kx",
            x: plan.tall ? x : x - radius - 10,
            y: plan.tall ? y - radius - 10 : y + 6,
            "text-anchor": plan.tall ? "middle" : "end",
          },
          indexed("𝑥", unit),
        )
      : "";
  return nodeOf(parts.join("") + name);
}

function lossBox(plan) {
  const { x, y } = plan.loss;
  const box =
    '<rect class="box" x="-40" y="-27" width="80" height="54"/><text class="n lb" y="-6" text-anchor="middle">𝐿</text><text class="n val" y="16" text-anchor="middle"></text>';
  return el(
    "g",
    {
      class: "loss-node q kn",
      "data-r": "L",
      role: "button",
      tabindex: "-1",
      transform: `translate(${x} ${y})`,
    },
    box,
  );
}

function foldMarks(plan) {
  return plan.columns.flatMap(({ layer, count, units, radius }) => {
    if (units.length === count) return [];
    const [word, plural] = layer === 0 ? ["input", "inputs"] : ["neuron", "neurons"];
    const dots = units.slice(1).flatMap((place, k) => {
      const before = units[k];
      if (place.unit - before.unit < 2) return [];
      return [
        el(
          "text",
          {
            class: "n fold",
            x: (place.x + before.x) / 2,
            y: (place.y + before.y) / 2 + 6,
            "text-anchor": "middle",
          },
          plan.tall ? "⋯" : "⋮",
        ),
      ];
    });
    const caption = `${count.toLocaleString("en")} ${count === 1 ? word : plural}, ${(count - units.length).toLocaleString("en")} folded`;
    const at = plan.tall
      ? { x: plan.width / 2, y: units[0].y - radius - 31, "text-anchor": "middle" }
      : { x: units[0].x, y: plan.height - 4, "text-anchor": "middle" };
    return [...dots, el("text", { class: "cap halo", ...at }, caption)];
  });
}
