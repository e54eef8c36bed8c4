// Where the labels stand: those of a neuron around it, those of an edge upon it, where they are in nobody's way.

// Between two columns with more edges there are no labels on them.
const MOST_LABELS = 48;
// About as much room as a label takes: a weight, a gradient, and one with a sign and zeros.
const [WIDTHS, USUAL, HEIGHT] = [[58, 72, 86], 72, 22];

// Every label of the drawing: [{ role, x, y, anchor }].
export function labelsOf(plan) {
  const { loss, columns, tall } = plan;
  const labels = columns
    .slice(1)
    .flatMap((column) => column.units.flatMap((place) => neuronLabels(plan, column, place)));
  if (columns.at(-1).count === 1 && !tall)
    labels.push({ role: "t-1", x: loss.x, y: loss.y + 47, anchor: "middle" });
  const circles = columns.flatMap(({ units, radius }) =>
    units.map(({ x, y }) => ({ x, y, radius })),
  );
  return columns.slice(1).reduce((placed, to, k) => {
    const from = columns[k];
    if (from.units.length * to.units.length > MOST_LABELS) return placed;
    return [...placed, ...edgeLabels(plan, from, to, placed, circles)];
  }, labels);
}

function neuronLabels(plan, { layer, radius, pitch, units, count, narrow }, { unit, x, y }) {
  const last = layer === plan.columns.length - 1;
  const label = (letter, x, y, anchor) => ({
    role: `${letter}-${letter === "t" ? "" : `${layer}-`}${unit}`,
    x,
    y,
    anchor,
  });
  if (plan.tall) {
    if (pitch < 62) return [];
    const labels = [label("b", x, y - radius - 9, "middle")];
    // With a column to itself the numbers stand beside the neuron, and the edges below stay free.
    if (units.length === 1 && count === 1) {
      return [
        ...labels,
        label("z", x + radius + 10, y - 12, "start"),
        label("a", x + radius + 10, y + 9, "start"),
        label("d", x + radius + 10, y + 30, "start"),
        ...(last ? [label("t", x - radius - 12, y + 5, "end")] : []),
      ];
    }
    const below = [
      label("z", x, y + radius + 17, "middle"),
      label("a", x, y + radius + 38, "middle"),
      label("d", x, y + radius + 59, "middle"),
    ];
    return [...labels, ...below, ...(last ? [label("t", x, y + radius + 80, "middle")] : [])];
  }
  const beside = x + radius + 8;
  if (pitch > 100 && narrow) {
    return [
      label("b", x, y - radius - 9, "middle"),
      label("z", x, y + radius + 18, "middle"),
      label("a", x, y + radius + 38, "middle"),
      label("d", x, y + radius + 38, "middle"),
    ];
  }
  if (pitch > 100) {
    return [
      label("b", x, y - radius - 9, "middle"),
      label("z", x, y + radius + 18, "middle"),
      label("a", beside, y - 15, "start"),
      label("d", beside, y + (last ? 22 : 27), "start"),
      ...(last && plan.columns.at(-1).count > 1 ? [label("t", beside, y - 36, "start")] : []),
    ];
  }
  if (pitch >= 52) {
    const labels = [label("a", beside, y - 3, "start"), label("d", beside, y + 18, "start")];
    return last ? [...labels, label("t", beside + 74, y - 3, "start")] : labels;
  }
  return [label("a", beside, y + 5, "start")];
}

// --- upon edges -----------------------------------------------------------------------------------------------

const PLACES = Array.from({ length: 37 }, (_, k) => 0.14 + k * 0.02);

// All at the same distance where most of them fit, so that they stand in columns; the others where there is room.
function edgeLabels(plan, from, to, placed, circles) {
  const edges = to.units.flatMap((end, o) =>
    from.units.map((start) => ({ role: `w-${to.layer}-${end.unit}-${start.unit}`, start, end, o })),
  );
  const free = (label, others, width = USUAL) => {
    const box = boxOf(label, width);
    return !others.some((other) => overlap(box, other)) && !circles.some((c) => meets(box, c));
  };
  // How many find room at the same distance, in labels of every width.
  const fitting = (along) =>
    WIDTHS.reduce((total, width) => {
      const kept = placed.map((label) => boxOf(label, width));
      for (const edge of edges) {
        const label = upon(edge, along);
        if (!free(label, kept, width)) continue;
        kept.push(boxOf(label, width));
        total++;
      }
      return total;
    }, 0);
  const best = plan.tall ? null : bestOf(PLACES, fitting);
  const usual = ({ o }) => best ?? [0.24, 0.37, 0.5][o % 3];
  const fixed = edges.map((edge) => [edge, upon(edge, usual(edge))]);
  const kept = placed.map((label) => boxOf(label));
  const crowded = [];
  for (const [edge, label] of fixed)
    if (free(label, kept)) kept.push(boxOf(label));
    else crowded.push(edge);
  const moved = new Map();
  for (const edge of crowded) {
    const near = [...PLACES].sort((a, b) => Math.abs(a - usual(edge)) - Math.abs(b - usual(edge)));
    const along =
      near.find((place) => free(upon(edge, place), kept)) ??
      near.find((place) => free(upon(edge, place), kept, WIDTHS[0]));
    if (along === undefined) continue;
    moved.set(edge, upon(edge, along));
    kept.push(boxOf(moved.get(edge)));
  }
  return fixed.map(([edge, label]) => moved.get(edge) ?? label);
}

// The first of the places at which the most labels fit.
function bestOf(places, fitting) {
  const counts = places.map(fitting);
  return places[counts.indexOf(Math.max(...counts))];
}

function upon({ role, start, end }, along) {
  const x = start.x + (end.x - start.x) * along;
  const y = start.y + (end.y - start.y) * along;
  return { role, x, y: y + 5, anchor: "middle" };
}

function boxOf({ x, y, anchor }, width = USUAL) {
  const left = x - { start: 0, middle: width / 2, end: width }[anchor];
  return { left, right: left + width, top: y - 16, bottom: y - 16 + HEIGHT };
}

function overlap(a, b) {
  return a.left < b.right && a.right > b.left && a.top < b.bottom - 2 && a.bottom > b.top + 2;
}

function meets(box, { x, y, radius }) {
  const across = Math.max(box.left - x, 0, x - box.right);
  const down = Math.max(box.top + 3 - y, 0, y - (box.bottom - 3));
  return Math.hypot(across, down) < radius;
}
