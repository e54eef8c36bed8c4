"""What errors update and no prediction is made with is told; what is kept for another purpose is not."""

import pytest

from checked import verdict_on

LAYERS = """\
import numpy as np

rng = np.random.default_rng(2)


class Layer:
    def __init__(self, n, m):
        self.w = rng.normal(size=(n, m)) * 0.5
        self.b = rng.normal(size=(1, m)) * 0.1
        self.seen = np.zeros((1, m))

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d, rate):
        back = d @ self.w.T
        self.w -= rate * self.x.T @ d
        self.b -= rate * d.sum(axis=0, keepdims=True)
        return back


x, t = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
first, last = Layer(3, 4), Layer(4, 2)
for epoch in range(40):
    a = np.tanh(first.forward(x))
    y = last.forward(a)
    d = (y - t) / len(x)
    first.backward(last.backward(d, 0.1) * (1 - a * a), 0.1)
"""
WITHOUT = LAYERS.replace("@ self.w + self.b", "@ self.w")


def test_a_bias_that_is_updated_and_never_added_is_not_right() -> None:
    """Its gradient is 0; but whether it is forgotten or kept for a purpose nothing tells."""
    assert verdict_on(LAYERS)["verdict"] == "right"
    verdict = verdict_on(WITHOUT)
    assert verdict["verdict"] == "undecided"
    assert verdict["reason"] == "errors update b, and no prediction is made with it"


@pytest.mark.parametrize(
    "kept",
    [
        "self.seen = 0.9 * self.seen + 0.1 * d.sum(axis=0, keepdims=True)",  # an average
        "self.seen += d.sum(axis=0, keepdims=True) ** 2",
        "self.seen += rate * d.sum(axis=0, keepdims=True)\n        print(np.abs(self.seen).max())",
    ],
)
def test_what_is_kept_of_errors_for_another_purpose_is_no_parameter(kept: str) -> None:
    code = LAYERS.replace("        return back", f"        {kept}\n        return back")
    assert verdict_on(code)["verdict"] == "right"
