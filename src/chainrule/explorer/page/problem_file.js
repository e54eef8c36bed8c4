// What stands on the page as a problem file, which `chainrule` takes.

import { writeAddress } from "./address.js";

// A string of TOML's: quotes, backslashes and what cannot be printed are written out.
function quoted(text) {
  const plain = JSON.stringify(text).slice(1, -1);
  return `"${plain.replace(/[\u007f-\u009f\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}

// Shortest digits that give the same float back.
function number(value) {
  const text = String(Object.is(value, -0) ? 0 : value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const list = (values) => `[${Array.from(values, number).join(", ")}]`;

function matrix(values, width) {
  const rows = Array.from({ length: values.length / width }, (_, k) =>
    list(values.subarray(k * width, (k + 1) * width)),
  );
  return rows.length > 4 ? `[\n  ${rows.join(",\n  ")},\n]` : `[${rows.join(", ")}]`;
}

// From the parameters of the place where one stands.
export function problemFile(app) {
  const { content, problem, step } = app;
  const setting = app.run.setting(step.update);
  const { layers, loss, reduction } = setting.network;
  const lines = [...comments(app), `title = ${quoted(content.title)}`, "", "[data]"];
  lines.push(`inputs = ${matrix(setting.x, layers[0].inputs)}`);
  if (problem.hasTargets) lines.push(`targets = ${targets(app, setting)}`);
  layers.forEach((layer, k) => {
    const biases = step.parameters[`b${k + 1}`];
    lines.push(
      "",
      "[[layers]]",
      `weights = ${matrix(step.parameters[`w${k + 1}`], layer.inputs)}`,
      `biases = ${list(biases)}`,
      `activation = ${quoted(layer.activation.name)}`,
    );
    if (layer.activation.alpha !== undefined)
      lines.push(`alpha = ${number(layer.activation.alpha)}`);
    if (!layer.trainBiases) lines.push("train_biases = false");
    if (layer.shareBias) lines.push("share_bias = true");
    if (layer.sign < 0) lines.push('bias_sign = "-"');
  });
  if (content.training) lines.push("", ...training(app, setting, loss, reduction));
  return `${lines.join("\n")}\n`;
}

// Classes by name where the file's reader will find the same ones in the same order; else rows of numbers.
function targets({ content }, { network, t }) {
  const { units } = network.layers.at(-1);
  const { classes } = content;
  const rows = Array.from({ length: t.length / units }, (_, n) =>
    Array.from(t.subarray(n * units, (n + 1) * units)),
  );
  const named =
    classes &&
    rows.map((row) =>
      units === 1
        ? classes[row[0]]
        : row.filter((value) => value === 1).length === 1 &&
            row.every((value) => value === 0 || value === 1)
          ? classes[row.indexOf(1)]
          : undefined,
    );
  const used = new Set(named);
  const inOrder =
    named &&
    used.size === classes.length &&
    !used.has(undefined) &&
    [...used].sort(byCodePoint).every((name, k) => name === classes[k]);
  const numbers = classes?.every((name) => /^-?\d+$/.test(name));
  if (
    !inOrder &&
    !(numbers && named && network.loss.name === "cross-entropy" && used.size === classes.length)
  )
    return matrix(t, units);
  if (numbers)
    return network.loss.name === "cross-entropy" && units > 1
      ? `[${named.join(", ")}]`
      : matrix(t, units);
  return `[${named.map(quoted).join(", ")}]`;
}

const byCodePoint = (a, b) => {
  const [p, q] = [[...a], [...b]];
  const at = p.findIndex((letter, k) => letter !== q[k]);
  return at < 0 ? p.length - q.length : p[at].codePointAt(0) - (q[at]?.codePointAt(0) ?? -1);
};

function training(app, { optimizer }, loss, reduction) {
  const given = app.content.training;
  const lines = ["[training]", `loss = ${quoted(loss.name)}`];
  if (loss.name === "huber") lines.push(`delta = ${number(loss.delta ?? 1)}`);
  lines.push(`reduction = ${quoted(reduction)}`, `optimizer = ${quoted(optimizer.name)}`);
  for (const [letter, key] of Object.entries(given.optimizer.keys))
    lines.push(`${key} = ${number(optimizer.settings[letter])}`);
  lines.push(`epochs = ${epochsLeft(app)}`);
  lines.push(
    `batch_size = ${given.batch_size === "all" ? '"all"' : given.batch_size}`,
    `shuffle = ${given.shuffle}`,
    `seed = ${given.seed}`,
  );
  if (app.state.mode === "mistake") lines.push(`mistake = ${quoted(app.state.compare)}`);
  return lines;
}

// As far as the page has trained, else as far as the problem asks for; at least one.
function epochsLeft(app) {
  const goal = app.state.trained || app.content.training.epochs;
  return Math.max(1, goal - app.epoch);
}

function comments(app) {
  const { state, content, step } = app;
  const lines = [
    "# Saved from chainrule's page. The state of the page itself:",
    `# #${writeAddress(app) || "start"}`,
  ];
  if (step.update) {
    lines.push(
      `# It starts with the parameters of epoch ${app.epoch}${app.update % app.batches ? `, after ${app.update % app.batches} updates of it` : ""}.`,
    );
    if (content.training.optimizer.remembers.length)
      lines.push("# What the optimizer remembered by then has no place in a file: it begins anew.");
    if (content.training.shuffle) lines.push("# The order of samples begins anew too.");
  }
  if (content.left_out) lines.push(`# The ${content.left_out} test samples are not in it.`);
  if (content.dtype === "float32")
    lines.push("# The page computes in float64; the problem that it was made from, in float32.");
  const later = state.edits.filter((edit) => edit.at > step.update);
  if (later.length)
    lines.push(
      "# Edits at later epochs are not in it:",
      ...later.map(({ at, key, value }) => `#   before update ${at + 1}: ${key} = ${value}`),
    );
  return [...lines, ""];
}

// --- the dialog -----------------------------------------------------------------------------------------------

export function makeSaving(app, button, dialog) {
  const text = dialog.querySelector("textarea");
  const said = dialog.querySelector("[role=status]");
  const name = () =>
    `${
      app.content.title
        .replace(/[^\p{L}\p{N}]+/gu, "-")
        .replace(/^-|-$/g, "")
        .toLowerCase() || "problem"
    }.toml`;
  button.addEventListener("click", () => {
    text.value = problemFile(app);
    said.textContent = app.step.update
      ? `It starts from the parameters of epoch ${app.epoch}.`
      : "It starts from the parameters of epoch 0.";
    dialog.showModal();
    text.focus();
    text.setSelectionRange(0, 0);
    text.scrollTop = 0;
  });
  dialog.querySelector("[data-save]").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text.value], { type: "application/toml" }));
    link.download = name();
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    said.textContent = `Saved as ${link.download}; “chainrule train ${link.download}” trains it.`;
  });
  dialog.querySelector("[data-copy]").addEventListener("click", async () => {
    text.select();
    try {
      await navigator.clipboard.writeText(text.value);
      said.textContent = "Copied.";
    } catch {
      said.textContent = document.execCommand("copy")
        ? "Copied."
        : "It is selected: copy it with the keyboard.";
    }
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => button.focus());
}
