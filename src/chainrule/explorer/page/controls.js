// Everything that is set: training, learning rate, loss, activations, what is compared, sample and batch, undo.

import { MISTAKES } from "./engine.js";
import { LOSSES } from "./losses.js";
import { ACTIVATIONS } from "./activations.js";
import { $, $$, el, escaped, prefersStill } from "./markup.js";
import { typedNumber } from "./panel.js";

// A whole run is played in about so many seconds.
const SECONDS = 8;
const MOST_EPOCHS = 1e6;

export function makeControls(app, root) {
  const training = makeTraining(app, root);
  makeEdits(app, root);
  makeSettings(app, root);
  makeSamples(app, root);
  makeModes(app, root);

  return function paint() {
    training();
    paintSettings(app, root);
    paintSamples(app, root);
    paintModes(app, root);
    // Not disabled, which would take the focus away from it.
    $("#undo", root).setAttribute("aria-disabled", String(!app.past.length));
    $("#redo", root).setAttribute("aria-disabled", String(!app.future.length));
    $("#putback", root).hidden = !app.state.edits.length;
    const { message } = app.state;
    $("#message", root).textContent = message;
    $("#message", root).hidden = !message;
  };
}

// --- training -------------------------------------------------------------------------------------------------

function makeTraining(app, root) {
  const trainable = Boolean(app.problem.optimizer);
  $("#training", root).hidden = !trainable;
  $(".loss", root).hidden = !trainable;
  $("#untrained", root).hidden = trainable;
  const [run, target] = [$("#run", root), $("#target", root)];
  let playing = 0;
  let goal = 0;

  function stop() {
    cancelAnimationFrame(playing);
    playing = 0;
    app.hurried = false;
    run.textContent = "Run";
  }

  function frame() {
    const pace = Math.max(1, Math.round(((goal - 0) * app.batches) / (SECONDS * 60)));
    const next = Math.min(goal * app.batches, app.state.update + pace);
    // As far as a frame has time for; a large network advances by less.
    for (const one of app.allRuns()) one.extend(next, 10);
    const reached = Math.min(next, ...app.allRuns().map((one) => (one.end ? next : one.reached)));
    const update = Math.max(app.state.update, reached);
    app.hurried = !app.run.end && update < goal * app.batches;
    app.set({ update });
    if (app.hurried) playing = requestAnimationFrame(frame);
    else stop();
  }

  function start() {
    goal = goalNow();
    if (app.epoch >= goal) goal = app.epoch + (app.content.training.epochs || 100);
    target.value = String(goal);
    if (prefersStill()) return app.goToEpoch(goal);
    run.textContent = "Pause";
    playing = requestAnimationFrame(frame);
    return undefined;
  }

  function goalNow() {
    const value = Number(target.value);
    return Number.isInteger(value) && value >= 0 && value <= MOST_EPOCHS
      ? value
      : app.content.training.epochs;
  }

  if (trainable) target.value = String(app.content.training.epochs);
  run.addEventListener("click", () => {
    if (!playing) return start();
    stop();
    return app.refresh();
  });
  $("#step", root).addEventListener("click", () => {
    stop();
    app.goToUpdate(app.state.update + 1);
  });
  const goThere = () => {
    stop();
    const value = Number(target.value);
    if (!Number.isInteger(value) || value < 0 || value > MOST_EPOCHS) {
      return app.set({
        message: `“${target.value}” is no epoch: a whole number from 0 to ${MOST_EPOCHS.toLocaleString("en")}.`,
      });
    }
    return app.goToEpoch(value);
  };
  $("#go", root).addEventListener("click", goThere);
  target.addEventListener("keydown", (event) => event.key === "Enter" && goThere());
  $("#reset", root).addEventListener("click", () => {
    stop();
    app.remember(null);
    app.set({ update: 0, trained: 0 });
  });
  // What is pressed may be painted anew only once it is let go.
  addEventListener("pointerdown", ({ target }) => {
    if (!playing || run.contains(target) || !target.closest("button, svg, input, select")) return;
    stop();
    addEventListener("pointerup", () => setTimeout(() => app.refresh()), { once: true });
  });
  return () => {
    const ready = app.update >= app.state.update || app.run.end;
    $("#computing", root).textContent = ready
      ? ""
      : `Computing epoch ${Math.floor(app.run.reached / app.batches).toLocaleString("en")} …`;
  };
}

// --- edits ----------------------------------------------------------------------------------------------------

function makeEdits(app, root) {
  $("#undo", root).addEventListener("click", () => app.undo());
  $("#redo", root).addEventListener("click", () => app.redo());
  $("#putback", root).addEventListener("click", () => {
    app.putBack();
    $("#undo", root).focus();
  });
  addEventListener("keydown", (event) => {
    if (!(event.metaKey || event.ctrlKey) || event.target.closest?.("input[type=text], textarea"))
      return;
    if (event.key.toLowerCase() === "z") event.shiftKey ? app.redo() : app.undo();
    else if (event.key.toLowerCase() === "y") app.redo();
    else return;
    event.preventDefault();
  });
}

// --- learning rate, loss, activations -------------------------------------------------------------------------

function options(names, chosen) {
  return names
    .map((name) => el("option", { value: name, selected: name === chosen }, escaped(name)))
    .join("");
}

function makeSettings(app, root) {
  const { layers, loss } = app.problem.network;
  const box = $("#settings", root);
  const rows = [];
  if (app.problem.optimizer) {
    rows.push(
      '<div class="f"><label for="rate-slider">Learning rate</label><input type="range" id="rate-slider" min="-4" max="1" step="0.05"><input type="text" inputmode="decimal" class="n" id="rate" aria-label="Learning rate, typed"></div>',
    );
  }
  rows.push(
    `<div class="f"><label for="loss">Loss</label><select id="loss">${options(lossNames(app), loss.name)}</select><span class="o"><input type="text" inputmode="decimal" class="n" id="delta" aria-label="delta of huber"></span></div>`,
  );
  layers.forEach((layer, k) => {
    const name = layers.length === 1 ? "Activation" : `Activation ${k + 1}`;
    rows.push(
      `<div class="f"><label for="act-${k + 1}">${name}</label><select id="act-${k + 1}" data-layer="${k + 1}">${options(Object.keys(ACTIVATIONS), layer.activation.name)}</select><span class="o"><input type="text" inputmode="decimal" class="n" data-alpha="${k + 1}" aria-label="alpha of layer ${k + 1}"></span></div>`,
    );
  });
  const possible = Object.keys(MISTAKES).filter(
    (name) => app.problem.optimizer && app.content.mistakes[name][0],
  );
  if (possible.length) {
    rows.push(
      `<div class="f wide"><label for="compare">Compare with</label><select id="compare"><option value="">nothing</option>${options(possible, app.state.compare)}</select></div>`,
    );
  }
  box.innerHTML = rows.join("");
  box.addEventListener("change", (event) => change(app, event.target));
  box.addEventListener("focusout", ({ target }) => {
    if (target.ariaInvalid !== "true") return;
    target.ariaInvalid = "false";
    paintSettings(app, root);
  });
  box.addEventListener("input", (event) => {
    if (event.target.id === "rate-slider")
      app.edit("rate", Number((10 ** Number(event.target.value)).toPrecision(2)), true);
  });
}

// Without targets only the outputs themselves can be differentiated.
function lossNames(app) {
  return app.problem.hasTargets ? Object.keys(LOSSES) : ["output"];
}

function change(app, target) {
  if (target.id === "compare") {
    app.remember(null);
    const compare = target.value || null;
    app.set({
      compare,
      mode: compare ? app.state.mode : "right",
      message: placeless(app, compare),
    });
  } else if (target.id === "loss") app.edit("loss", target.value);
  else if (target.dataset.layer) app.edit(`act-${target.dataset.layer}`, target.value);
  else if (target.id === "rate") typed(app, target, "rate", (value) => value > 0, "more than 0");
  else if (target.id === "delta") typed(app, target, "huber", (value) => value > 0, "more than 0");
  else if (target.dataset.alpha)
    typed(app, target, `alpha-${target.dataset.alpha}`, (value) => value >= 0, "0 or more");
}

function placeless(app, compare) {
  if (!compare || MISTAKES[compare].places(app.setting.network).length) return "";
  return `The mistake ${compare} has no place in this network, so both runs are the same.`;
}

function typed(app, field, key, holds, words) {
  const value = typedNumber(field.value);
  const fits = value !== null && holds(value);
  field.setAttribute("aria-invalid", String(!fits));
  if (!fits)
    app.set({ message: `“${field.value}” must be a number ${words}; nothing was changed.` });
  else app.edit(key, value);
}

function paintSettings(app, root) {
  const { network, optimizer } = app.setting;
  if (optimizer && $("#rate", root)) {
    const { eta } = optimizer.settings;
    if (document.activeElement !== $("#rate", root)) $("#rate", root).value = String(eta);
    if (document.activeElement !== $("#rate-slider", root))
      $("#rate-slider", root).value = String(Math.log10(eta));
  }
  $("#loss", root).value = network.loss.name;
  const delta = $("#delta", root);
  delta.hidden = network.loss.name !== "huber";
  if (document.activeElement !== delta)
    delta.value = String(network.loss.delta ?? app.content.losses.huber.delta);
  network.layers.forEach((layer, k) => {
    $(`#act-${k + 1}`, root).value = layer.activation.name;
    const alpha = $(`[data-alpha="${k + 1}"]`, root);
    alpha.hidden = layer.activation.alpha === undefined;
    if (document.activeElement !== alpha) alpha.value = String(layer.activation.alpha ?? "");
  });
  if ($("#compare", root)) $("#compare", root).value = app.state.compare ?? "";
}

// --- sample and batch -----------------------------------------------------------------------------------------

function makeSamples(app, root) {
  const box = $("#samples", root);
  const rows = [];
  if (app.batches > 1)
    rows.push(
      `<div class="f"><label for="batch">Batch</label><input type="range" id="batch" min="1" max="${app.batches}" step="1"><output id="batch-number"></output></div>`,
    );
  if (app.problem.samples > 1)
    rows.push(
      `<div class="f"><label for="sample">Sample</label><input type="range" id="sample" min="1" max="${app.problem.samples}" step="1"><input type="text" inputmode="numeric" class="n" id="sample-number" aria-label="Sample, typed"></div>`,
    );
  box.innerHTML = rows.join("");
  box.addEventListener("input", (event) => {
    if (event.target.id === "batch")
      app.goToUpdate(app.epoch * app.batches + Number(event.target.value) - 1);
    if (event.target.id === "sample") chooseSample(app, Number(event.target.value) - 1);
  });
  box.addEventListener("change", (event) => {
    if (event.target.id !== "sample-number") return;
    const value = Number(event.target.value);
    if (Number.isInteger(value) && value >= 1 && value <= app.problem.samples)
      chooseSample(app, value - 1);
    else
      app.set({
        message: `There is no sample “${event.target.value}”: they are 1 to ${app.problem.samples}.`,
      });
  });
}

// A sample of another batch brings its batch along: the update of this epoch that takes it.
export function chooseSample(app, sample) {
  const first = app.epoch * app.batches;
  let { update } = app;
  if (!app.step.rows.includes(sample) && app.batches > 1) {
    const place = Array.from({ length: app.batches }, (_, k) => first + k).find((one) =>
      app.rowsAt(one).includes(sample),
    );
    update = place ?? update;
  }
  const key = app.stops[app.state.stop].key;
  app.set({ sample, update, key });
  app.goTo(app.state.stop);
}

function paintSamples(app, root) {
  if ($("#batch", root)) {
    $("#batch", root).value = String((app.update % app.batches) + 1);
    $("#batch-number", root).textContent = `${(app.update % app.batches) + 1} of ${app.batches}`;
  }
  if (!$("#sample", root)) return;
  $("#sample", root).value = String(app.state.sample + 1);
  if (document.activeElement !== $("#sample-number", root))
    $("#sample-number", root).value = String(app.state.sample + 1);
}

// --- which run, and what the lines show -----------------------------------------------------------------------

function makeModes(app, root) {
  for (const radio of $$("[name=mode]", root))
    radio.addEventListener("change", () => app.set({ mode: radio.value }));
  for (const radio of $$("[name=lines]", root))
    radio.addEventListener("change", () => app.set({ lines: radio.value }));
}

function paintModes(app, root) {
  $("#modes", root).hidden = !app.state.compare;
  for (const radio of $$("[name=mode]", root)) radio.checked = radio.value === app.state.mode;
  for (const radio of $$("[name=lines]", root)) radio.checked = radio.value === app.state.lines;
}
