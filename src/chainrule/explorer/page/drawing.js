// The network, drawn: neurons with their values and their own curve, edges whose width is the size of a number.
//
// The drawing is built anew only where its shape changes; a step repaints what is there, so focus stays.

import { drawingOf } from "./shapes.js";
import { layOut } from "./layout.js";
import { $, $$, makeTabStop, widthOf } from "./markup.js";
import { paintNumbers } from "./painting.js";
import { symbolOf } from "./step.js";

export function makeDrawing(app, stage, openEditor) {
  let plan = null;
  let shape = "";
  const stageWidth = widthOf(stage, () => paint());

  function paint() {
    const { layers } = app.step.network;
    const sizes = [layers[0].inputs, ...layers.map(({ units }) => units)];
    const selected = selectedUnits(app, sizes.length);
    const width = Math.max(300, Math.round(stageWidth()));
    const wanted = JSON.stringify([
      sizes,
      width,
      layOut(sizes, width, selected).columns.map(({ shown }) => shown),
    ]);
    if (wanted !== shape) {
      shape = wanted;
      plan = layOut(sizes, width, selected);
      build();
    }
    paintNumbers(app, stage, plan);
  }

  function build() {
    const focused = stage.contains(document.activeElement)
      ? document.activeElement.dataset.r
      : null;
    $("svg", stage)?.remove();
    stage.insertAdjacentHTML("afterbegin", drawingOf(plan));
    const members = $$("[data-r][role]", stage);
    makeTabStop(members, members.find((member) => member.dataset.r === focused) ?? members[0]);
    if (focused)
      $$("[data-r]", stage)
        .find((member) => member.dataset.r === focused)
        ?.focus();
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
  stage.addEventListener("focusin", ({ target }) => {
    const members = $$("[data-r][role]", stage);
    if (members.includes(target)) makeTabStop(members, target);
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
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    key
  ];
  const centre = (element) => {
    const box = element.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = centre(from);
  const members = $$("svg [data-r][role]", stage).filter(
    (member) => member.style.visibility !== "hidden",
  );
  let best = null;
  for (const member of members) {
    const [mx, my] = centre(member);
    const [along, across] = [
      (mx - x) * dx + (my - y) * dy,
      Math.abs((mx - x) * dy) + Math.abs((my - y) * dx),
    ];
    if (member === from || along < 2) continue;
    const distance = along + 2.5 * across;
    if (!best || distance < best.distance) best = { member, distance };
  }
  best?.member.focus();
}
