"""A layer whose units are written out one after the other, and whose errors come back in a loop."""

import pytest

from subtle_programs import changed, line_of, mistakes

from checked import verdict_on

UNITS = """\
import math

xs, ts = [[0.1, 0.2], [0.7, -0.4], [0.3, 0.9]], [0.2, 0.7, 0.4]
w, v, b, c = [0.4, -0.3, 0.5, 0.8], [0.6, -0.7], [0.1], [0.2, -0.1]

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

for epoch in range(200):
    for x, t in zip(xs, ts):
        h = [sigmoid(w[0] * x[0] + w[1] * x[1] + c[0]), sigmoid(w[2] * x[0] + w[3] * x[1] + c[1])]
        p = sigmoid(v[0] * h[0] + v[1] * h[1] + b[0])
        d = (p - t) * p * (1 - p)
        back = [d * v[k] * h[k] * (1 - h[k]) for k in range(2)]
        v = [v[k] - 0.5 * d * h[k] for k in range(2)]
        b = [b[0] - 0.5 * d]
        c = [c[k] - 0.5 * back[k] for k in range(2)]
        w = [w[k] - 0.5 * back[k // 2] * x[k % 2] for k in range(4)]
"""


def test_the_program_is_right_as_it_is() -> None:
    assert verdict_on(UNITS)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong", "mistake"),
    [
        (" * h[k] * (1 - h[k])", "", "missing-derivative"),
        ("d * v[k] * h", "(p - t) * v[k] * h", "raw-error-backpropagated"),
        ("d * v[k] * h", "d * v[0] * h", "wrong-index"),
    ],
)
def test_one_line_is_wrong_and_put_right_for_all_units(
    right: str, wrong: str, mistake: str
) -> None:
    """Which activation and which weight belong to an error of a loop is seen from the forward pass."""
    verdict = verdict_on(changed(UNITS, (right, wrong)))
    assert mistakes(verdict) == {(line_of(UNITS, "back ="), mistake)}
    assert all(one["proved"] for one in verdict["findings"])
    if mistake == "wrong-index":
        assert verdict["findings"][0]["fix"] == UNITS.splitlines()[line_of(UNITS, "back =") - 1]
