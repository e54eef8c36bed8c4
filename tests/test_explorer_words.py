"""The page's lines are explain's: the same formulas, the same digits, the same words."""

import re
from html import unescape
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import Adam, Dense, Network, explain, explain_problem, read_problem
from chainrule.activations import ACTIVATIONS
from chainrule.digits import show_number
from chainrule.document import Document, Line
from chainrule.explorer.content import describe
from chainrule.explorer.request import problem_of
from chainrule.losses import LOSSES
from chainrule.optimizers import OPTIMIZERS, named_optimizer
from chainrule.rendering.mathml import MathFormulas, key_of
from chainrule.rendering.notation import NOTATIONS
from chainrule.textbook import example_names

from explorer_script import needs_javascript, run_script

pytestmark = needs_javascript

LINES = """
  const { content: known } = given;
  const run = new training.Run(content.readContent(known), given.mistake);
  const worked = step.workStep(run, 0, given.sample, known);
  worked.exact = known.exact && (given.mistake ? known.exact.mistaken[given.mistake] : known.exact.right);
  const text = (part) => part === null || part === undefined ? null : mathml.write(part);
  const told = (line) => line && { formula: text(line.formula), numbers: text(line.numbers), digits: line.value.digits };
  return Object.fromEntries(given.keys.map((key) => {
    const symbol = step.symbolOf(worked, key);
    if (!symbol) return [key, null];
    if (symbol.mark) return [key, told(step.updateOf(worked, { ...symbol, mark: undefined }).at(-1))];
    return [key, told(lines.lineOf(worked, symbol))];
  }));
"""
SUPERSCRIPT = MathFormulas(NOTATIONS["superscript"])


def lines_of_the_page(content: Any, keys: list[str], mistake: str | None = None) -> Any:
    given = {"content": content, "keys": keys, "mistake": mistake, "sample": 0}
    modules = ("content", "training", "step", "lines", "mathml")
    return run_script(modules, LINES, given)


def bare(markup: str) -> str:
    """What is left of a formula without its markup: what is read."""
    return re.sub(r"\s", "", unescape(re.sub(r"<[^>]*>", "", markup)))


def assert_same_lines(content: Any, document: Document, mistake: str | None = None) -> int:
    expected: dict[str, Line] = {}
    for line in document.lines():
        told = line if mistake is None else line.mistaken
        if told is not None and told.value.of is not None:
            expected.setdefault(key_of(told.value.of), told)
    found = lines_of_the_page(content, list(expected), mistake)
    compared = 0
    for key, line in expected.items():
        if key.split("-")[0].partition("_")[0] in ("v", "m", "s", "mhat", "shat"):
            continue  # an optimizer's own numbers stand in the line of the update
        assert found[key] is not None, key
        assert bare(found[key]["formula"]) == bare(SUPERSCRIPT.write(line.formula)), key
        if content["exact"] is None:
            assert float(found[key]["digits"]) == pytest.approx(
                float(str(line.value.digits)), abs=2e-8
            )
        else:
            assert found[key]["digits"] == line.value.digits, key
            assert bare(found[key]["numbers"]) == bare(SUPERSCRIPT.write(line.numbers)), key
        compared += 1
    return compared


@pytest.mark.parametrize("name", example_names())
def test_lines_of_the_textbook_are_explains(name: str) -> None:
    problem = read_problem(name)
    document, content = explain_problem(problem).document, describe(problem)
    assert assert_same_lines(content, document) > 3
    if problem.training is not None and problem.training.mistake is not None:
        assert assert_same_lines(content, document, problem.training.mistake) > 3


CHOICES = [
    *((name, "half-squared-error", "gradient-descent") for name in ACTIVATIONS),
    *(("tanh", name, "momentum") for name in LOSSES if "entropy" not in name),
    ("sigmoid", "binary-cross-entropy", "rmsprop"),
    ("softmax", "cross-entropy", "adamw"),
    *(("silu", "huber", name) for name in OPTIMIZERS),
]


@pytest.mark.parametrize(("activation", "loss", "optimizer"), CHOICES)
def test_lines_of_every_choice_are_explains(
    activation: str, loss: str, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.explorer.content.EXACT_WORK", 0)
    samples = 1 + len(loss) % 2
    rng = np.random.default_rng(len(activation) + samples)
    network = Network(
        Dense(
            rng.normal(size=(3, 2)).round(2), rng.normal(size=3).round(2), activation, bias_sign="-"
        ),
        Dense(rng.normal(size=(2, 3)).round(2), [0.25], activation, share_bias=True),
    )
    x = rng.normal(size=(samples, 2)).round(2)
    t = rng.choice([0.0, 1.0], (samples, 2))
    made = named_optimizer(optimizer, 0.1)
    problem = problem_of(network, x, t, loss, "mean", made, 10, "all", None, "A trial")
    inputs, targets = (x[0], t[0]) if samples == 1 else (x, t)
    told = explain(network, inputs, targets, loss=loss, optimizer=made)
    assert assert_same_lines(describe(problem), told.document) > 20


@pytest.mark.parametrize("name", example_names())
def test_titles_and_reasons_are_explains(name: str) -> None:
    problem = read_problem(name)
    content = describe(problem)
    told = [s for phase in explain_problem(problem).document.phases for s in phase.sections]
    count = str(len(problem.data.inputs))
    found = [(s["title"], s["why"].replace("{n}", count)) for s in content["sections"]]
    if content["training"] is None:  # explain adds the gradient of the inputs, and so does the page
        assert found[-1][0] == "Gradient of the inputs"
    assert found == [(section.title, section.why) for section in told]


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=40, max_size=40),
    st.lists(st.integers(-(2**30), 2**30), min_size=20, max_size=20),
)
@settings(max_examples=12, deadline=None)
def test_digits_are_rounded_as_pythons(values: list[float], halves: list[int]) -> None:
    numbers = [
        *values,
        *(half * 2.0**-20 for half in halves),
        0.0,
        -0.0,
        9.9999995e-9,
        1e16,
        5e-324,
    ]
    found = run_script(
        ("digits",),
        "return given.map((value) => [digits.showNumber(value), digits.showNumber(value, 3), digits.showNumber(value, 4, true)])",
        numbers,
    )
    for value, shown in zip(numbers, found, strict=True):
        expected = [show_number(value), show_number(value, 3), show_number(value, 4, fixed=True)]
        assert shown == [str(digits) for digits in expected], value


def test_every_line_evaluates_to_its_number_and_every_nudge_agrees() -> None:
    """For all activations: what a line says is what the engine computed, and what the loss does."""
    rng = np.random.default_rng(5)
    for name in ACTIVATIONS:
        network = Network(
            Dense(rng.normal(size=(3, 2)), rng.normal(size=3), name),
            Dense(rng.normal(size=(2, 3)), rng.normal(size=2), name),
        )
        problem = problem_of(
            network, rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), "huber", "mean",
            Adam(0.1), 10, "all", None, "A trial",
        )  # fmt: skip
        found = run_script(
            ("content", "training", "step", "stops", "lines", "formula", "nudge"),
            """
            const run = new training.Run(content.readContent(given));
            const worked = step.workStep(run, 0, 0, given);
            return stops.stopsOf(worked, { focus: {} }).filter(({ phase }) => phase !== "Update").map(({ key }) => {
              const symbol = step.symbolOf(worked, key);
              const line = lines.lineOf(worked, symbol);
              const off = Math.abs(formula.evaluate(line.numbers) - line.value.value);
              if (!symbol.gradient || symbol.letter.startsWith("loss")) return [key, off, 0];
              const checked = nudge.nudged(worked, { ...symbol, gradient: false });
              return [key, off, Math.abs(checked.value - line.value.value) - Math.max(2 * checked.bound, 1e-9 * (1 + Math.abs(line.value.value)))];
            });
            """,
            describe(problem),
        )
        assert len(found) > 30
        for key, off, beyond in found:
            assert off <= 1e-13, (name, key)
            assert beyond <= 0, (name, key)


@pytest.mark.parametrize("mistake", [None, "derivative-at-activation"])
def test_the_paths_of_a_numbers_story_add_up_to_its_gradient(mistake: str | None) -> None:
    """Also where they are gathered, or only the largest shown; with a mistake, to the true gradient."""
    rng = np.random.default_rng(8)
    for sizes, samples in [([2, 3, 2], 1), ([2, 3, 1], 3), ([2, 9, 8, 7, 2], 1)]:
        names = [str(rng.choice(["tanh", "silu", "softmax"])) for _ in sizes[1:]]
        network = Network.random(sizes, names, seed=int(rng.integers(100)))
        x, t = rng.normal(size=(samples, sizes[0])), rng.random(size=(samples, sizes[-1]))
        problem = problem_of(
            network, x, t, "half-squared-error", "mean", Adam(0.1), 10, "all", None, "A trial"
        )
        found = run_script(
            ("content", "training", "step", "stops", "story", "formula"),
            """
            const run = new training.Run(content.readContent(given.content), given.mistake);
            const worked = step.workStep(run, 0, 0, given.content);
            return stops.stopsOf(worked, { focus: {} }).filter(({ phase, key }) => phase === "Backward" && !key.startsWith("gloss")).map(({ key }) => {
              const symbol = { ...step.symbolOf(worked, key), gradient: false };
              const { shown, rest } = story.pathsTo(worked, symbol);
              for (const { links, product } of shown) if (links.reduce((total, { value }) => total * value, 1) !== product) throw new Error(key);
              const total = shown.reduce((sum, { product }) => sum + product, rest);
              return [key, total, step.trueGradient(worked, symbol), step.numberOf(worked, { ...symbol, gradient: true })];
            });
            """,
            {"content": describe(problem), "mistake": mistake},
        )
        assert len(found) > 10
        for key, total, right, _ in found:
            assert total == pytest.approx(right, rel=1e-10, abs=1e-14), key
        assert any(right != used for _, _, right, used in found) is (mistake is not None)


def test_no_right_line_is_called_wrong_and_mistaken_ones_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also beside kinks, of which a batch of many samples has some close to every weight."""
    monkeypatch.setattr("chainrule.explorer.content.EXACT_WORK", 0)
    rng = np.random.default_rng(11)
    wrong = found_out = 0
    for number in range(20):
        names = [str(rng.choice(sorted(ACTIVATIONS))) for _ in range(2)]
        sizes = rng.integers(1, 5, 3)
        network = Network(
            Dense(
                rng.normal(size=(sizes[1], sizes[0])).round(1), rng.normal(size=sizes[1]), names[0]
            ),
            Dense(
                rng.normal(size=(sizes[2], sizes[1])).round(1), rng.normal(size=sizes[2]), names[1]
            ),
        )
        samples = 80 if number % 2 else 1
        loss = str(rng.choice(["half-squared-error", "huber", "output"]))
        problem = problem_of(
            network, rng.normal(size=(samples, sizes[0])).round(1),
            rng.normal(size=(samples, sizes[2])).round(1), loss, "mean", Adam(0.1), 10, "all",
            None, "A trial",
        )  # fmt: skip
        for mistake in (None, "derivative-at-activation"):
            verdicts = run_script(
                ("content", "training", "step", "stops", "lines", "check"),
                """
                const run = new training.Run(content.readContent(given.content), given.mistake);
                const worked = step.workStep(run, 0, 0, given.content);
                return stops.stopsOf(worked, { focus: {} }).filter(({ phase }) => phase === "Backward").map(({ key }) => {
                  const symbol = step.symbolOf(worked, key);
                  const { equal } = check.checkOf(worked, symbol, lines.lineOf(worked, symbol));
                  const name = step.nameInStep({ ...symbol, gradient: false });
                  const right = (worked.right[name] ?? worked.values[`g${name}`])[step.placeIn(worked, symbol)];
                  const value = step.numberOf(worked, symbol);
                  return [key, equal, Math.abs(value - right), Math.abs(right)];
                });
                """,
                {"content": describe(problem), "mistake": mistake},
            )
            for key, equal, off, size in verdicts:
                if off <= 1e-12 * (1 + size):
                    assert equal, (number, mistake, key, str(problem.network))
                elif off > 0.01 * (1 + size):
                    wrong += 1
                    found_out += not equal
    assert wrong > 60
    assert found_out > 0.9 * wrong
