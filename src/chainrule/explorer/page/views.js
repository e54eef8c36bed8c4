// What a network shows beside its numbers: large matrices, inputs as a picture, and the plane of two inputs.

import { makeBoundary } from "./boundary.js";
import { inputGradientOf } from "./engine.js";
import { makeHeatMap } from "./heat_map.js";
import { $ } from "./markup.js";
import { math, plainName, writeSymbol } from "./mathml.js";
import { ofSample, symbolOf } from "./step.js";

// Matrices with more entries are shown as pictures.
const MOST_ENTRIES = 48;
const SMALLEST_PICTURE = 16;

export function makeViews(app, root) {
  const paints = [
    makeMatrices(app, $("#matrices", root)),
    makePicture(app, $("#picture", root)),
    makePlane(app, $("#plane", root)),
  ];
  return () => paints.forEach((paint) => paint?.());
}

function layerLookedAt(app) {
  const symbol = symbolOf(app.step, app.state.key);
  return Math.min(
    app.problem.network.layers.length,
    Math.max(1, symbol?.layer ?? (symbol?.letter === "x" ? 1 : app.problem.network.layers.length)),
  );
}

function makeMatrices(app, box) {
  const { layers } = app.problem.network;
  if (!layers.some(({ inputs, units }) => inputs * units > MOST_ENTRIES)) return null;
  box.hidden = false;
  const select = (key) => app.select(key);
  const [weights, gradients] = [
    makeHeatMap($("#heat-w", box), select),
    makeHeatMap($("#heat-g", box), select),
  ];
  return () => {
    const layer = layerLookedAt(app);
    const { inputs, units } = layers[layer - 1];
    const map = (gradient) => {
      const name = `${gradient ? "g" : ""}w${layer}`;
      const whole = { letter: "w", layer, index: [], ...(gradient ? { gradient } : {}) };
      const entry = (row, column) => ({ ...whole, index: [row + 1, column + 1] });
      return {
        title: math(writeSymbol(whole)),
        label: gradient ? `Gradient of the weights of layer ${layer}` : `Weights of layer ${layer}`,
        rows: units,
        columns: inputs,
        values: app.step.values[name],
        offset: 0,
        hue: gradient ? "kg" : "kw",
        name: (row, column) => plainName(entry(row, column)),
        key: (row, column) => `${name}-${row + 1}-${column + 1}`,
      };
    };
    weights(map(false));
    if (`gw${layer}` in app.step.values) gradients(map(true));
  };
}

// --- inputs as a picture --------------------------------------------------------------------------------------

function makePicture(app, box) {
  const { inputs } = app.problem.network.layers[0];
  const side = Math.sqrt(inputs);
  if (!Number.isInteger(side) || inputs < SMALLEST_PICTURE) return null;
  box.hidden = false;
  const select = (key) => app.select(key);
  const [picture, weights, slope] = ["#heat-x", "#heat-unit", "#heat-gx"].map((id) =>
    makeHeatMap($(id, box), select),
  );
  let last = {};
  const slopeOf = ({ network, parameters, gradients, row }) => {
    if (last.gradients !== gradients || last.row !== row)
      last = { gradients, row, values: inputGradientOf(network, parameters, gradients, row) };
    return last.values;
  };
  return () => {
    const { step } = app;
    const symbol = symbolOf(step, app.state.key);
    const unit =
      symbol?.layer === 1 && symbol.index.length
        ? symbol.index[/[wb]$/.test(symbol.letter) ? 0 : symbol.index.length - 1]
        : 1;
    const start = step.batch ? step.row * inputs : 0;
    const map = (values, offset, hue, title, label, entry) => ({
      title,
      label,
      rows: side,
      columns: side,
      cell: Math.max(4, Math.floor(196 / side)),
      values,
      offset,
      hue,
      name: (row, column) => plainName(entry(row * side + column + 1)),
      key: (row, column) => {
        const one = entry(row * side + column + 1);
        return [(one.gradient ? "g" : "") + one.letter + (one.layer ?? ""), ...one.index].join("-");
      },
    });
    const x = (place) => ofSample(step, "x", 0, place);
    picture(
      map(
        step.values.x,
        start,
        "kx",
        `Sample ${app.state.sample + 1}`,
        `The inputs of sample ${app.state.sample + 1}`,
        x,
      ),
    );
    weights(
      map(
        step.values.w1,
        (unit - 1) * inputs,
        "kw",
        `Weights of neuron ${unit}`,
        `The weights into neuron ${unit} of layer 1`,
        (place) => ({ letter: "w", layer: 1, index: [unit, place] }),
      ),
    );
    if (step.gradients)
      slope(
        map(
          slopeOf(step),
          0,
          "kg",
          math(writeSymbol({ letter: "x", index: [], gradient: true })),
          "The gradient of the inputs",
          (place) => ({ ...x(place), gradient: true }),
        ),
      );
  };
}

// --- the plane of two inputs ----------------------------------------------------------------------------------

function makePlane(app, box) {
  if (app.problem.network.layers[0].inputs !== 2) return null;
  box.hidden = false;
  return makeBoundary(app, box);
}
