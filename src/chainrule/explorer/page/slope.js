// The activation's curve with the slope that the backward pass takes: at z, or where a mistake takes it.

import { ACTIVATIONS } from "./activations.js";
import { asTyped, showNumber } from "./digits.js";
import { el } from "./markup.js";
import { keyOf } from "./mathml.js";
import { layersWithDerivative } from "./engine.js";
import { numberOf } from "./step.js";

const [WIDTH, HEIGHT] = [420, 116];
const FARTHEST = 1e6;

export function slopePlot(app, symbol) {
  const { step } = app;
  if (
    !symbol ||
    symbol.mark ||
    (!(symbol.letter === "a" && !symbol.gradient) && !(symbol.letter === "z" && symbol.gradient))
  )
    return "";
  const { activation } = step.network.layers[symbol.layer - 1];
  const { value, slope } = ACTIVATIONS[activation.name];
  if (!value) return "";
  const f = (u) => value(u, activation.alpha);
  const z = numberOf(step, { ...symbol, letter: "z", gradient: false });
  const a = f(z);
  // So far out there is nothing to be seen of a curve.
  if (!(Math.abs(z) < FARTHEST && Math.abs(a) < FARTHEST)) return "";
  const wrong =
    step.mistake === "derivative-at-activation" &&
    symbol.gradient &&
    layersWithDerivative(step.network).includes(symbol.layer);
  const reach = Math.max(
    3,
    Math.ceil(Math.abs(z) * 1.15),
    wrong ? Math.ceil(Math.abs(a) * 1.15) : 0,
  );
  const points = Array.from({ length: 81 }, (_, k) => -reach + (k * reach) / 40);
  const [low, high] = [Math.min(0, ...points.map(f)), Math.max(...points.map(f), 1e-9)];
  if (!(high - low < FARTHEST)) return "";
  const px = (u) => 12 + ((u + reach) / (2 * reach)) * (WIDTH - 24);
  const py = (v) => HEIGHT - 26 - ((v - low) / (high - low)) * (HEIGHT - 48);
  const drop = (u) =>
    el("line", { class: "ax", x1: px(u), x2: px(u), y1: py(f(u)), y2: HEIGHT - 24 });
  const tangent = (u, kind) => {
    const [sx, sy] = [(WIDTH - 24) / (2 * reach), (HEIGHT - 48) / (high - low)];
    const rise = slope(u, activation.alpha);
    const half = 44 / Math.hypot(sx, rise * sy);
    return el("line", {
      class: `tg ${kind}`,
      x1: px(u - half),
      x2: px(u + half),
      y1: py(f(u) - rise * half),
      y2: py(f(u) + rise * half),
    });
  };
  const parts = [
    el("line", { class: "ax", x1: 12, x2: WIDTH - 12, y1: HEIGHT - 24, y2: HEIGHT - 24 }),
    `<path class="cv" d="M${points.map((u) => `${px(u).toFixed(1)} ${py(f(u)).toFixed(1)}`).join("L")}"/>`,
    drop(z),
  ];
  if (wrong)
    parts.push(
      drop(a),
      tangent(a, "bad"),
      el("circle", { class: "pt open", cx: px(a), cy: py(f(a)), r: 4 }),
    );
  if (symbol.gradient) parts.push(tangent(z, ""));
  parts.push(
    el("circle", { class: "pt", cx: px(z), cy: py(a), r: 4.5 }),
    ...labels(px, z, a, wrong),
  );
  if (symbol.gradient) {
    parts.push(
      el(
        "text",
        { class: "u", x: 12, y: 14 },
        `slope at 𝑧: ${shortSlope(slope(z, activation.alpha))}`,
      ),
    );
    if (wrong)
      parts.push(
        el(
          "text",
          { class: "u", x: 12, y: 31 },
          `used here, at 𝑎: ${shortSlope(slope(a, activation.alpha))}`,
        ),
      );
  }
  const words = `${activation.name} with the slope at z${wrong ? ", and the one taken at a" : ""}, ${keyOf(symbol)}`;
  return `<figure class="slope">${el("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words }, parts.join(""))}</figure>`;
}

const shortSlope = (value) => asTyped(showNumber(value, 4));

function labels(px, z, a, wrong) {
  const text = (u, words, shift, anchor) =>
    el(
      "text",
      {
        class: "n ka",
        x: Math.min(WIDTH - 4, Math.max(4, px(u) + shift)),
        y: HEIGHT - 7,
        "text-anchor": anchor,
      },
      words,
    );
  const edge = (u) => (px(u) > WIDTH - 50 ? "end" : px(u) < 50 ? "start" : "middle");
  if (!wrong) return [text(z, `𝑧 ${asTyped(showNumber(z, 4))}`, 0, edge(z))];
  const near = Math.abs(px(z) - px(a)) < 110;
  const right = z >= a;
  return [
    text(
      z,
      `𝑧 ${asTyped(showNumber(z, 4))}`,
      near ? (right ? 3 : -3) : 0,
      near ? (right ? "start" : "end") : edge(z),
    ),
    text(
      a,
      `𝑎 ${asTyped(showNumber(a, 4))}`,
      near ? (right ? -3 : 3) : 0,
      near ? (right ? "end" : "start") : edge(a),
    ),
  ];
}
