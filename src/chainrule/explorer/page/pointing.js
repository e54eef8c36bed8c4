// What the pointer is on is named with its numbers, also where the drawing has no room for them; and an edge is chosen
// like a number.

import { asTyped, shortNumber } from "./digits.js";
import { $ } from "./markup.js";
import { keyOf, plainName } from "./mathml.js";
import { numberOf, ofSample } from "./step.js";

export function makePointing(app, stage, hint) {
  const usual = hint.textContent;
  let lit = null;

  function point(element) {
    lit?.classList.remove("hot");
    lit = element?.matches(".hit") ? edgeOf(stage, element) : null;
    lit?.classList.add("hot");
    const symbols = element ? symbolsAt(app.step, element) : [];
    const words = symbols
      .filter((symbol) => keyOf(symbol).split("-")[0] in app.step.values)
      .map(
        (symbol) => `${plainName(symbol)} = ${asTyped(shortNumber(numberOf(app.step, symbol)))}`,
      );
    hint.textContent = words.join(", ") || usual;
  }

  stage.addEventListener("pointerover", ({ target }) => point(target.closest(".hit, .node")));
  stage.addEventListener("pointerleave", () => point(null));
  stage.addEventListener("click", ({ target }) => {
    if (target.matches(".hit")) app.select(edgeOf(stage, target).dataset.k);
  });
}

const edgeOf = (stage, hit) => $(`[data-r="e-${hit.dataset.edge}"]`, stage);

// Of an edge its weight, of a neuron all that stands beside it.
function symbolsAt(step, element) {
  const place = (element.dataset.edge ?? element.dataset.r.slice(2)).split("-").map(Number);
  const [layer, unit, input] = place;
  if (input) {
    const weight = { letter: "w", layer, index: [unit, input] };
    return [weight, { ...weight, gradient: true }];
  }
  return layer ? numbersOfNeuron(step, layer, unit) : [ofSample(step, "x", 0, unit)];
}

export function numbersOfNeuron(step, layer, unit) {
  const z = ofSample(step, "z", layer, unit);
  const bias = Math.min(unit, step.network.layers[layer - 1].biases);
  return [
    z,
    { ...z, letter: "a" },
    { letter: "b", layer, index: [bias] },
    { ...z, gradient: true },
  ];
}
