// Training: batches, edits on the way, and a history that one can go back into.
//
// Time is counted in updates. An edit belongs to the update before which it was made, so a run with its edits can
// be computed again from the start; checkpoints only make that quick. Between them a run is replayed.

import {
  applyOptimizer,
  forwardPropagation,
  reducedLoss,
  sampleLosses,
  stepGradients,
} from "./engine.js";

// So many numbers are kept in checkpoints; beyond, every second one is let go.
const KEPT_NUMBERS = 6e6;

export function batchesPerEpoch({ samples, batchSize }) {
  return Math.ceil(samples / batchSize);
}

// The rows of the data that an update takes.
export function rowsOfUpdate(problem, update) {
  const { samples, batchSize, orders } = problem;
  if (batchSize >= samples) return Array.from({ length: samples }, (_, n) => n);
  const batches = batchesPerEpoch(problem);
  const [epoch, start] = [Math.floor(update / batches), (update % batches) * batchSize];
  const rows = Array.from({ length: Math.min(batchSize, samples - start) }, (_, k) => start + k);
  return orders ? rows.map((place) => orders[epoch % orders.length][place]) : rows;
}

export function gather(values, rows, width) {
  const taken = new Float64Array(rows.length * width);
  rows.forEach((row, k) => taken.set(values.subarray(row * width, (row + 1) * width), k * width));
  return taken;
}

// --- edits ----------------------------------------------------------------------------------------------------

// The problem as it stands at an update: all edits up to it but those of parameters, which are made on the way.
export function problemAt(problem, edits, update) {
  return edits.filter((edit) => edit.at <= update).reduce(withEdit, problem);
}

export function withEdit(problem, { key, value }) {
  const [name, ...place] = key.split("-");
  const [first, second] = place.map((text) => Number(text) - 1);
  const { network } = problem;
  if (name === "rate") {
    const { optimizer } = problem;
    return {
      ...problem,
      optimizer: { ...optimizer, settings: { ...optimizer.settings, eta: value } },
    };
  }
  if (name === "loss")
    return {
      ...problem,
      network: { ...network, loss: { delta: network.loss.delta ?? problem.delta, name: value } },
    };
  if (name === "huber")
    return { ...problem, network: { ...network, loss: { ...network.loss, delta: value } } };
  if (name === "act" || name === "alpha") {
    const layers = network.layers.map((layer, k) => {
      if (k !== first) return layer;
      const activation =
        name === "act"
          ? { name: value, alpha: problem.alphas[value] }
          : { ...layer.activation, alpha: value };
      return { ...layer, activation };
    });
    return { ...problem, network: { ...network, layers } };
  }
  if (name === "x" || name === "t") {
    const values = problem[name].slice();
    const width = name === "x" ? network.layers[0].inputs : network.layers.at(-1).units;
    values[first * width + second] = value;
    return { ...problem, [name]: values };
  }
  return problem;
}

export function withParameterEdits(network, parameters, edits) {
  let edited = parameters;
  for (const { key, value } of edits) {
    const [name, ...place] = key.split("-");
    if (!(name in parameters)) continue;
    const values = edited[name].slice();
    const layer = network.layers[Number(name.slice(1)) - 1];
    if (name[0] === "b" && layer.shareBias) values.fill(value);
    else
      values[name[0] === "b" ? place[0] - 1 : (place[0] - 1) * layer.inputs + (place[1] - 1)] =
        value;
    edited = { ...edited, [name]: values };
  }
  return edited;
}

function allFinite(values) {
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) return false;
  return true;
}

// --- a run ----------------------------------------------------------------------------------------------------

export class Run {
  constructor(problem, mistake = null) {
    this.problem = problem;
    this.mistake = mistake;
    this.batches = batchesPerEpoch(problem);
    this.edits = [];
    this.restart();
  }

  restart() {
    this.checkpoints = new Map();
    this.spacing = 1;
    this.losses = []; // of all samples, before the first update of each epoch
    this.end = null; // why a run goes no further: { epoch, name } of what is no longer finite, or { output }
    this.arrive(0, this.problem.parameters, {});
  }

  // The same run with other edits: what lies before the first that differs is kept.
  edit(edits) {
    const same = (a, b) =>
      a && b && a.at === b.at && a.key === b.key && Object.is(a.value, b.value);
    const first = Array.from({ length: Math.max(edits.length, this.edits.length) }).findIndex(
      (_, k) => !same(edits[k], this.edits[k]),
    );
    if (first < 0) return;
    const from = Math.min(edits[first]?.at ?? Infinity, this.edits[first]?.at ?? Infinity);
    this.edits = edits;
    this.ready = null;
    if (from === 0) return this.restart();
    if (from > this.reached) return undefined;
    for (const update of this.checkpoints.keys())
      if (update >= from) this.checkpoints.delete(update);
    this.losses.length = Math.ceil(from / this.batches);
    this.end = null;
    const kept = Math.max(...this.checkpoints.keys());
    [this.reached, this.tip] = [kept, this.checkpoints.get(kept)];
    while (this.reached < from && !this.end) this.advance();
    return undefined;
  }

  // The problem with the edits up to an update; the same object as long as none is made.
  setting(update) {
    const count = this.edits.filter((edit) => edit.at <= update).length;
    if (this.ready?.count !== count)
      this.ready = { count, problem: problemAt(this.problem, this.edits, update) };
    return this.ready.problem;
  }

  arrive(update, parameters, states) {
    const { network } = this.setting(update);
    const made = withParameterEdits(
      network,
      parameters,
      this.edits.filter((edit) => edit.at === update),
    );
    this.reached = update;
    this.tip = { parameters: made, states };
    if (update % this.batches === 0) this.measure(update / this.batches);
    if (update % this.spacing === 0) this.keep(update);
  }

  measure(epoch) {
    if (this.losses[epoch] !== undefined) return;
    const { network, x, t, samples } = this.setting(this.reached);
    const lost = Object.entries(this.tip.parameters).find(([, values]) => !allFinite(values));
    if (lost && epoch > 0) this.end ??= { epoch: epoch - 1, name: lost[0] };
    try {
      this.losses[epoch] = reducedLoss(
        network,
        sampleLosses(network, this.forwardOver(network, this.tip.parameters, x, samples), t),
      );
    } catch (error) {
      this.losses[epoch] = NaN;
      this.end ??= { epoch, output: error.output };
    }
    if (!Number.isFinite(this.losses[epoch])) this.end ??= { epoch, name: "the loss" };
  }

  keep(update) {
    this.checkpoints.set(update, this.tip);
    const size = (state) =>
      Object.values(state.parameters).reduce((sum, values) => sum + values.length, 0);
    const numbers = size(this.tip) * (1 + (Object.values(this.tip.states)[0]?.length ?? 0));
    if (this.checkpoints.size * numbers < KEPT_NUMBERS) return;
    this.spacing *= 2;
    for (const kept of this.checkpoints.keys())
      if (kept % this.spacing) this.checkpoints.delete(kept);
  }

  advance() {
    const { parameters, states } = this.after(this.reached, this.tip);
    this.arrive(this.reached + 1, parameters, states);
  }

  // What one update makes of parameters and states.
  after(update, state) {
    const { updated, remembered } = this.work(update, state);
    return { parameters: updated, states: remembered };
  }

  // One update with its gradients. The last is kept: the step that is shown is also the next one that is made.
  work(update, { parameters, states }) {
    if (
      this.kept?.update === update &&
      this.kept.parameters === parameters &&
      this.kept.setting === this.setting(update)
    )
      return this.kept;
    const batch = this.batchAt(update, parameters);
    const { network, optimizer, forward, t } = batch;
    const gradients = stepGradients(
      network,
      optimizer,
      parameters,
      forward,
      t,
      states,
      this.mistake,
    );
    const [updated, remembered] = optimizer
      ? applyOptimizer(network, optimizer, parameters, gradients, states)
      : [{}, {}];
    this.kept = {
      update,
      parameters,
      setting: this.setting(update),
      ...batch,
      gradients,
      updated,
      remembered,
    };
    return this.kept;
  }

  batchAt(update, parameters) {
    const { network, optimizer, x, t, samples } = this.setting(update);
    const rows = rowsOfUpdate(this.problem, update);
    const all = rows.length === samples;
    const inputs = all ? x : gather(x, rows, network.layers[0].inputs);
    const targets = all ? t : gather(t, rows, network.layers.at(-1).units);
    return {
      network,
      optimizer,
      rows,
      t: targets,
      forward: this.forwardOver(network, parameters, inputs, rows.length),
    };
  }

  // The loss before an epoch and its first step take the same forward pass, where the batch is all samples.
  forwardOver(network, parameters, x, samples) {
    const last = this.passed;
    if (last?.network === network && last.parameters === parameters && last.x === x)
      return last.forward;
    const forward = forwardPropagation(network, parameters, x, samples);
    this.passed = { network, parameters, x, forward };
    return forward;
  }

  // Compute on, up to an update, or until the time is over. True where there is no more to do.
  extend(update, milliseconds = Infinity) {
    const start = performance.now();
    while (this.reached < update && !this.end) {
      this.advance();
      if (performance.now() - start > milliseconds) break;
    }
    return this.reached >= update || Boolean(this.end);
  }

  // Parameters and states before an update, edits included.
  at(update) {
    this.extend(update);
    const wanted = Math.min(update, this.reached);
    if (wanted === this.reached) return { update: wanted, ...this.tip };
    if (this.visited?.update === wanted && this.visited.edits === this.edits) return this.visited;
    let near = -1;
    for (const kept of this.checkpoints.keys()) if (kept <= wanted && kept > near) near = kept;
    if (
      this.visited?.edits === this.edits &&
      this.visited.update <= wanted &&
      this.visited.update > near
    )
      near = this.visited.update;
    let state = this.checkpoints.get(near) ?? this.visited;
    for (; near < wanted; near++) {
      const next = this.after(near, state);
      const edits = this.edits.filter((edit) => edit.at === near + 1);
      state = {
        ...next,
        parameters: withParameterEdits(this.setting(near + 1).network, next.parameters, edits),
      };
    }
    this.visited = {
      update: wanted,
      parameters: state.parameters,
      states: state.states,
      edits: this.edits,
    };
    return this.visited;
  }
}
