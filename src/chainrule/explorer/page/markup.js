// Small pieces of markup, and text that stays text.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escaped = (text) => String(text).replace(/[&<>"']/g, (letter) => ENTITIES[letter]);

// An element as text: el("line", { x1: 0 }, inner); what is null or false is left out.
export function el(name, attributes = {}, inner = "") {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== null && value !== undefined && value !== false)
    .map(([key, value]) => (value === true ? ` ${key}` : ` ${key}="${escaped(value)}"`));
  return `<${name}${written.join("")}>${inner}</${name}>`;
}

// New content for a box, without losing the focus that is in it: by data-f the same thing is found again.
export function replaceContent(box, html) {
  const active = document.activeElement;
  const inside = box.contains(active) && active !== box;
  const name = inside ? active.dataset.f : null;
  box.innerHTML = html;
  if (!inside) return;
  const again = name && $$("[data-f]", box).find((element) => element.dataset.f === name);
  (again ?? $("[data-home]", box) ?? box).focus({ preventScroll: true });
}

// Arrow keys within a group, of which one member is a tab stop.
export function rove(
  box,
  selector,
  keys = { next: ["ArrowDown", "ArrowRight"], back: ["ArrowUp", "ArrowLeft"] },
) {
  box.addEventListener("keydown", (event) => {
    const members = $$(selector, box);
    const at = members.indexOf(document.activeElement);
    if (at < 0) return;
    let to = at;
    if (keys.next.includes(event.key)) to = Math.min(members.length - 1, at + 1);
    else if (keys.back.includes(event.key)) to = Math.max(0, at - 1);
    else if (event.key === "Home") to = 0;
    else if (event.key === "End") to = members.length - 1;
    else return;
    event.preventDefault();
    event.stopPropagation();
    makeTabStop(members, members[to]);
    members[to].focus();
  });
  box.addEventListener("focusin", (event) => {
    const members = $$(selector, box);
    if (members.includes(event.target)) makeTabStop(members, event.target);
  });
}

export function makeTabStop(members, chosen) {
  for (const member of members) member.setAttribute("tabindex", member === chosen ? "0" : "-1");
}

// How wide a box is, without asking for the layout at every painting; `changed` is told when it is another.
export function widthOf(box, changed) {
  let width = 0;
  new ResizeObserver(() => {
    const before = width;
    width = box.clientWidth;
    if (Math.abs(width - before) > 1) changed();
  }).observe(box);
  return () => (width ||= box.clientWidth);
}

// Whether a box is on the screen, or soon; `seen` is told when it comes there. What nobody sees need not be drawn.
export function nearScreen(box, seen) {
  let near = false;
  const look = (is) => {
    if (near === is) return;
    near = is;
    if (is) seen();
  };
  new IntersectionObserver(([...found]) => look(found.at(-1).isIntersecting), {
    rootMargin: "200px",
  }).observe(box);
  addEventListener("beforeprint", () => look(true));
  return () => near;
}

export const prefersStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Whether the page is dark: as it was chosen, or else as the system is.
export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// The colours of light and dark, each asked for once: the answer takes a layout of the page.
const colours = { true: {}, false: {} };

export function colourOf(name) {
  const known = colours[isDark()];
  known[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  return known[name];
}
