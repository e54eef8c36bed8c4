"""Where no parameter is right, a mistake is told from a loss that is not known."""

import pytest

from certain_network import NETWORK, line_of, verdict_with

from checked import verdict_on


@pytest.mark.parametrize(
    ("right", "wrong", "mistake", "line"),
    [
        ("return a * (1 - a)", "return a * (1 + a)", "wrong-operator", "return a *"),
        ("return a * (1 - a)", "return a * (2 - a)", "wrong-constant", "return a *"),
        ("a2 - t", "a2 + t", "wrong-operator", "error ="),
    ],
)
def test_what_no_loss_can_ask_for_is_wrong(right: str, wrong: str, mistake: str, line: str) -> None:
    verdict = verdict_with(right, wrong)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    found = [(f["mistake"], f["line"], f["proved"]) for f in verdict["findings"]]
    assert found == [(mistake, line_of(line), True)]


ONE_LAYER = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))

x = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
t = np.array([[0], [1], [1], [0]])
w = 2 * np.random.default_rng(1).random((3, 1)) - 1
for epoch in range(100):
    z = x @ w
    a = sigmoid(z)
    w = w - 0.5 * x.T @ ((a - t) * slope(z))
"""


def test_of_one_layer_too_nobody_wants_the_derivative_at_its_output() -> None:
    assert verdict_on(ONE_LAYER)["verdict"] == "right"
    wrong = verdict_on(ONE_LAYER.replace("slope(z))", "slope(a))"))
    found = [(f["mistake"], f["line"], f["proved"]) for f in wrong["findings"]]
    assert found == [("derivative-at-activation", 16, True)], wrong["reason"]
    own = ONE_LAYER.replace("slope(z))", "(1 + a) * a)")
    assert verdict_on(own)["verdict"] != "wrong"


@pytest.mark.parametrize(
    "loss",
    [
        "error = weights * (a2 - t)",  # samples count differently
        "error = (a2 - t) * (1 + a2)",  # a loss of one's own
        "error = np.tanh(a2 - t)",
    ],
)
def test_another_loss_is_never_wrong(loss: str) -> None:
    assert verdict_with("error = a2 - t", loss)["verdict"] != "wrong"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "error * slope(a2)",
            "error * a2 * (1 + a2)",
        ),  # what the hidden layer's derivative does not show
        ("error * slope(a2)", "error * a2 * (2 - a2)"),
    ],
)
def test_no_loss_has_nearly_the_derivative_of_an_activation(right: str, wrong: str) -> None:
    verdict = verdict_with(right, wrong)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["proved"]) == (line_of("d2 ="), True)
    assert finding["fix"].strip() == "d2 = error * a2 * (1 - a2)"


FLAT = """\
import numpy as np

rng = np.random.default_rng(4)
x = rng.normal(size=(30, 3))
t = np.sin(x.sum(axis=1, keepdims=True))
theta = rng.normal(size=20) * 0.5
for epoch in range(40):
    w, v = theta[:15].reshape(3, 5), theta[15:].reshape(5, 1)
    h = np.tanh(x @ w)
    error = h @ v - t
    back = error @ v.T * (1 - h**2)
    gradient = np.concatenate([(x.T @ back).ravel(), (h.T @ error).ravel()])
    theta -= 0.01 * gradient
"""
SOFTMAX = """\
import numpy as np

rng = np.random.default_rng(4)
x = rng.normal(size=(30, 3))
classes = np.eye(3)[np.argmax(x + 0.3 * rng.normal(size=(30, 3)), axis=1)]
theta = rng.normal(size=(3, 3)) * 0.1
for epoch in range(3):
    for features, t in zip(x, classes):
        e = np.exp(theta @ features)
        theta -= 0.1 * np.outer(e / e.sum() - t, features)
"""
SQUARED = """\
import numpy as np

rng = np.random.default_rng(4)
x = rng.normal(size=(18, 4))
t = np.eye(3)[rng.integers(0, 3, 18)]
w, b = rng.normal(size=(4, 3)), np.zeros(3)
for i in range(60):
    e = np.exp(x @ w + b)
    p = e / e.sum(axis=1, keepdims=True)
    dp = (p - t) / 18
    ds = p * (dp - np.sum(dp * p, axis=1, keepdims=True))
    w -= 1.0 * x.T @ ds
    b -= 1.0 * ds.sum(axis=0)
    print("cross entropy, for information:", -np.mean(np.log(p[t == 1])))
"""


@pytest.mark.parametrize(
    ("program", "right", "wrong", "mistake"),
    [
        (FLAT, "0.01 * gradient", "0.01 + gradient", "wrong-operator"),
        (SOFTMAX, "theta -=", "theta +=", "sign-error"),
        (SQUARED, "np.sum(dp * p", "np.sum(dp + p", "wrong-operator"),
    ],
)
def test_one_mistake_in_all_updates_is_told_from_another_loss(
    program: str, right: str, wrong: str, mistake: str
) -> None:
    assert verdict_on(program)["verdict"] == "right"
    verdict = verdict_on(program.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == (mistake, True)
    assert right in finding["fix"]


def test_an_input_that_climbs_may_be_looked_for() -> None:
    attack = NETWORK[: NETWORK.index("    w2 -=")] + "    x += 0.1 * (d1 @ w1.T)\n"
    assert verdict_on(attack)["verdict"] != "wrong"


def test_most_may_climb_and_the_others_are_right() -> None:
    verdict = verdict_on(
        NETWORK.replace("w1 -=", "w1 +=").replace("w2 -=", "w2 +=").replace("b1 -=", "b1 +=")
    )
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert {f["mistake"] for f in verdict["findings"]} == {"sign-error"}


def test_an_error_may_be_written_down_twice() -> None:
    """Beside a loss that is computed by the same difference, say: what is wrong is so all the same."""
    doubled = NETWORK.replace(
        "error = a2 - t", "print(np.sum((a2 - t) ** 2))\n    error = a2 - t"
    ).replace("w1 -= rate * (x.T @ d1)", "w1 -= rate * (x.T @ np.roll(d1, 1, axis=0))")
    verdict = verdict_on(doubled)
    assert verdict["verdict"] == "wrong", verdict["reason"]


def test_an_update_of_another_shape_is_wrong_though_it_is_broadcast() -> None:
    verdict = verdict_with("w1 -= rate * (x.T @ d1)", "w1 -= rate * (x.T @ d2[:, :1])")
    assert verdict["verdict"] == "wrong", verdict["reason"]


@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        ("d2 = error * slope(a2)", "d2 = error + slope(a2)", "wrong-operator"),
        ("b1 -= rate * d1.sum(axis=0)", "b1 -= rate * a1.sum(axis=0)", "wrong-variable"),
    ],
)
def test_what_is_no_error_is_no_penalty_if_a_product_or_an_error_mends_it(
    right: str, wrong: str, mistake: str
) -> None:
    verdict = verdict_with(right, wrong)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert [(f["mistake"], f["proved"]) for f in verdict["findings"]] == [(mistake, True)]


@pytest.mark.parametrize(
    "penalty",
    [
        "d1 = (d2 @ w2.T + 0.01 * a1) * slope(a1)",
        "d1 = (d2 @ w2.T + 0.01 * np.sign(a1)) * slope(a1)",
        "d1 = d2 @ w2.T * slope(a1) + 0.01 * slope(a1)",
    ],
)
def test_a_penalty_on_activations_is_never_wrong(penalty: str) -> None:
    assert verdict_with("d1 = d2 @ w2.T * slope(a1)", penalty)["verdict"] != "wrong"


AUTOENCODER = """\
import numpy as np

rng = np.random.default_rng(17)
x = np.tanh(rng.normal(size=(20, 3)) @ rng.normal(size=(3, 5)))
w1, b1 = rng.normal(0, 0.4, (5, 3)), np.zeros(3)
w2, b2 = rng.normal(0, 0.4, (3, 5)), np.zeros(5)
for epoch in range(30):
    h = np.tanh(x @ w1 + b1)
    y = h @ w2 + b2
    error = (y + x) / len(x)
    d = error @ w2.T * (1 - h**2)
    w2, b2 = w2 - 0.1 * h.T @ error, b2 - 0.1 * error.sum(axis=0)
    w1, b1 = w1 - 0.1 * x.T @ d, b1 - 0.1 * d.sum(axis=0)
"""


def test_a_sum_is_an_error_unless_the_program_takes_the_difference_too() -> None:
    assert verdict_on(AUTOENCODER)["verdict"] != "wrong"  # of an equation y + x = 0
    verdict = verdict_on(AUTOENCODER + "print(np.abs(x - y).mean())\n")
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("wrong-operator", 10)


LINE = """\
xs, ys = [0.5, -1.0, 2.0, 1.5], [1.1, -0.4, 2.3, 1.9]
m = c = 0.0
for epoch in range(30):
    ps = [m * x + c for x in xs]
    dm = sum(x * (p - y) for x, y, p in zip(xs, ys, ps))
    dc = sum(p - y for y, p in zip(ys, ps))
    m, c = m - 0.02 * dm, c - 0.02 * dc
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("m - 0.02 * dm", "m + 0.02 * dm"),
        ("x * (p - y)", "x * (p + y)"),
        ("dm = sum(x * (p - y)", "dm = sum(-x * (p - y)"),
    ],
)
def test_two_numbers_that_disagree_follow_no_loss(right: str, wrong: str) -> None:
    """Each alone fits some loss; but what one sample does to both is no multiple of its gradient."""
    assert verdict_on(LINE)["verdict"] == "right"
    assert LINE.count(right) == 1
    verdict = verdict_on(LINE.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]


def test_one_prediction_with_two_targets_is_not_called_right() -> None:
    assert (
        verdict_on(LINE.replace("for y, p in zip(ys, ps)", "for y, p in zip(xs, ps)"))["verdict"]
        == "undecided"
    )


CLASSES = """\
import numpy as np

rng = np.random.default_rng(9)
x, labels = rng.normal(size=(12, 3)), rng.integers(0, 4, size=12)
w, b = rng.normal(size=(3, 4)), np.zeros(4)
for epoch in range(20):
    for row, label in zip(x, labels):
        z = row @ w + b
        p = np.exp(z) / np.exp(z).sum()
        p[label] -= 1
        w -= 0.1 * np.outer(row, p)
        b -= 0.1 * p
"""


@pytest.mark.parametrize("wrong", ["p[label] -= 2", "p[label] += 1"])
def test_a_class_is_taken_off_once(wrong: str) -> None:
    assert verdict_on(CLASSES)["verdict"] == "right"
    verdict = verdict_on(CLASSES.replace("p[label] -= 1", wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["proved"]) == (10, True)


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("-(1 - p[label])", "right"),
        ("-1 + p[label]", "right"),
        ("-(2 - p[label])", "wrong"),
        ("1 - p[label]", "undecided"),  # of the other classes the error has the other sign
    ],
)
def test_a_class_may_be_taken_off_in_any_order(written: str, verdict: str) -> None:
    source = CLASSES.replace("p[label] -= 1", f"p[label] = {written}")
    assert verdict_on(source)["verdict"] == verdict


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("w1 -= rate * (x.T @ d1)", "w1 = w1 - rate + (x.T @ d1)", "w1 -="),
        ("b1 -= rate * d1.sum(axis=0)", "b1 -= rate + d1.sum(axis=0)", "b1 -="),
        ("error * slope(a2)", "error * a2 + (1 - a2)", "d2 ="),
    ],
)
def test_a_sum_in_place_of_a_product_is_found_though_the_run_diverges(
    right: str, wrong: str, line: str
) -> None:
    verdict = verdict_with(right, wrong)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("wrong-operator", line_of(line))


FACTORS = """\
import random

random.seed(3)
ratings = {(0, 0): 5, (0, 1): 3, (1, 0): 4, (1, 2): 1, (2, 1): 1, (2, 2): 5}
users = [[random.uniform(0, 1) for _ in range(2)] for _ in range(3)]
items = [[random.uniform(0, 1) for _ in range(2)] for _ in range(3)]
for sweep in range(40):
    for (u, i), rating in ratings.items():
        error = sum(a * b for a, b in zip(users[u], items[i])) - rating
        for k in range(2):
            a, b = users[u][k], items[i][k]
            users[u][k] = a - 0.05 * error * b
            items[i][k] = b - 0.05 * error * a
"""


def test_so_it_is_in_a_sum_for_a_product_of_numbers() -> None:
    assert verdict_on(FACTORS)["verdict"] == "right"
    verdict = verdict_on(FACTORS.replace("a - 0.05 * error", "a - 0.05 + error"))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("wrong-operator", 12)


SKIP_GRAM = """\
import numpy as np

rng = np.random.default_rng(6)
words = rng.integers(0, 7, size=(40, 2))
inside, outside = rng.normal(size=(7, 4)), rng.normal(size=(7, 4))
labels = rng.integers(0, 2, size=40).astype(float)
for epoch in range(4):
    for (centre, other), label in zip(words, labels):
        v, u = inside[centre].copy(), outside[other].copy()
        error = 1 / (1 + np.exp(-v @ u)) - label
        inside[centre] -= 0.1 * error * u
        outside[other] -= 0.1 * error * v
"""


def test_rows_that_words_name_are_data() -> None:
    assert verdict_on(SKIP_GRAM)["verdict"] == "right"


@pytest.mark.parametrize("rate_of_biases", ["rate", "other_rate"])
def test_weights_that_climb_are_wrong_where_only_biases_descend(rate_of_biases: str) -> None:
    climbing = NETWORK.replace("w1 -= rate", "w1 += rate").replace("w2 -= rate", "w2 += rate")
    climbing = climbing.replace("rate * d", f"{rate_of_biases} * d").replace(
        "import numpy as np\n", "import numpy as np; other_rate = 0.05\n"
    )
    verdict = verdict_on(climbing)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert {f["mistake"] for f in verdict["findings"]} == {"sign-error"}
    assert {f["line"] for f in verdict["findings"]} == {line_of("w1 -="), line_of("w2 -=")}


def test_sums_of_predictions_and_targets_are_not_called_right_though_their_squares_shrink() -> None:
    summed = FACTORS.replace("- rating", "+ rating").replace(
        "        for k in", "        total = error * error\n        for k in"
    )
    assert verdict_on(summed)["verdict"] == "undecided"


TWO_NUMBERS = """\
from math import exp

x1, x2, t1 = 0.05, 0.10, 0.9
w1, w2, b = 0.3, -0.2, 0.1
for epoch in range(50):
    y = 1 / (1 + exp(-(w1 * x1 + w2 * x2 + b)))
    print(0.5 * (t1 - y) ** 2)
    d = (y - t1) * y * (1 - y)
    w1, w2, b = w1 - 0.5 * d * x1, w2 - 0.5 * d * x2, b - 0.5 * d
"""


def test_an_input_in_place_of_the_target_is_not_called_right() -> None:
    assert verdict_on(TWO_NUMBERS)["verdict"] == "right"
    assert verdict_on(TWO_NUMBERS.replace("(y - t1)", "(y - x1)"))["verdict"] == "undecided"


def test_weights_whose_gradients_stay_zero_are_not_called_right() -> None:
    loop = (
        "g1 = np.zeros((3, 4))\n    for k in range(0):\n        g1 += x.T @ d1\n    w1 -= rate * g1"
    )
    assert verdict_with("w1 -= rate * (x.T @ d1)", loop)["verdict"] != "right"


GROWING = """
import numpy as np
rng = np.random.default_rng(3)
x, w = rng.random((9, 4)), rng.random((4, 3))
def descend(weights, gradient):
    return weights - 0.1 * gradient
for _ in range(10):
    y = x @ w
    error = np.zeros((9, 3))
    error -= y
    w = descend(w, x.T @ error)
    assert np.sum(np.power(y, 2)) < np.sum(np.power(x @ w, 2))
"""


def test_predictions_that_are_made_to_grow_do_not_climb_by_mistake() -> None:
    assert verdict_on(GROWING)["verdict"] == "undecided"
    assert verdict_on(GROWING.replace("- 0.1", "+ 0.1").replace("<", ">"))["verdict"] == "right"


UNSCALED = """
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))
rng = np.random.default_rng(4)
x = 400 * rng.normal(size=(30, 3)) + 300
t = (x[:, 0] > x[:, 1]).astype(float)
w, b = np.zeros(3), 0.0
for _ in range(30):
    p = sigmoid(x @ w + b)
    w = w - 0.1 * x.T @ (p - t) / 30
    b = b - 0.1 * np.sum(p - t) / 30
"""


NEARLY_SURE = """
import numpy as np
rng = np.random.default_rng(3)
x = np.stack([rng.uniform(30, 75, 300), rng.uniform(95, 180, 300), rng.uniform(150, 400, 300)])
t = (x[0] + rng.normal(0, 12, 300) > 54).astype(float).reshape(1, -1)
w, b = np.zeros((3, 1)), 0
for step in range(60):
    p = 1 / (1 + np.exp(-(np.dot(w.T, x) + b)))
    loss = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / 300
    w = w - 0.00001 * (np.dot(p - t, x.T) / 300).T
    b = b - 0.00001 * np.sum(p - t) / 300
"""


def test_predictions_that_are_nearly_1_are_judged() -> None:
    assert verdict_on(NEARLY_SURE)["verdict"] == "right"


def test_a_gradient_that_overflow_has_lost_makes_nothing_wrong() -> None:
    far = NEARLY_SURE.replace("uniform(150, 400", "uniform(1500, 40000").replace("0.00001", "1e-7")
    written_otherwise = far.replace("1 / (1 + np.exp", "(1 + np.exp").replace(
        "+ b)))", "+ b))) ** -1"
    )
    assert verdict_on(written_otherwise)["verdict"] != "wrong"


@pytest.mark.parametrize("program", [UNSCALED, UNSCALED.replace("np.clip(z, -500, 500)", "z")])
def test_predictions_that_are_rounded_to_0_or_1_are_judged(program: str) -> None:
    assert verdict_on(program)["verdict"] == "right"
    wrong = verdict_on(program.replace("0.1 * np.sum(p - t)", "0.1 * np.sum((p - t) * x[:, 0])"))
    assert wrong["verdict"] != "right"


@pytest.mark.parametrize("decay", ["", " + 0.01 * w1"])
def test_what_errors_add_to_a_decay_is_wrong_where_it_points_elsewhere(decay: str) -> None:
    verdict = verdict_with(
        "w1 -= rate * (x.T @ d1)", f"w1 -= rate * (x.T @ (d1 * [1, 2, 1, 0.5]){decay})"
    )
    assert verdict["verdict"] == "wrong"
    assert {row["name"]: row["verdict"] for row in verdict["parameters"]} == {
        "w1": "wrong", "b1": "right", "w2": "right", "b2": "right",
    }  # fmt: skip


def test_decays_of_single_weights_are_never_wrong() -> None:
    verdict = verdict_with(
        "w1 -= rate * (x.T @ d1)", "w1 -= rate * (x.T @ d1 + 0.01 * w1 * (np.arange(4) > 1))"
    )
    assert verdict["verdict"] != "wrong"


@pytest.mark.parametrize("error", ["np.abs(a2 - t)", "(a2 - t) ** 2", "(a2 - t) ** 2 / 2"])
def test_an_error_that_does_not_know_its_sign_is_wrong(error: str) -> None:
    verdict = verdict_with("error = a2 - t", f"error = {error}")
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["mistake"]) == (line_of("error ="), "wrong-operator")
    assert finding["proved"]


def test_a_cubed_error_is_that_of_another_loss() -> None:
    assert verdict_with("error = a2 - t", "error = (a2 - t) ** 3")["verdict"] != "wrong"
