// The chain's way through the drawing: along the edges that the loss comes back by to the current gradient.

import { $ } from "./markup.js";
import { pathsTo } from "./story.js";
import { symbolOf } from "./step.js";

const cache = { step: null, key: "", paths: [] };

export function pathsShown(app) {
  const symbol = symbolOf(app.step, app.state.key);
  if (!symbol?.gradient || symbol.letter.startsWith("loss") || symbol.letter === "t") return [];
  if (cache.step !== app.step || cache.key !== app.state.key) {
    Object.assign(cache, {
      step: app.step,
      key: app.state.key,
      paths: pathsTo(app.step, { ...symbol, gradient: false }).shown,
    });
  }
  return cache.paths;
}

export function edgesOfPath(svg, { links }) {
  const roles = links.flatMap(({ from, to }) => {
    if (to.letter === "z" && from.letter === "w") return [`e-${to.layer}-${from.index.join("-")}`];
    if (to.letter === "z" && (from.letter === "a" || from.letter === "x"))
      return [`e-${to.layer}-${to.index.at(-1)}-${from.index.at(-1)}`];
    if (from.letter === "a" && to.letter.startsWith("loss")) return [`l-${from.index.at(-1)}`];
    return [];
  });
  return roles
    .map((role) => $(`[data-r="${role}"]`, svg))
    .filter(Boolean)
    .map((edge) => {
      const at = (name) => edge.getAttribute(name);
      return `<line class="path" x1="${at("x1")}" y1="${at("y1")}" x2="${at("x2")}" y2="${at("y2")}"/>`;
    })
    .join("");
}
