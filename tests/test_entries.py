"""Entries that a program takes and assigns one by one, and numbers that are arrays, are followed."""

from checked import verdict_on

ENTRIES_TAKEN = """
import numpy as np

rng = np.random.default_rng(5)
x, t, w, b = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), rng.normal(size=(3, 2)), np.zeros(2)
for _ in range(20):
    y = x @ w + b
    errors = np.array([[y.item(i, j) - t.item((i, j)) for j in range(2)] for i in range(6)])
    b = b - 0.1 * np.array([sum(errors.item(2 * i + j) for i in range(6)) for j in range(2)])
    w = w - 0.1 * x.T @ errors
"""


def test_entries_that_are_taken_one_by_one_are_followed() -> None:
    assert verdict_on(ENTRIES_TAKEN)["verdict"] == "right"
    wrong = ENTRIES_TAKEN.replace("errors.item(2 * i + j)", "errors.item(2 * i + 1 - j)")
    assert verdict_on(wrong)["verdict"] == "wrong"


LARGEST_OF_ONE = """
import numpy as np

rng = np.random.default_rng(5)
x, t, w = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3)
for _ in range(20):
    for k in range(6):
        z = x[k] @ w
        error = np.max(z, 0) - t[k]
        w -= 0.1 * error * x[k]
"""


def test_the_largest_of_one_number_is_that_number() -> None:
    assert verdict_on(LARGEST_OF_ONE)["verdict"] == "right"


ROWS_AT_ONCE = """
import numpy as np

rng = np.random.default_rng(0)
seen = np.stack([rng.integers(0, 6, 60), rng.integers(0, 5, 60), rng.integers(1, 6, 60)], axis=1)
users, items = rng.normal(size=(6, 2)), rng.normal(size=(5, 2))
for epoch in range(20):
    for u, i, rating in seen:
        error = rating - np.dot(users[u], items[i])
        users[u], items[i] = users[u] + 0.01 * error * items[i], items[i] + 0.01 * error * users[u]
"""


def test_rows_that_are_updated_by_one_statement_are_followed() -> None:
    assert verdict_on(ROWS_AT_ONCE)["verdict"] == "right"
    wrong = ROWS_AT_ONCE.replace(
        "items[i] + 0.01 * error * users[u]", "items[i] + 0.01 * error * items[i]"
    )
    assert verdict_on(wrong)["verdict"] == "wrong"


ASSIGNED_IN_ORDER = """
import numpy as np

a, b, n, i = [0, 0, 0], np.zeros(3), {}, 1
i, a[i] = 2, 5
b[0], i, *n["rest"] = 7.0, 0, 3, 4
a[i] = b[i + 1] = n["last"] = 1.5
(a[1], b[2]), c = (8, 9.0), 6
assert (a, list(b), n, i, c) == ([1.5, 8, 5], [7, 1.5, 9], {"rest": [3, 4], "last": 1.5}, 0, 6)
assert not any(name.startswith("__chainrule_") and name != "__chainrule__" for name in globals())
"""


def test_entries_are_assigned_in_the_order_in_which_python_does() -> None:
    assert "stops" not in verdict_on(ASSIGNED_IN_ORDER)["reason"]


NUMBER_AS_ARRAY = """
import numpy as np

rng = np.random.default_rng(5)
x, t, w = rng.normal(size=(20, 3)), rng.normal(size=20), np.zeros(3)
for _ in range(20):
    for k in range(20):
        error = np.mean(x[k] @ w - t[k]).reshape(1)
        w = w - 0.1 * x[k] * error
"""


def test_a_single_number_may_be_shaped_into_an_array() -> None:
    assert verdict_on(NUMBER_AS_ARRAY)["verdict"] == "right"
