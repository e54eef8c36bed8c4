"""Explanations that the tests of every format render: all shapes that a document can have."""

from functools import cache

import numpy as np

from chainrule import Adam, Dense, Explanation, Network, explain, explain_problem, read_problem
from chainrule.textbook import example_names

# A title may hold anything, and must be shown as it is.
HOSTILE = (
    """<script>alert(1)</script> & "quotes" \\input{x} $a_1^2$ #set [x](y) `z` | 100 % ~ é 網"""
)


@cache
def explanations() -> dict[str, Explanation]:
    found = {name: explain_problem(read_problem(name)) for name in example_names()}
    numeric = read_problem("numeric-example")
    found["story"] = explain_problem(numeric, value="w1[2,1]")
    found["story of an output"] = explain_problem(read_problem("mazur"), value="a1[1]")
    found["by hand"] = explain_problem(read_problem("han-kamber"), round_each_step=(3, 4))
    found["one sample of a batch"] = explain_problem(read_problem("goodfellow-xor"), sample=2)
    rng = np.random.default_rng(0)
    network = Network.random([4, 20, 3], ["gelu", "softmax"], seed=0)
    found["classes"] = explain(
        network, rng.normal(size=(30, 4)).round(2), np.eye(3)[rng.integers(0, 3, 30)],
        loss="cross-entropy", optimizer=Adam(0.01),
    )  # fmt: skip
    for name in ("relu", "leaky-relu", "elu", "silu", "softplus", "tanh", "identity"):
        layers = [
            Dense(rng.normal(size=(2, 2)).round(2), [1e-12, -2.0], activation=name, bias_sign="-"),
            Dense(rng.normal(size=(2, 2)).round(2), [0.5], activation="sigmoid", share_bias=True),
        ]
        found[name] = explain(
            Network(*layers), [0.5, -1.0], [0.0, 1.0], loss="huber", optimizer=Adam(0.01)
        )
    found["batch"] = explain(
        Network(*layers), [[0.5, -1.0], [2.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]],
        loss="binary-cross-entropy", reduction="sum",
    )  # fmt: skip
    large = Network.random([784, 30, 10], ["relu", "softmax"], seed=0)
    found["large"] = explain(large, rng.random(784), np.eye(10)[3], loss="cross-entropy")
    return found
