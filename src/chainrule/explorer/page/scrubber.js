// The scrubber: one tick a number, in four phases; play, pause and step.

import { asTyped } from "./digits.js";
import { $, $$, el, escaped } from "./markup.js";
import { math, operator, plainName, write, writeNumber, writeSymbol } from "./mathml.js";
import { shown, symbolOf } from "./step.js";
import { phasesOf } from "./stops.js";
import { worked } from "./worked.js";

const PLAY = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2l10 6-10 6z"/></svg>';
const PAUSE =
  '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 2h4v12H3zM9 2h4v12H9z"/></svg>';
const BEAT = 900;
const HUES = { Forward: "a", Loss: "ink", Backward: "g", Update: "w" };

export function makeScrubber(app, box) {
  const track = $("#track", box);
  const [play, previous, next] = [$("#play", box), $("#previous", box), $("#next", box)];
  let timer = 0;
  let built = "";

  function paint() {
    const wanted = app.stops.map(({ key }) => key.split("-")[0]).join(" ");
    if (wanted !== built) build();
    built = wanted;
    const { stop } = app.state;
    $$("i", track).forEach((tick, place) => {
      tick.classList.toggle("done", place < stop);
      tick.classList.toggle("now", place === stop);
    });
    const { phase, key } = app.stops[stop];
    for (const group of $$(".phase", track))
      group.classList.toggle("on", group.dataset.phase === phase);
    const number = shown(app.step, symbolOf(app.step, key));
    track.setAttribute("aria-valuemax", app.stops.length);
    track.setAttribute("aria-valuenow", stop + 1);
    track.setAttribute(
      "aria-valuetext",
      `${phase}, ${plainName(number.of)} = ${asTyped(number.digits)}`,
    );
    const { symbol, line } = worked(app);
    // On a phone the line stands here too, so that a result is never without it.
    const value = symbol ? (line?.value ?? shown(app.step, symbol)) : null;
    const numbers = line ? `<p>${math(operator("="), write(line.numbers))}</p>` : "<p></p>";
    $("#now", box).innerHTML = symbol
      ? `<p><span>${math(writeSymbol(symbol), operator("="))}</span><span>${math(writeNumber(value))}</span></p>${numbers}`
      : "";
  }

  function build() {
    const groups = phasesOf(app.stops).map((phase) => {
      const own = app.stops.filter((stop) => stop.phase === phase);
      const ticks = own
        .map(
          (stop, k) => `<i${k && own[k - 1].section !== stop.section ? ' class="first"' : ""}></i>`,
        )
        .join("");
      return el(
        "div",
        {
          class: "phase",
          "data-phase": phase,
          style: `flex:${Math.max(own.length, phase === "Loss" ? 2.6 : 4)} 1 0`,
        },
        `<b>${escaped(phase)}</b><div class="ticks${app.stops.length > 60 ? " many" : ""}" style="--k:var(--${HUES[phase]})">${ticks}</div>`,
      );
    });
    track.innerHTML = groups.join("");
  }

  function show() {
    play.innerHTML = timer ? PAUSE : PLAY;
    play.setAttribute("aria-label", timer ? "Pause" : "Play");
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    show();
  }

  function start() {
    if (app.state.stop >= app.stops.length - 1) app.goTo(0);
    else app.goTo(app.state.stop + 1);
    timer = setInterval(() => {
      if (app.state.stop >= app.stops.length - 1) stop();
      else app.goTo(app.state.stop + 1);
    }, BEAT);
    show();
  }

  const go = (by) => {
    stop();
    app.goTo(app.state.stop + by);
  };
  const toPhase = (phase) => {
    stop();
    const place = app.stops.findIndex((one) => one.phase === phase);
    if (place >= 0) app.goTo(place);
  };
  const toggle = () => (timer ? stop() : start());

  play.addEventListener("click", toggle);
  previous.addEventListener("click", () => go(-1));
  next.addEventListener("click", () => go(1));

  function nearest(event) {
    let best = 0;
    let distance = Infinity;
    $$("i", track).forEach((tick, place) => {
      const { left, right } = tick.getBoundingClientRect();
      const away = Math.abs(event.clientX - (left + right) / 2);
      if (away < distance) [best, distance] = [place, away];
    });
    return best;
  }
  track.addEventListener("pointerdown", (event) => {
    const phase = event.target.closest("b");
    if (phase) return toPhase(phase.parentNode.dataset.phase);
    track.setPointerCapture(event.pointerId);
    go(nearest(event) - app.state.stop);
    track.onpointermove = (move) => go(nearest(move) - app.state.stop);
    return undefined;
  });
  const release = () => {
    track.onpointermove = null;
  };
  track.addEventListener("pointerup", release);
  track.addEventListener("pointercancel", release);
  track.addEventListener("keydown", (event) => {
    const by = {
      ArrowRight: 1,
      ArrowUp: 1,
      ArrowLeft: -1,
      ArrowDown: -1,
      PageUp: 5,
      PageDown: -5,
      Home: -1e6,
      End: 1e6,
    }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    go(by);
  });
  addEventListener("keydown", (event) => {
    if (timer && event.key !== " " && event.key !== "Tab") stop();
    const other = "1234".includes(event.key) ? "input:not([type=radio])" : "input";
    if (
      event.target.closest?.(`${other}, select, textarea, dialog, summary`) ||
      event.metaKey ||
      event.ctrlKey ||
      event.altKey
    )
      return;
    if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
    else if (event.key === " " && !event.target.closest?.("button, [role=button], a")) toggle();
    else if ("1234".includes(event.key))
      toPhase(["Forward", "Loss", "Backward", "Update"][event.key - 1]);
    else return;
    event.preventDefault();
  });
  // Play stops at whatever else is done.
  addEventListener("pointerdown", (event) => timer && !play.contains(event.target) && stop());
  show();
  return { paint, stop };
}
