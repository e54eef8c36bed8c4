"""Layers that take their steps by a method of their own, which says whose gradient is kept under whatever name."""

import pytest

from checked import verdict_on

LAYERS = """\
import numpy as np

class Part:
    def forward(self, x):
        self.x = x
        return self.f(x)

    def backward(self, upstream):
        return upstream * self.slope(self.x)

class Squash(Part):
    def f(self, x):
        return np.tanh(x)

    def slope(self, x):
        return 1 - np.tanh(x) ** 2

class Cut:
    def forward(self, x):
        self.x = x
        x[x < 0] = 0
        return x

    def backward(self, upstream):
        return upstream * (self.x > 0)

class Full:
    def __init__(self, channels_in, channels_out, label, weight_init):
        self.weights = weight_init((channels_in, channels_out))
        self.shift = np.zeros((1, channels_out))
        self.label = label

    def forward(self, x):
        self.x = x
        return x @ self.weights + self.shift

    def backward(self, upstream):
        self.first = self.x.T @ upstream
        self.second = upstream.sum(axis=0, keepdims=True)
        return upstream @ self.weights.T

    def update(self, learning_rate):
        self.weights -= learning_rate * self.first
        self.shift -= learning_rate * self.second
"""


def test_the_step_of_a_layer_tells_whose_gradient_it_keeps() -> None:
    verdict = verdict_on(LAYERS)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]
    names = {row["name"] for row in verdict["parameters"]}
    assert names == {"Squash(x)", "Cut(x)", "Full(x)", "Full(weights)", "Full(shift)"}


@pytest.mark.parametrize(
    ("right", "wrong", "is_found"),
    [
        ("upstream.sum(axis=0, keepdims=True)", "upstream.sum()", False),
        ("self.x.T @ upstream", "2 * self.x.T @ upstream", True),
        ("upstream @ self.weights.T", "upstream @ self.weights.T * 2", True),
        ("-= learning_rate * self.first", "-= learning_rate * self.second", False),
        # A step up the gradient is no mistake of what comes back, and makes it not right.
        ("self.shift -=", "self.shift +=", False),
    ],
)
def test_and_its_mistakes_are_not_called_right(right: str, wrong: str, is_found: bool) -> None:
    assert right in LAYERS
    verdict = verdict_on(LAYERS.replace(right, wrong, 1))
    assert verdict["verdict"] == ("wrong" if is_found else "undecided"), verdict["findings"]
    line = LAYERS[: LAYERS.index(right)].count("\n") + 1
    assert all(f["line"] == line for f in verdict["findings"])


def test_a_memory_of_earlier_gradients_does_not_stand_for_a_gradient_with_a_name() -> None:
    """What an optimizer makes of a gradient is not asked for: with decay a step is no multiple of it."""
    named = LAYERS.replace("self.first", "self.dweights").replace("self.second", "self.dshift")
    decayed = named.replace(
        "learning_rate * self.dweights\n",
        "learning_rate * (self.dweights + 0.1 * self.weights)\n",
        1,
    )
    assert decayed != named
    assert verdict_on(decayed)["verdict"] == "right"
    assert (
        verdict_on(
            decayed.replace("-= learning_rate * self.dshift", "+= learning_rate * self.dshift")
        )["verdict"]
        != "right"
    )
