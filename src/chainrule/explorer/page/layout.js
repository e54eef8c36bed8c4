// Where everything stands in the drawing of a network: columns from left to right, or from top to bottom.

const [WHOLE, CROWDED] = [8, 16];
// A number beside a neuron takes so much room.
const BESIDE = 96;

// The neurons of a column that are drawn: all, or the first four, the last, and the one that is looked at.
export function shownUnits(count, selected, tall) {
  if (count <= (tall ? WHOLE : CROWDED)) return Array.from({ length: count }, (_, k) => k + 1);
  const shown = new Set([1, 2, 3, 4, count]);
  if (selected) shown.add(selected);
  return [...shown].sort((a, b) => a - b);
}

// { width, height, tall, columns: [{ layer, count, units: [{ unit, x, y }], radius, pitch, gaps }], loss }
export function layOut(sizes, width, selected) {
  const tall = width < 560;
  const columns = sizes.map((count, layer) => ({
    layer,
    count,
    shown: shownUnits(count, selected[layer], tall),
  }));
  return tall ? layTall(columns, width) : layWide(columns, width);
}

// Folded units leave a gap of one place where some are left out.
function places(shown) {
  let place = -1;
  return shown.map((unit, k) => {
    place += k > 0 && unit - shown[k - 1] > 1 ? 2 : 1;
    return place;
  });
}

function pitchWide(rows) {
  if (rows <= 3) return 144;
  if (rows === 4) return 118; // just enough for a bias under the number above it
  if (rows <= WHOLE) return Math.max(58, 430 / rows);
  return 38;
}

function layWide(columns, width) {
  const last = width - 222;
  const first = columns[0].shown.length > WHOLE ? 128 : 70;
  const laid = columns.map((column, c) => {
    const at = places(column.shown);
    const rows = at.at(-1) + 1;
    const pitch = pitchWide(rows);
    const room = ((last - first) / (columns.length - 1)) * 0.29;
    const radius = Math.min(room, pitch > 100 ? 35 : pitch >= 52 ? Math.min(27, pitch * 0.36) : 13);
    return {
      ...column,
      at,
      rows,
      pitch,
      radius: column.layer ? radius : Math.min(radius, 21),
      x: first + ((last - first) * c) / (columns.length - 1),
    };
  });
  const folded = laid.some(({ count, shown }) => shown.length < count);
  const height =
    Math.max(210, ...laid.map(({ rows, pitch }) => rows * pitch + (pitch > 100 ? 4 : 34))) +
    (folded ? 20 : 0);
  const middle = (height - (folded ? 20 : 0)) / 2 + 2;
  for (const column of laid) {
    const next = laid[column.layer + 1];
    column.narrow = Boolean(next) && next.x - column.x - next.radius - column.radius < BESIDE;
    if (column.narrow) column.radius = Math.min(column.radius, 26);
    column.units = column.shown.map((unit, k) => ({
      unit,
      x: column.x,
      y: middle + (column.at[k] - (column.rows - 1) / 2) * column.pitch,
    }));
  }
  return { tall: false, width, height, columns: laid, loss: { x: width - 48, y: middle } };
}

function layTall(columns, width) {
  const step = 206;
  const laid = columns.map((column, c) => {
    const at = places(column.shown);
    const rows = at.at(-1) + 1;
    const pitch = Math.min(118, (width - 12) / rows);
    const radius = pitch >= 84 ? 26 : Math.max(10, pitch * 0.34);
    const y = 68 + c * step;
    const units = column.shown.map((unit, k) => ({
      unit,
      x: width / 2 + (at[k] - (rows - 1) / 2) * pitch,
      y,
    }));
    return {
      ...column,
      at,
      rows,
      pitch,
      radius: column.layer ? radius : Math.min(radius, 22),
      units,
    };
  });
  // Below several outputs stand their targets, too.
  const height = 68 + (columns.length - 1) * step + (columns.at(-1).count > 1 ? 196 : 170);
  return { tall: true, width, height, columns: laid, loss: { x: width / 2, y: height - 44 } };
}
