// The one floating thing: type or slide a given number, beside where it stands.

import { $ } from "./markup.js";
import { math, writeSymbol } from "./mathml.js";
import { placeWords, typedNumber } from "./panel.js";
import { numberOf, symbolOf } from "./step.js";

const [WIDTH, MARGIN] = [272, 4];

export function makeEditor(app, stage) {
  const box = $("#editor", stage);
  const [slider, field, words] = [
    $("input[type=range]", box),
    $("input[type=text]", box),
    $("p", box),
  ];
  let key = null;
  let from = null;

  function open(chosen, element) {
    const symbol = symbolOf(app.step, chosen);
    if (!symbol) return;
    app.gathered = null;
    key = app.editKey(symbol);
    from = element.dataset.r;
    const value = numberOf(app.step, symbol);
    const reach = Math.max(3, Math.ceil(Math.abs(value) * 2));
    [slider.min, slider.max, slider.step] = [-reach, reach, reach / 120];
    slider.value = value;
    field.value = String(value);
    $("h4", box).innerHTML = `${math(writeSymbol(symbol))}<small>${placeWords(app)}</small>`;
    words.textContent = "";
    box.hidden = false;
    place(element);
    field.focus();
    field.select();
  }

  function place(element) {
    const [frame, spot] = [stage.getBoundingClientRect(), element.getBoundingClientRect()];
    const left = spot.left - frame.left + spot.width / 2 - WIDTH / 2;
    box.style.left = `${Math.max(MARGIN, Math.min(frame.width - WIDTH - MARGIN, left))}px`;
    box.style.top = `${spot.bottom - frame.top + 8}px`;
  }

  function close() {
    if (box.hidden) return;
    box.hidden = true;
    app.gathered = null;
    const back = [...stage.querySelectorAll("[data-r]")].find(
      (element) => element.dataset.r === from,
    );
    back?.focus();
  }

  function apply(value, gather) {
    words.textContent = value === null ? `“${field.value}” is no finite number such as 0.5.` : "";
    field.setAttribute("aria-invalid", String(value === null));
    if (value !== null && !box.hidden) app.edit(key, value, gather);
  }

  field.addEventListener("input", () => {
    const value = typedNumber(field.value);
    if (value !== null) slider.value = value;
    if (field.value.trim() === "" || field.value === "-" || field.value === "−") return;
    apply(value, true);
  });
  slider.addEventListener("input", () => {
    const value = Number(Number(slider.value).toFixed(6));
    field.value = String(value);
    apply(value, true);
  });
  $("button", box).addEventListener("click", close);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" || (event.key === "Enter" && event.target === field)) {
      event.preventDefault();
      if (event.key === "Enter" && typedNumber(field.value) === null) apply(null, false);
      else close();
    }
    event.stopPropagation();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!box.hidden && !box.contains(event.target) && !event.target.closest("#stage [data-r]"))
      box.hidden = true;
  });
  return open;
}
