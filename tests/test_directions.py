"""The direction that a report says a parameter goes."""

from checked import verdict_on

BATCHES = """
import numpy as np
rng = np.random.default_rng(1)
x = rng.normal(size=(40, 2)); t = (x @ np.array([[1.0], [-2.0]]) > 0) * 1.0
w, b = rng.normal(size=(2, 1)), np.zeros((1, 1))
for _ in range(30):
    for k in range(0, 40, 15):
        xb, tb = x[k:k+15], t[k:k+15]
        d = (1 / (1 + np.exp(-(xb @ w + b))) - tb) / len(xb)
        w -= 0.1 * (xb.T @ d + 0.01 * w)
        b -= 0.1 * d.sum(axis=0, keepdims=True)
"""


def test_what_goes_straight_at_changing_rates_goes_straight() -> None:
    """A last batch that is smaller has another rate: of all passes together the directions differ."""
    verdict = verdict_on(BATCHES)
    assert verdict["verdict"] == "right"
    assert [row["cosine"] for row in verdict["parameters"]] == [1.0, 1.0]
