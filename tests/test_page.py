"""The page in a real browser: nothing leaves it, nothing overflows, and its links lead somewhere."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chainrule import explain_problem, read_problem

from documents import HOSTILE, explanations
from explorer_page import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CHAINRULE_REQUIRE_ALL"),
    reason="no Chromium here; .ci/run installs one",
)

WIDTHS = (320, 360, 390, 768, 1024, 1280)
NAMES = [
    "numeric-example",
    "mazur",
    "goodfellow-xor",
    "classes",
    "story",
    "by hand",
    "elu",
    "large",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "CHAINRULE_REQUIRE_ALL is set, and there is no Chromium"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


class Seen:
    """A page with all that it complained of and asked for."""

    def __init__(self, browser: Any, html: str, folder: Path, width: int = 1280, **options: Any):
        file = folder / "page.html"
        file.write_text(html, encoding="utf-8")
        self.page = browser.new_page(viewport={"width": width, "height": 800}, **options)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(file.as_uri())

    def assert_quiet(self) -> None:
        assert self.complaints == []
        assert [url for url in self.requests if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_page_fits_every_screen_and_asks_for_nothing(
    browser: Any, tmp_path: Path, name: str
) -> None:
    seen = Seen(browser, str(explanations()[name].render("html")), tmp_path)
    for width in WIDTHS:
        seen.page.set_viewport_size({"width": width, "height": 800})
        for opened in (False, True):
            seen.page.evaluate(
                "open => document.querySelectorAll('details').forEach(d => d.open = open)", opened
            )
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    seen.assert_quiet()
    seen.page.close()


def test_every_link_and_every_id_is_there_once(browser: Any, tmp_path: Path) -> None:
    for name in NAMES:
        seen = Seen(browser, str(explanations()[name].render("html")), tmp_path)
        ids = seen.page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))
        targets = seen.page.evaluate(
            "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))"
        )
        assert targets
        assert set(targets) <= set(ids), name
        seen.page.close()


def test_a_matrix_entry_leads_to_its_line_and_back(browser: Any, tmp_path: Path) -> None:
    seen = Seen(browser, str(explanations()["numeric-example"].render("html")), tmp_path)
    page = seen.page
    row = page.locator("#s-gw1-2-1")
    assert not row.is_visible()
    page.locator("#m-gw1-2-1").click()
    row.wait_for(state="visible")
    assert "0.00247379" in row.inner_text()
    row.locator("a.bk").click()
    assert page.evaluate("location.hash") == "#m-gw1-2-1"
    seen.assert_quiet()
    page.close()


def test_a_number_lights_up_everywhere_it_stands(browser: Any, tmp_path: Path) -> None:
    seen = Seen(browser, str(explanations()["numeric-example"].render("html")), tmp_path)
    seen.page.locator("math [data-k='w1-2-1']").first.hover()
    lit = seen.page.evaluate("[...document.querySelectorAll('.lit')].map(e => e.dataset.k)")
    assert set(lit) == {"w1-2-1"}
    assert len(lit) >= 4
    seen.page.close()


def test_all_lines_open_at_once_and_the_theme_changes(browser: Any, tmp_path: Path) -> None:
    seen = Seen(
        browser,
        str(explanations()["numeric-example"].render("html")),
        tmp_path,
        color_scheme="light",
    )
    page = seen.page
    page.get_by_role("button", name="Open all lines").click()
    assert page.evaluate("[...document.querySelectorAll('details')].every(d => d.open)")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert page.get_by_role("button", name="Light").is_visible()
    seen.assert_quiet()
    page.close()


def test_the_page_is_read_without_scripts(browser: Any, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    file = tmp_path / "page.html"
    file.write_text(str(explanations()["numeric-example"].render("html")), encoding="utf-8")
    page = context.new_page()
    page.goto(file.as_uri())
    assert "−0.18336248" in page.inner_text("main")
    assert page.locator("#open").is_hidden()
    page.locator("#L3\\.7 summary").first.click()
    assert page.locator("#s-gw1-2-1").is_visible()
    context.close()


def test_a_title_with_markup_runs_nothing(browser: Any, tmp_path: Path) -> None:
    explanation = explain_problem(read_problem("cs231n-neuron"))
    hostile = replace(explanation, document=replace(explanation.document, title=HOSTILE))
    seen = Seen(browser, str(hostile.render("html")), tmp_path)
    assert seen.page.inner_text("h1") == HOSTILE
    seen.assert_quiet()
    seen.page.close()


def test_in_a_notebook_the_page_stands_in_a_frame(browser: Any, tmp_path: Path) -> None:
    shown = explanations()["numeric-example"]._repr_html_()
    seen = Seen(browser, f"<!doctype html><body><p>cell</p>{shown}</body>", tmp_path)
    frame = seen.page.frame_locator("iframe")
    assert "Numeric example of backpropagation" in frame.locator("h1").inner_text()
    frame.locator("#m-gw1-2-1").click()
    frame.locator("#s-gw1-2-1").wait_for(state="visible")
    # A link within the page leads there, and not to the notebook's own address.
    frame.locator('a[href="#L3.2"]').first.click()
    wait_until(seen.page.frames[1], "location.href === 'about:srcdoc#L3.2'")
    assert frame.locator("#L3\\.2").is_visible()
    seen.assert_quiet()
    seen.page.close()


def test_labels_have_the_contrast_that_small_text_needs(browser: Any, tmp_path: Path) -> None:
    for scheme in ("light", "dark"):
        seen = Seen(
            browser,
            str(explanations()["numeric-example"].render("html")),
            tmp_path,
            color_scheme=scheme,
        )
        ratios = seen.page.evaluate(CONTRAST)
        assert len(ratios) >= 6
        assert min(ratios.values()) >= 4.5, ratios
        seen.page.close()


# The contrast of every text colour on the page with its paper, by the definition of WCAG 2.
CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((c) => {
      c /= 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const found = {};
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    const colour = element.closest("svg") ? style.fill : style.color;
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !colour.startsWith("rgb(")) continue;
    const [high, low] = [light(colour), paper].sort((a, b) => b - a);
    found[colour] = (high + 0.05) / (low + 0.05);
  }
  return found;
}"""
