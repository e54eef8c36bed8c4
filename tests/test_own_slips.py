"""One token in another's place beside a loss that a program computes itself: told at its line, if nobody means it."""

import pytest

from checked import NEVER_RIGHT, verdict_on

TRIPLETS = """\
import numpy as np

rng = np.random.default_rng(19)
w1, w2 = rng.normal(size=(4, 3)) / 2, rng.normal(size=(2, 4)) / 2

def embed(x):
    h = np.tanh(w1 @ x)
    return w2 @ h, (x, h)

def back(cache, d, g1, g2):
    x, h = cache
    g2 += np.outer(d, h)
    g1 += np.outer(w2.T @ d * (1 - h * h), x)

for step in range(12):
    same, other = rng.choice(3, 2, replace=False)
    a, p, n = (2 * np.eye(3)[k] + 0.4 * rng.normal(size=3) for k in (same, same, other))
    (fa, ca), (fp, cp), (fn, cn) = embed(a), embed(p), embed(n)
    loss = max(0.0, np.sum((fa - fp) ** 2) - np.sum((fa - fn) ** 2) + 9)
    g1, g2 = np.zeros_like(w1), np.zeros_like(w2)
    back(ca, 2 * (fn - fp), g1, g2)
    back(cp, 2 * (fp - fa), g1, g2)
    back(cn, 2 * (fa - fn), g1, g2)
    w1 -= 0.01 * g1
    w2 -= 0.01 * g2
    print(step, loss)
"""
TOGETHER = TRIPLETS.replace(
    "w1 -= 0.01 * g1\n    w2 -= 0.01 * g2",
    "for w, g in ((w1, g1), (w2, g2)):\n        w -= 0.01 * g",
)
CLASSES = """\
import numpy as np

class Dense:
    def __init__(self, n, m, rng):
        self.w, self.b = rng.normal(size=(n, m)), np.zeros(m)
    def __call__(self, x):
        self.x = x
        return x @ self.w + self.b
    def back(self, d):
        self.dw, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.w.T
    def parts(self):
        return [(self.w, self.dw), (self.b, self.db)]

rng = np.random.default_rng(27)
first, last = Dense(3, 3, rng), Dense(3, 3, rng)
x, y, rows = rng.normal(size=(14, 3)), rng.integers(0, 3, 14), np.arange(14)
for step in range(15):
    a = np.tanh(first(x))
    z = last(a)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = -logp[rows, y].mean()
    d = np.exp(logp)
    d[rows, y] -= 1
    first.back(last.back(d / len(x)) * (1 - a**2))
    for p, g in first.parts() + last.parts():
        p -= 0.5 * g
    print(step, loss)
"""
TASKS = """\
import numpy as np

rng = np.random.default_rng(2)
x = rng.normal(size=(16, 3))
y, c = x[:, 0] - x[:, 1], (x[:, 2] > 0.1).astype(float)
w, b = rng.normal(size=(3, 5)) / 2, np.zeros(5)
u, v = rng.normal(size=5), rng.normal(size=5)
bu, bv = np.zeros(1), np.zeros(1)
for step in range(20):
    h = np.tanh(x @ w + b)
    guess, prob = h @ u + bu, 1 / (1 + np.exp(-(h @ v + bv)))
    loss = 0.5 * np.mean((guess - y) ** 2)
    loss -= 0.7 * np.mean(c * np.log(prob) + (1 - c) * np.log(1 - prob))
    dguess = (guess - y) / len(x)
    dprob = 0.7 * (prob - c) / len(x)
    dh = np.outer(dguess, u) + np.outer(dprob, v)
    dz = dh * (1 - h**2)
    u -= 0.2 * h.T @ dguess
    bu -= 0.2 * dguess.sum()
    v -= 0.2 * h.T @ dprob
    bv -= 0.2 * dprob.sum()
    w -= 0.2 * x.T @ dz
    b -= 0.2 * dz.sum(axis=0)
    print(step, loss)
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (TRIPLETS, "2 * (fp - fa)", "2 * (fp + fa)"),
        (TASKS, "u -= 0.2 * h.T @ dguess", "u += 0.2 * h.T @ dguess"),
        (TASKS, "b -= 0.2 * dz.sum", "b += 0.2 * dz.sum"),
        (TASKS, "x.T @ dz", "x.T @ dh"),
        (TOGETHER, "w -= 0.01 * g", "w += 0.01 * g"),
        (CLASSES, "d[rows, y] -= 1", "d[rows, y] += 1"),
    ],
)
def test_one_token_that_keeps_updates_from_a_loss_that_is_computed_is_told(
    code: str, right: str, wrong: str
) -> None:
    verdict = verdict_on(code.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["line"] == code[: code.index(right)].count("\n") + 1
    assert finding["proved"]


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (TASKS, "np.outer(dguess, u) + np.outer", "np.outer(dguess, u) - np.outer"),  # adversarial
        (TASKS, "dguess = (guess - y)", "dguess = 0.5 * (guess - y)"),  # weighted
        (TOGETHER.replace("loss", "score"), "w -= 0.01 * g", "w += 0.01 * g"),  # climbed on purpose
    ],
)
def test_what_may_be_meant_beside_a_loss_that_is_computed_is_not_called_wrong(
    code: str, right: str, wrong: str
) -> None:
    assert right in code
    assert verdict_on(code.replace(right, wrong), NEVER_RIGHT)["verdict"] != "wrong"


SPLIT = TRIPLETS.replace(
    "    print(step, loss)\n",
    "    (ga, _), (gp, _) = embed(rng.normal(size=3)), embed(rng.normal(size=3))\n"
    "    print(step, np.sum((ga - gp) ** 2))\n",
)


def test_a_loss_of_other_data_than_the_updates_is_no_proof() -> None:
    assert verdict_on(SPLIT, NEVER_RIGHT)["verdict"] != "wrong"
