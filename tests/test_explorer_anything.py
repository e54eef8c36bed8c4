"""Whatever is done on the page, in whatever order, it complains of nothing, and its address holds all of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer_page import Explorer, chromium, page_of
from explorer_script import needs_browser

pytestmark = needs_browser

# Sixty random acts on what is visible; numbers are of every kind, some of them none.
ACT = """(seed) => {
  let state = seed;
  const random = () => (state = (state * 1664525 + 1013904223) >>> 0) / 4294967296;
  const one = (list) => list[Math.floor(random() * list.length)];
  const seen = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.getClientRects().length);
  const words = ["0", "1", "-1", "1e308", "-1e308", "1e-320", "50", "-0.5", "abc", "", "0.1", "3", "−2"];
  const tell = (element, kind) => element.dispatchEvent(new Event(kind, { bubbles: true }));
  const click = (element) => element?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  const type = (element, kind) => { if (element) { element.value = one(words); tell(element, kind); } };
  const acts = [
    () => click(one(seen("#stage [data-r][role]"))),
    () => type(seen("#editor input[type=text]")[0], "input"),
    () => type(one(seen("#settings input[type=text], #panel [data-edit], #sample-number")), "change"),
    () => { const list = one(seen("select")); list.value = one([...list.options]).value; tell(list, "change"); },
    () => click(one(seen("#step, #undo, #redo, #reset, #putback, #next, #previous, #theme"))),
    () => click(one(seen("#panel .go, #panel summary, #panel .row, #panel math [data-k]"))),
    () => one(seen("[name=mode], [name=lines]")).click(),
    () => { const slider = one(seen("input[type=range]")); if (slider) { slider.value = +slider.min + random() * (slider.max - slider.min); tell(slider, "input"); } },
    () => click(one(seen("#plane .sample"))),
    () => { const goal = seen("#target")[0]; if (goal) { goal.value = Math.floor(random() * 40); click(document.querySelector("#go")); } },
    () => { dispatchEvent(new Event("beforeprint")); dispatchEvent(new Event("afterprint")); },
    () => { click(document.querySelector("#save")); click(document.querySelector("#saving [data-close]")); },
  ];
  for (let k = 0; k < 60; k++) one(acts)();
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("name", ["numeric-example", "iris", "classes", "goodfellow-xor"])
def test_nothing_that_is_done_breaks_the_page(browser: Any, tmp_path: Path, name: str) -> None:
    seen = Explorer(browser, tmp_path, page_of(name))
    for seed in range(2):
        seen.page.evaluate(ACT, 1000 * len(name) + seed)
        seen.wait_until("document.querySelector('#computing').textContent === ''")
        assert seen.complaints == [], seed
    seen.page.wait_for_timeout(400)
    before = (seen.key, seen.total, seen.reading)
    seen.page.reload()
    seen.page.wait_for_selector("html[data-ready]")
    seen.wait_until("document.querySelector('#computing').textContent === ''")
    assert (seen.key, seen.total, seen.reading) == before
    seen.close()
