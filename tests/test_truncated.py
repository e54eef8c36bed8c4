"""Backpropagation through time that goes back a few steps alone is meant so, and is told; what is wrong in it is not right."""

import pytest

from checked import NEVER_RIGHT, verdict_on

TRUNCATED = """\
import numpy as np

rng = np.random.default_rng(10)
words, units, window = 6, 5, 2
U = rng.uniform(-0.5, 0.5, (units, words))
W = rng.uniform(-0.5, 0.5, (units, units))
V = rng.uniform(-0.5, 0.5, (words, units))
texts = [rng.integers(0, words, size=size) for size in (7, 9, 6, 8)]

def forward(x):
    h = np.zeros((len(x) + 1, units))
    p = np.zeros((len(x), words))
    for t in range(len(x)):
        h[t] = np.tanh(U[:, x[t]] + W @ h[t - 1])
        e = np.exp(V @ h[t])
        p[t] = e / e.sum()
    return p, h

for epoch in range(40):
    for text in texts:
        x, y = text[:-1], text[1:]
        p, h = forward(x)
        dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
        d = p.copy()
        d[np.arange(len(y)), y] -= 1
        for t in reversed(range(len(y))):
            dV += np.outer(d[t], h[t])
            dz = V.T @ d[t] * (1 - h[t] ** 2)
            for s in reversed(range(max(0, t - window), t + 1)):
                dW += np.outer(dz, h[s - 1])
                dU[:, x[s]] += dz
                dz = W.T @ dz * (1 - h[s - 1] ** 2)
        U -= 0.05 * dU
        W -= 0.05 * dW
        V -= 0.05 * dV
"""


def test_a_truncated_gradient_is_right_and_says_how_far_it_goes_back() -> None:
    verdict = verdict_on(TRUNCATED)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert "the last 3 time steps" in verdict["reason"]
    assert verdict["loss"] == "cross-entropy"
    whole = verdict_on(TRUNCATED.replace("max(0, t - window)", "0"))
    assert whole["verdict"] == "right"
    assert "truncated" not in whole["reason"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dz = W.T @ dz * (1 - h[s - 1] ** 2)", "dz = W @ dz * (1 - h[s - 1] ** 2)"),
        ("dz = W.T @ dz * (1 - h[s - 1] ** 2)", "dz = W.T @ dz * (1 - h[s] ** 2)"),
        ("dW += np.outer(dz, h[s - 1])", "dW += np.outer(dz, h[s])"),
        ("dU[:, x[s]] += dz", "dU[:, x[t]] += dz"),
        ("V.T @ d[t] * (1 - h[t] ** 2)", "V.T @ d[t] * (1 - h[t])"),
        ("max(0, t - window)", "t"),
    ],
)
def test_what_is_wrong_in_a_truncated_gradient_is_never_right(right: str, wrong: str) -> None:
    assert right in TRUNCATED
    assert verdict_on(TRUNCATED.replace(right, wrong), NEVER_RIGHT)["verdict"] != "right"


def test_ways_back_that_are_left_out_block_by_block_may_be_meant() -> None:
    carried = """\
        d_next = np.zeros(units)
        for t in reversed(range(len(y))):
            dV += np.outer(d[t], h[t])
            dz = (V.T @ d[t] + d_next) * (1 - h[t] ** 2)
            dW += np.outer(dz, h[t - 1])
            dU[:, x[t]] += dz
            d_next = W.T @ dz if t % 3 else np.zeros(units)
"""
    start = TRUNCATED.index("        for t in reversed")
    end = TRUNCATED.index("        U -= ")
    verdict = verdict_on(TRUNCATED[:start] + carried + TRUNCATED[end:])
    assert verdict["verdict"] == "undecided", verdict["reason"]
    assert "on purpose" in verdict["reason"]
