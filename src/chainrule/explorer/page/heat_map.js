// A matrix as a picture: a cell an entry, its strength the size, a small bar the minus. Rows go to, columns come
// from, as in W. Above 64 x 64 cells stand for blocks, and show the largest of theirs.

import { asTyped, showNumber } from "./digits.js";
import { $, colourOf, escaped, isDark, nearScreen, widthOf } from "./markup.js";

const MOST_CELLS = 64;
const LARGEST_CELL = 18;
const QUIET = 300;

// map: { title, label, values, offset, rows, columns, hue, name(row, column), key(row, column) }, rows and columns
// from 0; the entry of a row and a column is values[offset + row * columns + column].
export function makeHeatMap(box, select) {
  box.innerHTML =
    '<figcaption></figcaption><canvas tabindex="0" role="group"></canvas><p class="cell" role="status">&nbsp;</p>';
  const canvas = $("canvas", box);
  const cursor = { row: 0, column: 0 };
  let map = null;
  let grid = null;
  let drawn = null;
  const width = widthOf(box, () => redraw());
  const near = nearScreen(canvas, () => redraw());
  let later = 0;

  function paint(next) {
    map = next;
    grid = blocksOf(map);
    cursor.row = Math.min(cursor.row, grid.rows - 1);
    cursor.column = Math.min(cursor.column, grid.columns - 1);
    const folded = grid.high * grid.wide > 1;
    const said = folded ? `, in blocks of ${grid.high} × ${grid.wide} by the largest` : "";
    $("figcaption", box).innerHTML =
      `${map.title} <small>${map.rows.toLocaleString("en")} × ${map.columns.toLocaleString("en")}${said}</small>`;
    canvas.setAttribute(
      "aria-label",
      `${map.label}, ${map.rows} by ${map.columns}. Arrow keys read a cell, Enter works it.`,
    );
    size(canvas, cellOf(map, grid, width()), grid);
    redraw();
  }

  // What has not changed is not drawn again: a picture of many entries takes its time. And where nobody looks it is
  // drawn once all is quiet.
  function redraw(now = near()) {
    if (!map) return;
    clearTimeout(later);
    if (!now) {
      later = setTimeout(() => redraw(true), QUIET);
      return;
    }
    const look = [map.values, map.offset, map.label, width(), isDark()];
    if (drawn?.every((part, k) => part === look[k])) return;
    drawn = look;
    draw(canvas, map, grid, width(), cursor);
  }

  const read = () => {
    const { row, column, value } = largestIn(map, grid, cursor);
    $(".cell", box).innerHTML =
      `${escaped(map.name(row, column))} = <span class="n ${map.hue}">${asTyped(showNumber(value))}</span>`;
    draw(canvas, map, grid, width(), cursor);
  };
  const at = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    cursor.column = Math.max(
      0,
      Math.min(grid.columns - 1, Math.floor(((event.clientX - left) / width) * grid.columns)),
    );
    cursor.row = Math.max(
      0,
      Math.min(grid.rows - 1, Math.floor(((event.clientY - top) / height) * grid.rows)),
    );
  };
  const work = () => {
    const { row, column } = largestIn(map, grid, cursor);
    select(map.key(row, column));
  };
  canvas.addEventListener("pointermove", (event) => {
    at(event);
    read();
  });
  canvas.addEventListener("click", (event) => {
    at(event);
    work();
  });
  canvas.addEventListener("focus", read);
  canvas.addEventListener("keydown", (event) => {
    const [down, right] = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    }[event.key] ?? [0, 0];
    if (event.key === "Enter" || event.key === " ") work();
    else if (event.key === "Home") cursor.column = 0;
    else if (event.key === "End") cursor.column = grid.columns - 1;
    else if (!down && !right) return;
    event.preventDefault();
    event.stopPropagation();
    cursor.row = Math.max(0, Math.min(grid.rows - 1, cursor.row + down));
    cursor.column = Math.max(0, Math.min(grid.columns - 1, cursor.column + right));
    read();
  });
  return paint;
}

function blocksOf({ rows, columns }) {
  const [high, wide] = [rows, columns].map((count) => Math.max(1, Math.ceil(count / MOST_CELLS)));
  return { high, wide, rows: Math.ceil(rows / high), columns: Math.ceil(columns / wide) };
}

function largestIn(map, { high, wide }, { row, column }) {
  let best = null;
  for (let r = row * high; r < Math.min(map.rows, (row + 1) * high); r++) {
    for (let c = column * wide; c < Math.min(map.columns, (column + 1) * wide); c++) {
      const value = map.values[map.offset + r * map.columns + c];
      if (!best || Math.abs(value) > Math.abs(best.value)) best = { row: r, column: c, value };
    }
  }
  return best;
}

function cellOf(map, grid, width) {
  const most = map.cell ?? LARGEST_CELL;
  return Math.max(3, Math.min(most, Math.floor(Math.min(width || 300, 760) / grid.columns)));
}

// Its place is there before it is drawn, so that nothing moves once it is.
function size(canvas, cell, grid) {
  canvas.style.width = `${grid.columns * cell}px`;
  canvas.style.height = `${grid.rows * cell}px`;
}

function draw(canvas, map, grid, width, cursor) {
  const cell = cellOf(map, grid, width);
  const ratio = devicePixelRatio || 1;
  size(canvas, cell, grid);
  canvas.width = grid.columns * cell * ratio;
  canvas.height = grid.rows * cell * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const [hue, paper, ink, wash] = [map.hue.slice(1), "paper", "ink", "wash"].map(colourOf);
  const values = [];
  for (let row = 0; row < grid.rows; row++)
    for (let column = 0; column < grid.columns; column++)
      values.push(largestIn(map, grid, { row, column }).value);
  const top = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const gap = cell > 6 ? 1 : 0;
  values.forEach((value, k) => {
    const [x, y] = [(k % grid.columns) * cell, Math.floor(k / grid.columns) * cell];
    const share = Math.min(1, Math.abs(value) / top);
    context.globalAlpha = 1;
    context.fillStyle = wash;
    context.fillRect(x, y, cell - gap, cell - gap);
    context.globalAlpha = share;
    context.fillStyle = hue;
    context.fillRect(x, y, cell - gap, cell - gap);
    context.globalAlpha = 1;
    if (value < 0) {
      context.fillStyle = share > 0.5 ? paper : hue;
      const high = cell > 6 ? 1.5 : 1;
      context.fillRect(x + cell * 0.2, y + (cell - gap - high) / 2, cell * 0.55, high);
    }
  });
  if (document.activeElement !== canvas) return;
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.strokeRect(cursor.column * cell, cursor.row * cell, cell - gap, cell - gap);
}
