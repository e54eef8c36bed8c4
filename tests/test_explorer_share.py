"""The state in the address, and the problem file: nothing that was done on the page is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import explore_problem, read_problem
from chainrule.cli import main
from chainrule.problem import parse_problem

from explorer_page import Explorer, chromium, page_of
from explorer_script import needs_browser

pytestmark = needs_browser
EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


# --- the address ----------------------------------------------------------------------------------


def address_of(seen: Explorer) -> str:
    seen.page.wait_for_timeout(350)
    return str(seen.page.evaluate("location.hash"))


def test_a_reload_brings_everything_back(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.click_number("w-1-3-2")
    seen.type_into_editor("-1.25")
    seen.page.select_option("#act-1", "tanh")
    seen.train_to(80)
    seen.page.fill("#rate", "0.4")
    seen.page.press("#rate", "Enter")
    seen.train_to(120)
    seen.train_to(100)
    seen.choose("mode", "mistake")
    seen.choose("lines", "gradients")
    seen.find("dL/dw1[3,2]")
    address = address_of(seen)
    before = (seen.reading, seen.total, seen.key, seen.page.inner_text("#compared"))
    assert "edits=0:w1-3-2=-1.25,0:act-1=tanh,80:rate=0.4" in address
    seen.page.reload()
    seen.page.wait_for_selector("html[data-ready]")
    after = (seen.reading, seen.total, seen.key, seen.page.inner_text("#compared"))
    assert after == before
    assert seen.page.input_value("#act-1") == "tanh"
    assert seen.page.is_checked("[name=lines][value=gradients]")
    seen.close()


def test_what_was_done_just_before_a_mistyped_number_is_in_the_address(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.evaluate("""() => {
      document.querySelector("#step").click();
      const rate = document.querySelector("#rate");
      rate.value = "abc";
      rate.dispatchEvent(new Event("change", { bubbles: true }));
    }""")
    seen.page.wait_for_timeout(400)
    assert "abc" in seen.message
    seen.page.reload()
    seen.page.wait_for_selector("html[data-ready]")
    assert seen.reading.startswith("epoch 1:")
    seen.close()


def test_an_address_is_taken_when_it_is_typed_over(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"), "#epoch=30")
    assert seen.reading.startswith("epoch 30:")
    seen.page.evaluate("location.hash = 'epoch=10&step=gw2-1-3'")
    seen.wait_until("document.querySelector('#panel').dataset.key === 'gw2-1-3'")
    assert seen.reading.startswith("epoch 10:")
    seen.close()


BAD = {
    "epoch=-1": "epoch “-1”",
    "epoch=1.5": "epoch “1.5”",
    "epoch=99999999": "0 to 1,000,000",
    "epoch=900000": "compute for too long",
    "step=gw1-4-1": "the number “gw1-4-1”",
    "step=__proto__": "the number",
    "step=constructor-1": "the number",
    "run=fast": "none of true, mistake",
    "compare=sign": "none of nothing",
    "compare=nothing&run=mistake": "compares with nothing",
    "sample=2": "there are 1 to 1",
    "batch=2": "there are 1 to 1",
    "lines=all": "none of auto",
    "speed=9": "which is none of step",
    "epoch": "which is none of step",
    "epoch=1&epoch=2": "epoch twice",
    "edits=0:w9-1-1=1": "no place",
    "edits=0:w1-4-1=1": "no place",
    "edits=0:w1-1-1=many": "no place",
    "edits=0:rate=0": "no place",
    "edits=0:act-1=swish": "no place",
    "edits=0:loss=toString": "no place",
    "edits=w1-1-1=1": "no update:number=value",
    "step=<img src=x onerror=alert(1)>": "the number",
    "%E0%A4%A=1": "none of step",
}


def test_a_bad_address_is_answered_in_words_and_changes_nothing(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"), "#epoch=7&step=ga1-2")
    for address, words in BAD.items():
        seen.page.evaluate("(text) => { location.hash = text; }", address)
        seen.wait_until(f"document.querySelector('#message').textContent.includes({words!r})")
        assert seen.message.endswith("Nothing was changed.")
        assert seen.reading.startswith("epoch 7: ")
        assert seen.key == "ga1-2"
    seen.close()


@pytest.mark.parametrize("address", ["epoch=-1", "step=<img src=x onerror=alert(1)>"])
def test_a_page_opened_with_a_bad_address_starts_as_without_one(
    browser: Any, tmp_path: Path, address: str
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"), f"#{address}")
    assert seen.message.endswith("Nothing was changed.")
    assert seen.reading == "epoch 0: true 0.0168109, mistake 0.0168109"
    assert seen.key == "z1-1"
    seen.close()


# --- the problem file -----------------------------------------------------------------------------


def saved(seen: Explorer) -> str:
    seen.page.click("#save")
    text = str(seen.page.input_value("#saving textarea"))
    seen.page.click("#saving [data-close]")
    return text


def losses_of_the_page(seen: Explorer, epochs: list[int]) -> list[float]:
    found = []
    for epoch in epochs:
        seen.train_to(epoch)
        number = seen.reading.split(":")[1].split("true")[-1].split(",")[0]
        found.append(float(number.replace("−", "-")))
    return found


def train_by_command(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], epochs: int
) -> dict[str, Any]:
    file = tmp_path / "saved.toml"
    file.write_text(text, encoding="utf-8")
    assert main(["train", str(file), "--json", "--epochs", str(epochs)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_saved_file_trained_gives_the_pages_numbers(
    browser: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.select_option("#compare", "")
    seen.click_number("w-2-1-1")
    seen.type_into_editor("1.5")
    seen.click_number("n-0-2")
    seen.type_into_editor("-0.3")
    seen.page.select_option("#loss", "huber")
    seen.page.fill("#delta", "0.75")
    seen.page.press("#delta", "Enter")
    seen.page.select_option("#act-1", "elu")
    text = saved(seen)
    run = train_by_command(text, tmp_path, capsys, 100)
    epochs = [0, 10, 50, 90]
    expected = [round(run["losses"][str(epoch)], 8) for epoch in epochs]
    assert losses_of_the_page(seen, epochs) == expected
    seen.close()


def test_saved_at_an_epoch_it_goes_on_from_there(
    browser: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.choose("mode", "mistake")
    seen.train_to(40)
    text = saved(seen)
    assert "# It starts with the parameters of epoch 40." in text
    assert 'mistake = "derivative-at-activation"' in text
    run = train_by_command(text, tmp_path, capsys, 61)
    assert round(run["losses"]["60"], 8) == 0.00464662  # what the notebook printed at epoch 100
    seen.close()


@pytest.mark.parametrize("name", ["iris", "xor", "mitchell", "goodfellow-xor", "classes", "mazur"])
def test_an_untouched_page_saves_the_problem_that_it_was_made_from(
    browser: Any, tmp_path: Path, name: str
) -> None:
    seen = Explorer(browser, tmp_path, page_of(name))
    found = parse_problem(saved(seen), "saved.toml", tmp_path)
    seen.close()
    if name == "classes":
        assert found.network.outputs == 3
        return
    source = EXAMPLES / f"{name}.toml"
    problem = read_problem(source if source.exists() else name)
    assert found.title == problem.title
    for key, array in problem.network.parameters.items():
        np.testing.assert_array_equal(found.network.parameters[key], array)
    np.testing.assert_array_equal(found.data.inputs, problem.data.inputs)
    np.testing.assert_array_equal(found.data.targets, problem.data.targets)
    assert found.data.classes == problem.data.classes
    assert (found.loss.name, found.reduction) == (problem.loss.name, problem.reduction)
    layers = zip(found.network.layers, problem.network.layers, strict=True)
    for mine, theirs in layers:
        for option in ("activation", "train_biases", "share_bias", "bias_sign"):
            assert getattr(mine, option) == getattr(theirs, option)
    if problem.training is None:
        assert found.training is None
        return
    assert found.training is not None
    for option in ("optimizer", "epochs", "batch_size", "shuffle", "seed"):
        assert getattr(found.training, option) == getattr(problem.training, option)


@pytest.mark.parametrize("title", ['quotes " and \\ backslash', "tab\tand\u2028line", "ünïcode 網"])
def test_any_title_is_saved_as_it_is(browser: Any, tmp_path: Path, title: str) -> None:
    text = f"title = {json.dumps(title)}\n[data]\ninputs = [[1.0]]\n[[layers]]\nweights = [[2.0]]\n"
    problem = parse_problem(text, "p.toml", tmp_path)
    seen = Explorer(browser, tmp_path, explore_problem(problem).html)
    assert parse_problem(saved(seen), "saved.toml", tmp_path).title == title
    seen.close()


def test_the_file_is_handed_over(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.click("#save")
    with seen.page.expect_download() as download:
        seen.page.click("#saving [data-save]")
    target = tmp_path / "downloaded.toml"
    download.value.save_as(target)
    assert download.value.suggested_filename == "numeric-example-of-backpropagation.toml"
    assert read_problem(target).title == "Numeric example of backpropagation"
    seen.page.keyboard.press("Escape")
    assert seen.page.evaluate("document.activeElement.id") == "save"
    seen.close()
