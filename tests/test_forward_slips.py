"""One token of the forward pass in another's place is told where it stands, and not in the way back that is right."""

import pytest

from checked import NEVER_RIGHT, verdict_on

CLASSES = """\
import numpy as np

rng = np.random.default_rng(3)
x, y = rng.normal(size=(12, 3)), np.eye(3)[rng.integers(0, 3, 12)]
w, b, u, c = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 3)), np.zeros(3)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


for epoch in range(40):
    a = np.tanh(x @ w + b)
    p = softmax(a @ u + c)
    d = (p - y) / len(x)
    g = d @ u.T * (1 - a * a)
    w -= 0.2 * x.T @ g
    b -= 0.2 * g.sum(axis=0)
    u -= 0.2 * a.T @ d
    c -= 0.2 * d.sum(axis=0)
"""

GATED = """\
import numpy as np

rng = np.random.default_rng(5)
data, goals = rng.normal(size=(9, 4, 2)), rng.normal(size=9)
w, u, v = rng.normal(size=(3, 2)), rng.normal(size=(3, 3)) / 2, rng.normal(size=(3, 2))
o, bias = rng.normal(size=3), 0.1


def gate(z):
    return 1 / (1 + np.exp(-z))


def forward(xs):
    h, kept = np.zeros(3), []
    for x in xs:
        s = gate(v @ x)
        n = np.tanh(w @ x + u @ h)
        kept.append((x, h, s, n))
        h = (1 - s) * h + s * n
    return kept, h


for epoch in range(6):
    for xs, goal in zip(data, goals):
        kept, h = forward(xs)
        error = o @ h + bias - goal
        dw, du, dv, dh = np.zeros_like(w), np.zeros_like(u), np.zeros_like(v), error * o
        for x, before, s, n in reversed(kept):
            dn = dh * s * (1 - n * n)
            ds = dh * (n - before) * s * (1 - s)
            dw += np.outer(dn, x)
            du += np.outer(dn, before)
            dv += np.outer(ds, x)
            dh = dh * (1 - s) + u.T @ dn
        o = o - 0.05 * error * h
        bias = bias - 0.05 * error
        w = w - 0.05 * dw
        u = u - 0.05 * du
        v = v - 0.05 * dv
"""


@pytest.mark.parametrize("code", [CLASSES, GATED], ids=["classes", "gated"])
def test_these_networks_are_right(code: str) -> None:
    assert verdict_on(code)["verdict"] == "right"


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (CLASSES, "e / e.sum", "e * e.sum"),
        (CLASSES, "e / e.sum", "e + e.sum"),
        (CLASSES, "e / e.sum", "e / e.mean"),
    ],
)
def test_a_token_of_the_forward_pass_is_told_at_its_line(code: str, right: str, wrong: str) -> None:
    assert code.count(right) == 1
    verdict = verdict_on(code.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["line"] == code[: code.index(right)].count("\n") + 1
    assert finding["proved"]


# z = e s with s the sum of all e: dL/de = dL/dz s + the sum of dL/dz e.
SCALED = (
    CLASSES.replace("e / e.sum", "e * e.sum")
    .replace("p - y) / len(x)", "p - y) * 0.01")
    .replace("z - z.max(axis=1, keepdims=True)", "z")
    .replace("    g = d", "    e = np.exp(a @ u + c)\n"
             "    d = e * (d * e.sum(axis=1, keepdims=True) + np.sum(d * e, axis=1, keepdims=True))\n"
             "    g = d")
    .replace("0.2", "0.001")
)  # fmt: skip
COUNTS = CLASSES.replace(
    "    e = np.exp(z - z.max(axis=1, keepdims=True))\n    return e / e.sum(axis=1, keepdims=True)",
    "    return np.exp(z)",
)


def test_a_product_with_an_own_sum_is_right_with_its_own_gradient() -> None:
    assert verdict_on(SCALED)["verdict"] == "right"


@pytest.mark.parametrize(
    "code",
    [
        COUNTS,  # Poisson's loss has p - t with p = exp(z)
        GATED.replace(" + u.T @ dn", ""),  # what a step keeps may be held fast
        GATED.replace("            dh = dh * (1 - s) + u.T @ dn", "            break"),
    ],
    ids=["counts", "held", "last-step"],
)
def test_what_may_be_meant_is_not_laid_on_the_forward_pass(code: str) -> None:
    verdict = verdict_on(code, NEVER_RIGHT)
    lines = {finding["line"] for finding in verdict["findings"]}
    forward = range(1, code[: code.index("for epoch")].count("\n") + 1)
    assert lines.isdisjoint(forward), verdict["findings"]
