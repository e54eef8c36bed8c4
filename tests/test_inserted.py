"""Numbers that np.insert puts among others are followed to where they came from."""

from checked import verdict_on

INSERTED = """\
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
w1, b1, w2 = rng.normal(size=(3, 6)), rng.normal(size=6), rng.normal(size=(6, 2))
for _ in range(40):
    whole = np.insert(w1, 3, b1, axis=0)
    h = np.tanh(np.insert(x, 3, 1, axis=1) @ whole)
    d2 = np.insert((h @ w2 - t)[:, :1], 1, (h @ w2 - t)[:, 1], axis=1)
    d1 = d2 @ w2.T * (1 - h**2)
    w2 = w2 - 0.01 * h.T @ d2
    w1 = w1 - 0.01 * x.T @ d1
    b1 = b1 - 0.01 * d1.sum(axis=0)
"""


def test_numbers_that_are_inserted_into_others_are_followed() -> None:
    verdict = verdict_on(INSERTED)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert {row["name"] for row in verdict["parameters"]} == {"w1", "b1", "w2"}
    assert verdict_on(INSERTED.replace("(1 - h**2)", "(1 - h**3)"))["verdict"] == "wrong"
