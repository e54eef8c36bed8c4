"""A program that is run again with another text is asked for as much as before, and no more."""

from checked import verdict_on

# What might be meant by another text is tried, each time in up to 20,000 passes.
LONG = """
import math, random

random.seed(5)
rate = 5

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

w0, w1, w2, w3 = (random.random() for _ in range(4))
for k in range(20000):
    x, t = k % 2, 1 - k % 2
    h = sigmoid(w0 * x + w1)
    y = sigmoid(w2 * h + w3)
    e = (t - y) * y * (1 - y) * rate
    back = h * (1 - h) * e * w2 * rate
    w0 = w0 + back * x
    w1 = w1 + back
    w2 = w2 + e * h
    w3 = w3 + e
"""


def test_what_is_run_again_ends_soon() -> None:
    verdict = verdict_on(LONG)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert {finding["mistake"] for finding in verdict["findings"]} == {"learning-rate-twice"}
