"""Errors that nothing asks for: of another class, of the other sign, or turned by what is no derivative."""

import pytest

from checked import verdict_on

LETTERS = """\
import numpy as np

rng = np.random.default_rng(3)
text = [rng.integers(0, 5) for _ in range(200)]
wx, wh, wy = (0.3 * rng.normal(size=s) for s in ((4, 5), (4, 4), (5, 4)))
h0 = np.zeros((4, 1))
for start in range(0, 180, 4):
    now, then = text[start:start + 4], text[start + 1:start + 5]
    x, h, p, loss = {}, {-1: h0}, {}, 0.0
    for t in range(4):
        x[t] = np.zeros((5, 1))
        x[t][now[t]] = 1
        h[t] = np.tanh(wx @ x[t] + wh @ h[t - 1])
        y = wy @ h[t]
        p[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(p[t][then[t], 0])
    dx, dh, dy, back = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(wy), np.zeros((4, 1))
    for t in reversed(range(4)):
        error = np.copy(p[t])
        error[then[t]] -= 1
        dy += error @ h[t].T
        delta = (wy.T @ error + back) * (1 - h[t] ** 2)
        dx += delta @ x[t].T
        dh += delta @ h[t - 1].T
        back = wh.T @ delta
    wx -= 0.1 * dx
    wh -= 0.1 * dh
    wy -= 0.1 * dy
    h0 = h[3]
    print(loss)
"""


def test_errors_of_another_class_than_the_loss_is_of_are_not_right() -> None:
    assert verdict_on(LETTERS)["verdict"] == "right"
    verdict = verdict_on(LETTERS.replace("error[then[t]] -= 1", "error[now[t]] -= 1"))
    assert verdict["verdict"] == "undecided"
    assert "than the loss does that line 16 computes" in verdict["reason"]


NUMBERS = """\
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def slope(z):
    return sigmoid(z) * (1 - sigmoid(z))

rng = np.random.default_rng(0)
a, b, c, d, u, v, p, q, r = rng.normal(size=9)
for epoch in range(400):
    for (x, y), t in [((-3, -2), 1), ((24, 5), 0), ((16, 3), 0), ((-14, -5), 1)]:
        s1 = a * x + b * y + p
        h1 = sigmoid(s1)
        s2 = c * x + d * y + q
        h2 = sigmoid(s2)
        s3 = u * h1 + v * h2 + r
        o = sigmoid(s3)
        e = -2 * (t - o)
        g3 = slope(s3)
        a -= 0.1 * e * u * slope(s3) * x * slope(s1)
        b -= 0.1 * e * u * slope(s3) * y * slope(s1)
        p -= 0.1 * e * u * slope(s3) * slope(s1)
        c -= 0.1 * e * v * slope(s3) * x * slope(s2)
        d -= 0.1 * e * v * slope(s3) * y * slope(s2)
        q -= 0.1 * e * v * slope(s3) * slope(s2)
        u -= 0.1 * e * h1 * slope(s3)
        v -= 0.1 * e * h2 * slope(s3)
        r -= 0.1 * e * g3
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("e = -2 * (t - o)", "e = 2 * (t - o)", 19),  # exp(-z) is huge here
        ("r -= 0.1 * e * g3", "r -= 0.1 * g3", 29),
    ],
)
def test_networks_of_nine_numbers(right: str, wrong: str, line: int) -> None:
    verdict = verdict_on(NUMBERS.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["proved"]) == (line, True)


SQUASHED = """\
import numpy as np

rng = np.random.default_rng(5)
w, v = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
for k in range(60):
    x, t = rng.normal(size=(3, 1)), rng.uniform(size=(2, 1))
    h = np.tanh(w @ x)
    z = v @ h
    o = 1 / (1 + np.exp(-z))
    delta = (t - o) * o * (1 - o)
    back = (v.T @ delta) * (1 - h * h)
    v += 0.5 * delta @ h.T
    w += 0.5 * back @ x.T
"""


def test_no_loss_sends_predictions_away_from_their_targets() -> None:
    assert verdict_on(SQUASHED)["verdict"] == "right"
    (finding,) = verdict_on(SQUASHED.replace("o * (1 - o)", "z * (1 - z)"))["findings"]
    assert (finding["line"], finding["mistake"]) == (10, "derivative-at-activation")
    # A factor of one sign may be that of another loss.
    assert verdict_on(SQUASHED.replace("o * (1 - o)", "o * (1 + o)"))["verdict"] != "right"
