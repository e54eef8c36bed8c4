// Where one stops on the way through a step: number by number, and in values too large for that, at one of them.

import { sizeOf } from "./lines.js";
import { placeOfLargest, shapeOf, symbolOf } from "./step.js";

// A step with no more numbers is walked through whole. In a larger one, values with more than so many entries are
// worked at one of them: with fewer, as long as there would be too many stops.
const WHOLE = 96;
const MOST_STOPS = 170;
const MOST_ENTRIES = [16, 8, 4, 1];

// explain names its sections "dL/dw1" and "new w1"; the numbers go by gw1 and w1_new.
function nameOfSection(key) {
  if (key.startsWith("dL/d")) return `g${key.slice(4)}`;
  return key.startsWith("new ") ? `${key.slice(4)}_new` : key;
}

export function sectionsOf(step) {
  return step.content.sections
    .map((section) => ({ ...section, name: nameOfSection(section.key) }))
    .filter(({ name }) => name in step.values);
}

export function stopsOf(step, state) {
  const sections = sectionsOf(step);
  const counts = sections.map(({ name }) => entryCount(step, name));
  const stopsWith = (most) =>
    counts.reduce((total, count) => total + (count <= most ? count : 1), 0);
  const fits = MOST_ENTRIES.find((entries) => stopsWith(entries) <= MOST_STOPS) ?? 1;
  const most = stopsWith(Infinity) <= WHOLE ? Infinity : fits;
  return sections.flatMap((section, k) => {
    const keys =
      counts[k] <= most ? entriesOf(step, section.name) : [focusOf(step, section.name, state)];
    return keys.map((key) => ({
      key,
      section: section.name,
      phase: section.phase,
      title: section.title,
      why: whyOf(step, section),
    }));
  });
}

const PHASES = ["Forward", "Loss", "Backward", "Update"];
export const phasesOf = (stops) =>
  PHASES.filter((phase) => stops.some((stop) => stop.phase === phase));

// A batch's values are walked through for the sample that is looked at.
function bySample(step, name) {
  return step.batch && /^g?([xzat]\d*|losses)$/.test(name);
}

function entryCount(step, name) {
  return bySample(step, name) ? sizeOf(step, name) / step.forward.samples : sizeOf(step, name);
}

function entriesOf(step, name) {
  let shape = shapeOf(step, name);
  const own = bySample(step, name);
  if (own) shape = shape.slice(1);
  let places = [[]];
  for (const size of shape)
    places = places.flatMap((place) => Array.from({ length: size }, (_, k) => [...place, k + 1]));
  return places.map((place) => [name, ...(own ? [step.row + 1] : []), ...place].join("-"));
}

// The entry that was asked for, else the largest.
function focusOf(step, name, state) {
  const asked = state.focus[name];
  const symbol = asked && symbolOf(step, asked);
  if (symbol && !(bySample(step, name) && symbol.index[0] !== step.row + 1)) return asked;
  const shape = shapeOf(step, name);
  const values = step.values[name];
  let top = 0;
  if (bySample(step, name)) {
    const width = values.length / step.forward.samples;
    const start = step.row * width;
    top = start + placeOfLargest(values.subarray(start, start + width));
  } else top = placeOfLargest(values);
  return [name, ...unravel(top, shape)].join("-");
}

export function unravel(place, shape) {
  const index = [];
  for (const size of [...shape].reverse()) {
    index.unshift((place % size) + 1);
    place = Math.floor(place / size);
  }
  return index;
}

// Meanings follow the activation and the loss that are chosen now.
function whyOf(step, { name, why }) {
  const { layers, loss } = step.network;
  const activations = step.content.activations;
  const [, letter, number] = name.match(/^(g?[a-z]+)(\d*)/);
  if (letter === "a") return activations[layers[number - 1].activation.name].meaning;
  if (letter === "gz") return activations[layers[number - 1].activation.name].words;
  if (name === "losses" || (name === "loss" && !step.batch))
    return step.content.losses[loss.name].words;
  return why.replaceAll("{n}", String(step.forward.samples));
}
