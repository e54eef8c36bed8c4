"""Programs that are subtly wrong and were once called right: each is wrong, or undecided where nothing proves it."""

import pytest

from checked import verdict_on

LISTS = """\
import math
import random

random.seed(3)
data = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
w1 = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
b1 = [random.uniform(-1, 1) for _ in range(3)]
w2 = [random.uniform(-1, 1) for _ in range(3)]
b2 = random.uniform(-1, 1)
rate = 0.5

def sigmoid(z):
    return 1.0 / (1.0 + math.exp(-z))

for epoch in range(100):
    for x, t in data:
        h = [sigmoid(sum(w * v for w, v in zip(w1[j], x)) + b1[j]) for j in range(3)]
        o = sigmoid(sum(w * v for w, v in zip(w2, h)) + b2)
        delta = (o - t) * o * (1 - o)
        back = [delta * w2[j] * h[j] * (1 - h[j]) for j in range(3)]
        for j in range(3):
            w2[j] -= rate * delta * h[j]
            for k in range(2):
                w1[j][k] -= rate * back[j] * x[k]
            b1[j] -= rate * back[j]
        b2 -= rate * delta
"""

ADAM = """\
import numpy as np

rng = np.random.default_rng(1)
x = rng.normal(size=(30, 4))
y = np.eye(3)[rng.integers(0, 3, 30)]
w1, b1 = 0.5 * rng.normal(size=(4, 6)), np.zeros(6)
w2, b2 = 0.5 * rng.normal(size=(6, 3)), np.zeros(3)
mw1, vw1, mb1, vb1, mw2, vw2, mb2, vb2 = 8 * [0.0]
rate, beta1, beta2, eps = 0.01, 0.9, 0.999, 1e-8
for t in range(1, 100):
    h = np.tanh(x @ w1 + b1)
    z = h @ w2 + b2
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    d2 = (p - y) / len(x)
    d1 = d2 @ w2.T * (1 - h**2)
    dw1, db1, dw2, db2 = x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)
    mw1, vw1 = beta1 * mw1 + (1 - beta1) * dw1, beta2 * vw1 + (1 - beta2) * dw1**2
    mb1, vb1 = beta1 * mb1 + (1 - beta1) * db1, beta2 * vb1 + (1 - beta2) * db1**2
    mw2, vw2 = beta1 * mw2 + (1 - beta1) * dw2, beta2 * vw2 + (1 - beta2) * dw2**2
    mb2, vb2 = beta1 * mb2 + (1 - beta1) * db2, beta2 * vb2 + (1 - beta2) * db2**2
    c1, c2 = 1 - beta1**t, 1 - beta2**t
    w1 = w1 - rate * (mw1 / c1) / (np.sqrt(vw1 / c2) + eps)
    b1 = b1 - rate * (mb1 / c1) / (np.sqrt(vb1 / c2) + eps)
    w2 = w2 - rate * (mw2 / c1) / (np.sqrt(vw2 / c2) + eps)
    b2 = b2 - rate * (mb2 / c1) / (np.sqrt(vb2 / c2) + eps)
"""

LAYERS = """\
import numpy as np

rng = np.random.default_rng(4)
X, Y = rng.normal(size=(16, 3)), rng.normal(size=(16, 2))

class Linear:
    def __init__(self, inputs, outputs):
        self.w = 0.5 * rng.normal(size=(inputs, outputs))
        self.b = np.zeros(outputs)
        self.dw, self.db = np.zeros((inputs, outputs)), np.zeros(outputs)

    def zero(self):
        self.dw = np.zeros_like(self.w)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, d):
        self.dw += self.x.T @ d
        self.db += d.sum(axis=0)
        return d @ self.w.T

    def step(self, rate):
        self.w -= rate * self.dw
        self.b -= rate * self.db

first, second = Linear(3, 5), Linear(5, 2)
for epoch in range(40):
    for s in range(0, 16, 4):
        first.zero()
        second.zero()
        h = np.tanh(first.forward(X[s:s + 4]))
        d = 2 * (second.forward(h) - Y[s:s + 4]) / 4
        first.backward(second.backward(d) * (1 - h**2))
        first.step(0.05)
        second.step(0.05)
"""


def changed(source: str, *edits: tuple[str, str]) -> str:
    for right, wrong in edits:
        assert source.count(right) == 1, right
        source = source.replace(right, wrong)
    return source


def mistakes(verdict: dict[str, object]) -> set[tuple[int, str]]:
    return {(one["line"], one["mistake"]) for one in verdict["findings"]}  # type: ignore[attr-defined]


def line_of(source: str, beginning: str) -> int:
    (line,) = (n for n, s in enumerate(source.splitlines(), 1) if s.strip().startswith(beginning))
    return line


@pytest.mark.parametrize("source", [LISTS, ADAM, LAYERS], ids=["lists", "adam", "layers"])
def test_the_programs_are_right_as_they_are(source: str) -> None:
    assert verdict_on(source)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("b2 -= rate * delta\n", "b2 -= rate * delta * x[0]\n"),
        ("back[j] * x[k]", "back[j] * x[0]"),
    ],
)
def test_a_factor_that_is_0_or_1_shows_in_the_passes_where_it_is_0(right: str, wrong: str) -> None:
    source = changed(LISTS, (right, wrong))
    assert verdict_on(source)["verdict"] == "wrong"


def test_a_step_that_shrinks_as_gradients_grow_is_no_optimizers() -> None:
    source = changed(ADAM, ("(np.sqrt(vw1 / c2) + eps)", "(vw1 / c2 + eps)"))
    assert verdict_on(source)["verdict"] != "right"


@pytest.mark.parametrize(
    ("edits", "beginnings"),
    [
        ([("        first.zero()\n        second.zero()\n", "")], ["self.dw +=", "self.db +="]),
        ([("        second.zero()\n", "")], ["self.dw +=", "self.db +="]),
        ([("        self.db = np.zeros_like(self.b)\n", "")], ["self.db +="]),
    ],
    ids=["never", "one layer", "biases"],
)
def test_gradients_that_are_never_set_back_to_0_are_found(
    edits: list[tuple[str, str]], beginnings: list[str]
) -> None:
    source = changed(LAYERS, *edits)
    verdict = verdict_on(source)
    assert mistakes(verdict) == {
        (line_of(source, beginning), "gradient-not-reset") for beginning in beginnings
    }
    assert all(one["proved"] for one in verdict["findings"])


DEEP = """\
import numpy as np

rng = np.random.default_rng(2)
sizes = [4, 6, 5, 3]
weights = [rng.normal(0, 0.5, (a, b)) for a, b in zip(sizes[:-1], sizes[1:])]
x, y = rng.normal(size=(25, 4)), rng.normal(size=(25, 3))

def train(rate):
    a = [x]
    for w in weights:
        a.append(np.tanh(a[-1] @ w))
    delta = [None] * len(weights)
    delta[-1] = (a[-1] - y) * (1 - a[-1] ** 2) / 25
    for i in range(len(weights) - 2, -1, -1):
        delta[i] = delta[i + 1] @ weights[i + 1].T * (1 - a[i + 1] ** 2)
    for i in range(len(weights)):
        weights[i] -= rate * a[i].T @ delta[i]

for epoch in range(100):
    train(0.1)
"""
FEATURES = """\
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(60, 3))
y = np.sin(x).sum(axis=1, keepdims=True)
w1, b1 = rng.normal(size=(3, 30)), rng.normal(size=30)
w2, b2 = rng.normal(size=(30, 1)), np.zeros(1)
for step in range(200):
    h = np.tanh(x @ w1 + b1)
    p = h @ w2 + b2
    d = 2 * (p - y) / len(x)
    w2 -= 0.05 * h.T @ d
    b2 -= 0.05 * d.sum(axis=0)
"""


@pytest.mark.parametrize(
    ("source", "right", "wrong", "lines"),
    [
        (DEEP, "in range(len(weights)):", "in range(1, len(weights)):", "for i in range(1"),
        (DEEP, "for i in range(len(weights) - 2, -1, -1):", "for i in range(len(weights) - 2, -1):",
         "for i in range(len(weights) - 2"),
        (LISTS, "for k in range(2):", "for k in range(1):", "for k in"),
        (LISTS, "for k in range(2):", "for k in range(2, 0):", "for k in"),
        (LISTS, "        for j in range(3):", "        for j in range(2):", "for j in"),
    ],
)  # fmt: skip
def test_layers_that_a_loop_leaves_out_are_found(
    source: str, right: str, wrong: str, lines: str
) -> None:
    if wrong == "for i in range(len(weights) - 2, -1):":  # what it leaves empty is not used either
        source = changed(source, ("in range(len(weights)):", "in [len(weights) - 1]:"))
    verdict = verdict_on(source := changed(source, (right, wrong)))
    assert {one["mistake"] for one in verdict["findings"]} == {"parameter-never-updated"}
    assert any(abs(one["line"] - line_of(source, lines)) <= 1 for one in verdict["findings"])


def test_a_layer_whose_gradient_is_computed_and_not_applied_is_found() -> None:
    source = changed(FEATURES, ("    w2 -=", "    dw1 = x.T @ (d @ w2.T * (1 - h**2))\n    w2 -="))
    assert {one["mistake"] for one in verdict_on(source)["findings"]} == {"parameter-never-updated"}


def test_random_features_are_right_and_said_to_be_untrained() -> None:
    verdict = verdict_on(FEATURES)
    assert (verdict["verdict"], verdict["findings"]) == ("right", [])
    assert {row["name"]: row["verdict"] for row in verdict["parameters"]} == {
        "w1": "never-updated", "w2": "right", "b2": "right",
    }  # fmt: skip


def test_a_random_layer_with_an_update_that_is_not_reached_is_undecided() -> None:
    update = "    if step < 0:\n        w1 -= 0.05 * x.T @ (d @ w2.T * (1 - h**2))\n    w2 -="
    assert verdict_on(changed(FEATURES, ("    w2 -=", update)))["verdict"] == "undecided"


INNOCENT_LAYERS = {
    "a trained correction of a random layer": (
        ("w2, b2 = rng", "u, v = np.zeros((3, 2)), rng.normal(size=(2, 30))\nw2, b2 = rng"),
        ("x @ w1 + b1", "x @ w1 + x @ u @ v"),
        ("    w2 -=", "    dz = d @ w2.T * (1 - h**2)\n    du, dv = x.T @ dz @ v.T, (x @ u).T @ dz\n    w2 -="),
        ("    b2 -=", "    u -= 0.05 * du\n    v -= 0.05 * dv\n    b2 -="),
    ),
    "two trained layers on random features": (
        ("w2, b2 = rng", "u = rng.normal(size=(30, 30)) * 0.1\nw2, b2 = rng"),
        ("    p = h @ w2", "    g = np.tanh(h @ u)\n    p = g @ w2"),
        ("    w2 -= 0.05 * h.T @ d", "    dz = d @ w2.T * (1 - g**2)\n    dh = dz @ u.T\n    w2 -= 0.05 * g.T @ d\n    u -= 0.05 * h.T @ dz"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", INNOCENT_LAYERS)
def test_layers_that_are_meant_to_stay_are_no_mistake(what: str) -> None:
    verdict = verdict_on(changed(FEATURES, *INNOCENT_LAYERS[what]))
    assert (verdict["verdict"], verdict["findings"]) == ("right", [])


SAMPLED = """\
import numpy as np

rng = np.random.default_rng(1)
X, Y = rng.normal(size=(50, 4)), rng.integers(0, 3, 50)
w, b = 0.3 * rng.normal(size=(4, 3)), np.zeros(3)
for step in range(200):
    i = rng.choice(50)
    x, label = X[i], Y[i]
    z = x @ w + b
    p = np.exp(z) / np.exp(z).sum()
    t = np.zeros(3)
    t[label] = 1
    d = p - t
    w -= 0.1 * np.outer(x, d)
    b -= 0.1 * d
"""


def test_a_sample_that_is_drawn_is_right() -> None:
    assert verdict_on(SAMPLED)["verdict"] == "right"


@pytest.mark.parametrize(
    "drawing",
    [
        "label = rng.choice(3, p=p)",
        "label = 0 if rng.uniform() < p[0] else 1",
        "u = rng.uniform(); label = int(np.searchsorted(np.cumsum(p), u))",
    ],
)
def test_targets_that_are_drawn_from_predictions_are_no_targets(drawing: str) -> None:
    source = changed(SAMPLED, ("    t = np.zeros(3)\n", f"    {drawing}\n    t = np.zeros(3)\n"))
    verdict = verdict_on(source)
    assert verdict["verdict"] == "undecided"
    assert "drawn" in verdict["reason"]


def test_predictions_and_targets_that_are_compared_crosswise_are_not_right() -> None:
    verdict = verdict_on("""
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(20, 3))
y = x @ np.array([1.0, -2.0, 0.5])
w, b = rng.normal(size=(3, 1)), np.zeros(1)
for step in range(100):
    error = x @ w + b - y
    w -= 0.1 * x.T @ error.mean(axis=1, keepdims=True) / 20
    b -= 0.1 * error.mean()
""")
    assert verdict["verdict"] == "undecided"
    assert "(20, 1) and (20,) are broadcast to (20, 20)" in verdict["reason"]


def test_padding_and_entries_put_along_an_axis_are_followed() -> None:
    verdict = verdict_on("""
import numpy as np
rng = np.random.default_rng(0)
x, t = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))
w, v = rng.normal(size=(4, 4)), rng.normal(size=(4, 3))
for step in range(60):
    a = np.tanh(x @ w) + 1.5
    m = a.reshape(6, 2, 2)
    first = np.zeros_like(m)
    np.put_along_axis(first, m.argmax(axis=2)[:, :, None], 1, axis=2)
    p = np.pad(m.max(axis=2), ((0, 0), (1, 1)))
    d = (p @ v - t) / 6
    dm = (d @ v.T)[:, 1:-1]
    da = (first * dm[:, :, None]).reshape(6, 4)
    v -= 0.05 * p.T @ d
    w -= 0.05 * x.T @ (da * (1 - (a - 1.5) ** 2))
""")
    assert verdict["verdict"] == "right"


NEURONS = """\
import math
import random

random.seed(5)
rows = [(-0.4, 0.9, 1.0), (0.7, -0.6, 0.0), (1.1, 0.8, 0.0), (-0.9, -0.3, 1.0)]
a1, a2, c1, c2, u1, u2, b1, b2, b3 = (random.gauss(0, 1) for _ in range(9))

def act(z):
    return 1 / (1 + math.exp(-z))

def slope(z):
    return act(z) * (1 - act(z))

for epoch in range(100):
    for x, y, t in rows:
        s1 = a1 * x + a2 * y + b1
        h1 = act(s1)
        s2 = c1 * x + c2 * y + b2
        h2 = act(s2)
        so = u1 * h1 + u2 * h2 + b3
        do = -2 * (t - act(so))
        dh1 = u1 * slope(so)
        dh2 = u2 * slope(so)
        a1 -= 0.1 * do * dh1 * x * slope(s1)
        a2 -= 0.1 * do * dh1 * y * slope(s1)
        b1 -= 0.1 * do * dh1 * slope(s1)
        c1 -= 0.1 * do * dh2 * x * slope(s2)
        c2 -= 0.1 * do * dh2 * y * slope(s2)
        b2 -= 0.1 * do * dh2 * slope(s2)
        u1 -= 0.1 * do * h1 * slope(so)
        u2 -= 0.1 * do * h2 * slope(so)
        b3 -= 0.1 * do * slope(so)
"""


def test_one_mistake_in_two_copied_lines_is_found_in_both_within_seconds() -> None:
    source = changed(NEURONS, ("dh1 = u1 *", "dh1 = u1 +"), ("dh2 = u2 *", "dh2 = u2 +"))
    verdict = verdict_on(source, seconds=15.0)
    assert mistakes(verdict) == {
        (line_of(source, beginning), "wrong-operator") for beginning in ("dh1 =", "dh2 =")
    }
    assert all(one["proved"] for one in verdict["findings"])


FACTORS = """\
import numpy as np

rng = np.random.default_rng(0)
ratings = np.array([[5, 3, 0, 1], [4, 0, 0, 1], [1, 1, 0, 5], [0, 1, 5, 4.0]])
users, items = rng.random((4, 2)), rng.random((2, 4))
rate, decay = 0.002, 0.02
for step in range(300):
    for i in range(4):
        for j in range(4):
            if ratings[i][j] > 0:
                e = ratings[i][j] - np.dot(users[i, :], items[:, j])
                for k in range(2):
                    user = users[i][k]
                    users[i][k] = user + rate * (2 * e * items[k][j] - decay * user)
                    items[k][j] = items[k][j] + rate * (2 * e * user - decay * items[k][j])
"""
ROWS = """\
import numpy as np

rng = np.random.default_rng(0)
data = [(rng.integers(6), rng.integers(5), float(r)) for r in rng.integers(1, 6, 20)]
users, items = rng.random((6, 3)), rng.random((5, 3))
of_user, of_item, mean = np.zeros(6), np.zeros(5), 3.0
rate, decay = 0.01, 0.05
for epoch in range(50):
    for u, i, r in data:
        e = r - (mean + of_user[u] + of_item[i] + users[u] @ items[i])
        of_user[u] += rate * (e - decay * of_user[u])
        of_item[i] += rate * (e - decay * of_item[i])
        user = users[u].copy()
        users[u] += rate * (e * items[i] - decay * users[u])
        items[i] += rate * (e * user - decay * items[i])
"""


@pytest.mark.parametrize("source", [FACTORS, ROWS], ids=["entries", "rows"])
def test_vectors_of_a_table_that_decay_where_they_are_looked_up_are_right(source: str) -> None:
    assert verdict_on(source)["verdict"] == "right"


@pytest.mark.parametrize(
    ("source", "edits", "early"),
    [
        (
            FACTORS,
            [
                ("                    user = users[i][k]\n", ""),
                ("= user + rate", "= users[i][k] + rate"),
                ("- decay * user)", "- decay * users[i][k])"),
                ("(2 * e * user -", "(2 * e * users[i][k] -"),
            ],
            "users[i][k] =",
        ),
        (ROWS, [("(e * user -", "(e * users[u] -")], "users[u] +="),
    ],
    ids=["entries", "rows"],
)
def test_vectors_of_a_table_that_are_used_after_their_update_are_found(
    source: str, edits: list[tuple[str, str]], early: str
) -> None:
    verdict = verdict_on(source := changed(source, *edits))
    assert mistakes(verdict) == {(line_of(source, early), "updated-weights")}


MINIMUM_FIRST = """\
import numpy as np

rng = np.random.default_rng(0)
theta, goal = 5.0, 3.0
for step in range(900):
    theta -= 0.01 * 2 * (theta * theta - goal) * theta

x, t = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
w, b = rng.normal(size=(3, 2)), np.zeros(2)
for step in range(200):
    p = np.tanh(x @ w + b)
    d = (p - t) / 30 * (1 - p**2)
    w -= 0.1 * x.T @ d
    b -= 0.1 * d.sum(axis=0)
"""


def test_what_is_trained_after_something_without_data_is_judged() -> None:
    assert verdict_on(MINIMUM_FIRST)["verdict"] == "right"
    wrong = changed(MINIMUM_FIRST, ("w -= 0.1 * x.T @ d\n", "w += 0.1 * x.T @ d\n"))
    assert verdict_on(wrong)["verdict"] != "right"


def test_a_bias_with_the_sum_of_prediction_and_target_is_not_left_out_behind_a_memory() -> None:
    source = """
import numpy as np
rng = np.random.default_rng(2)
x = rng.uniform(-1, 1, (30, 3))
y = np.sin(x.sum(axis=1, keepdims=True))
w1, b1, w2, b2 = rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 1)), np.zeros(1)
params, squares = [w1, b1, w2, b2], [0.0, 0.0, 0.0, 0.0]
for step in range(100):
    h = np.tanh(x @ w1 + b1)
    p = h @ w2 + b2
    d2 = (p - y) / 30
    d1 = d2 @ w2.T * (1 - h**2)
    db2 = ((p + y) / 30).sum(axis=0)
    for k, g in enumerate([x.T @ d1, d1.sum(axis=0), h.T @ d2, db2]):
        squares[k] = 0.9 * squares[k] + 0.1 * g**2
        params[k] -= 0.005 * g / np.sqrt(squares[k] + 1e-8)
"""
    assert verdict_on(source, seconds=20.0)["verdict"] != "right"
    assert verdict_on(source.replace("(p + y)", "(p - y)"))["verdict"] == "right"


def test_a_name_that_means_a_letter_and_a_random_bias_is_no_drawing() -> None:
    source = changed(
        SAMPLED,
        ("w, b =", "names = {c: k for k, c in enumerate('xyz')}\nclasses = [names['xyz'[k]] for k in Y]\nw, b ="),
        ("np.zeros(3)\nfor", "np.zeros(3)\nc = 0.1 * rng.normal(size=3)\nfor"),
        ("x @ w + b", "x @ w + b + c"),
        ("label = X[i], Y[i]", "label = X[i], classes[i]"),
    )  # fmt: skip
    assert verdict_on(source + "    c -= 0.1 * d\n")["verdict"] == "right"
