// The shapes of the drawing, still without numbers: each bears in data-r what it is for, such as w-1-2-3 for the label
// of w1[2,3], n-1-2 for neuron 2 of layer 1, e-1-2-3 for the edge between.

import { el } from "./markup.js";

// Between two columns with more edges there are no labels on them.
const MOST_LABELS = 48;
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
export const lowered = (number) => [...String(number)].map((digit) => SUBSCRIPTS[digit]).join("");

export function drawingOf(plan) {
  const parts = [...edges(plan), ...foldMarks(plan)];
  parts.push(el("g", { class: "paths" }));
  for (const column of plan.columns)
    for (const place of column.units) parts.push(neuron(plan, column, place));
  parts.push(lossBox(plan), ...edgeLabels(plan));
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
          `𝑥${lowered(unit)}`,
        )
      : "";
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
      return [
        ...labels,
        label(role("z"), x + radius + 10, y - 12, "start"),
        label(role("a"), x + radius + 10, y + 9, "start"),
        label(role("d"), x + radius + 10, y + 30, "start"),
        ...(last ? [label(`t-${unit}`, x - radius - 12, y + 5, "end")] : []),
      ];
    }
    const below = [
      label(role("z"), x, y + radius + 17, "middle"),
      label(role("a"), x, y + radius + 38, "middle"),
      label(role("d"), x, y + radius + 59, "middle"),
    ];
    return [
      ...labels,
      ...below,
      ...(last ? [label(`t-${unit}`, x, y + radius + 80, "middle")] : []),
    ];
  }
  const beside = x + radius + 8;
  if (pitch > 100) {
    return [
      label(role("b"), x, y - radius - 9, "middle"),
      label(role("z"), x, y + radius + 18, "middle"),
      label(role("a"), beside, y - 9, "start"),
      label(role("d"), beside, y + (last ? 22 : 26), "start"),
      ...(last && plan.columns.at(-1).count > 1
        ? [label(`t-${unit}`, beside, y + 43, "start")]
        : []),
    ];
  }
  if (pitch >= 52) {
    const labels = [
      label(role("a"), beside, y - 3, "start"),
      label(role("d"), beside, y + 18, "start"),
    ];
    return last ? [...labels, label(`t-${unit}`, beside + 74, y - 3, "start")] : labels;
  }
  return [label(role("a"), beside, y + 5, "start")];
}

function lossBox(plan) {
  const { x, y } = plan.loss;
  const box =
    '<rect class="box" x="-40" y="-27" width="80" height="54"/><text class="n lb" y="-6" text-anchor="middle">𝐿</text><text class="n val" y="16" text-anchor="middle"></text>';
  const loss = el(
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
  return (
    loss + (plan.columns.at(-1).count === 1 && !plan.tall ? label("t-1", x, y + 47, "middle") : "")
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
