"""A number's story and its chain, and the ways to any number by the pointer."""

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


def test_a_click_on_a_number_tells_its_story(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.find("w1[2,1]")
    assert "A weight, as it is before the update." in seen.panel
    assert "The loss comes back by one path" in seen.panel
    factors = ["−0.18336248", "0.14974068", "0.5", "0.20021666", "0.9", "−0.00247379"]
    assert all(number in seen.panel for number in factors)
    assert seen.page.locator("#stage .path").count() == 0
    seen.page.locator("#panel .go", has_text="∂").first.click()
    assert seen.key == "gw1-2-1"
    assert seen.page.locator("#stage .path").count() == 3
    # From a number inside a formula to that number.
    seen.page.locator('#panel .rows [data-k="x-1"]').first.click()
    assert seen.key == "x-1"
    assert "The loss comes back by 3 paths" in seen.panel
    seen.close()


def test_every_row_of_a_story_is_symbol_numbers_result(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.find("w1[2,1]")
    rows = story_rows(seen)
    assert rows[0] == "z2(1)=0.4·0.9+0.5·0.8+0.2=0.96"
    assert rows[4] == "L=(0.81663752−1)22=0.0168109"
    # A link is what it is = its formula = its numbers = its value.
    assert rows[5].endswith("∂L∂a1(2)=a1(2)−t1=0.81663752−1=−0.18336248")
    factors = "−0.18336248·0.14974068·0.5·0.20021666·0.9"
    assert rows[-1] == f"product∂L/∂w21(1)={factors}=−0.00247379"
    seen.find("x[1]")
    products = [row.split("=")[-1] for row in story_rows(seen) if row.startswith("product")]
    total = bare(seen.page.locator("#panel .adds"))
    seen.find("dL/dx[1]")
    assert total == f"∂L/∂x1={with_plus(products)}={seen.total},allpathstogether."
    seen.close()


def test_a_gradient_stands_with_its_whole_chain_as_the_mistake_has_it_too(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.train_to(60)
    for mode, tags, links in [("right", 0, 5), ("mistake", 2, 5)]:
        seen.choose("mode", mode)
        seen.page.evaluate("document.activeElement.blur()")
        seen.page.keyboard.press("3")
        while seen.key != "gw1-2-1":
            seen.page.keyboard.press("ArrowRight")
        rows = story_rows(seen)
        assert len(rows) == links + 1
        assert sum("slopetakenattheactivation" in row for row in rows) == tags
        product = float(rows[-1].split("=")[-1].replace("−", "-"))
        assert product == float(seen.total.replace("−", "-"))
    # Where paths fork there is no single chain, and the story tells of all.
    seen.find("dL/dx[1]")
    seen.page.click("#panel summary")
    assert seen.page.locator("#panel .chain").count() == 0
    seen.close()


def with_plus(terms: list[str]) -> str:
    return "+".join(term if k == 0 else f"({term})" for k, term in enumerate(terms))


def test_in_a_long_sum_of_a_story_the_number_itself_stays(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("large"))
    seen.find("w1[2,5]")
    assert seen.page.locator('#panel .fed tr:first-child td [data-k="w1-2-5"]').count() == 1
    assert "(781more:" in story_rows(seen)[0]
    assert "(5more:" in bare(seen.page.locator("#panel .adds"))
    seen.close()


def story_rows(seen: Explorer) -> list[str]:
    return [bare(row) for row in seen.page.locator("#panel .story-table tr").all()]


def bare(place: Any) -> str:
    return "".join(place.text_content().replace("\u2061", "").split())


def test_every_number_of_a_deep_network_is_reached_by_the_pointer(
    browser: Any, tmp_path: Path
) -> None:
    """Also those for which the drawing has no room: by their edge, and by their neuron."""
    seen = Explorer(browser, tmp_path, page_of("deep"))
    page, usual = seen.page, "Select any number; a given one can be changed"
    assert page.inner_text(".hint") == usual
    for layer, unit, source in [(1, 6, 1), (3, 2, 5), (6, 3, 4)]:
        x, y = page.evaluate(FREE_POINT, f"{layer}-{unit}-{source}")
        page.mouse.move(x, y)
        assert page.inner_text(".hint").startswith(f"w{layer}[{unit},{source}] = ")
        page.mouse.click(x, y)
        assert seen.key == f"w{layer}-{unit}-{source}"
    seen.click_number("n-3-4")
    assert page.inner_text(".hint").startswith("z3[4] = ")
    ways = page.eval_on_selector_all("#panel .more [data-go]", "(e) => e.map((one) => one.dataset.go)")  # fmt: skip
    assert ways == ["ga3-4", "z3-4", "b3-4", "gz3-4"]
    page.click("#panel .more [data-go=b3-4]")
    assert seen.key == "b3-4"
    page.mouse.move(5, 5)
    assert page.inner_text(".hint") == usual
    seen.close()


# A place on an edge where nothing else lies above it.
FREE_POINT = """(edge) => {
  const line = document.querySelector(`#stage [data-edge="${edge}"]`);
  const matrix = line.getScreenCTM();
  for (let k = 2; k < 98; k++) {
    const at = (one) => (line[`${one}1`].baseVal.value * (100 - k) + line[`${one}2`].baseVal.value * k) / 100;
    const { x, y } = new DOMPoint(at("x"), at("y")).matrixTransform(matrix);
    if (document.elementFromPoint(x, y) === line) return [x, y];
  }
}"""


def test_a_cell_of_the_inputs_gradient_leads_to_its_number(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("digits"))
    seen.page.fill("#sample-number", "4")
    seen.page.press("#sample-number", "Enter")
    seen.page.locator("#heat-gx canvas").click(position={"x": 60, "y": 60})
    read = bare(seen.page.locator("#heat-gx .cell")).replace("dL/d", "")
    row, column = (int(part) for part in seen.key.split("-")[1:])
    assert read == f"x[{row},{column}]={seen.total}"
    assert row > 1
    seen.close()
