"""The story of one number: every path, their sum, and the names that can be asked for."""

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from chainrule import Dense, GradientDescent, Network, explain, explain_problem, read_problem
from chainrule.digits import as_fraction
from chainrule.document import Document, Section
from chainrule.errors import ChainruleError

from small_steps import small_step


def sections(document: Document) -> dict[str, Section]:
    return {section.key: section for section in document.sections()}


@pytest.mark.parametrize("seed", range(60))
def test_the_paths_of_any_number_add_up_to_its_gradient(seed: int) -> None:
    step = small_step(seed)
    record = step.explain().record
    for value in record["values"]:
        if value["name"] in ("t", "loss"):
            continue
        shape = np.shape(value["value"])
        place = tuple(int(k) for k in np.random.default_rng(seed).integers(1, np.array(shape) + 1))
        name = f"{value['name']}[{','.join(map(str, place))}]"
        explanation = step.explain(value=name)
        story = explanation.record["story"]
        gradient = np.asarray(value["gradient"])[tuple(k - 1 for k in place)]
        total = sum(path["product"] for path in story["paths"])
        size = max(abs(path["product"]) for path in story["paths"])
        assert story["gradient"] == gradient
        assert total == pytest.approx(gradient, rel=1e-12, abs=1e-14 * max(size, 1e-300))
        assert len(story["paths"]) == story["path_count"] == count_by_hand(step, name)


def count_by_hand(step: Any, name: str) -> int:
    """Ways through the layers, from the widths alone."""
    if name.startswith("losses"):
        return 1
    letter, number = name[0], int(name.partition("[")[0][1:] or 0)
    layers = step.network.layers
    count, softmax = 1, [layer.activation.name == "softmax" for layer in layers]
    samples = len(step.x) if np.ndim(step.x) == 2 else 1
    first = number if letter in "wbz" else number + 1
    if letter in "wb":
        count *= samples
    if letter == "b" and layers[number - 1].share_bias:
        # Each element of a shared bias is used by every unit.
        count *= layers[number - 1].units
    if letter == "a" and number == len(layers):
        return 1
    for k in range(first, len(layers) + 1):
        if not (k == first and letter in "wbz"):
            count *= layers[k - 1].units
        if softmax[k - 1]:
            count *= layers[k - 1].units
    return count


def test_a_weight_tells_its_whole_story() -> None:
    explanation = explain_problem(
        read_problem("mazur").with_training(mistake=None), value="w1[2,1]"
    )
    document = explanation.document
    assert [phase.title for phase in document.phases] == [
        "The number", "Forward", "Backward", "Update"
    ]  # fmt: skip
    told = sections(document)
    assert [str(line.result) for line in told["It enters"].lines] == ["z1[2]"]
    assert [str(line.result) for line in told["Through these it reaches"].lines] == [
        "a1[2]", "z2[1]", "z2[2]", "a2[1]", "a2[2]", "loss"
    ]  # fmt: skip
    assert len(told["paths"].paths) == 2
    assert told["sum"].lines[0].value.digits == told["gradient"].lines[0].value.digits
    assert told["sum"].lines[0].value.digits == "0.00049771"
    assert told["update"].lines[0].value.digits == "0.24975114"


def test_many_paths_show_the_largest_and_add_the_rest() -> None:
    rng = np.random.default_rng(0)
    network = Network(*(Dense(rng.normal(size=(5, 5)).round(2), activation="tanh") for _ in "123"))
    explanation = explain(network, rng.normal(size=5).round(2), np.zeros(5), value="w1[1,1]")
    told = sections(explanation.document)
    assert len(told["paths"].paths) == 12
    assert "Shown are the 12 largest of 25 here" in told["paths"].left_out
    total = told["sum"].lines[0]
    shown = sum((as_fraction(n.value) for n in total.numbers.terms), start=Fraction(0))  # type: ignore[attr-defined]
    assert abs(shown - as_fraction(total.value.value)) < Fraction(1, 10**40)


def test_too_many_paths_are_gathered_where_they_meet() -> None:
    rng = np.random.default_rng(0)
    network = Network(
        *(Dense(rng.normal(size=(9, 9)).round(2), activation="tanh") for _ in "12345")
    )
    explanation = explain(network, rng.normal(size=9).round(2), np.zeros(9), value="w1[1,1]")
    told = sections(explanation.document)
    assert "6,561 paths lead to the loss; they are gathered in dL/da1" in told["paths"].left_out
    assert len(told["paths"].paths) == 1
    assert explanation.record["story"]["path_count"] == 6561


def test_a_frozen_bias_and_an_input_have_no_update() -> None:
    frozen = explain_problem(read_problem("mazur"), value="b1[1]").document
    assert sections(frozen)["update"].why == "Not trained, so it stays as it is."
    given = explain_problem(read_problem("mazur"), value="x[1]").document
    assert [phase.title for phase in given.phases] == ["The number", "Forward", "Backward"]


def test_long_sums_keep_the_term_whose_story_is_told() -> None:
    rng = np.random.default_rng(2)
    network = Network(Dense(rng.normal(size=(1, 40)).round(2)))
    for k in (1, 17, 40):
        document = explain(
            network, rng.normal(size=40).round(2), [0.0], optimizer=GradientDescent(0.1),
            value=f"w1[1,{k}]",
        ).document  # fmt: skip
        assert f"w1[1,{k}]" in str(sections(document)["It enters"].lines[0].formula).replace(
            f"letter='w', layer=1, index=(1, {k})", f"w1[1,{k}]"
        )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("w1[4,1]", r"no w1\[4,1\]: w1 has entries w1\[1,1\] to w1\[3,2\], counted from 1; the near"),
        ("w1[4,1]", r"the nearest is w1\[3,1\]"),
        ("w1[0,1]", r"the nearest is w1\[1,1\]"),
        ("w1[2]", r"names no entry: w1 has entries w1\[1,1\] to w1\[3,2\]"),
        ("w1", "names no entry"),
        ("w1[2,1", "names no entry"),
        ("w1[a,b]", "names no entry"),
        ("w3[1,1]", r"there is no value 'w3\[1,1\]'; did you mean 'w2'\?"),
        ("v1[1]", "there is no value 'v1"),
        ("loss[1]", "loss is one number, without an index"),
        ("", "there is no value"),
        ("t[2]", r"t has the one entry t\[1\], counted from 1"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_exist_is_answered_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ChainruleError, match=message):
        explain_problem(read_problem("numeric-example"), value=name)


def test_spaces_and_the_name_of_a_gradient_are_understood() -> None:
    problem = read_problem("numeric-example")
    told = [
        explain_problem(problem, value=name).record
        for name in ("w1[2,1]", "w1[2, 1]", "dL/dw1[2,1]")
    ]
    assert all(first["story"] == second["story"] for first, second in itertools.pairwise(told))
