// The state in the address: #step=gw1-2-1&run=mistake&epoch=60&edits=0:w2-1-1=0.9
//
// Written without what is as at the start. Read only as a whole: one bad word, and nothing is changed.

import { ACTIVATIONS } from "./activations.js";
import { MISTAKES } from "./engine.js";
import { LOSSES } from "./losses.js";
import { symbolOf, workStep } from "./step.js";
import { Run } from "./training.js";

const MOST_EPOCHS = 1e6;
// So many multiplications are computed while a page opens.
const MOST_WORK = 4e9;
const MOST_UPDATES = 2e5;
const LINES = ["auto", "weights", "gradients"];
const KNOWN = ["step", "run", "compare", "epoch", "batch", "trained", "sample", "lines", "edits"];

export function writeAddress(app) {
  const { state, content, batches } = app;
  const words = [];
  if (state.edits.length)
    words.push(
      `edits=${state.edits.map(({ at, key, value }) => `${at}:${key}=${value}`).join(",")}`,
    );
  if (state.compare !== (content.training?.mistake ?? null))
    words.push(`compare=${state.compare ?? "nothing"}`);
  if (state.mode === "mistake") words.push("run=mistake");
  const epoch = Math.floor(state.update / batches);
  if (epoch) words.push(`epoch=${epoch}`);
  if (state.update % batches) words.push(`batch=${(state.update % batches) + 1}`);
  if (state.trained > epoch) words.push(`trained=${state.trained}`);
  if (state.sample) words.push(`sample=${state.sample + 1}`);
  if (state.lines !== "auto") words.push(`lines=${state.lines}`);
  if (state.key !== app.stops[0].key) words.push(`step=${state.key}`);
  return words.join("&");
}

class Unusable extends Error {}
const refuse = (words) => {
  throw new Unusable(words);
};

// The state that an address asks for; or { words }, why it cannot be had.
export function readAddress(app, text) {
  try {
    return { state: stateOf(app, text) };
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return { words: `${error.message} Nothing was changed.` };
  }
}

function wordsOf(text) {
  const found = {};
  for (const word of text.split("&").filter(Boolean)) {
    const place = word.indexOf("=");
    const [name, value] = [decoded(word.slice(0, place)), decoded(word.slice(place + 1))];
    if (place < 1 || !KNOWN.includes(name))
      refuse(`The address has “${decoded(word)}”, which is none of ${KNOWN.join(", ")}.`);
    if (name in found) refuse(`The address has ${name} twice.`);
    found[name] = value;
  }
  return found;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function whole(words, name, least, most, missing) {
  if (!(name in words)) return missing;
  const value = /^\d+$/.test(words[name]) ? Number(words[name]) : NaN;
  if (!(value >= least && value <= most))
    refuse(
      `The address asks for ${name} “${words[name]}”, and there are ${least} to ${most.toLocaleString("en")}.`,
    );
  return value;
}

function oneOf(words, name, known, missing) {
  if (!(name in words)) return missing;
  if (!known.includes(words[name]))
    refuse(`The address asks for ${name} “${words[name]}”, which is none of ${known.join(", ")}.`);
  return words[name];
}

function stateOf(app, text) {
  const words = wordsOf(text);
  const { problem, content, batches } = app;
  const possible = Object.keys(MISTAKES).filter(
    (name) => problem.optimizer && content.mistakes[name][0],
  );
  const state = app.initialState();
  const compare = oneOf(words, "compare", ["nothing", ...possible], state.compare ?? "nothing");
  state.compare = compare === "nothing" ? null : compare;
  state.mode = oneOf(words, "run", ["true", "mistake"], "true") === "mistake" ? "mistake" : "right";
  if (state.mode === "mistake" && !state.compare)
    refuse("The address asks for the mistaken run, and compares with nothing.");
  const most = problem.optimizer ? MOST_EPOCHS : 0;
  const epoch = whole(words, "epoch", 0, most, 0);
  state.trained = Math.max(epoch, whole(words, "trained", 0, most, 0));
  state.update = epoch * batches + whole(words, "batch", 1, batches, 1) - 1;
  state.sample = whole(words, "sample", 1, problem.samples, 1) - 1;
  state.lines = oneOf(words, "lines", LINES, "auto");
  state.edits = words.edits ? words.edits.split(",").map((edit) => editOf(app, edit)) : [];
  state.edits.sort((a, b) => a.at - b.at);
  requireQuick(app, state.trained);
  if (!app.rowsAt(state.update).includes(state.sample)) {
    if (words.sample)
      refuse(`The address asks for sample ${state.sample + 1}, which this batch does not have.`);
    state.sample = app.rowsAt(state.update)[0];
  }
  state.key = keyOfAddress(app, state, words.step);
  // A number of a sample brings the sample along.
  if (app.step.batch && /^g?([xzat]\d*|losses)-/.test(state.key)) {
    state.sample = app.rowsAt(state.update)[state.key.split("-")[1] - 1];
  }
  state.story = Boolean(words.step);
  return state;
}

function requireQuick(app, epochs) {
  const { problem, batches } = app;
  const parameters = Object.values(problem.parameters).reduce(
    (total, values) => total + values.length,
    0,
  );
  if (parameters * problem.samples * epochs * 3 > MOST_WORK || epochs * batches > MOST_UPDATES) {
    refuse(
      `The address asks for ${epochs.toLocaleString("en")} epochs, which this network would compute for too long; run it here.`,
    );
  }
}

function keyOfAddress(app, state, key) {
  if (!key) return app.stops[0].key;
  // What numbers there are depends on the batch and the mistake, and not on how far a run has come.
  const step = workStep(
    new Run(app.problem, state.mode === "mistake" ? state.compare : null),
    state.update % app.batches,
    state.sample,
    app.content,
  );
  if (!symbolOf(step, key))
    refuse(`The address asks for the number “${key}”, which this step does not have.`);
  return key;
}

function editOf(app, text) {
  const found = text.match(/^(\d+):([a-z]+\d*(?:-\d+)*)=(.+)$/);
  if (!found) refuse(`The address has the edit “${text}”, which is no update:number=value.`);
  const [, at, key, written] = found;
  const value = valueOfEdit(app, key, written);
  if (value === undefined)
    refuse(`The address has the edit “${text}”, which this problem has no place for.`);
  return { at: Number(at), key, value };
}

function valueOfEdit({ problem }, key, written) {
  const [name, ...places] = key.split("-");
  const { layers } = problem.network;
  const layer = layers[Number(name.match(/\d+$/)?.[0] ?? places[0]) - 1];
  const within = (...sizes) =>
    places.length === sizes.length && sizes.every((size, k) => places[k] >= 1 && places[k] <= size);
  const number =
    /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(written) && Number.isFinite(Number(written))
      ? Number(written)
      : undefined;
  if (name === "loss")
    return written in LOSSES && Object.hasOwn(LOSSES, written) && !places.length
      ? written
      : undefined;
  if (name === "act")
    return Object.hasOwn(ACTIVATIONS, written) && within(layers.length) ? written : undefined;
  if (number === undefined) return undefined;
  if (name === "rate")
    return problem.optimizer && number > 0 && !places.length ? number : undefined;
  if (name === "huber") return number > 0 && !places.length ? number : undefined;
  if (name === "alpha") return number >= 0 && within(layers.length) ? number : undefined;
  if (name === "x") return within(problem.samples, layers[0].inputs) ? number : undefined;
  if (name === "t")
    return problem.hasTargets && within(problem.samples, layers.at(-1).units) ? number : undefined;
  if (/^w\d+$/.test(name)) return layer && within(layer.units, layer.inputs) ? number : undefined;
  if (/^b\d+$/.test(name)) return layer && within(layer.biases) ? number : undefined;
  return undefined;
}

// --- keeping both alike ---------------------------------------------------------------------------------------

export function makeAddress(app) {
  let written = null;
  let refusal = null;

  function take() {
    const text = location.hash.slice(1);
    if (text === written || (text === "" && written === null)) return;
    const { state, words } = readAddress(app, text);
    written = text;
    refusal = words ?? null;
    if (words) app.set({ message: words });
    else app.set(state);
  }

  // Not at every frame of a run: browsers count how often the address is changed.
  let timer = 0;
  function paint() {
    clearTimeout(timer);
    timer = setTimeout(write, 200);
  }

  function write() {
    // One that was refused stays, to be mended, as long as that is said.
    if (refusal && app.state.message === refusal) return;
    const text = writeAddress(app);
    if (text === written || (text === "" && !location.hash)) return;
    written = text;
    try {
      history.replaceState(null, "", `${location.href.split("#")[0]}#${text}`);
    } catch {
      // A frame without an address of its own keeps its state to itself.
    }
  }

  addEventListener("hashchange", take);
  return { paint, take, write };
}
