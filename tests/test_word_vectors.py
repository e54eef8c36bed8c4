"""Word vectors by negative sampling, and other programs whose loss compares nothing with a target: judged by that loss."""

import pytest

from checked import NEVER_RIGHT, verdict_on

WORDS = """\
import numpy as np

rng = np.random.default_rng(3)
text = "the fox sees the dog and the dog sees the cat while the cat sleeps and the fox runs after the dog".split()
vocabulary = sorted(set(text))
ids = [vocabulary.index(word) for word in text]
pairs = [(i, j) for place, i in enumerate(ids) for j in ids[max(0, place - 2) : place + 3] if i != j]
V, D = len(vocabulary), 8
inner, outer = rng.normal(0, 0.3, (V, D)), rng.normal(0, 0.3, (V, D))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


for epoch in range(20):
    total = 0.0
    for k in rng.permutation(len(pairs)):
        center, context = pairs[k]
        others = rng.integers(0, V, 5)
        v, u, n = inner[center], outer[context], outer[others]
        p, q = sigmoid(v @ u), sigmoid(n @ v)
        total += -np.log(p + 1e-10) - np.sum(np.log(1 - q + 1e-10))
        dp, dq = p - 1, q
        dv = dp * u + dq @ n
        outer[context] -= 0.05 * dp * v
        np.subtract.at(outer, others, 0.05 * np.outer(dq, v))
        inner[center] -= 0.05 * dv
    print(total)
"""
CONTEXTS = """\
import numpy as np

rng = np.random.default_rng(2)
text = "the cat sat on the mat and the dog sat on the rug while the cat saw the dog and the mat".split()
vocabulary = sorted(set(text))
ids = np.array([vocabulary.index(word) for word in text])
V, D = len(vocabulary), 6
w1, w2 = 0.3 * rng.normal(size=(V, D)), 0.3 * rng.normal(size=(D, V))
for epoch in range(20):
    for k in range(2, len(ids) - 2):
        around = ids[[k - 2, k - 1, k + 1, k + 2]]
        h = w1[around].mean(axis=0)
        z = h @ w2
        p = np.exp(z - z.max())
        p /= p.sum()
        d = p.copy()
        d[ids[k]] -= 1
        back = w2 @ d
        w2 -= 0.1 * np.outer(h, d)
        np.subtract.at(w1, around, 0.1 * back / 4)
"""
CHOICES = """\
import numpy as np

rng = np.random.default_rng(5)
first, second = 0.3 * rng.normal(size=(12, 6)), 0.3 * rng.normal(size=(12, 6))
for step in range(300):
    i, j, k = rng.integers(0, 12, 3)
    p, q = 1 / (1 + np.exp(-first[i] @ second[j])), 1 / (1 + np.exp(-first[i] @ second[k]))
    print(-np.log(p) - np.log(1 - q))
    gp, gq = p - 1, q
    di = gp * second[j] + gq * second[k]
    dj, dk = gp * first[i], gq * first[i]
    first[i] -= 0.1 * di
    second[j] -= 0.1 * dj
    second[k] -= 0.1 * dk
"""
REWARDS = """\
import numpy as np

rng = np.random.default_rng(5)
w, u = 0.3 * rng.normal(size=(3, 5)), 0.3 * rng.normal(size=(5, 2))
for step in range(200):
    s = rng.normal(size=3)
    h = np.tanh(s @ w)
    z = h @ u
    p = np.exp(z) / np.exp(z).sum()
    a = rng.choice(2, p=p)
    r = float((s[0] > 0) == a) - 0.5
    print(-np.log(p[a]))
    g = p.copy(); g[a] -= 1; g *= r
    dw = np.outer(s, (u @ g) * (1 - h**2))
    u -= 0.1 * np.outer(h, g)
    w -= 0.1 * dw
"""
PLAYERS = """\
import numpy as np

rng = np.random.default_rng(5)
w, b = 0.5 * rng.normal(size=(2, 2)), np.zeros(2)
v1, v2 = 0.5 * rng.normal(size=(2, 6)), 0.5 * rng.normal(size=6)
for step in range(60):
    real, noise = rng.normal(3, 1, (16, 2)), rng.normal(size=(16, 2))
    fake = noise @ w + b
    a, f = np.tanh(real @ v1), np.tanh(fake @ v1)
    p, q = 1 / (1 + np.exp(-a @ v2)), 1 / (1 + np.exp(-f @ v2))
    print(-np.mean(np.log(p)) - np.mean(np.log(1 - q)))
    d, e = (p - 1) / 16, q / 16
    da, de = np.outer(d, v2) * (1 - a**2), np.outer(e, v2) * (1 - f**2)
    back = de @ v1.T
    v2 -= 0.1 * (a.T @ d + f.T @ e)
    v1 -= 0.1 * (real.T @ da + fake.T @ de)
    w += 0.1 * noise.T @ back
    b += 0.1 * back.sum(axis=0)
"""


@pytest.mark.parametrize("source", [WORDS, CONTEXTS, CHOICES])
def test_vectors_that_follow_their_loss_are_right(source: str) -> None:
    verdict = verdict_on(source)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert len(verdict["parameters"]) == 2


@pytest.mark.parametrize(
    ("source", "right", "wrong", "mistake"),
    [
        (WORDS, "dp * u + dq @ n", "dp * u - dq @ n", "wrong-operator"),
        (WORDS, "np.subtract.at(outer, others, 0.05 * np.outer(dq, v))",
         "outer[others] -= 0.05 * np.outer(dq, v)", "repeated-index"),
        (WORDS, "dv = dp * u +", "dv = dp * v +", "wrong-variable"),
        (CONTEXTS, "np.subtract.at(w1, around, 0.1 * back / 4)", "w1[around] -= 0.1 * back / 4", "repeated-index"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_with_its_line(
    source: str, right: str, wrong: str, mistake: str
) -> None:
    assert source.count(right) == 1
    verdict = verdict_on(source.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == (mistake, True)
    assert finding["line"] == source[: source.index(right)].count("\n") + 1
    line = source.splitlines()[finding["line"] - 1].strip()
    assert finding["fix"] is None or finding["fix"].strip() == line


@pytest.mark.parametrize(
    ("source", "right", "chosen"),
    [
        pytest.param(CHOICES, "p - 1, q", "p - 1, 0.5 * q", id="a term has a weight"),
        pytest.param(CHOICES, "p - 1, q", "p - 0.9, q - 0.1", id="labels are smoothed"),
        pytest.param(CHOICES, "    second[k] -= 0.1 * dk\n", "", id="one side alone learns"),
        pytest.param(
            CHOICES, "first[i] -= 0.1 * di", "first[i] -= 0.1 * (di + 0.01 * first[i])",
            id="one side has a penalty",
        ),
        pytest.param(CHOICES, "-np.log(p) - np.log(1 - q)", "np.log(p) + np.log(1 - q)", id="a likelihood is printed"),
        pytest.param(PLAYERS, "range(60)", "range(60)", id="one player climbs what the other descends"),
        pytest.param(REWARDS, "range(200)", "range(200)", id="rewards weigh likelihoods"),
        pytest.param(REWARDS, "; g *= r", "\n    g *= r", id="rewards on a line of their own"),
    ],
)  # fmt: skip
def test_what_may_be_meant_otherwise_is_never_wrong(source: str, right: str, chosen: str) -> None:
    assert right in source
    assert verdict_on(source.replace(right, chosen), NEVER_RIGHT)["verdict"] != "wrong"


def test_what_does_not_follow_a_loss_and_why_nobody_knows_is_said() -> None:
    verdict = verdict_on(WORDS.replace("dp * u + dq @ n", "dp * u"), NEVER_RIGHT)
    assert verdict["verdict"] == "undecided"
    line = WORDS[: WORDS.index("total +=")].count("\n") + 1
    assert f"updates of inner do not follow the loss that line {line} computes" in verdict["reason"]
