"""Programs that are subtly wrong and were once called right: each is wrong, or undecided where nothing proves it."""

import pytest

from subtle_programs import ADAM, LAYERS, LISTS, changed, line_of, mistakes

from checked import NEVER_RIGHT, verdict_on


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
    assert verdict_on(source, NEVER_RIGHT)["verdict"] != "right"


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


UNCORRECTED = ("rate * (mb1 / c1) / (np.sqrt(vb1 / c2) + eps)", "rate * mb1 / (np.sqrt(vb1) + eps)")


@pytest.mark.parametrize(
    "edit",
    [
        UNCORRECTED,
        ("beta2 * vw1 + (1 - beta2) * dw1**2", "beta1 * vw1 + (1 - beta1) * dw1**2"),
        ("vw1 + (1 - beta2)", "vw1 + (1 - beta1)"),
        ("np.sqrt(vw2 / c2)", "np.sqrt(vw2 / c1)"),
    ],
    ids=["no correction", "another decay", "another part", "another correction"],
)
def test_parameters_that_adam_moves_otherwise_are_not_called_right(edit: tuple[str, str]) -> None:
    verdict = verdict_on(changed(ADAM, edit))
    assert verdict["verdict"] == "undecided"
    assert verdict["reason"].startswith("to the same gradients")


@pytest.mark.parametrize(
    "edit",
    [
        ("w1 = w1 - rate * (mw1", "w1 = w1 - 0.003 * (mw1"),
        ("beta2 * vb1 + (1 - beta2) * db1**2", "0.99 * vb1 + 0.01 * db1**2"),
    ],
    ids=["its own rate", "its own decay"],
)
def test_numbers_of_a_parameters_own_may_move_it_otherwise(edit: tuple[str, str]) -> None:
    assert verdict_on(changed(ADAM, edit))["verdict"] == "right"


TWICE_COMPUTED = """\
import numpy as np

rng = np.random.default_rng(1)
x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
w1, b1, w2, b2 = rng.normal(size=(3, 5)), np.zeros(5), rng.normal(size=(5, 2)), np.zeros(2)
for k in range(40):
    h = np.tanh(x @ w1 + b1)
    d2 = (h @ w2 + b2 - y) / len(x)
    d1 = (h @ w2 + b2 - y) / len(x) @ w2.T * (1 - h**2)
    w2 -= 0.1 * h.T @ d2
    b2 -= 0.1 * d2.sum(axis=0)
    w1 -= 0.1 * x.T @ d1
    b1 -= 0.1 * d1.sum(axis=0)
"""


def test_a_prediction_that_is_computed_anew_for_another_error_has_one_loss() -> None:
    assert verdict_on(TWICE_COMPUTED)["verdict"] == "right"
    verdict = verdict_on(changed(TWICE_COMPUTED, ("/ len(x) @ w2.T", "@ w2.T")))
    assert [finding["mistake"] for finding in verdict["findings"]] == ["parameter-mis-scaled"]


def test_a_layer_that_is_computed_every_other_pass_is_not_called_right() -> None:
    source = """\
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(20, 3))
t = (x.sum(1, keepdims=True) > 0) * 1.0
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


for step in range(100):
    if step % 2 == 0:
        a1 = sigmoid(x @ w1)
    a2 = sigmoid(a1 @ w2)
    d2 = (a2 - t) * a2 * (1 - a2)
    d1 = d2 @ w2.T * a1 * (1 - a1)
    w2 -= 0.1 * a1.T @ d2
    w1 -= 0.1 * x.T @ d1
"""
    assert verdict_on(source)["verdict"] == "undecided"
    assert verdict_on(source.replace("step % 2", "step % 1"))["verdict"] == "right"


HINGE = """
import numpy as np

rng = np.random.default_rng(3)
X = rng.normal(size=(40, 2)) + np.repeat([[1.5], [-1.5]], 20, axis=0)
y = np.repeat([1, -1], 20)
order = rng.permutation(40)
w, rate, strength = np.zeros(2), 0.01, 0.02
for epoch in range(20):
    for i in order:
        if y[i] * np.dot(X[i], w) >= 1:
            w -= rate * (2 * strength * w)
        else:
            w -= rate * (2 * strength * w - X[i] * y[i])
"""


def test_a_loss_that_is_flat_for_some_samples_is_not_called_a_squared_error() -> None:
    assert verdict_on(HINGE)["verdict"] == "undecided"


ONES_IN_AN_ARRAY = """
import numpy as np


class Value:
    def __init__(self, data):
        self.data = np.array(data)

    def __mul__(self, other):
        return Value(self.data * other.data)

    def __sub__(self, other):
        return Value(self.data - other.data)


def slope(a):
    ones = Value(np.ones_like(a.data))
    return a * (ones - a)


def slope_of_tanh(a):
    ones = Value(np.ones_like(a.data))
    return ones - a * a


rng = np.random.default_rng(0)
x, t = rng.normal(size=(6, 3)), Value(rng.uniform(size=(6, 2)))
v, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
for epoch in range(30):
    h = Value(np.tanh(x @ v))
    p = Value(1 / (1 + np.exp(-h.data @ w)))
    delta = (p - t) * slope(p)
    back = Value(delta.data @ w.T) * slope_of_tanh(h)
    w -= 0.1 * h.data.T @ delta.data
    v -= 0.1 * x.T @ back.data
"""


def test_ones_of_an_array_are_no_target_where_they_are_part_of_a_slope() -> None:
    verdict = verdict_on(ONES_IN_AN_ARRAY)
    assert verdict["verdict"] == "right"
    assert verdict["loss"].startswith("half-squared-error")


ABSOLUTE = """
import numpy as np

rng = np.random.default_rng(1)
x, t = rng.normal(size=(30, 3)), rng.normal(size=(30, 1))
v, w = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
for epoch in range(40):
    h = np.tanh(x @ v)
    p = h @ w
    error = (p - t) / np.abs(p - t)
    back = error @ w.T * (1 - h**2)
    w -= 0.01 * h.T @ error
    v -= 0.01 * x.T @ back
"""


def test_an_error_that_is_written_twice_is_one() -> None:
    verdict = verdict_on(ABSOLUTE)
    assert (verdict["verdict"], verdict["loss"]) == ("right", "absolute-error")


CLIPPED = """
import random

random.seed(1)
data = [(x / 10, 3 * x * x / 100 - x / 5 + 1) for x in range(-10, 11)]
a, b, c, rate, most = 0.0, 0.0, 0.0, 0.01, 0.5
for epoch in range(20):
    random.shuffle(data)
    for x, t in data:
        error = a * x * x + b * x + c - t
        slopes = [error * x * x, error * x, error]
        da, db, dc = [max(-most, min(most, one)) for one in slopes]
        a -= rate * da
        b -= rate * db
        c -= rate * dc
"""


def test_a_gradient_at_its_bound_is_one_that_an_error_made() -> None:
    assert verdict_on(CLIPPED)["verdict"] == "right"
