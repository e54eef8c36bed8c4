"""How fast the page is, in the Chromium that is found here: first paint, one step, and how smoothly it plays.

    python benchmarks/explorer_page.py [PART OF A NAME]

A step is measured from the click to the end of the next frame, and as the script alone. `busy` is the computing time
of the page's main thread, which does not depend on what else the machine does; all are medians of many. While it
plays, a frame is late that comes after more than two of the screen's, and a long task holds the page for 50 ms.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import Adam, Network, explore, explore_problem, read_problem

ROUNDS = 15
SECONDS = 6
CLICK = """async (selector) => {
  const start = performance.now();
  document.querySelector(selector).click();
  const script = performance.now() - start;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return [script, performance.now() - start];
}"""
WATCH = """() => {
  window.watched = { frames: [], long: 0 };
  new PerformanceObserver((list) => { watched.long += list.getEntries().length; }).observe({ type: "longtask" });
  let last = performance.now();
  requestAnimationFrame(function frame(now) {
    watched.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  });
}"""


def made(sizes: list[int], samples: int, batch: int) -> str:
    rng = np.random.default_rng(0)
    network = Network.random(sizes, ["relu"] * (len(sizes) - 2) + ["softmax"], seed=0)
    x = rng.random((samples, sizes[0])).round(2)
    t = np.eye(sizes[-1])[rng.integers(0, sizes[-1], samples)]
    return explore(
        network, x, t, loss="cross-entropy", optimizer=Adam(0.001), batch_size=batch, epochs=5000
    ).html


def pages() -> dict[str, str]:
    return {
        "the notebook's 2-3-1 network": explore_problem(read_problem("numeric-example")).html,
        "8-8-8": made([8, 8, 8], 1, 1),
        "folded columns, 24-20-12-4": made([24, 20, 12, 4], 16, 16),
        "784-256-128-10, sample by sample": made([784, 256, 128, 10], 64, 1),
        "784-256-128-10, batches of 64": made([784, 256, 128, 10], 64, 64),
    }


class Seen:
    def __init__(self, browser: Any, file: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready]")
        self.page.wait_for_timeout(300)
        self.tools = self.page.context.new_cdp_session(self.page)
        self.tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy(self) -> float:
        """Milliseconds that the main thread has computed so far."""
        found = {
            m["name"]: m["value"] for m in self.tools.send("Performance.getMetrics")["metrics"]
        }
        return float(found["TaskDuration"]) * 1000

    def first_paint(self) -> float:
        name = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
        return float(self.page.evaluate(name))

    def clicks(self, selector: str) -> str:
        found = []
        for _ in range(ROUNDS):
            before = self.busy()
            script, frame = self.page.evaluate(CLICK, selector)
            found.append((script, frame, self.busy() - before))
        script, frame, busy = (statistics.median(column) for column in zip(*found, strict=True))
        return f"{script:.0f} ms of script, {frame:.0f} ms with its frame, {busy:.0f} ms busy"

    def playing(self, selector: str) -> str:
        """What happens while it plays: once started, for a few seconds."""
        self.page.evaluate(WATCH)
        self.page.click(selector)
        before = self.busy()
        self.page.wait_for_timeout(SECONDS * 1000)
        busy = self.busy() - before
        frames, long = self.page.evaluate("[watched.frames, watched.long]")
        self.page.click(selector)
        late = sum(frame > 34 for frame in frames)
        share = busy / (SECONDS * 10)
        return (
            f"{len(frames) / SECONDS:.0f} frames a second, {late} late of {len(frames)}, the worst {max(frames):.0f} ms; "
            f"{long} long tasks; busy {share:.0f}% of the time"
        )


def main() -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, html in pages().items():
            if wanted not in name:
                continue
            file = Path(folder) / "page.html"
            file.write_text(html, encoding="utf-8")
            paints = [Seen(browser, file).first_paint() for _ in range(5)]
            print(f"{name}: {len(html) / 1000:,.0f} kB")
            print(f"  first contentful paint: {statistics.median(paints):.0f} ms")
            seen = Seen(browser, file)
            print(f"  the next number: {seen.clicks('#next')}")
            print(f"  a training step: {seen.clicks('#step')}")
            seen.page.fill("#find", "dL/dw1[1,1]")
            seen.page.press("#find", "Enter")
            print(f"  a training step, a gradient checked: {seen.clicks('#step')}")
            seen.page.click("#reset")
            seen.page.evaluate("document.activeElement.blur()")
            seen.page.keyboard.press("3")
            print(f"  playing number by number: {seen.playing('#play')}")
            print(f"  a run: {seen.playing('#run')}")
        browser.close()


if __name__ == "__main__":
    main()
