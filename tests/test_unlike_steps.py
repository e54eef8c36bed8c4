"""How far some parameters go down their right gradients is a choice, though others go otherwise."""

import pytest

from checked import verdict_on

NETWORK = """\
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(10, 3))
T = (X[:, :1] * X[:, 1:2] > 0) * 1.0
w1, b1 = rng.normal(size=(3, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 1)), np.zeros(1)
v1, v2 = np.zeros_like(w1), np.zeros_like(w2)
rate, mu = 0.3, 0.9
for epoch in range(40):
    h = np.tanh(X @ w1 + b1)
    p = 1 / (1 + np.exp(-(h @ w2 + b2)))
    d = (p - T) / len(X)
    e = d @ w2.T * (1 - h * h)
    g2, gb2 = h.T @ d, d.sum(axis=0)
    g1, gb1 = X.T @ e, e.sum(axis=0)
"""
PLAIN_BIASES = "    b1 -= rate * gb1\n    b2 -= rate * gb2\n"
NESTEROV = """\
    v1 = mu * v1 - rate * g1
    v2 = mu * v2 - rate * g2
    w1 += mu * v1 - rate * g1
    w2 += mu * v2 - rate * g2
"""
MEAN = """\
    v1 = mu * v1 + (1 - mu) * g1
    v2 = mu * v2 + (1 - mu) * g2
    w1 -= rate * v1
    w2 -= rate * v2
"""
ADAGRAD = """\
    v1 += g1**2
    v2 += g2**2
    w1 -= 0.1 * g1 / np.sqrt(v1 + 1e-8)
    w2 -= 0.1 * g2 / np.sqrt(v2 + 1e-8)
"""
ROOTS = "    w1 -= rate / np.sqrt(3) * g1\n    w2 -= rate / np.sqrt(5) * g2\n"
PLAN = """\
    w1 -= rate / (1 + 0.1 * epoch) * g1
    w2 -= rate * g2
    b1 -= rate / (1 + 0.1 * epoch) * gb1
    b2 -= rate * gb2
"""
MEANS = """\
import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(10, 3))
T = (X[:, :1] * X[:, 1:2] > 0) * 1.0
w1, b1 = rng.normal(size=(3, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 1)), np.zeros(1)
for epoch in range(40):
    for i in range(0, 10, 4):
        x, t = X[i : i + 4], T[i : i + 4]
        m = len(x)
        h = np.tanh(x @ w1 + b1)
        p = 1 / (1 + np.exp(-(h @ w2 + b2)))
        d = p - t
        e = d @ w2.T * (1 - h * h)
        w2 -= 0.1 * h.T @ d / m
        b2 -= 0.1 * d.sum(axis=0)
        w1 -= 0.1 * x.T @ e / m
        b1 -= 0.1 * e.sum(axis=0)
"""


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(NESTEROV + PLAIN_BIASES, id="nesterov"),
        pytest.param(MEAN + PLAIN_BIASES, id="mean of gradients"),
        pytest.param(ADAGRAD + PLAIN_BIASES, id="adagrad"),
        pytest.param(ROOTS + PLAIN_BIASES, id="over roots"),
        pytest.param(PLAN, id="a plan"),
    ],
)
def test_another_way_to_step_is_no_mistake(steps: str) -> None:
    assert verdict_on(NETWORK + steps)["verdict"] != "wrong"


def test_what_goes_up_with_a_memory_is_a_mistake() -> None:
    climbing = MEAN.replace("w2 -=", "w2 +=").replace("w1 -=", "w1 +=")
    assert verdict_on(NETWORK + climbing + PLAIN_BIASES)["verdict"] != "right"


def test_a_mean_over_batches_of_several_sizes_is_no_plan() -> None:
    verdict = verdict_on(MEANS)
    assert {finding["mistake"] for finding in verdict["findings"]} == {"parameter-mis-scaled"}
