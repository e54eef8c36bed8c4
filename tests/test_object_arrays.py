"""Weights that lie together in an array of arrays: NumPy hands its operators on to them, and they are followed."""

import pytest

from checked import verdict_on

BEGINNING = """\
import copy
import numpy as np
rng = np.random.default_rng(4)
x, t = rng.normal(size=(8, 3)), rng.uniform(size=(8, 2))
w = np.array([rng.normal(size=(3, 4)), rng.normal(size=(4, 2))], dtype=object)
b = np.array([np.zeros(4), np.zeros(2)], dtype=object)
rate = 0.1
"""
BATCH = """
for _ in range(30):
    h = np.tanh(x @ w[0] + b[0])
    y = np.tanh(h @ w[1] + b[1])
    d2 = (y - t) * (1 - y ** 2)
    d1 = d2 @ w[1].T * (1 - h ** 2)
    dw = np.array([x.T @ d1, h.T @ d2], dtype=object)
    db = np.array([d1.sum(axis=0), d2.sum(axis=0)], dtype=object)
    {update}
"""
SAMPLES = """
for _ in range(6):
    for k in range(0, 8, 4):
        dws, dbs, sums = [], [], w * 0
        for row, target in zip(x[k:k + 4], t[k:k + 4]):
            h = np.tanh(row @ w[0] + b[0])
            y = np.tanh(h @ w[1] + b[1])
            d2 = (y - target) * (1 - y ** 2)
            d1 = w[1] @ d2 * (1 - h ** 2)
            dws.append(np.array([np.outer(row, d1), np.outer(h, d2)], dtype=object))
            dbs.append(np.array([d1, d2], dtype=object))
            sums += dws[-1]
        {update}
"""


@pytest.mark.parametrize(
    ("passes", "update"),
    [
        (BATCH, "w -= rate * dw; b -= rate * db"),
        (BATCH, "w, b = w - rate * dw, np.subtract(b, np.multiply(rate, db))"),
        (BATCH, "w[:] = w + -rate * dw; b[:] = [p - rate * q for p, q in zip(b, db)]"),
        (BATCH, "w = copy.deepcopy(w); w += -dw / 10; b += -db / 10"),
        (SAMPLES, "w -= rate * np.mean(dws, axis=0); b -= rate * np.sum(dbs, axis=0) / 4"),
        (SAMPLES, "w -= rate * sums / 4; b -= rate * sum(dbs) / len(dbs)"),
    ],
)
def test_updates_of_arrays_of_arrays_are_followed(passes: str, update: str) -> None:
    program = BEGINNING + passes.format(update=update)
    verdict = verdict_on(program)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 4), verdict["reason"]
    wrong = program.replace(" * (1 - h ** 2)", "")
    (finding,) = verdict_on(wrong)["findings"]
    line = next(n for n, one in enumerate(wrong.splitlines(), 1) if "d1 = " in one)
    assert (finding["mistake"], finding["line"]) == ("missing-derivative", line)
    assert finding["proved"]


def test_momentum_in_an_array_of_arrays_is_seen_through() -> None:
    program = BEGINNING.replace("rate = 0.1", "v, u = 0 * w, 0 * b") + BATCH.format(
        update="v = 0.9 * v - 0.1 * dw; u = 0.9 * u - 0.1 * db; w = w + v; b += u"
    )
    assert verdict_on(program)["verdict"] == "right"
    wrong = verdict_on(program.replace(" * (1 - h ** 2)", ""))
    assert {finding["mistake"] for finding in wrong["findings"]} == {"missing-derivative"}


EXPRESSIONS = (
    "w - 0.1 * dw", "dw * 2 + w", "w / np.array([2.0, 4.0])", "-w", "np.negative(w)", "np.float64(3.0) * w",
    "w ** 2", "np.add(w, dw)", "w + pairs", "np.mean([w, dw], axis=0)",
    "np.sum([w, dw, w], axis=0)", "sum([w, dw])", "sum([w])", "np.zeros_like(w) + w", "pairs + pairs.T",
    "pairs.sum(axis=0)", "table * 2", "table[:, 1:] + 0.5", "np.array([w, dw]) - w", "copy.deepcopy(w)", "w.copy()",
)  # fmt: skip


def test_what_is_followed_computes_as_numpy_does() -> None:
    """In the program itself: what `eval` computes is not followed. Of what is read in text nothing is a weight."""
    head = (
        BEGINNING
        + """
dw = np.array([rng.normal(size=(3, 4)), rng.normal(size=(4, 2))], dtype=object)
pairs = np.array([[np.ones(2), np.zeros(3)], [np.ones(2), np.zeros(3)]], dtype=object)
table = np.array([["a", 1.5, 2.0], ["b", 0.5, 4.0]], dtype=object)[:, [1, 2]]
def same(p, q):
    if isinstance(p, np.ndarray) and p.dtype == object:
        return p.shape == q.shape and all(same(u, v) for u, v in zip(p.ravel().tolist(), q.ravel().tolist()))
    return type(p) is type(q) and np.array_equal(p, q)
def one(make, text):
    try:
        made = make()
    except ValueError as reason:
        made = str(reason)
    try:
        expected = eval(text)
    except ValueError as reason:
        expected = str(reason)
    assert same(made, expected), text
other, first = w, w[0]
w -= dw
assert other is w and not np.array_equal(first, w[0]) and w[0] is not first
"""
    )
    checks = "".join(f"one(lambda: {one}, {one!r})\n" for one in EXPRESSIONS)
    verdict = verdict_on(head + checks + BATCH.format(update="w -= rate * dw; b -= rate * db"))
    assert verdict["verdict"] == "right", verdict["reason"]


ROWS = """\
import numpy as np

rng = np.random.default_rng(2)
rows = np.array([rng.normal(size=3) for _ in range(3)], dtype=object)
for epoch in range(30):
    for x, t in (([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)):
        x = np.insert(x, 0, 1)
        a, b = np.tanh(rows[0].dot(x)), np.tanh(rows[1].dot(x))
        h = np.array([1, a, b])
        y = 1 / (1 + np.exp(-rows[2].dot(h)))
        d = (y - t) * y * (1 - y)
        da = d * rows[2][1] * (1 - a**2) * x
        db = d * rows[2][2] * (1 - b**2) * x
        steps = np.array([da, db, d * h], dtype=object)
        for row, step in zip(rows, steps):
            row -= 0.2 * step
"""


def test_rows_of_one_length_are_one_array_of_numbers() -> None:
    """NumPy makes one array of objects of them, where a program may have meant a list of arrays."""
    verdict = verdict_on(ROWS)
    assert verdict["verdict"] == "right", verdict["reason"]
    wrong = ROWS.replace("(1 - b**2) * x", "x")
    (finding,) = verdict_on(wrong)["findings"]
    assert finding["mistake"] == "missing-derivative"
    assert finding["line"] == wrong[: wrong.index("db =")].count("\n") + 1
