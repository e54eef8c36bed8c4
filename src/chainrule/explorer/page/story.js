// The story of one number: what it feeds, and every path by which the loss comes back to it.

import { partial } from "./formula.js";
import { asMistaken, usesOf, valueOf } from "./lines.js";
import { keyOf } from "./mathml.js";
import { trueGradient } from "./step.js";

// More paths are not walked one by one: they are gathered where they meet.
const MOST_PATHS = 400;
const PATHS_SHOWN = 3;
// In a large network each of them is a long sum: fewer are shown.
const [MOST_FED, MOST_LONG, LONG] = [12, 5, 48];

export function countPaths(step, symbol) {
  if (symbol.letter === "loss") return 1;
  const uses = usesOf(step, symbol);
  return uses.length ? uses.length * countPaths(step, uses[0].fed) : 0;
}

// The entries that move when one moves, nearest first: [{ symbol, distance }], so many at most.
export function fedBy(step, symbol) {
  const found = new Map();
  let front = [symbol];
  const most = step.network.layers.some(({ inputs }) => inputs > LONG) ? MOST_LONG : MOST_FED;
  for (let distance = 1; front.length && found.size <= most * 2; distance++) {
    const following = new Map();
    for (const entry of front.slice(0, most))
      for (const { fed } of usesOf(step, entry)) following.set(keyOf(fed), fed);
    for (const [key, fed] of following)
      if (!found.has(key)) found.set(key, { symbol: fed, distance });
    front = [...following.values()];
  }
  const all = [...found.values()];
  return { shown: all.slice(0, most), left: all.length - Math.min(all.length, most) };
}

// The way from the loss back to an entry where there is only one, as the step takes it: with the mistake, if it makes
// one; null where paths fork.
export function onlyPath(step, symbol) {
  const ways = [];
  for (let at = symbol; at.letter !== "loss"; at = ways.at(-1).fed) {
    const uses = usesOf(step, at);
    if (uses.length !== 1) return null;
    ways.push({ ...uses[0], local: asMistaken(step, at, uses[0].local), right: uses[0].local });
  }
  return asPath(step, symbol, ways, "loss");
}

// Paths from the loss back to an entry, largest first: [{ links: [{ words, partial, formula, value }], product }].
// `rest` is what the paths that are not shown add up to, so that with it the products add up to the gradient.
export function pathsTo(step, symbol) {
  const count = countPaths(step, symbol);
  const stop = count > MOST_PATHS ? stopOf(step, symbol) : "loss";
  const paths = [...walk(step, symbol, stop)].map((ways) => asPath(step, symbol, ways, stop));
  paths.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
  return {
    count,
    gathered: stop === "loss" ? null : stop,
    shown: paths.slice(0, PATHS_SHOWN),
    left: Math.max(0, paths.length - PATHS_SHOWN),
    rest: paths.slice(PATHS_SHOWN).reduce((total, { product }) => total + product, 0),
  };
}

function stopOf(step, symbol) {
  if ("wb".includes(symbol.letter) && !step.batch) return `a${symbol.layer}`;
  const { fed } = usesOf(step, symbol)[0];
  return fed.letter + (fed.layer ?? "");
}

function* walk(step, symbol, stop) {
  if (symbol.letter === "loss" || symbol.letter + (symbol.layer ?? "") === stop) {
    yield [];
    return;
  }
  for (const use of usesOf(step, symbol))
    for (const rest of walk(step, use.fed, stop)) yield [use, ...rest];
}

function asPath(step, entry, ways, stop) {
  let symbol = entry;
  const links = ways.map(({ fed, local, words, right = local }) => {
    const of = fed.letter === "loss" ? { letter: "loss", gradient: true } : fed;
    const link = {
      words,
      partial: partial(of, symbol),
      formula: local,
      value: valueOf(step, local),
      mistaken: local !== right,
      from: symbol,
      to: fed,
    };
    symbol = fed;
    return link;
  });
  if (stop !== "loss") {
    const flowing = { ...symbol, gradient: true };
    links.push({
      words: step.content.links.arriving,
      partial: flowing,
      formula: flowing,
      value: trueGradient(step, symbol),
      from: symbol,
      to: symbol,
    });
  }
  links.reverse();
  return { links, product: links.reduce((total, link) => total * link.value, 1) };
}
