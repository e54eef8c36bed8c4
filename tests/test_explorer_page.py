"""The page as it opens: in every width, in a notebook, without a network, and whatever its title holds."""

import json
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import Dense, Network, explore, explore_problem, read_problem
from chainrule.activations import Activation
from chainrule.cli import main
from chainrule.errors import InputError
from chainrule.explorer.content import MOST_ORDERS, describe

from documents import HOSTILE
from explorer_page import Explorer, chromium, page_of
from explorer_script import needs_browser

pytestmark = needs_browser
NAMES = ["numeric-example", "mazur", "goodfellow-xor", "xor", "iris", "classes", "digits", "large"]
WIDTHS = (320, 390, 1024, 1280)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("name", NAMES)
def test_the_page_opens_quietly_and_fits_every_screen(
    browser: Any, tmp_path: Path, name: str
) -> None:
    seen = Explorer(browser, tmp_path, page_of(name))
    for width in WIDTHS:
        seen.page.set_viewport_size({"width": width, "height": 800})
        seen.page.wait_for_timeout(40)
        for phase in ("1", "3", "4"):
            seen.page.keyboard.press(phase)
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, phase
            assert seen.overlaps() == [], (width, phase)
    seen.close()


@pytest.mark.parametrize("name", ["numeric-example", "mazur", "han-kamber"])
def test_no_number_of_a_small_network_makes_way_for_another(
    browser: Any, tmp_path: Path, name: str
) -> None:
    seen = Explorer(browser, tmp_path, page_of(name))
    for width in (360, 390, 768, 1280, 1920):
        seen.page.set_viewport_size({"width": width, "height": 800})
        seen.page.wait_for_timeout(60)
        for phase in ("2", "3", "4"):
            seen.page.keyboard.press(phase)
            hidden = seen.page.evaluate(
                """[...document.querySelectorAll("#stage .lab:not(.blank)")]
                .filter((label) => label.style.visibility === "hidden").map((label) => label.dataset.r)"""
            )
            assert hidden == [], (width, phase)
    seen.close()


def test_a_slope_is_worked_with_its_numbers(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.find("dL/dz2[1]")
    row = seen.page.locator("#panel [data-f=local]")
    assert row.inner_text().count("0.81663752") == 2
    seen.close()


def test_the_first_numbers_are_those_of_the_notebook(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    assert seen.page.inner_text("h1") == "Numeric example of backpropagation"
    assert seen.total == "0.52"
    assert "0.2 · 0.9" in seen.panel
    seen.find("dL/dw1[2,1]")
    assert seen.total == "−0.00247379"
    assert "The line agrees." in seen.panel
    seen.find("loss")
    assert seen.total == "0.0168109"
    seen.close()


def test_ids_are_there_once(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("iris"))
    ids = seen.page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    seen.close()


@pytest.mark.parametrize(
    ("name", "width"),
    [("numeric-example", 390), ("iris", 1280), ("digits", 390)],
)
def test_nothing_moves_but_what_was_asked_to(
    browser: Any, tmp_path: Path, name: str, width: int
) -> None:
    """Through a session of steps, edits, training and messages: also what follows a click at once."""
    html = page_of(name).replace("<script>'use strict';", f"<script>{SHIFTS}</script><script>'use strict';", 1)  # fmt: skip
    seen = Explorer(browser, tmp_path, html, width=width)
    page, moved = seen.page, {}

    def did(what: str) -> None:
        page.evaluate(PAINTED)
        page.wait_for_timeout(50)  # what moved is told after it was painted
        moved[what] = page.evaluate("window.shifts.splice(0).reduce((total, one) => total + one, 0)")  # fmt: skip

    did("opened")
    for phase in "1342":
        page.keyboard.press(phase)
        for _ in range(9):
            page.keyboard.press("ArrowRight")
        did(f"phase {phase}")
    for words in ("nothing like it", "dL/dw1[1,1]", "w1[1,1]"):
        seen.find(words)
        did(f"found {words}")
    page.click("#step")
    did("a training step")
    page.click("#run")
    page.wait_for_timeout(600)
    page.click("#run")
    did("a run")
    if width > 640:  # on a phone the switch between both takes a line of its own
        page.select_option("#compare", index=1)
        page.select_option("#compare", index=0)
        did("compared, and no more")
    page.fill("#rate", "abc")
    page.press("#rate", "Enter")
    did("no learning rate")
    page.fill("#rate", "90000")
    page.press("#rate", "Enter")
    seen.train_to(100)
    did("a run that diverged")
    page.click("#undo")
    page.click("#share")
    did("undone, and the address copied")
    seen.type_over("n-0-1", "0.75")
    did("an edit")
    page.click("#putback")
    did("put back")
    assert {what: total for what, total in moved.items() if total > 0.02} == {}
    assert sum(moved.values()) < 0.05
    seen.close()


SHIFTS = """window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) window.shifts.push(value);
  }).observe({ type: "layout-shift", buffered: true });"""


# Once all that a page has begun is done and painted.
PAINTED = """new Promise((done) => setTimeout(() =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))), 0))"""


# What a notebook puts around an output. VS Code writes outputs into a frame with these flags, and with this policy
# where "notebook.experimental.enableCsp" is set (read from its 1.100).
VS_CODE_FLAGS = "allow-same-origin allow-pointer-lock allow-scripts allow-downloads allow-forms"
VS_CODE_POLICY = (
    "default-src 'none'; script-src https: 'unsafe-inline' 'unsafe-eval'; style-src https: 'unsafe-inline'; "
    "img-src https: http: data:; font-src https:; connect-src https:; child-src https: data:;"
)
NOTEBOOKS = {
    "Jupyter": ("", "{output}"),
    "VS Code": (
        "",
        f'<iframe sandbox="{VS_CODE_FLAGS}" width="1000" height="950" srcdoc="{{escaped}}"></iframe>',
    ),
    "VS Code with its policy": (
        f'<meta http-equiv="Content-Security-Policy" content="{VS_CODE_POLICY}">',
        "{output}",
    ),
}


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_in_a_notebook_the_page_stands_in_a_frame(
    browser: Any, tmp_path: Path, notebook: str
) -> None:
    network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    shown = explore(network, [1.0, 2.0], [1.0])._repr_html_()
    head, body = NOTEBOOKS[notebook]
    body = body.format(output=shown, escaped=escape(shown))
    file = tmp_path / "notebook.html"
    file.write_text(
        f'<!doctype html><html><head>{head}<base href="{tmp_path.as_uri()}/elsewhere/"></head>'
        f"<body>{body}</body></html>",
        encoding="utf-8",
    )
    page = browser.new_page(viewport={"width": 1100, "height": 1000})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    frame = page.frames[-1]
    frame.wait_for_selector("html[data-ready]")
    frame.click("#next")
    assert "0.52497919" in frame.inner_text("#panel .tot")
    frame.click('#stage [data-r="w-1-1-1"]')
    frame.fill("#editor input[type=text]", "0.9")
    frame.click("#step")
    assert "epoch 1" in frame.inner_text("#reading")
    page.wait_for_timeout(300)  # the address of a frame is its own
    frame.click("#share")
    assert "has no address" in frame.inner_text("#message")
    frame.click("#save")
    assert "edits=0:w1-1-1=0.9" in frame.input_value("#saving textarea")
    with page.expect_download():
        frame.click("[data-save]")
    frame.click("[data-close]")
    # A link within the page would lead to the notebook's own address.
    # The dialog that was closed gives the focus back a moment later, and may take it from the link.
    for turn in range(200):
        if turn % 20 == 0:  # pressed sooner, it would take back the focus that it is about to give
            frame.press(".skip", "Enter")
        if frame.evaluate("document.activeElement.id") == "panel":
            break
        page.wait_for_timeout(50)
    assert frame.evaluate("document.activeElement.id") == "panel"
    if (
        "policy" in notebook
    ):  # the page's fonts are not allowed there; those of the system take their place
        complaints = [words for words in complaints if "font" not in words]
    assert [words for words in complaints if "escape its sandboxing" not in words] == []
    page.close()


def test_titles_and_class_names_with_markup_are_text(browser: Any, tmp_path: Path) -> None:
    names = [f"{HOSTILE} {k}" for k in range(2)]
    problem = tmp_path / "hostile.toml"
    problem.write_text(
        f"title = {json.dumps(HOSTILE + ' </script><script>alert(2)</script>')}\n"
        f"[data]\ninputs = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]]\n"
        f"targets = {json.dumps([names[0], names[1], names[0]])}\n"
        '[[layers]]\nunits = 2\nactivation = "softmax"\n'
        '[training]\nloss = "cross-entropy"\nlearning_rate = 0.1\nepochs = 3\n',
        encoding="utf-8",
    )
    seen = Explorer(browser, tmp_path, explore_problem(read_problem(problem)).html)
    assert seen.page.inner_text("h1").startswith(HOSTILE[:20])
    assert HOSTILE[:30] in seen.page.inner_text("#plane figcaption")
    assert seen.page.locator("#plane .sample").first.get_attribute("aria-label") is not None
    seen.page.click("#save")
    assert "alert(1)" in seen.page.input_value("#saving textarea")
    seen.close()


@pytest.mark.parametrize("name", ["numeric-example", "goodfellow-xor", "classes", "digits"])
def test_every_label_has_the_contrast_that_small_text_needs(
    browser: Any, tmp_path: Path, name: str
) -> None:
    seen = Explorer(browser, tmp_path, page_of(name), reduced_motion="reduce")
    page = seen.page

    def look(state: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(PAINTED)
            ratios = page.evaluate(CONTRAST)
            assert len(ratios) > 30, (state, scheme)
            assert [found for found in ratios if found[1] < 4.5] == [], (state, scheme)

    for phase in ("1", "3", "4"):
        page.keyboard.press(phase)
        page.keyboard.press("ArrowRight")
        look(f"phase {phase}")
    for lines in ("weights", "gradients"):
        seen.choose("lines", lines)
        look(f"lines of {lines}")
    seen.choose("lines", "auto")
    seen.find("nothing like it")
    seen.find("dL/dw1[1,1]")
    page.click("#panel summary")
    look("a story")
    if page.locator("#step").is_visible():
        seen.train_to(3)
        page.select_option("#compare", index=1)
        page.check("[name=mode][value=mistake]", force=True)
        look("the mistake, trained")
    page.evaluate("document.querySelector(`#stage [data-r='n-0-1']`).focus()")
    page.keyboard.press("Enter")
    page.fill("#editor input[type=text]", "no number")
    look("the editor")
    page.keyboard.press("Escape")
    seen.type_over("n-0-1", "0.75")
    look("an edit")
    page.set_viewport_size({"width": 390, "height": 800})
    look("on a phone")
    page.click("#save")
    look("the file")
    seen.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_colours_of_ones_own_everything_can_still_be_told(
    browser: Any, tmp_path: Path, scheme: str
) -> None:
    seen = Explorer(
        browser, tmp_path, page_of("numeric-example"), color_scheme=scheme, forced_colors="active"
    )
    seen.page.keyboard.press("3")
    seen.choose("mode", "mistake")
    seen.page.wait_for_timeout(250)
    for selector in ("#track i.now", "#track i.done", "#track i:last-child", ".legend i"):
        drawn = seen.page.eval_on_selector(selector, "(e) => getComputedStyle(e).backgroundColor")
        paper = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert drawn != paper, selector
    seen.close()


def test_printed_the_step_is_a_sheet_of_lines(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    seen.page.emulate_media(media="print")
    text = seen.page.inner_text("#sheet")
    for words in ("Forward", "Loss", "Backward", "Update", "Error signals of the hidden layer"):
        assert words in text
    assert seen.page.locator("#sheet .line").count() == 43
    assert not seen.page.locator("#scrubber").is_visible()
    seen.close()


def test_the_command_writes_a_page_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "page.html"
    assert main(["explore", "mazur", "--output", str(target)]) == 0
    assert target.read_text("utf-8").startswith("<!doctype html>")
    assert main(["explore", "mazur", "--output", str(target)]) == 2
    assert "add --force" in capsys.readouterr().err
    assert main(["explore", "mazur", "--output", str(target), "--force"]) == 0
    assert main(["explore", "nothing-like-it"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("opened", [True, False])
def test_without_output_the_page_opens_in_the_browser_or_says_where_it_is(
    opened: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[str] = []

    class Browser:
        def open(self, url: str) -> bool:
            asked.append(url)
            return opened

    monkeypatch.setattr("webbrowser.get", Browser)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["explore"]) == 0
    said = capsys.readouterr()
    (page,) = tmp_path.glob("chainrule-*.html")
    assert asked == [page.as_uri()]
    assert str(page) in said.err
    assert ("no browser" in said.err) is not opened
    assert said.out == ""


def test_no_browser_and_one_of_the_terminal_are_said_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_browser() -> object:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("BROWSER", raising=False)
    for get in (no_browser, lambda: webbrowser.GenericBrowser("true")):
        monkeypatch.setattr("webbrowser.get", get)
        assert main(["explore", "cs231n-neuron"]) == 0
        assert "no browser was found here; the page is " in capsys.readouterr().err


def test_functions_of_ones_own_are_refused_in_words() -> None:
    own = Activation("bump", lambda z: np.exp(-(z**2)), lambda z: -2 * z * np.exp(-(z**2)))
    network = Network(Dense([[0.5, -0.2]], activation=own))
    with pytest.raises(InputError, match="layer 1 has the activation 'bump'"):
        explore(network, [1.0, 1.0], [1.0])


def test_orders_of_shuffled_samples_are_the_runs_own_as_far_as_they_are_recorded() -> None:
    problem = read_problem(Path(__file__).parent.parent / "examples" / "iris.toml")
    assert problem.training is not None
    few = describe(problem)
    assert few["orders"] is not None
    long = replace(problem, training=replace(problem.training, epochs=10**6))
    orders = describe(long)["orders"]
    assert len(json.dumps(orders)) < 12 * MOST_ORDERS


# The contrast of every piece of text with what lies under it, by the definition of WCAG 2.
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const channels = (colour) => {
    if (known.has(colour)) return known.get(colour);
    // A tint lies on the paper.
    for (const one of [getComputedStyle(document.body).backgroundColor, colour]) {
      canvas.fillStyle = one; canvas.fillRect(0, 0, 1, 1);
    }
    known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3));
    return known.get(colour);
  };
  const light = (colour) => {
    const [r, g, b] = channels(colour).map((c) => {
      c /= 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const under = (element) => {
    const plate = element.parentNode.querySelector?.(":scope > rect, :scope > .body");
    if (element.closest("svg") && plate && getComputedStyle(plate).fill !== "none") return getComputedStyle(plate).fill;
    for (let at = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if (backgroundColor !== "rgba(0, 0, 0, 0)") return backgroundColor;
    }
    return "white";
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || style.visibility === "hidden" || !element.getClientRects().length || element.closest("script, .vh, .skip, option")) continue;
    let faint = 1;
    for (let at = element; at; at = at.parentElement) faint = Math.min(faint, Number(getComputedStyle(at).opacity));
    const [high, low] = [light(element.closest("svg") ? style.fill : style.color), light(under(element))].sort((a, b) => b - a);
    found.push([element.textContent.slice(0, 30), faint < 1 ? 0 : (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""
