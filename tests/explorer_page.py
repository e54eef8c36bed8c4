"""The explorer in a real browser: opened from a file, with all that it complains of and asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import Adam, Network, explore, explore_problem, read_problem

from explorer_script import CHROMIUM

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXAMPLES = Path(__file__).parent.parent / "examples"


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "CHAINRULE_REQUIRE_ALL is set, and there is no Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@cache
def page_of(name: str) -> str:
    """The page of a textbook example, of one of the examples, or of a network made here."""
    if name in MADE:
        return MADE[name]()
    source = EXAMPLES / f"{name}.toml"
    return explore_problem(read_problem(source if source.exists() else name)).html


def large() -> str:
    rng = np.random.default_rng(0)
    network = Network.random([784, 256, 128, 10], ["relu", "relu", "softmax"], seed=0)
    x, t = rng.random((24, 784)).round(2), np.eye(10)[rng.integers(0, 10, 24)]
    return explore(
        network, x, t, loss="cross-entropy", optimizer=Adam(0.001), batch_size=8, epochs=5
    ).html


def digits() -> str:
    rng = np.random.default_rng(1)
    network = Network.random([64, 12, 10], ["tanh", "softmax"], seed=0)
    x, t = rng.integers(0, 17, (30, 64)) / 16, np.eye(10)[rng.integers(0, 10, 30)]
    return explore(
        network, x, t, loss="cross-entropy", optimizer=Adam(0.01), batch_size=10, epochs=50
    ).html


def classes() -> str:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 2)).round(2)
    t = np.eye(3)[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0.3)]
    network = Network.random([2, 6, 3], ["tanh", "softmax"], seed=0)
    return explore(network, x, t, loss="cross-entropy", optimizer=Adam(0.05), epochs=100).html


def deep() -> str:
    rng = np.random.default_rng(3)
    network = Network.random([4, 6, 6, 6, 6, 6, 3], ["tanh"] * 6, seed=0)
    return explore(network, rng.random(4).round(2), rng.random(3).round(2)).html


MADE = {"large": large, "digits": digits, "classes": classes, "deep": deep}


def wait_until(frame: Any, expression: str) -> None:
    """Playwright's own waiting evaluates text in the page, which the page's policy forbids."""
    for _ in range(400):
        if frame.evaluate(expression):
            return
        frame.page.wait_for_timeout(25)
    raise AssertionError(f"not within ten seconds: {expression}")


class Explorer:
    """A page opened from a file; `quiet` tells that it complained of nothing and asked for nothing."""

    def __init__(
        self, browser: Any, folder: Path, html: str, address: str = "", width: int = 1280,
        height: int = 900, **options: Any,
    ) -> None:  # fmt: skip
        file = folder / "page.html"
        file.write_text(html, encoding="utf-8")
        self.url = file.as_uri()
        self.page = browser.new_page(viewport={"width": width, "height": height}, **options)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(self.url + address)
        self.page.wait_for_selector("html[data-ready]")

    def close(self) -> None:
        assert self.complaints == []
        outside = [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]
        assert outside == []
        self.page.close()

    # --- what is seen -----------------------------------------------------------------------------

    @property
    def panel(self) -> str:
        return squeezed(self.page.inner_text("#panel"))

    @property
    def total(self) -> str:
        """The result of the line that is worked."""
        return squeezed(self.page.inner_text("#panel .row.tot .nu >> nth=-1"))

    @property
    def key(self) -> str:
        return str(self.page.get_attribute("#panel", "data-key"))

    @property
    def reading(self) -> str:
        return squeezed(self.page.inner_text("#reading"))

    @property
    def message(self) -> str:
        return squeezed(self.page.inner_text("#message"))

    def label(self, role: str) -> str:
        return squeezed(self.page.locator(f'#stage [data-r="{role}"]').text_content())

    # --- what is done -----------------------------------------------------------------------------

    def wait_until(self, expression: str) -> None:
        wait_until(self.page.main_frame, expression)

    def find(self, name: str) -> None:
        self.page.fill("#find", name)
        self.page.press("#find", "Enter")

    def train_to(self, epoch: int) -> None:
        self.page.fill("#target", str(epoch))
        self.page.click("#go")
        self.wait_until("document.querySelector('#computing').textContent === ''")

    def choose(self, name: str, value: str) -> None:
        self.page.check(f"[name={name}][value={value}]")

    def click_number(self, role: str) -> None:
        self.page.locator(f'#stage [data-r="{role}"]').click()

    def type_into_editor(self, text: str) -> None:
        self.page.fill("#editor input[type=text]", text)
        self.page.press("#editor input[type=text]", "Enter")

    def type_over(self, role: str, text: str) -> None:
        """Change a given number by the keyboard alone."""
        self.page.evaluate(f"document.querySelector(`#stage [data-r='{role}']`).focus()")
        self.page.keyboard.press("Enter")
        self.type_into_editor(text)

    def overlaps(self) -> Any:
        """Pairs of labels in the drawing that overlap."""
        return self.page.evaluate(OVERLAPS)


def squeezed(text: str) -> str:
    return " ".join(text.replace("⁡", "").split())


OVERLAPS = """() => {
  const shown = [...document.querySelectorAll("#stage svg text")].filter((text) =>
    text.textContent.trim() && getComputedStyle(text).visibility !== "hidden");
  const boxes = shown.map((text) => [text.textContent, text.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([one, a], k) => boxes.slice(k + 1).forEach(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 3 && down > 6) found.push(`${one} / ${other}`);
  }));
  return found;
}"""
