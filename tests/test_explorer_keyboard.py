"""The page by keyboard alone, and as those meet it who do not see it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer_page import Explorer, chromium, page_of
from explorer_script import needs_browser

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


FOCUSED = "(() => { const e = document.activeElement; return e.dataset.r ?? (e.id || e.className || e.tagName); })()"


def focused(seen: Explorer) -> Any:
    return seen.page.evaluate(FOCUSED)


def press(seen: Explorer, *keys: str) -> None:
    """Press keys, and never lose the focus on the way."""
    for key in keys:
        seen.page.keyboard.press(key)
        assert seen.page.evaluate("document.activeElement !== document.body"), key
        assert seen.page.evaluate("document.activeElement.isConnected"), key


def tab_to(seen: Explorer, wanted: str) -> None:
    for _ in range(60):
        seen.page.keyboard.press("Tab")
        if wanted in str(focused(seen)):
            return
    raise AssertionError(f"no tab stop {wanted}")


def test_a_weight_is_found_edited_and_the_focus_comes_back(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    tab_to(seen, "n-0-1")
    press(seen, "ArrowRight")
    here = focused(seen)
    assert here.startswith("w-1-")
    press(seen, "Enter")
    seen.page.keyboard.type("0.75")
    press(seen, "Enter")
    assert focused(seen) == here
    assert "0.75" in seen.label(here)
    press(seen, "Control+z")
    assert "0.75" not in seen.label(here)
    seen.close()


def test_everything_that_can_be_clicked_is_reached(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("xor"))
    reached = set()
    for _ in range(60):
        seen.page.keyboard.press("Tab")
        reached.add(str(focused(seen)))
    for wanted in (
        "share", "save", "theme", "find", "previous", "play", "next", "track", "plot", "step",
        "run", "target", "go", "reset", "sample", "rate-slider", "rate", "loss", "act-1", "act-2",
        "compare",
    ):  # fmt: skip
        assert wanted in reached, wanted
    assert any(name.startswith("n-") for name in reached)
    assert any(name.startswith("row") for name in reached)
    # Groups are one stop each: arrow keys move within them.
    assert sum(name.startswith(("n-", "w-", "b-", "z-", "a-")) for name in reached) == 1
    seen.close()


def test_every_number_of_the_drawing_is_reached_by_arrow_keys(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    press_phase(seen, "4")
    wanted = set(
        seen.page.eval_on_selector_all(
            "#stage svg [data-r][role]",
            "found => found.filter((e) => e.style.visibility !== 'hidden').map((e) => e.dataset.r)",
        )
    )
    tab_to(seen, "n-0-1")
    reached = {focused(seen)}
    front = [focused(seen)]
    while front:
        start = front.pop()
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
            seen.page.evaluate(
                "(role) => document.querySelector(`#stage [data-r='${role}']`).focus()", start
            )
            press(seen, key)
            if focused(seen) not in reached:
                reached.add(focused(seen))
                front.append(focused(seen))
    assert wanted <= reached
    seen.close()


def press_phase(seen: Explorer, key: str) -> None:
    seen.page.evaluate("document.querySelector('#track').focus()")
    press(seen, key)


def test_the_scrubber_and_the_loss_are_sliders(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.focus("#track")
    press(seen, "End")
    assert seen.key == "b2_new-1"
    press(seen, "PageDown", "ArrowLeft")
    assert seen.page.get_attribute("#track", "aria-valuenow") == "37"
    press(seen, "Home", "3")
    assert seen.key == "ga2-1"
    assert (
        seen.page.get_attribute("#track", "aria-valuetext") == "Backward, dL/da2[1] = −0.18336248"
    )
    seen.train_to(100)
    seen.page.focus("#plot")
    press(seen, "PageDown", "ArrowDown", "ArrowLeft")
    assert seen.page.get_attribute("#plot", "aria-valuenow") == "39"
    assert "epoch 39" in seen.reading
    press(seen, "Home")
    assert "epoch 0" in seen.reading
    seen.close()


def test_the_panel_keeps_its_focus_while_it_changes(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    press_phase(seen, "3")
    seen.page.locator("#panel .row").first.focus()
    press(seen, "ArrowDown", "Enter")
    assert seen.key in ("a2-1", "t-1", "ga2-1")
    seen.page.locator("#panel summary").focus()
    press(seen, "Enter", "ArrowRight")
    seen.page.locator("#panel .go").first.focus()
    press(seen, "Enter")
    seen.close()


def test_space_plays_and_escape_closes_the_editor(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.focus("#track")
    press(seen, " ")
    assert seen.page.get_attribute("#play", "aria-label") == "Pause"
    press(seen, " ")
    assert seen.page.get_attribute("#play", "aria-label") == "Play"
    seen.page.evaluate("document.querySelector(`#stage [data-r='b-1-2']`).focus()")
    press(seen, "Enter", "Escape")
    assert focused(seen) == "b-1-2"
    assert not seen.page.locator("#editor").is_visible()
    seen.close()


def test_the_focus_stays_where_its_place_disappears(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    to = "(role) => document.querySelector(`#stage [data-r='${role}']`).focus()"
    press_phase(seen, "4")
    seen.page.evaluate(to, "d-1-2")
    press(seen, "1")
    # A browser takes the focus from what is hidden, but not at once.
    seen.wait_until(f"{FOCUSED} === 'n-1-2'")
    press(seen, "ArrowRight")
    seen.page.evaluate(to, "w-1-1-1")
    press(seen, "Enter", "0", "Enter")
    seen.page.focus("#putback")
    press(seen, "Control+z")
    seen.wait_until(f"{FOCUSED} === 'undo'")
    seen.page.select_option("#compare", "")
    seen.page.select_option("#compare", "derivative-at-activation")
    seen.page.focus("[name=mode][value=right]")
    press(seen, "Control+z")
    seen.wait_until(f"{FOCUSED} === 'compare'")
    seen.close()


@pytest.mark.parametrize("name", ["numeric-example", "xor", "digits"])
def test_everything_has_a_name(browser: Any, tmp_path: Path, name: str) -> None:
    seen = Explorer(browser, tmp_path, page_of(name))
    press_phase(seen, "3")
    nameless = seen.page.evaluate(
        """[...document.querySelectorAll("button, input, select, textarea, summary, [role=button], [role=slider], [role=group], dialog, canvas[tabindex]")]
        .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
        .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert seen.page.locator("[aria-live=polite]").count() == 1
    seen.wait_until("document.querySelector('#live').textContent.includes('epoch 0')")
    seen.close()


def test_what_was_found_is_said(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.find("w1[9,9]")
    assert "There is no number “w1[9,9]” here" in seen.message
    assert seen.page.get_attribute("#find", "aria-invalid") == "true"
    seen.find("a1[2]")
    seen.wait_until("document.querySelector('#live').textContent === 'a1[2] = 0.72312181, epoch 0'")
    assert seen.message == ""
    seen.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_targets_are_large_enough_for_fingers(browser: Any, tmp_path: Path, width: int) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"), width=width)
    small = seen.page.evaluate(
        """[...document.querySelectorAll("button, input:not([type=radio]), select, summary, #stage [role=button]")]
        .filter((e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden")
        .map((e) => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()])
        .filter(([, box]) => Math.min(box.width, box.height) < 20)"""
    )
    assert small == []
    seen.close()
