"""What a person does on the page: step, play, look up, edit, undo, train, go back, compare."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import (
    Dense,
    GradientDescent,
    Network,
    backward_propagation,
    calculate_loss,
    forward_propagation,
    read_problem,
    train,
)

from explorer_page import Explorer, chromium, page_of
from explorer_script import needs_browser

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def notebook(**changes: Any) -> Network:
    return read_problem("numeric-example").network.with_parameters(changes)


def loss_of(network: Network, x: Any = (0.9, 0.8), t: Any = (1.0,), loss: str = "half-squared-error") -> float:  # fmt: skip
    return calculate_loss(network, forward_propagation(network, list(x)), list(t), loss)


def shown(number: float) -> str:
    """A number as the page shows it, of one that has 8 decimals."""
    return f"{number:.8f}".rstrip("0").rstrip(".").replace("-", "−")


# --- stepping -------------------------------------------------------------------------------------


def test_one_steps_through_every_number_and_every_gradient_is_checked(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    keys = [seen.key]
    checked = 0
    for _ in range(42):
        seen.page.click("#next")
        keys.append(seen.key)
        if seen.key.startswith("g"):
            assert "The line agrees." in seen.panel, seen.key
            checked += 1
    assert len(set(keys)) == 43
    assert checked == 21
    assert keys[0] == "z1-1"
    assert keys[-1] == "b2_new-1"
    seen.page.click("#next")
    assert seen.key == keys[-1]
    seen.page.click("#previous")
    assert seen.key == keys[-2]
    seen.page.locator("#track .phase b", has_text="Loss").click()
    assert seen.key == "loss"
    seen.close()


def test_play_goes_number_by_number_and_stops_when_something_else_is_done(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.click("#play")
    assert seen.page.get_attribute("#play", "aria-label") == "Pause"
    seen.wait_until("document.querySelector('#panel').dataset.key === 'z1-3'")
    seen.page.click("#play")
    assert seen.page.get_attribute("#play", "aria-label") == "Play"
    seen.page.click("#play")
    seen.click_number("w-2-1-1")
    assert seen.page.get_attribute("#play", "aria-label") == "Play"
    seen.close()


def test_what_a_line_uses_is_lit_in_the_drawing(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    used = seen.page.eval_on_selector_all(
        "#stage .used", "found => found.map((e) => e.dataset.r).sort()"
    )
    assert used == ["b-1-1", "e-1-1-1", "e-1-1-2", "n-0-1", "n-0-2", "w-1-1-1", "w-1-1-2"]
    seen.page.locator("#panel .row").first.hover()
    hot = seen.page.eval_on_selector_all("#stage .hot", "found => found.map((e) => e.dataset.r)")
    assert {"w-1-1-1", "e-1-1-1", "n-0-1"} <= set(hot)
    seen.close()


# --- editing --------------------------------------------------------------------------------------


def test_an_edited_weight_is_followed_everywhere_and_undone(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.click_number("w-2-1-2")
    seen.type_into_editor("-0.75")
    w2 = [[0.4, -0.75, 0.6]]
    expected = shown(loss_of(notebook(w2=w2)))
    assert expected in seen.reading
    seen.find("loss")
    assert seen.total == expected
    assert "changed" in str(seen.page.get_attribute('#stage [data-r="w-2-1-2"]', "class"))
    seen.page.click("#undo")
    assert "0.0168109" in seen.reading
    seen.page.click("#redo")
    assert expected in seen.reading
    seen.page.keyboard.press("Control+z")
    assert "0.0168109" in seen.reading
    assert not seen.page.locator("#putback").is_visible()
    seen.close()


def test_inputs_targets_rate_loss_and_activations_are_edited(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.click_number("n-0-1")
    seen.type_into_editor("0.5")
    assert shown(loss_of(notebook(), (0.5, 0.8))) in seen.reading
    seen.click_number("t-1")
    seen.type_into_editor("0.25")
    assert shown(loss_of(notebook(), (0.5, 0.8), (0.25,))) in seen.reading
    seen.page.select_option("#loss", "binary-cross-entropy")
    loss = "binary-cross-entropy"
    assert shown(loss_of(notebook(), (0.5, 0.8), (0.25,), loss)) in seen.reading
    seen.page.select_option("#act-1", "leaky-relu")
    seen.page.fill('[data-alpha="1"]', "0.3")
    seen.page.press('[data-alpha="1"]', "Enter")
    seen.page.fill("#rate", "0.5")
    seen.page.press("#rate", "Enter")
    layers = notebook().layers
    network = Network(
        Dense(layers[0].weights, layers[0].biases, "leaky-relu"),
        layers[1],
    )
    seen.find("w2[1,1]")
    x, t = [0.5, 0.8], [0.25]
    gradients = backward_propagation(network, forward_propagation(network, x), t, loss)
    seen.page.locator("#panel .go", has_text="new").click()
    assert seen.total == shown(0.4 - 0.5 * float(gradients["w2"][0, 0]))
    seen.page.click("#putback")
    assert "0.0168109" in seen.reading
    assert seen.page.input_value("#rate") == "0.1"
    seen.close()


def test_an_edit_holds_from_the_epoch_on_at_which_it_was_made(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.select_option("#compare", "")
    seen.train_to(60)
    seen.find("w2[1,1]")
    seen.page.fill("#panel [data-edit]", "2.5")
    seen.page.press("#panel [data-edit]", "Enter")
    x, t, rate = [0.9, 0.8], [1.0], GradientDescent(0.1)
    before = train(notebook(), x, t, optimizer=rate, epochs=60, report_every=1, engine="reference")
    w2 = before.network.parameters["w2"].copy()
    w2[0, 0] = 2.5
    after = train(
        before.network.with_parameters({"w2": w2}), x, t, optimizer=rate, epochs=40,
        report_every=1, engine="reference",
    )  # fmt: skip
    assert shown(after.losses[0]) in seen.reading
    seen.train_to(85)
    assert shown(after.losses[25]) in seen.reading
    seen.page.keyboard.press("Escape")
    seen.train_to(59)
    assert shown(before.losses[59]) in seen.reading
    seen.page.click("#undo")
    seen.train_to(85)
    straight = train(
        notebook(), x, t, optimizer=rate, epochs=86, report_every=1, engine="reference"
    )
    assert shown(straight.losses[85]) in seen.reading
    seen.close()


@pytest.mark.parametrize("text", ["", "abc", "1e999", "nan", "1,5", "0x10"])
def test_what_is_no_number_changes_nothing_and_is_said(
    browser: Any, tmp_path: Path, text: str
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.find("w1[1,1]")
    seen.page.fill("#panel [data-edit]", text)
    seen.page.press("#panel [data-edit]", "Enter")
    assert "is no finite number" in seen.message
    assert "0.0168109" in seen.reading
    assert seen.page.is_disabled("#undo")
    seen.close()


# --- training -------------------------------------------------------------------------------------


def test_a_wrong_learning_rate_is_marked_and_the_right_one_comes_back(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.fill("#rate", "abc")
    seen.page.press("#rate", "Enter")
    assert seen.page.get_attribute("#rate", "aria-invalid") == "true"
    seen.page.press("#rate", "Tab")
    assert seen.page.input_value("#rate") == "0.1"
    assert seen.page.get_attribute("#rate", "aria-invalid") == "false"
    seen.close()


def test_each_opening_of_the_editor_is_undone_alone(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    for number in ("0.7", "0.8"):
        seen.click_number("w-1-1-1")
        seen.page.fill("#editor input[type=text]", number)
        seen.page.mouse.click(5, 5)
    seen.page.click("#undo")
    assert "0.7" in seen.label("w-1-1-1")
    seen.close()


def test_what_is_done_while_one_looks_back_is_done_where_one_stands(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.train_to(100)
    box = seen.page.locator("#plot").bounding_box()
    seen.page.focus("#step")
    seen.page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 50)
    assert "epoch 100" not in seen.panel
    seen.page.keyboard.press("Enter")
    assert "epoch 101" in seen.panel
    seen.page.focus("#rate")
    seen.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 50)
    seen.page.fill("#rate", "0.2")
    seen.page.press("#rate", "Enter")
    seen.wait_until("location.hash.includes('edits')")
    assert "edits=101:rate=0.2" in seen.page.evaluate("location.hash")
    seen.close()


def test_a_row_of_the_panel_is_a_button_for_the_mouse_too(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    box = seen.page.locator("#panel .row").first.bounding_box()
    seen.page.mouse.click(box["x"] + 3, box["y"] + box["height"] / 2)
    assert seen.key == "w1-1-1"
    seen.close()


def test_training_gives_the_published_losses_and_one_goes_back_to_any_epoch(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.click("#step")
    assert seen.reading.startswith("epoch 1:")
    seen.train_to(100)
    assert "true 0.00726264, mistake 0.00464662" in seen.reading
    seen.train_to(900)
    assert "mistake 0.0001529" in seen.reading
    plot = seen.page.locator("#plot")
    box = plot.bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + 300, box["y"] + 80)
    (hovered,) = re.findall(r"^epoch (\d\d\d): ", seen.reading)
    assert f"epoch {hovered}" in seen.panel  # all numbers are those of the epoch that is looked at
    seen.page.mouse.move(0, 0)
    assert seen.reading.startswith("epoch 900:")
    assert "epoch 900" in seen.panel
    seen.page.mouse.move(box["x"] + 300, box["y"] + 80)
    seen.page.mouse.down()
    seen.page.mouse.move(box["x"] + 200, box["y"] + 80)
    seen.page.mouse.up()
    seen.page.mouse.move(0, 0)
    (epoch,) = re.findall(r"epoch (\d+):", seen.reading)
    assert 0 < int(epoch) < 900
    run = read_problem("numeric-example").with_training(mistake=None, epochs=900).train()
    assert run.epochs == 900
    seen.find("w1[1,1]")
    assert f"epoch {epoch}" in seen.panel
    before = train(
        notebook(), [0.9, 0.8], [1.0], optimizer=GradientDescent(0.1), epochs=int(epoch),
        engine="reference",
    )  # fmt: skip
    assert seen.total == shown(float(before.network.parameters["w1"][0, 0]))
    seen.page.click("#reset")
    assert seen.reading.startswith("epoch 0:")
    seen.close()


def test_run_lets_the_curve_grow_and_pauses(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.click("#run")
    seen.wait_until("/epoch [1-9]\\d/.test(document.querySelector('#reading').textContent)")
    assert seen.page.inner_text("#run") == "Pause"
    seen.page.click("#run")
    stopped = seen.reading
    seen.page.wait_for_timeout(150)
    assert seen.reading == stopped
    # In the run the panel need not follow every frame; now it does.
    epoch = re.findall(r"epoch \d+", stopped)[0]
    assert seen.page.inner_text("#panel .where").endswith(epoch)
    seen.page.click("#run")
    seen.wait_until("document.querySelector('#run').textContent === 'Pause'")
    seen.page.wait_for_timeout(200)
    seen.page.click("#undo", force=True)
    seen.wait_until(
        "document.querySelector('#panel .where').textContent.endsWith("
        "document.querySelector('#reading').textContent.match(/epoch \\d+/)[0])"
    )
    seen.close()


def test_a_long_run_is_shown_as_far_as_it_has_come(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.fill("#target", "200000")
    seen.page.click("#go")
    said = seen.page.evaluate(
        "['#reading', '#panel .where', '#computing'].map((e) => document.querySelector(e).textContent)"
    )
    epochs = [re.findall(r"epoch ([\d,]+)", words)[0] for words in said]
    assert len(set(epochs)) == 1
    assert int(epochs[0].replace(",", "")) < 200000
    seen.page.click("#reset")
    assert seen.reading.startswith("epoch 0:")
    seen.close()


def test_with_reduced_motion_a_run_is_there_at_once(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"), reduced_motion="reduce")
    seen.page.click("#run")
    seen.wait_until("document.querySelector('#reading').textContent.startsWith('epoch 1,000')")
    seen.close()


def test_a_run_that_diverges_stops_in_words(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.select_option("#act-1", "identity")
    seen.page.select_option("#act-2", "identity")
    seen.page.fill("#rate", "50")
    seen.page.press("#rate", "Enter")
    seen.train_to(500)
    assert "is no longer finite; try a smaller learning rate than 50" in seen.page.inner_text(
        "#ended"
    )
    seen.page.click("#undo")
    assert not seen.page.locator("#ended").is_visible()
    seen.close()


def test_an_output_outside_the_loss_is_answered_in_words(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.page.select_option("#act-2", "identity")
    seen.page.select_option("#loss", "binary-cross-entropy")
    assert "this loss is defined for outputs from 0 to 1" in seen.panel
    seen.page.click("#undo")
    assert "defined for outputs" not in seen.panel
    seen.close()


# --- comparing ------------------------------------------------------------------------------------


def test_the_mistake_is_shown_beside_the_gradient_and_never_recommended(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    seen.choose("mode", "mistake")
    seen.find("dL/dz2[1]")
    assert seen.total == "−0.03897355"
    assert "slope taken at the activation" in seen.panel
    assert seen.page.inner_text("#panel [data-sign]") == "≠"
    assert "The line is 42% too large." in seen.panel
    seen.train_to(60)
    words = seen.page.inner_text("#compared")
    assert "its step is 1.98 times as long as the gradient’s and points 2.6° away" in words
    assert "does not make it the gradient" in words
    for praise in ("better", "faster descent", "improve", "recommend"):
        assert praise not in words
    assert seen.page.locator("#plot path.curve").count() == 2
    seen.page.select_option("#compare", "updated-weights")
    assert "dL/da1 sends the error back through w2 after this step" in seen.page.inner_text(
        "#compared"
    )
    seen.page.select_option("#compare", "")
    assert not seen.page.locator("#modes").is_visible()
    assert seen.page.locator("#plot path.curve").count() == 1
    seen.close()


def test_where_both_slopes_coincide_the_comparison_says_so(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("numeric-example"))
    for layer in (1, 2):
        seen.page.select_option(f"#act-{layer}", "relu")
    assert "both come out the same" in seen.page.inner_text("#compared")
    seen.close()


# --- data sets and larger networks ----------------------------------------------------------------


def test_a_sample_is_chosen_and_its_share_of_the_gradient_shown(
    browser: Any, tmp_path: Path
) -> None:
    seen = Explorer(browser, tmp_path, page_of("xor"))
    seen.page.locator('#plane [data-sample="2"]').click()
    assert "sample 3" in seen.panel
    assert seen.label("n-0-1") == "1𝑥1"
    seen.find("dL/dw1[1,1]")
    assert "share of sample 3, this one" in seen.panel
    shares = seen.page.eval_on_selector_all(
        "#panel .row:not(.tot) .nu",
        "found => found.map((e) => Number(e.textContent.replace('−', '-')))",
    )
    assert len(shares) == 4
    assert np.isclose(sum(shares), float(seen.total.replace("−", "-")), atol=3e-8)
    seen.close()


def test_every_gradient_of_a_batch_is_checked(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("goodfellow-xor"))
    seen.page.locator('#plane [data-sample="1"]').click()
    seen.page.focus("#track")
    seen.page.keyboard.press("3")
    for _ in range(15):
        assert "agrees" in seen.panel or "lies between" in seen.panel, seen.key
        seen.page.keyboard.press("ArrowRight")
    seen.close()


def test_batches_are_those_of_the_problems_own_run(browser: Any, tmp_path: Path) -> None:
    problem = read_problem(Path(__file__).parent.parent / "examples" / "iris.toml")
    run = problem.train(engine="reference")
    seen = Explorer(browser, tmp_path, page_of("iris"))
    for epoch in (5, 45):
        seen.train_to(epoch)
        assert shown(run.losses[epoch]) in seen.reading
    assert "batch 1 of 8" in seen.panel
    seen.page.click("#step")
    assert "batch 2 of 8" in seen.panel
    seen.close()


def test_a_large_network_is_folded_and_any_entry_is_found(browser: Any, tmp_path: Path) -> None:
    seen = Explorer(browser, tmp_path, page_of("large"))
    assert "784 inputs, 779 folded" in seen.page.inner_html("#stage")
    assert seen.page.locator('#stage [data-r="n-1-200"]').count() == 0
    seen.find("dL/dw1[200,401]")
    assert seen.key == "gw1-200-401"
    assert seen.page.locator('#stage [data-r="n-1-200"]').count() == 1
    seen.wait_until("document.querySelector('[data-check]').textContent.includes('agrees')")
    seen.page.focus("#heat-w canvas")
    seen.page.keyboard.press("ArrowRight")
    cell = seen.page.inner_text("#heat-w .cell")
    assert re.match(r"w1\[\d+,\d+\] = ", cell)
    seen.page.keyboard.press("Enter")
    (unit, place) = re.findall(r"\d+", cell)[1:3]
    assert seen.key == f"w1-{unit}-{place}"
    seen.page.click("#step")
    assert seen.page.locator("#heat-x canvas").is_visible()
    seen.close()
