// What the page does beyond being read: light one number wherever it stands, open all lines,
// choose light or dark, tell where one is. Without it everything can still be read.
"use strict";

const lit = new Set();

function light(key) {
  for (const element of lit) element.classList.remove("lit");
  lit.clear();
  if (!key) return;
  for (const element of document.querySelectorAll(`[data-k="${CSS.escape(key)}"]`)) {
    element.classList.add("lit");
    lit.add(element);
  }
}

document.addEventListener("pointerover", (event) => {
  light(event.target.closest?.("[data-k]")?.dataset.k);
});

// An entry of a matrix leads to its own line.
document.addEventListener("click", (event) => {
  const cell = event.target.closest?.("mtd.go");
  if (cell) location.hash = cell.id.replace(/^m-/, "s-");
});

// In a notebook's frame a link within the page would lead to the notebook's own address.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  if (!link || location.protocol !== "about:") return;
  event.preventDefault();
  location.hash = link.hash;
});

// A link may lead into lines that are folded away.
function unfold() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const fold = target?.closest("details");
  if (fold && !fold.open) {
    fold.open = true;
    target.scrollIntoView({ block: "center" });
  }
}
addEventListener("hashchange", unfold);
unfold();

const openButton = document.getElementById("open");
openButton.addEventListener("click", () => {
  const folds = [...document.querySelectorAll("details")];
  const open = folds.some((fold) => !fold.open);
  for (const fold of folds) fold.open = open;
  openButton.textContent = open ? "Close all lines" : "Open all lines";
});
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details")) fold.open = true;
});

const themeButton = document.getElementById("theme");
const root = document.documentElement;
function isDark() {
  return root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
}
function nameTheme() {
  themeButton.textContent = isDark() ? "Light" : "Dark";
}
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
nameTheme();

// The contents follow the reader.
const links = new Map(
  [...document.querySelectorAll(".toc ol a")].map((link) => [link.hash.slice(1), link]),
);
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      for (const item of document.querySelectorAll(".toc > li")) item.classList.remove("here");
      const link = links.get(entry.target.id);
      link?.setAttribute("aria-current", "true");
      link?.closest(".toc > li")?.classList.add("here");
    }
  },
  { rootMargin: "-10% 0px -75% 0px" },
);
for (const section of document.querySelectorAll(".line")) seen.observe(section);
document.querySelector(".toc > li")?.classList.add("here");
