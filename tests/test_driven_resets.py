"""Gradients that add up from pass to pass, in what is only defined: who trains it may set them back."""

import pytest

from checked import verdict_on

ADDING_UP = """
import numpy as np

class Net:
    def __init__(self, n_in, n_out):
        self.w, self.b = np.random.randn(n_in, n_out), np.zeros((1, n_out))
        self.grads = {"w": np.zeros((n_in, n_out)), "b": np.zeros((1, n_out))}

    def forward(self, x):
        self.x = x
        self.out = np.tanh(x @ self.w + self.b)
        return self.out

    def backward(self, y):
        d = (self.out - y) * (1 - self.out**2)
        self.grads["w"] += self.x.T @ d
        self.grads["b"] += d.sum(axis=0, keepdims=True)

    def update(self, rate):
        self.w -= rate * self.grads["w"]
        self.b -= rate * self.grads["b"]
"""
METHOD = """
    def {name}(self):
        for kept in self.grads.values():
            kept.fill(0)
"""
WITHOUT = """
class Optimizer:
    def begin(self, net):
        net.grads = {"w": np.zeros_like(net.w), "b": np.zeros_like(net.b)}
"""


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ("", "wrong"),  # nobody ever sets them back
        (METHOD.format(name="zero_grad"), "right"),
        (WITHOUT, "undecided"),
    ],
)
def test_gradients_that_a_caller_sets_back_may_add_up(more: str, verdict: str) -> None:
    """An object that leaves it to its caller when its gradients begin anew."""
    assert verdict_on(ADDING_UP + more)["verdict"] == verdict
