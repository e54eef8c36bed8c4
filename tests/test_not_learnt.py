"""What no error changes, or is sent to and lost, is not called right."""

import pytest

from certain_network import NETWORK, verdict_with

from checked import NEVER_RIGHT, verdict_on


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("w2 -= rate * (a1.T @ d2)", "w2 -= rate"),
        ("w2 -= rate * (a1.T @ d2)", "w2 = w2 - rate * np.ones((4, 2))"),
        ("w2 -= rate * (a1.T @ d2)", "w2 -= rate * rng.normal(size=(4, 2))"),
        ("w2 -= rate * (a1.T @ d2)", "w2 *= 1 - 0.01 * rate"),
        ("w1 -= rate * (x.T @ d1)", "w1 -= rate"),
        ("b1 -= rate * d1.sum(axis=0)", "b1 -= rate"),
        ("w1 -= rate * (x.T @ d1)", "w1 -= rate * np.outer(x.sum(axis=0), b1)"),
    ],
)
def test_a_parameter_that_no_error_changes_is_not_called_right(right: str, wrong: str) -> None:
    assert verdict_with(right, wrong)["verdict"] != "right"


@pytest.mark.parametrize(
    "program",
    [
        # a state that leaks, noise that fades, a data series that is drawn as it goes
        """
state = np.zeros(3)
w, v = rng.normal(size=(3, 3)), rng.normal(size=3)
for step in range(60):
    state = 0.5 * state + 0.5 * x[step % 30]
    h = np.tanh(w @ state)
    error = v @ h - t[step % 30, 0]
    d = error * v * (1 - h**2)
    v -= 0.1 * error * h
    w -= 0.1 * np.outer(d, state)
""",
        """
spread = 0.5
w, v = rng.normal(size=(3, 3)), rng.normal(size=(3, 2))
for step in range(60):
    spread *= 0.9
    h = np.tanh(x @ w) + spread * rng.normal(size=(30, 3))
    error = h @ v - t
    d = error @ v.T * (1 - np.tanh(x @ w) ** 2)
    v -= 0.01 * h.T @ error
    w -= 0.01 * x.T @ d
""",
        """
place = np.zeros(3)
w = rng.normal(size=3)
for step in range(60):
    place = 0.9 * place + rng.normal(size=3)
    error = w @ place - (place[0] - 2 * place[1])
    w -= 0.05 * error * place
""",
        """
w, v, drift = rng.normal(size=(3, 3)), rng.normal(size=(3, 2)), 0.01 * rng.normal(size=(30, 3))
for step in range(60):
    x = x + drift
    h = np.tanh(x @ w)
    error = h @ v - np.cos(x[:, :2])
    d = error @ v.T * (1 - h**2)
    v -= 0.01 * h.T @ error
    w -= 0.01 * x.T @ d
""",
    ],
    ids=["state", "noise", "series", "drift"],
)  # fmt: skip
def test_what_changes_by_itself_and_is_no_parameter_leaves_a_program_right(program: str) -> None:
    head = NETWORK[: NETWORK.index("weights =")]
    verdict = verdict_on(head + program)
    assert verdict["verdict"] == "right", verdict["reason"]


def test_a_step_that_only_the_last_sample_of_all_reaches_is_not_called_right() -> None:
    program = """
import numpy as np
rng = np.random.default_rng(3)
x, t = rng.normal(size=(8, 3)), rng.uniform(size=(8, 1))
w, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
for epoch in range(12):
    for a, b in zip(x, t):
        h = np.tanh(a @ w)
        error = h @ v - b
        delta = error @ v.T * (1 - h**2)
{indent}v -= 0.1 * np.outer(h, error)
{indent}w -= 0.1 * np.outer(a, delta)
"""
    assert verdict_on(program.format(indent=" " * 8))["verdict"] == "right"
    assert verdict_on(program.format(indent=" " * 4))["verdict"] != "right"


def test_errors_of_one_network_are_not_wasted_by_another() -> None:
    program = """
import numpy as np
rng = np.random.default_rng(3)
x, t = rng.normal(size=(8, 3)), rng.uniform(size=(8, 1))

def train(passes, seed):
    rng = np.random.default_rng(seed)
    w, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
    for epoch in range(passes):
        h = np.tanh(x @ w)
        error = h @ v - t
        delta = error @ v.T * (1 - h**2)
        v -= 0.1 * h.T @ error
        w -= 0.1 * x.T @ delta

train(5, 1)
train(5, 2)
train(5, 4)
"""
    verdict = verdict_on(program)
    assert verdict["verdict"] == "right", verdict["reason"]


ONCE_AN_EPOCH = """\
import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=(8, 3))
t = x @ rng.normal(size=3) + 2
w, b = np.zeros(3), 0.0
for epoch in range(20):
    for k in range(8):
        error = x[k] @ w + b - t[k]
        w = w - 0.05 * error * x[k]
    b = b - 0.05 * error
"""


def test_an_update_after_the_loop_is_not_right() -> None:
    """It follows the gradient of the last sample alone; those of all others are lost."""
    verdict = verdict_on(ONCE_AN_EPOCH)
    assert (verdict["verdict"], "leave b as it is" in verdict["reason"]) == ("undecided", True)
    inside = ONCE_AN_EPOCH.replace("    b = b", "        b = b")
    assert verdict_on(inside)["verdict"] == "right"


STALE = """\
import numpy as np

rng = np.random.default_rng(4)
x = rng.normal(size=(12, 3))
t = x @ rng.normal(size=3)
w = rng.normal(size=3)
p = x @ w
for epoch in range(20):
    w = w - 0.05 * x.T @ (p - t) / 12
    print(np.mean((x @ w - t) ** 2))
"""


def test_a_prediction_that_is_made_before_the_loop_is_not_right() -> None:
    """Each pass takes the step of the first one again."""
    verdict = verdict_on(STALE)
    assert (verdict["verdict"], "older w" in verdict["reason"]) == ("undecided", True)
    inside = STALE.replace("p = x @ w\n", "").replace("    w = w", "    p = x @ w\n    w = w")
    assert verdict_on(inside)["verdict"] == "right"
    by_entry = inside.replace(
        "    w = w - 0.05 * x.T @ (p - t) / 12",
        "    for j in range(3):\n        w[j] -= 0.05 * np.mean((p - t) * x[:, j])",
    )
    assert verdict_on(by_entry)["verdict"] == "right"


WORDS = """\
import numpy as np

rng = np.random.default_rng(6)
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(3, 4))
pairs = [([1, 0, 0, 0], [0, 1, 0, 0]), ([0, 0, 1, 0], [0, 0, 0, 1]), ([0, 1, 0, 0], [1, 0, 0, 0])]
for epoch in range(20):
    for x, t in pairs:
        h = np.dot(w1.T, x)
        z = np.dot(w2.T, h)
        p = np.exp(z) / np.exp(z).sum()
        error = p - t
        d2 = np.outer(h, error)
        d1 = np.outer(x, np.dot(w2, error))
        w1 = w1 - 0.1 * d1
        w2 = w2 - 0.1 * d2
"""


def test_a_layer_that_its_own_output_moves_is_not_right_though_its_inputs_are_lists() -> None:
    assert verdict_on(WORDS)["verdict"] == "right"
    verdict = verdict_on(WORDS.replace("np.outer(x, np.dot(w2, error))", "np.outer(x, h)"))
    assert (verdict["verdict"], "without any error" in verdict["reason"]) == ("undecided", True)


def test_errors_of_the_value_before_the_activation_are_not_right() -> None:
    verdict = verdict_on(WORDS.replace("error = p - t", "error = z - t"))
    assert (verdict["verdict"], "activation of line 10" in verdict["reason"]) == ("undecided", True)


CLIPPED = """\
import numpy as np

rng = np.random.default_rng(2)
x, y = rng.normal(size=(9, 2)), np.arange(9) % 3
t, w = np.eye(3)[y], np.zeros((2, 3))
for epoch in range(20):
    z = x @ w
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    print(-np.mean(np.log(np.clip(p, 1e-12, 1 - 1e-12))[np.arange(9), y]))
    w -= 0.1 * x.T @ (p - t)
"""


def test_probabilities_that_are_all_alike_are_no_values_before_their_own_activation() -> None:
    """From weights of 0 all are 1/3: so is their softmax, and what is clipped of them."""
    verdict = verdict_on(CLIPPED)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert verdict_on(CLIPPED.replace("(p - t)", "(z - t)"))["verdict"] == "undecided"


NUMBERS = """\
import math

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

x1, x2, t1, t2 = 0.4, -0.3, 0.2, 0.7
w1, w2, w3, w4, w5, w6, w7, w8 = 0.3, -0.2, 0.5, 0.4, -0.6, 0.1, 0.7, -0.3
for epoch in range(60):
    h1, h2 = sigmoid(w1 * x1 + w2 * x2), sigmoid(w3 * x1 + w4 * x2)
    o1, o2 = sigmoid(w5 * h1 + w6 * h2), sigmoid(w7 * h1 + w8 * h2)
    d1, d2 = (o1 - t1) * o1 * (1 - o1), (o2 - t2) * o2 * (1 - o2)
    g1, g2 = (d1 * w5 + d2 * w7) * h1 * (1 - h1), (d1 * w6 + d2 * w8) * h2 * (1 - h2)
    w5, w6 = w5 - 0.5 * d1 * h1, w6 - 0.5 * d1 * h2
    w7 = w7 - 0.5 * d2 * h1
    w8 = w8 - 0.5 * d2 * h2
    w1, w2, w3, w4 = w1 - 0.5 * g1 * x1, w2 - 0.5 * g1 * x2, w3 - 0.5 * g2 * x1, w4 - 0.5 * g2 * x2
"""


def test_a_number_that_the_error_of_another_output_moves_is_wrong() -> None:
    assert verdict_on(NUMBERS)["verdict"] == "right"
    verdict = verdict_on(NUMBERS.replace("w8 - 0.5 * d2", "w8 - 0.5 * d1"))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"], finding["proved"]) == ("wrong-variable", 15, True)
    assert finding["fix"].strip() == "w8 = w8 - 0.5 * d2 * h2"


AVERAGE = """\
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(30, 3)), rng.uniform(size=(30, 2)).round()
w1, b1 = rng.normal(size=(3, 4)), np.zeros(4)
w2, b2 = rng.normal(size=(4, 2)), np.zeros(2)
mean = np.zeros(4)
for epoch in range(40):
    z1 = x @ w1 + b1
    a1 = 1 / (1 + np.exp(-(z1 - mean)))
    mean += 0.1 * (z1.mean(axis=0) - mean)
    a2 = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
    d2 = (a2 - t) * a2 * (1 - a2)
    d1 = d2 @ w2.T * a1 * (1 - a1)
    w2 -= 0.3 * a1.T @ d2
    b2 -= 0.3 * d2.sum(axis=0)
    w1 -= 0.3 * x.T @ d1
    b1 -= 0.3 * d1.sum(axis=0)
"""


@pytest.mark.parametrize("average", ["mean += 0.1 * (z1", "mean = mean + 0.1 * (z1"])
def test_a_running_average_that_predictions_are_made_with_is_no_parameter(average: str) -> None:
    verdict = verdict_on(AVERAGE.replace("mean += 0.1 * (z1", average))
    assert verdict["verdict"] == "right", verdict["reason"]
    assert {row["name"] for row in verdict["parameters"]} == {"w1", "b1", "w2", "b2"}


def test_what_a_running_average_is_taken_off_is_no_error() -> None:
    """Without an output's bias z1 - mean looks like one, and z1 + mean would put it right."""
    program = AVERAGE.replace(" + b2", "").replace("    b2 -= 0.3 * d2.sum(axis=0)\n", "")
    program = program.replace(
        "mean += 0.1 * (z1.mean(axis=0) - mean)", "mean = 0.9 * mean + 0.1 * z1.mean(axis=0)"
    )
    assert verdict_on(program, NEVER_RIGHT)["verdict"] != "wrong"


TARGETS_MEAN = """\
import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=(20, 3))
t = np.tanh(x[:, :1] - x[:, 1:2])
offset = {offset}
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
for epoch in range(40):
    h = np.tanh(x @ w1)
    e = (h @ w2 + offset - t) / len(x)
    d = e @ w2.T * (1 - h**2)
    w2 -= 0.1 * h.T @ e
    w1 -= 0.1 * x.T @ d
"""


@pytest.mark.parametrize(
    ("offset", "verdict"), [("t.mean(axis=0)", "right"), ("rng.normal(size=1)", "wrong")]
)
def test_what_is_made_of_the_targets_is_no_parameter(offset: str, verdict: str) -> None:
    assert verdict_on(TARGETS_MEAN.format(offset=offset))["verdict"] == verdict
