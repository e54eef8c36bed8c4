// What the page knows at any moment, and what happens when it changes: the runs follow the edits, the step follows
// the runs, and every part of the page paints itself from the step.

import { keyOf } from "./mathml.js";
import { stepGradients } from "./engine.js";
import { stopsOf } from "./stops.js";
import { symbolOf, workStep } from "./step.js";
import { Run, batchesPerEpoch, problemAt, rowsOfUpdate } from "./training.js";

// A run that is caught up with computes so long at a time, in milliseconds, and lets the page breathe.
const SLICE = 14;
const AT_ONCE = 60;
// While a run goes by frame by frame, what is read rather than watched is painted so many milliseconds apart.
const CALM = 100;
// Looking back on the way of the pointer must keep up with it.
const MOST_WORK_TO_LOOK = 2e6;

export class App {
  constructor(content, problem) {
    this.content = content;
    this.problem = problem;
    this.batches = batchesPerEpoch(problem);
    this.parts = [];
    this.calm = new Set(); // those of the parts that need not follow every frame of a run
    this.hurried = false;
    this.past = [];
    this.future = [];
    this.runs = { right: new Run(problem) };
    this.state = this.initialState();
    this.state.key = null;
    this.follow();
    this.refresh();
    this.state.key = this.stops[0].key;
  }

  initialState() {
    return {
      update: 0, // the updates that are made; the step shown is the next
      trained: 0, // epochs that the curves show
      key: null, // the number that is looked at
      stop: 0, // where in the step one stands
      mode: "right",
      compare: this.content.training?.mistake ?? null,
      sample: 0,
      lines: "auto",
      edits: [],
      focus: {}, // of values too large to walk through, the entry that is worked
      story: false, // whether the story of the number is told
      message: "",
    };
  }

  get run() {
    return this.state.mode === "mistake" ? this.runs.mistaken : this.runs.right;
  }

  // The update that is shown next: where one stands or looks back to, or where a run has come to that is still
  // being computed.
  get update() {
    return Math.min(this.lookedAt ?? this.state.update, this.run.reached);
  }

  // Look at an epoch without going there; null looks away. Not where its numbers would take long to compute.
  lookAt(epoch) {
    const sizes = Object.values(this.problem.parameters).map((values) => values.length);
    const work = sizes.reduce((total, size) => total + size, 0) * this.problem.batchSize;
    const wanted =
      epoch === null || work * this.run.spacing > MOST_WORK_TO_LOOK ? null : epoch * this.batches;
    if ((this.lookedAt ?? null) === wanted) return false;
    this.lookedAt = wanted;
    this.refresh();
    return true;
  }

  // Whether a run is shown frame by frame, or still computed.
  get busy() {
    return this.hurried || Boolean(this.waiting);
  }

  get epoch() {
    return Math.floor(this.update / this.batches);
  }

  get setting() {
    return problemAt(this.problem, this.state.edits, this.update);
  }

  // --- changes ------------------------------------------------------------------------------------------------

  // What was said before has had its time.
  set(changes) {
    this.lookedAt = null;
    Object.assign(this.state, { message: "" }, changes);
    this.follow();
    this.refresh();
  }

  // The runs take the edits, and go as far as the curves and the place where one stands.
  follow() {
    const { state } = this;
    if (this.runs.mistaken?.mistake !== (state.compare ?? undefined)) {
      this.runs.mistaken = state.compare ? new Run(this.problem, state.compare) : undefined;
    }
    if (!state.compare) state.mode = "right";
    if (!this.problem.optimizer) state.update = state.trained = 0; // there is nothing to train with
    for (const run of this.allRuns()) run.edit(state.edits);
    state.trained = Math.max(state.trained, Math.floor(state.update / this.batches));
    this.catchUp(AT_ONCE);
    state.update = Math.min(state.update, this.furthest(this.run));
  }

  allRuns() {
    return Object.values(this.runs).filter(Boolean);
  }

  furthest(run) {
    return run.end ? run.reached : Infinity;
  }

  catchUp(milliseconds) {
    const target = Math.max(this.state.trained * this.batches, this.state.update);
    const done = this.allRuns().every((run) => run.extend(target, milliseconds));
    if (!done && !this.waiting) {
      this.waiting = requestAnimationFrame(() => {
        this.waiting = 0;
        this.catchUp(SLICE);
        this.refresh();
      });
    }
    return done;
  }

  refresh() {
    const { state, content } = this;
    const { update } = this;
    this.step = this.workedAt(update);
    const pristine = update === 0 && !state.edits.some((edit) => edit.at === 0);
    if (pristine && content.exact) {
      this.step.exact =
        state.mode === "mistake" ? content.exact.mistaken[state.compare] : content.exact.right;
    }
    if (!this.step.rows.includes(state.sample)) state.sample = this.step.rows[0];
    if (state.key !== null) state.focus[state.key.split("-")[0]] = state.key;
    this.stops = stopsOf(this.step, state);
    state.stop = Math.max(0, Math.min(state.stop, this.stops.length - 1));
    if (state.key !== null) this.keepKey();
    const rest = !this.hurried || performance.now() - this.rested > CALM;
    if (rest) this.rested = performance.now();
    for (const paint of this.parts) if (rest || !this.calm.has(paint)) paint();
  }

  // The step before an update. As long as one only moves about in it, it is not worked again.
  workedAt(update) {
    const { run, state, last } = this;
    if (
      !last ||
      last.run !== run ||
      last.edits !== run.edits ||
      last.update !== update ||
      last.compare !== state.compare
    ) {
      const step = workStep(run, update, state.sample, this.content);
      this.last = { run, edits: run.edits, update, compare: state.compare, step };
      this.mistakenStep = this.compared(step);
      return step;
    }
    const row = Math.max(0, last.step.rows.indexOf(state.sample));
    if (row !== last.step.row) last.step = { ...last.step, row };
    return last.step;
  }

  // The gradients that the mistake makes of the very step that is shown.
  compared({ network, optimizer, parameters, forward, t, states, loss }) {
    if (!this.state.compare || loss === undefined || !optimizer) return null;
    return stepGradients(network, optimizer, parameters, forward, t, states, this.state.compare);
  }

  // The number that is looked at, where it still exists; samples of a batch change their place in it.
  keepKey() {
    const at = this.stops.findIndex(({ key }) => key === this.state.key);
    if (at >= 0) this.state.stop = at;
    else if (!symbolOf(this.step, this.state.key)) this.state.key = this.stops[this.state.stop].key;
  }

  // --- places -------------------------------------------------------------------------------------------------

  select(key) {
    const symbol = symbolOf(this.step, key);
    if (!symbol) return false;
    const changes = { key, story: true };
    // An entry of another sample brings that sample along.
    if (
      this.step.batch &&
      symbol.index.length &&
      "xzat".includes(symbol.letter[0]) &&
      symbol.letter !== "loss"
    ) {
      changes.sample = this.step.rows[symbol.index[0] - 1];
    }
    this.set(changes);
    return true;
  }

  rowsAt(update) {
    return rowsOfUpdate(this.problem, update);
  }

  goTo(stop) {
    const place = Math.max(0, Math.min(stop, this.stops.length - 1));
    this.set({ stop: place, key: this.stops[place].key, story: false });
  }

  goToUpdate(update) {
    this.set({ update: Math.max(0, update) });
  }

  goToEpoch(epoch) {
    this.goToUpdate(Math.max(0, epoch) * this.batches);
  }

  // --- edits --------------------------------------------------------------------------------------------------

  // An edit belongs to the update before which it is made; one of the same number there takes its place.
  edit(key, value, gather = false) {
    this.lookedAt = null; // it is made where one stands, not where one happens to look
    const { update } = this;
    const { edits } = this.state;
    const rest = edits.filter((edit) => !(edit.at === update && edit.key === key));
    const made = { at: update, key, value };
    const next = [...rest, made].sort((a, b) => a.at - b.at);
    this.remember(gather ? `${update} ${key}` : null);
    this.set({ edits: next });
  }

  // Keeping one's finger on a slider is one edit to be undone, not a hundred.
  remember(gathered) {
    if (gathered === null || this.gathered !== gathered) this.past.push(this.snapshot());
    this.gathered = gathered;
    this.future = [];
  }

  snapshot() {
    const { edits, update, trained, compare, mode } = this.state;
    return { edits, update, trained, compare, mode };
  }

  undo() {
    this.travel(this.past, this.future);
  }

  redo() {
    this.travel(this.future, this.past);
  }

  travel(from, to) {
    if (!from.length) return;
    to.push(this.snapshot());
    this.gathered = null;
    this.set(from.pop());
  }

  putBack() {
    if (!this.state.edits.length) return;
    this.remember(null);
    this.set({ edits: [] });
  }

  // The key of an edit: that of an input or a target has the sample's place in the data, not in the batch.
  editKey(symbol) {
    if (symbol.letter !== "x" && symbol.letter !== "t") return keyOf(symbol);
    const { batch, rows } = this.step;
    return `${symbol.letter}-${(batch ? rows[symbol.index[0] - 1] : rows[0]) + 1}-${symbol.index.at(-1)}`;
  }

  isEdited(key) {
    return this.state.edits.some((edit) => edit.key === key && edit.at <= this.update);
  }
}
