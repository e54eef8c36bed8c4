"""A softmax whose outputs sum to 1 over several samples: the line that makes it so is found and put right."""

import pytest

from checked import verdict_on

ROWS = """
import numpy as np

rng = np.random.default_rng(2)
x, classes = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
t = np.eye(3)[classes]
v, w = rng.normal(size=(4, 5)), rng.normal(size=(5, 3))
for epoch in range(50):
    h = np.tanh(x @ v)
    e = np.exp(h @ w)
    p = e / np.sum(e, axis=1, keepdims=True)
    delta = (p - t) / 30
    back = delta @ w.T * (1 - h**2)
    w -= 0.1 * h.T @ delta
    v -= 0.1 * x.T @ back
"""
COLUMNS = """
import numpy as np

rng = np.random.default_rng(2)
x, classes = rng.normal(size=(4, 30)), rng.integers(0, 3, 30)
t = np.eye(3)[classes].T
w, b = rng.normal(size=(3, 4)), np.zeros((3, 1))


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=0)


for epoch in range(50):
    p = softmax(w @ x + b)
    w -= 0.1 * (p - t) @ x.T / 30
    b -= 0.1 * (p - t).mean(axis=1, keepdims=True)
"""


@pytest.mark.parametrize("source", [ROWS, COLUMNS], ids=["rows", "columns"])
def test_a_softmax_of_each_sample_is_right(source: str) -> None:
    assert verdict_on(source)["verdict"] == "right"


@pytest.mark.parametrize(
    ("source", "right", "wrong", "line", "fix"),
    [
        (ROWS, "np.sum(e, axis=1, keepdims=True)", "np.sum(e)", 11, "np.sum(e, axis=1, keepdims=True)"),
        (ROWS, "np.sum(e, axis=1, keepdims=True)", "e.sum(axis=0)", 11, "e.sum(axis=1, keepdims=True)"),
        (COLUMNS, "e.sum(axis=0)", "np.sum(e)", 12, "np.sum(e, axis=0, keepdims=True)"),
    ],
)  # fmt: skip
def test_a_softmax_over_several_samples_is_found(
    source: str, right: str, wrong: str, line: int, fix: str
) -> None:
    verdict = verdict_on(source.replace(right, wrong))
    assert verdict["verdict"] == "wrong"
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["mistake"]) == (line, "wrong-operator")
    assert finding["proved"]
    assert fix in finding["fix"]
