"""Several mistakes in one file, of which none is put right alone: each is named, at its line, with a proof."""

import pytest

from checked import verdict_on

NETWORK = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))

rng = np.random.default_rng(0)
x = rng.normal(size=(6, 4))
t = rng.uniform(size=(6, 2))
w1, b1 = rng.normal(size=(4, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 3)), np.zeros(3)
w3, b3 = rng.normal(size=(3, 2)), np.zeros(2)
rate = 0.3
for epoch in range(30):
    z1 = x @ w1 + b1
    a1 = sigmoid(z1)
    z2 = a1 @ w2 + b2
    a2 = sigmoid(z2)
    z3 = a2 @ w3 + b3
    a3 = sigmoid(z3)
    error = a3 - t
    d3 = error * slope(z3)
    d2 = (d3 @ w3.T) * slope(z2)
    d1 = (d2 @ w2.T) * slope(z1)
    w3 -= rate * (a2.T @ d3)
    b3 -= rate * d3.sum(axis=0)
    w2 -= rate * (a1.T @ d2)
    b2 -= rate * d2.sum(axis=0)
    w1 -= rate * (x.T @ d1)
    b1 -= rate * d1.sum(axis=0)
"""

LEFT_OUT = ("(d2 @ w2.T) * slope(z1)", "d2 @ w2.T", "missing-derivative", "d1 =")
RAW = ("(d3 @ w3.T)", "(error @ w3.T)", "raw-error-backpropagated", "d2 =")
AT_ACTIVATION = ("slope(z2)", "slope(a2)", "derivative-at-activation", "d2 =")
OTHER_INPUT = ("a1.T @ d2", "z1.T @ d2", "wrong-layer-input", "w2 -=")
OVER_ALL = ("d2.sum(axis=0)", "d2.sum()", "bias-summed-over-all", "b2 -=")
HALVED = ("b1 -= rate * d1", "b1 -= 0.5 * rate * d1", "parameter-mis-scaled", "b1 -=")
CLIMBING = ("w1 -=", "w1 +=", "sign-error", "w1 +=")
EARLY_3 = ("    d2 = (d3", "    w3 -= rate * (a2.T @ d3)\n    d2 = (d3", "updated-weights", "w3 -=")
EARLY_2 = ("    d1 = (d2", "    w2 -= rate * (a1.T @ d2)\n    d1 = (d2", "updated-weights", "w2 -=")
AT_FIRST = ("slope(z1)", "slope(a1)", "derivative-at-activation", "d1 =")
SUMMED = ("d3 @ w3.T) *", "d3 @ w3.T) +", "wrong-operator", "d2 =")


def line_of(program: str, beginning: str) -> int:
    lines = program.splitlines()
    return next(n for n, line in enumerate(lines, 1) if line.strip().startswith(beginning))


@pytest.mark.parametrize(
    "mistakes",
    [
        (LEFT_OUT, HALVED),
        (LEFT_OUT, OVER_ALL),
        (LEFT_OUT, HALVED, CLIMBING),
        (RAW, OTHER_INPUT, OVER_ALL),
        (AT_ACTIVATION, OTHER_INPUT, OVER_ALL),
        (RAW, AT_ACTIVATION),
        (SUMMED, AT_ACTIVATION),
        (AT_ACTIVATION, SUMMED, LEFT_OUT),
    ],
)
def test_every_one_of_several_mistakes_is_named_and_proved(
    mistakes: tuple[tuple[str, str, str, str], ...],
) -> None:
    program = NETWORK
    for old, new, _, _ in mistakes:
        assert old in program
        program = program.replace(old, new)
    expected = {(name, line_of(program, place), True) for _, _, name, place in mistakes}
    verdict = verdict_on(program)
    found = {(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]}
    assert found == expected


# The first updates of w3 and w2 come to stand where the errors go back, the ones at the end go.
LATE = ("\n    w3 -= rate * (a2.T @ d3)\n    b3 -=", "\n    w2 -= rate * (a1.T @ d2)\n    b2 -=")


def test_every_layer_that_is_updated_too_early_is_named() -> None:
    program = NETWORK
    for late in LATE:
        program = program.replace(late, "\n" + late.split("\n")[2])
    for old, new, _, _ in (EARLY_3, EARLY_2, AT_FIRST):
        program = program.replace(old, new)
    verdict = verdict_on(program)
    assert {(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]} == {
        ("updated-weights", line_of(program, "w3 -="), True),
        ("updated-weights", line_of(program, "w2 -="), True),
        ("derivative-at-activation", line_of(program, "d1 ="), True),
    }


COLUMNS = """\
import numpy as np

rng = np.random.RandomState(1)
x = rng.randn(2, 40)
t = (x[0:1] * x[1:2] > 0).astype(float)
m = x.shape[1]
w1, b1 = 0.5 * rng.randn(4, 2), np.zeros((4, 1))
w2, b2 = 0.5 * rng.randn(1, 4), np.zeros((1, 1))
for i in range(30):
    z1 = w1 @ x + b1
    a1 = np.tanh(z1)
    a2 = 1 / (1 + np.exp(-(w2 @ a1 + b2)))
    d2 = a2 - t
    dw2 = d2 @ a1.T / m
    db2 = np.sum(d2, axis=1, keepdims=True) / m
    back = w2.T @ d2
    d1 = back * (1 - a1**2)
    dw1 = d1 @ x.T / m
    db1 = np.sum(d1, axis=1, keepdims=True) / m
    w1, b1, w2, b2 = w1 - 0.5 * dw1, b1 - 0.5 * db1, w2 - 0.5 * dw2, b2 - 0.5 * db2
"""

UNSCALED = ("dw2 = d2 @ a1.T / m", "dw2 = d2 @ a1.T", "parameter-mis-scaled", "dw2 =")
PLUS = ("1 - a1**2", "1 + a1**2", "wrong-operator", "d1 =")
AT_Z = ("1 - a1**2", "1 - z1**2", "derivative-at-activation", "d1 =")
ALL_UNITS = ("np.sum(d1, axis=1, keepdims=True)", "np.sum(d1)", "bias-summed-over-all", "db1 =")


@pytest.mark.parametrize("mistakes", [(UNSCALED, PLUS, ALL_UNITS), (UNSCALED, AT_Z)])
def test_errors_are_put_right_before_one_says_which_parameters_are(
    mistakes: tuple[tuple[str, str, str, str], ...],
) -> None:
    """At first the largest array is right, by a rate of its own; beside true errors all others are, by another."""
    program = COLUMNS
    for old, new, _, _ in mistakes:
        program = program.replace(old, new)
    expected = {(name, line_of(program, place), True) for _, _, name, place in mistakes}
    verdict = verdict_on(program)
    found = {(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]}
    assert found == expected


HELPED = """\
import numpy as np

rng = np.random.default_rng(2)
x, t = rng.normal(size=(20, 3)), rng.uniform(size=(20, 2))
w1, b1 = rng.normal(size=(3, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 2)), np.zeros(2)
def slope(z):
    return (z > 0) * 1.0
for epoch in range(30):
    z1 = x @ w1 + b1
    a1 = np.maximum(0, z1)
    a2 = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
    d2 = (a2 - t) * a2 * (1 - a2)
    back = d2 @ w2.T
    d1 = back * slope(z1)
    w2 -= 0.1 * a1.T @ d2
    b2 -= 0.1 * d2.sum(axis=0)
    w1 -= 0.1 * x.T @ d1
    b1 -= 0.1 * d1.sum(axis=0)
    print(np.mean((a2 - t) ** 2))
"""


@pytest.mark.parametrize(
    ("old", "new", "mistake", "place"),
    [
        ("z > 0", "z > -1000", "relu-derivative-at-output", "return"),
        ("slope(z1)", "slope(back)", "derivative-at-activation", "d1 ="),
    ],
)
def test_what_makes_a_slope_is_blamed_and_not_the_error_beside_it(
    old: str, new: str, mistake: str, place: str
) -> None:
    program = HELPED.replace(old, new).replace("d2.sum(axis=0)", "d2.sum()")
    verdict = verdict_on(program)
    assert {(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]} == {
        (mistake, line_of(program, place), True),
        ("bias-summed-over-all", line_of(program, "b2 -="), True),
    }


SIGMOIDS = (
    NETWORK.replace("sigmoid(z) * (1 - sigmoid(z))", "sigmoid(z) + (1 - sigmoid(z))").replace(
        "d1.sum(axis=0)", "d1.sum()"
    )
    + "    print(np.mean(error ** 2))\n"
)


def test_of_two_losses_that_need_as_many_edits_it_is_the_one_that_is_computed() -> None:
    """A slope that is 1 makes the output's error that of a cross-entropy."""
    verdict = verdict_on(SIGMOIDS)
    assert "half-squared-error" in verdict["loss"]
    assert {(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]} == {
        ("wrong-operator", line_of(SIGMOIDS, "return sigmoid(z) +"), True),
        ("bias-summed-over-all", line_of(SIGMOIDS, "b1 -="), True),
    }


DROPOUT = """\
import numpy as np

rng = np.random.default_rng(1)
x, y = rng.normal(size=(30, 4)), rng.integers(0, 3, size=30)
w1, w2, w3 = (0.5 * rng.normal(size=shape) for shape in [(4, 16), (16, 8), (8, 3)])
b1, b2, b3 = np.zeros(16), np.zeros(8), np.zeros(3)
keep, decay, rate = 0.8, 0.01, 0.1
for epoch in range(30):
    z1 = x @ w1 + b1
    mask1 = rng.random(z1.shape) < keep
    a1 = np.maximum(z1, 0) * mask1 / keep
    z2 = a1 @ w2 + b2
    mask2 = rng.random(z2.shape) < keep
    a2 = np.maximum(z2, 0) * mask2 / keep
    scores = np.exp(a2 @ w3 + b3)
    d3 = scores / scores.sum(axis=1, keepdims=True)
    d3[np.arange(30), y] -= 1
    d3 /= 30
    d2 = (d3 @ w3.T) * mask2 * (z2 > 0)
    d1 = (d2 @ w2.T) * mask1 * (z1 > 0)
    w1 -= rate * (x.T @ d1 + decay * w1)
    b1 -= rate * d1.sum(axis=0)
    w2 -= rate * (a1.T @ d2 + decay * w2)
    b2 -= rate * d2.sum(axis=0)
    w3 -= rate * (a2.T @ d3 + decay * w3)
    b3 -= rate * d3.sum(axis=0)
"""


def test_masks_without_their_scale_leave_the_last_layer_right() -> None:
    """A layer in the middle has most of the entries, and a rate of its own: the last layer tells what is right."""
    verdict = verdict_on(DROPOUT)
    found = {(one["mistake"], one["line"], one["proved"]) for one in verdict["findings"]}
    assert found == {
        ("dropout-mask", line_of(DROPOUT, "d2 ="), True),
        ("dropout-mask", line_of(DROPOUT, "d1 ="), True),
    }
    marks = {row["name"]: (row["verdict"], round(row["ratio"], 6)) for row in verdict["parameters"]}
    assert marks["b3"] == marks["w3"] == ("right", 1.0)
    assert marks["b2"] == ("wrong", 0.8)
    assert marks["b1"] == ("wrong", 0.64)


RELU_AT_OUTPUT = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(90, 3))
t = np.abs(x @ np.array([[1.0], [-0.5], [0.7]]))
w1, b1 = rng.normal(size=(3, 8)), np.zeros(8)
w2, b2 = rng.normal(size=(8, 1)), np.zeros(1)
for epoch in range(50):
    z1 = x @ w1 + b1
    a1 = np.maximum(0, z1)
    z2 = a1 @ w2 + b2
    a2 = np.maximum(0, z2)
    d2 = (a2 - t) / len(x)
    d1 = (d2 @ w2.T) * (z1 > 0)
    w2 -= 0.05 * a1.T @ d2
    b2 -= 0.05 * d2.sum(axis=0)
    w1 -= 0.05 * x.T @ d1
    b1 -= 0.05 * d1.sum(axis=0)
"""


def test_no_loss_moves_anything_for_an_output_that_relu_has_switched_off() -> None:
    (finding,) = verdict_on(RELU_AT_OUTPUT)["findings"]
    assert (finding["mistake"], finding["proved"]) == ("missing-derivative", True)
    assert finding["line"] == line_of(RELU_AT_OUTPUT, "d2 =")


RELU_UNIT = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(90, 3))
t = np.abs(x @ np.array([[1.0], [-0.5], [0.7]]))
w, b = rng.normal(size=(3, 1)), np.zeros(1)
for epoch in range(50):
    y = np.maximum(0, x @ w + b)
    w -= 0.05 * x.T @ (y - t) / len(x)
    b -= 0.05 * (y - t).mean(axis=0)
"""


def test_one_layer_of_relu_may_learn_by_a_rule_of_its_own() -> None:
    assert verdict_on(RELU_UNIT)["verdict"] == "undecided"


PLAYERS = """\
import numpy as np
rng = np.random.default_rng(0)

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def error(y, t):
    return y - t

g, d = rng.normal(size=(2, 3)), rng.normal(size=(3, 1))
for _ in range(40):
    real, noise, more = rng.normal(size=(8, 3)) + 2, rng.normal(size=(8, 2)), rng.normal(size=(8, 2))
    made = noise @ g
    on_real, on_made, on_more = sigmoid(real @ d), sigmoid(made @ d), sigmoid(more @ g @ d)
    e_real, e_made, e_more = error(on_real, 1.0), error(on_made, 0.0), error(on_more, 1.0)
    back = e_more @ d.T
    d -= 0.01 * (real.T @ e_real + made.T @ e_made)
    g -= 0.01 * more.T @ back
"""


def test_two_players_whose_errors_are_made_at_one_place_are_no_outputs_of_one_network() -> None:
    verdict = verdict_on(PLAYERS)
    assert verdict["verdict"] == "right", verdict["reason"]


FROZEN = """\
import numpy as np

rng = np.random.default_rng(3)
w1, w2, w3, w4, c1, c2, v1, v2, c3 = rng.normal(size=9)
data = [(0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (0.5, 0.2, 0.3)]
for k in range(40):
    x, y, t = data[k % 4]
    h1 = 1 / (1 + np.exp(-(x * w1 + y * w2 + c1)))
    h2 = 1 / (1 + np.exp(-(x * w3 + y * w4 + c2)))
    p = 1 / (1 + np.exp(-(h1 * v1 + h2 * v2 + c3)))
    d = 2 * (p - t) * p * (1 - p)
    dv1, dv2 = d * h1, d * h2
    s1, s2 = h1 * (1 - h1), h2 * (1 - h2)
    dw1 = dv1 * s1 * x
    dw2 = dv1 * s1 * y
    dc1 = dv1 * s1 + 0.1 * dv1
    dw3 = dv2 * s1 * x
    dw4 = dv2 * s2 * y
    dc2 = dv2 * s2 * c2
    v1, c3 = v1 - dv1, c3 - d
    w1, w2, c1 = w1 - dw1, w2 - dw2, c1 - dc1
    w3, w4, c2 = w3 - dw3, w4 - dw4, c2 - dc2
"""


def test_the_gradient_of_what_stays_as_it_is_is_no_wrong_value() -> None:
    """v2 is never moved; its gradient is right, and what is made from it is not."""
    verdict = verdict_on(FROZEN)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (line,) = (n for n, text in enumerate(FROZEN.splitlines(), 1) if "dw1 =" in text)
    assert [finding["line"] for finding in verdict["findings"]][:1] == [line]


RAW_AND_MOVED = """\
import numpy as np

rng = np.random.default_rng(1)
X, T = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
w1, w2 = rng.uniform(-0.01, 0.01, (4, 2)), rng.uniform(-0.01, 0.01, (1, 4))

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))

for epoch in range(20):
    for x, t in zip(X, T):
        a1 = sigmoid(w1 @ x)
        a2 = sigmoid(w2 @ a1)
        error = t - a2
        back = w2.T @ error
        d2 = error * slope(a2)
        d1 = back * slope(a1)
        w2 += 0.1 * np.outer(d2, a1)
        w1 += 0.1 * np.outer(d1, x)
"""


def test_a_raw_error_is_seen_beside_slopes_at_activations() -> None:
    """With weights so small all slopes are about 1/4: other ones show that what is missing is no factor."""
    verdict = verdict_on(RAW_AND_MOVED)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    found = {(finding["line"], finding["mistake"]) for finding in verdict["findings"]}
    lines = RAW_AND_MOVED.splitlines()
    assert found == {
        (lines.index("        d2 = error * slope(a2)") + 1, "derivative-at-activation"),
        (lines.index("        d1 = back * slope(a1)") + 1, "derivative-at-activation"),
        (lines.index("        back = w2.T @ error") + 1, "raw-error-backpropagated"),
    }
