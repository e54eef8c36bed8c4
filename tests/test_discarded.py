"""A training loop that throws its updates away is found; what only shows a step is not."""

import pytest

from checked import verdict_on
from network_variants import Variant, variants

MISSING = [variant for variant in variants() if variant.mistake == "update-missing"]


@pytest.mark.parametrize("variant", MISSING, ids=lambda v: v.base)
def test_updates_that_go_nowhere_are_found_at_their_line(variant: Variant) -> None:
    verdict = verdict_on(variant.source)
    assert verdict["verdict"] == "wrong"
    assert [finding["mistake"] for finding in verdict["findings"]] == ["update-missing"]
    assert verdict["findings"][0]["line"] in variant.lines


NEURON = """import numpy as np
x, y, w = np.array([[0.5, -0.2], [0.1, 0.9]]), np.array([0.3, 0.8]), np.array([0.4, 0.7])
def gradient():
    return x.T @ (x @ w - y)
"""


@pytest.mark.parametrize(
    "shown",
    [
        "print(w - 0.1 * gradient())",
        "for rate in (0.1, 0.2, 0.3):\n    v = w - rate * gradient()\n    print(np.sum((x @ v - y) ** 2))",
    ],
)
def test_a_step_that_is_looked_at_is_no_missing_update(shown: str) -> None:
    assert verdict_on(NEURON + shown)["verdict"] != "wrong"


def test_one_parameter_whose_new_value_goes_nowhere_is_never_updated() -> None:
    verdict = verdict_on("""import numpy as np
rng = np.random.default_rng(3)
X, Y = rng.normal(size=(12, 3)), rng.uniform(size=(12, 2))
W, V, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 2)), rng.normal(size=4)
for epoch in range(30):
    A = np.tanh(X @ W + b)
    D = A @ V - Y
    dZ = D @ V.T * (1 - A**2)
    V -= 0.01 * A.T @ D
    W -= 0.01 * X.T @ dZ
    new_b = b - 0.01 * dZ.sum(axis=0)
""")
    assert verdict["verdict"] == "wrong"
    assert [(f["mistake"], f["line"]) for f in verdict["findings"]] == [
        ("parameter-never-updated", 11)
    ]


TABLE = """
import numpy as np
rng = np.random.default_rng(4)
X, Y = rng.normal(size=(12, 3)), rng.uniform(size=(12, 2))

class Layer:
    def __init__(self, W):
        self.W = W

    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, d):
        self.dW = self.x.T @ d
        return d @ self.W.T

params = {"W1": rng.normal(size=(3, 4)), "W2": rng.normal(size=(4, 2))}
layers = {"W1": Layer(params["W1"]), "W2": Layer(params["W2"])}
for epoch in range(30):
    a = np.tanh(layers["W1"].forward(X))
    error = layers["W2"].forward(a) - Y
    layers["W1"].backward(layers["W2"].backward(error) * (1 - a**2))
    for key in params:
        params[key] -= 0.01 * layers[key].dW
"""


def test_a_table_that_gets_new_arrays_while_layers_keep_the_old_ones_trains_nothing() -> None:
    assert verdict_on(TABLE)["verdict"] == "right"
    verdict = verdict_on(TABLE.replace("params[key] -= ", "params[key] = params[key] - "))
    assert verdict["verdict"] == "wrong"
    assert [(f["mistake"], f["line"]) for f in verdict["findings"]] == [("update-missing", 25)]


def test_a_sum_of_steps_that_is_used_in_the_end_is_no_missing_update() -> None:
    """One pass over all samples, each with the first weights, is the gradient of a batch."""
    verdict = verdict_on(
        NEURON
        + """
v = w
for n in range(5):
    v = v - 0.1 * gradient()
print(np.sum((x @ v - y) ** 2))
"""
    )
    assert verdict["verdict"] != "wrong"
