"""How fast the page is, in the Chromium that is found here: the first paint, and one step, on small and large.

    python benchmarks/explorer_page.py

A step is measured from the click to the end of the next frame, and as the script alone; medians of many.
"""

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import Adam, Network, explore, explore_problem, read_problem

ROUNDS = 15
CLICK = """async (selector) => {
  const start = performance.now();
  document.querySelector(selector).click();
  const script = performance.now() - start;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  return [script, performance.now() - start];
}"""


def large(batch: int) -> str:
    rng = np.random.default_rng(0)
    network = Network.random([784, 256, 128, 10], ["relu", "relu", "softmax"], seed=0)
    x, t = rng.random((64, 784)).round(2), np.eye(10)[rng.integers(0, 10, 64)]
    return explore(
        network, x, t, loss="cross-entropy", optimizer=Adam(0.001), batch_size=batch, epochs=5
    ).html


def clicks(page: Any, selector: str) -> str:
    found = [page.evaluate(CLICK, selector) for _ in range(ROUNDS)]
    script, frame = (statistics.median(column) for column in zip(*found, strict=True))
    return f"{script:.0f} ms of script, {frame:.0f} ms with its frame"


def main() -> None:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    pages = {
        "the notebook's 2-3-1 network": explore_problem(read_problem("numeric-example")).html,
        "784-256-128-10, sample by sample": large(1),
        "784-256-128-10, batches of 64": large(64),
    }
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        for name, html in pages.items():
            file = Path(folder) / "page.html"
            file.write_text(html, encoding="utf-8")
            paints = []
            for _ in range(5):
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto(file.as_uri())
                page.wait_for_selector("html[data-ready]")
                page.wait_for_timeout(300)
                paints.append(
                    page.evaluate(
                        "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
                    )
                )
            print(f"{name}: {len(html) / 1000:,.0f} kB")
            print(f"  first contentful paint: {statistics.median(paints):.0f} ms")
            print(f"  the next number: {clicks(page, '#next')}")
            print(f"  a training step: {clicks(page, '#step')}")
            page.fill("#find", "dL/dw1[1,1]")
            page.press("#find", "Enter")
            print(f"  a training step, a gradient checked: {clicks(page, '#step')}")
        browser.close()


if __name__ == "__main__":
    main()
