"""One token in another's place: an operator in a momentum, a name in an update or on the way back through time."""

import pytest

from checked import NEVER_RIGHT, verdict_on

FILTERS = """\
import numpy as np

rng = np.random.default_rng(4)
signals = rng.normal(size=(20, 6))
kernels = rng.normal(size=(2, 3))
shift = 0.0
w = rng.normal(size=(2, 4))


def forward(signal, kernels):
    z = np.zeros((2, 4))
    for f in range(2):
        for i in range(4):
            z[f, i] = np.sum(kernels[f] * signal[i:i + 3])
    return z


for epoch in range(3):
    for signal in signals:
        z = forward(signal, kernels)
        a = np.maximum(z, 0)
        error = np.sum(w * a) + shift - signal.max()
        back = error * w * (z > 0)
        d_kernels = np.zeros((2, 3))
        for f in range(2):
            for i in range(4):
                d_kernels[f] += back[f, i] * signal[i:i + 3]
        w -= 0.05 * error * a
        kernels -= 0.05 * d_kernels
        shift -= 0.05 * error
"""
MOMENTUM = """\
import numpy as np

rng = np.random.default_rng(3)
x = rng.normal(size=(20, 3))
t = np.tanh(x[:, :1] * x[:, 1:2])
w1, b1 = rng.normal(size=(3, 4)), np.zeros((1, 4))
w2, b2 = rng.normal(size=(4, 1)), np.zeros((1, 1))
m1, n1 = np.zeros_like(w1), np.zeros_like(b1)
m2, n2 = np.zeros_like(w2), np.zeros_like(b2)
mu, rate = 0.8, 0.1
for epoch in range(60):
    h = np.tanh(x @ w1 + b1)
    y = h @ w2 + b2
    e = (y - t) / len(x)
    d = e @ w2.T * (1 - h**2)
    m2 = mu * m2 - rate * (h.T @ e)
    n2 = mu * n2 - rate * e.sum(axis=0, keepdims=True)
    m1 = mu * m1 - rate * (x.T @ d)
    n1 = mu * n1 - rate * d.sum(axis=0, keepdims=True)
    w2 += m2
    b2 += n2
    w1 += m1
    b1 += n1
"""
RECURRENT = """\
import numpy as np

rng = np.random.default_rng(6)
words = rng.normal(size=(12, 4, 2))
u, w = 0.5 * rng.normal(size=(2, 3)), 0.5 * rng.normal(size=(3, 3))
v = 0.5 * rng.normal(size=3)
for epoch in range(5):
    for word in words:
        states = [np.zeros(3)]
        for x in word:
            states.append(np.tanh(x @ u + states[-1] @ w))
        do = states[-1] @ v - word[:, 0].sum()
        dv = states[-1] * do
        dh = v * do
        du, dw = np.zeros_like(u), np.zeros_like(w)
        for k in range(3, -1, -1):
            da = dh * (1 - states[k + 1] ** 2)
            du += np.outer(word[k], da)
            dw += np.outer(states[k], da)
            dh = w @ da
        u -= 0.05 * du
        w -= 0.05 * dw
        v -= 0.05 * dv
"""

CLASSES = """\
import numpy as np

rng = np.random.default_rng(7)
x = rng.normal(size=(20, 3))
y = np.argmax(x * x, axis=1)
w1, b1 = rng.normal(size=(3, 4)), np.zeros(4)
w2, b2 = rng.normal(size=(4, 3)), np.zeros(3)


def backward(x, y, h, p):
    n = len(x)
    d = p.copy()
    d[np.arange(n), y] -= 1
    d /= n
    back = d @ w2.T * (1 - h**2)
    return x.T @ back, back.sum(axis=0), h.T @ d, d.sum(axis=0)


for epoch in range(30):
    h = np.tanh(x @ w1 + b1)
    e = np.exp(h @ w2 + b2)
    p = e / e.sum(axis=1, keepdims=True)
    for w, dw in zip([w1, b1, w2, b2], backward(x, y, h, p)):
        w -= 0.2 * dw
    print(-np.log(p[np.arange(20), y]).mean())
"""
NUMBERS = CLASSES.replace("y = np.argmax(x * x, axis=1)", "y = x * x").replace(
    """\
    d = p.copy()
    d[np.arange(n), y] -= 1
    d /= n
""",
    "    d = (p - y) / n\n",
)
NUMBERS = NUMBERS.replace("    e = np.exp(h @ w2 + b2)\n", "").replace(
    "p = e / e.sum(axis=1, keepdims=True)", "p = h @ w2 + b2"
)
NUMBERS = NUMBERS.replace("-np.log(p[np.arange(20), y]).mean()", "np.mean((p - y) ** 2)")


@pytest.mark.parametrize(
    ("program", "line", "wrong", "mistake"),
    [
        (CLASSES, "d[np.arange(n), y] -= 1", "x[np.arange(n), y] -= 1", "wrong-variable"),
        (NUMBERS, "d = (p - y) / n", "d = (x - y) / n", "wrong-variable"),
        (NUMBERS, "d = (p - y) / n", "d = (y - y) / n", "wrong-variable"),
        (FILTERS, "kernels -= 0.05 * d_kernels", "kernels -= 0.05 * f", "wrong-variable"),
        (MOMENTUM, "m2 = mu * m2 - rate * (h.T @ e)", "m2 = mu * m2 * rate * (h.T @ e)", "wrong-operator"),
        (MOMENTUM, "b1 += n1", "b1 = n1", "wrong-operator"),
        (RECURRENT, "da = dh * (1 - states[k + 1] ** 2)", "da = do * (1 - states[k + 1] ** 2)", "wrong-variable"),
    ],
)  # fmt: skip
def test_a_token_is_put_right(program: str, line: str, wrong: str, mistake: str) -> None:
    assert program.count(line) == 1
    verdict = verdict_on(program.replace(line, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == (mistake, True)
    assert finding["fix"].strip() == line


@pytest.mark.parametrize("program", [CLASSES, NUMBERS, FILTERS, MOMENTUM, RECURRENT])
def test_what_has_no_slip_is_right(program: str) -> None:
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("shift -= 0.05 * error", "shift -= 0.05 * shift"),
        ("kernels -= 0.05 * d_kernels", "kernels -= 0.05 * epoch"),
    ],
)
def test_what_changes_by_no_error_is_not_right(right: str, wrong: str) -> None:
    """A bias that begins with a 0 of the source is a bias, too."""
    assert verdict_on(FILTERS.replace(right, wrong))["verdict"] != "right"


UNREAD = """\
import numpy as np

rng = np.random.default_rng(5)
x = rng.normal(size=(20, 3))
t = np.tanh(x[:, :1] - x[:, 1:2])
skip = x[:, 2:]
w1, b1 = rng.normal(size=(3, 4)), np.zeros(4)
w2, b2 = rng.normal(size=(4, 1)), np.zeros(1)
for epoch in range(60):
    h = np.tanh(x @ w1 + b1)
    y = h @ w2 + b2
    e = (y - t) / len(x)
    d = e @ w2.T * (1 - h**2)
    w2 -= 0.1 * h.T @ e
    b2 -= 0.1 * e.sum(axis=0)
    w1 -= 0.1 * x.T @ d
    b1 -= 0.1 * d.sum(axis=0)
"""


def test_a_parameter_that_no_prediction_reads_is_put_where_another_value_stands() -> None:
    verdict = verdict_on(UNREAD.replace("h @ w2 + b2", "h @ w2 + t"))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == ("wrong-variable", True)
    assert finding["fix"].strip() == "y = h @ w2 + b2"


@pytest.mark.parametrize(
    "update",
    [
        "b2 -= 0.1 * e.sum(axis=0)",
        "b2 += e.sum(axis=0)",
        "b2 -= 0.1 * abs(e).sum(axis=0)",
    ],
)
def test_what_is_added_to_predictions_in_one_place_alone_is_meant(update: str) -> None:
    program = UNREAD.replace("h @ w2 + b2", "h @ w2 + skip")
    verdict = verdict_on(program.replace("b2 -= 0.1 * e.sum(axis=0)", update))
    assert verdict["verdict"] != "wrong"


ALIGNED = RECURRENT.replace(
    "            dh = w @ da\n", "            dh = feedback @ da\n"
).replace("v = 0.5", "feedback = rng.normal(size=(3, 3))\nprint(feedback)\nv = 0.5")


def test_errors_that_go_back_through_numbers_of_their_own_are_no_slip() -> None:
    assert verdict_on(ALIGNED, 3 * NEVER_RIGHT)["verdict"] != "wrong"


FROZEN = """\
import numpy as np

rng = np.random.default_rng(2)
x = rng.normal(size=(20, 3))
t = x[:, :2] ** 2
layers = [rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 2))]
for epoch in range(30):
    values = [x]
    for w in layers:
        values.append(np.tanh(values[-1] @ w))
    d = (values[-1] - t) * (1 - values[-1] ** 2) / 20
    for k in (2, 1):  # the first is frozen
        back = d @ layers[k].T * (1 - values[k] ** 2)
        layers[k] = layers[k] - 0.3 * values[k].T @ d
        d = back
"""


def test_what_stays_as_it_was_drawn_is_replaced_by_nothing() -> None:
    verdict = verdict_on(FROZEN)
    assert "stands in the place of" not in verdict["reason"]
