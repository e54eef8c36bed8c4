// The page comes to life: what it was made from is read, and every part is bound to the app.

import { makeAddress } from "./address.js";
import { App } from "./app.js";
import { readContent } from "./content.js";
import { makeControls } from "./controls.js";
import { asTyped } from "./digits.js";
import { makeDrawing } from "./drawing.js";
import { makeEditor } from "./editor.js";
import { makeLossPlot } from "./loss_plot.js";
import { $, $$, isDark } from "./markup.js";
import { plainName } from "./mathml.js";
import { makePanel } from "./panel.js";
import { makePointing } from "./pointing.js";
import { makeSaving } from "./problem_file.js";
import { makeScrubber } from "./scrubber.js";
import { makeSheet } from "./sheet.js";
import { shown, symbolOf } from "./step.js";
import { makeViews } from "./views.js";

const content = JSON.parse($("#content").textContent);
const app = new App(content, readContent(content));
const stage = $("#stage");

// --- what the page says of itself -----------------------------------------------------------------------------

function describe() {
  const { layers } = app.setting.network;
  const sizes = [layers[0].inputs, ...layers.map(({ units }) => units)].join("–");
  const { samples, training } = content;
  const words = [
    `${sizes} network`,
    samples === 1 ? "one sample" : `${samples.toLocaleString("en")} samples`,
  ];
  if (training) words.push(training.optimizer.name);
  return words.join(", ");
}

function notes() {
  const said = [
    content.exact
      ? "Numbers of the first step are those of exact arithmetic on the decimals as written, rounded to 8 decimals; after an edit, and at later epochs, they are computed here in float64."
      : "Numbers are computed here in float64, and rounded to 8 decimals where they are shown.",
  ];
  if (content.dtype === "float32")
    said.push("The problem itself asks for float32; this page computes in float64.");
  if (app.problem.orders && content.training.epochs > app.problem.orders.length) {
    said.push(
      `The order of samples is recorded for the first ${app.problem.orders.length.toLocaleString("en")} epochs of ${content.training.epochs.toLocaleString("en")}; after them the page takes these orders over again, and differs from “chainrule train”.`,
    );
  } else if (app.problem.orders)
    said.push(
      `Samples are shuffled as “chainrule train” shuffles them, for its ${app.problem.orders.length.toLocaleString("en")} epochs; beyond, the page takes these orders over again.`,
    );
  return said.join(" ");
}

$("#title").textContent = content.title;
$("#what").textContent = describe();
$("#notes").textContent = notes();

// --- parts ----------------------------------------------------------------------------------------------------

// The same number lights up wherever it stands.
function light(keys) {
  for (const element of $$(".hot")) element.classList.remove("hot");
  for (const key of keys) {
    for (const element of $$(`#stage [data-k="${key}"]`)) element.classList.add("hot");
    const edge = key.match(/^g?w(\d+)(?:_new)?-(\d+)-(\d+)$/);
    if (edge) $(`#stage [data-r="e-${edge[1]}-${edge[2]}-${edge[3]}"]`)?.classList.add("hot");
  }
}

const openEditor = makeEditor(app, stage);
const scrubber = makeScrubber(app, $("#scrubber"));
const address = makeAddress(app);
const panel = makePanel(app, $("#panel"), light);
const views = makeViews(app, document);
let held = document.body;
app.calm = new Set([panel, views]);
app.parts.push(
  () => {
    held = document.activeElement;
  },
  makeDrawing(app, stage, (key, element) => {
    scrubber.stop();
    openEditor(key, element);
  }),
  panel,
  scrubber.paint,
  makeLossPlot(app, $(".loss")),
  makeControls(app, document),
  views,
  address.paint,
  announce,
  keepFocus,
);
makeSaving(app, $("#save"), $("#saving"));
makeSheet(app, $("#sheet"));
makePointing(app, stage, $(".hint"));
makeSkipLink();
makeFinder();
makeTheme();
makeCopy();

// What is hidden would lose the focus: it goes to what stands for it. Only where something can be hidden is that asked,
// since the answer takes a layout of the page.
function keepFocus() {
  if (
    !held.isConnected ||
    !held.closest("#stage, #settings, #modes, #putback") ||
    held.checkVisibility?.({ checkVisibilityCSS: true }) !== false
  )
    return;
  const [, layer, unit] = held.dataset.r?.match(/^[wbzad]-(\d+)-(\d+)/) ?? [];
  const instead =
    (layer && $(`[data-r="n-${layer}-${unit}"]`, stage)) ||
    (held.dataset.r && $("[data-r=L]", stage)) ||
    (held.name === "mode" && $("#compare")) ||
    $("#undo");
  instead.focus({ preventScroll: true });
}

// What is looked at is said to those who do not see it, but not at every beat of a run.
let announced = "";
let timer = 0;
function announce() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const symbol = symbolOf(app.step, app.state.key);
    const words = symbol
      ? `${plainName(symbol)}${symbol.mark ? " after the update" : ""} = ${asTyped(shown(app.step, symbol).digits)}, epoch ${app.epoch}`
      : "";
    if (words !== announced) $("#live").textContent = words;
    announced = words;
  }, 400);
}

// In a notebook's frame the link would lead to the notebook's own address.
function makeSkipLink() {
  $(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("#panel").focus();
  });
}

// Any entry by its name, as Python and the command line write it.
function makeFinder() {
  const field = $("#find");
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const key = keyNamed(field.value);
    const found = key && app.select(key);
    field.setAttribute("aria-invalid", String(!found));
    if (found) field.value = "";
    else
      app.set({
        message: `There is no number “${field.value}” here; names are such as w1[2,1], dL/dw1[2,1] or a1[2].`,
      });
  });
}

function keyNamed(text) {
  const found = text.replaceAll(/\s/g, "").match(/^(dL\/d)?([a-z]+\d*)(?:\[([\d,]+)\])?$/);
  if (!found) return null;
  const [, gradient, name, places] = found;
  const key = [(gradient ? "g" : "") + name, ...(places ? places.split(",") : [])].join("-");
  if (symbolOf(app.step, key)) return key;
  // In a batch a name without the sample means the one that is looked at.
  const own = [
    (gradient ? "g" : "") + name,
    app.step.row + 1,
    ...(places ? places.split(",") : []),
  ].join("-");
  return app.step.batch && symbolOf(app.step, own) ? own : null;
}

function makeTheme() {
  const [button, root] = [$("#theme"), document.documentElement];
  const name = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
    app.refresh();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    name();
    app.refresh();
  });
  name();
}

function makeCopy() {
  const button = $("#share");
  button.addEventListener("click", async () => {
    // A frame in a notebook has no address that would lead anywhere.
    if (location.protocol === "about:")
      return app.set({
        message: "In a notebook the page has no address; “Save as problem file” keeps its numbers.",
      });
    address.write();
    try {
      await navigator.clipboard.writeText(location.href);
      return app.set({ message: "The address is copied; it holds the state of the page." });
    } catch {
      return app.set({
        message: `The address holds the state of the page: ${location.hash || "#"}`,
      });
    }
  });
}

address.take();
app.refresh();

// Nothing is shown before the fonts are there, which come with the page: else everything would move once they are.
const show = () => {
  if (document.documentElement.dataset.ready) return;
  app.refresh();
  document.documentElement.dataset.ready = "true";
};
Promise.all(
  ["400 16px CR Sans", "600 16px CR Sans", "400 16px CR Math"].map((font) =>
    document.fonts.load(font),
  ),
).then(show, show);
setTimeout(show, 500);
