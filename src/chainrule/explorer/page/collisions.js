// Labels that would overlap.

import { $, $$, makeTabStop } from "./markup.js";

// Labels never overlap: the current number's wins, then those that it uses, then the others in order.
export function hideCollisions(svg) {
  const labels = $$(".lab", svg);
  const rank = (label) =>
    label.classList.contains("cur")
      ? 0
      : label.classList.contains("used")
        ? 1
        : label.dataset.r[0] === "w"
          ? 3
          : 2;
  const boxes = labels.map((label) => ({ label, box: boxOf(label), rank: rank(label) }));
  const nodes = $$(".node .body", svg).map(({ cx, cy, r }) => ({
    x: cx.baseVal.value,
    y: cy.baseVal.value,
    radius: r.baseVal.value,
  }));
  const kept = $$(".loss-node", svg).map(boxOf);
  for (const { label, box } of boxes.sort((a, b) => a.rank - b.rank)) {
    const blank = label.classList.contains("blank");
    const hit =
      !label.classList.contains("cur") &&
      (nodes.some((node) => meetsCircle(box, node)) ||
        kept.some(
          (other) =>
            box.left < other.right - 3 &&
            box.right > other.left + 3 &&
            box.top < other.bottom - 5 &&
            box.bottom > other.top + 5,
        ));
    label.style.visibility = blank || hit ? "hidden" : "";
    if (!blank && !hit) kept.push(box);
  }
  if (
    !$$("[data-r][role][tabindex='0']", svg).some((member) => member.style.visibility !== "hidden")
  ) {
    makeTabStop($$("[data-r][role]", svg), $("[data-r^='n-']", svg));
  }
}

// Where a label stands: read from what was drawn, since asking where it came to lie would lay the page out anew.
function boxOf(label) {
  const { e, f } = label.transform.baseVal[0].matrix;
  const { x, y, width, height } = $("rect", label);
  const [left, top] = [e + x.baseVal.value, f + y.baseVal.value];
  return { left, top, right: left + width.baseVal.value, bottom: top + height.baseVal.value };
}

// Whether a label reaches into a circle: the nearest point of its box lies inside.
function meetsCircle(box, { x, y, radius }) {
  const across = Math.max(box.left + 4 - x, 0, x - (box.right - 4));
  const down = Math.max(box.top + 4 - y, 0, y - (box.bottom - 5));
  return Math.hypot(across, down) < radius - 1;
}
