"""Kinds of values and of Python's own functions that are followed like arrays and loops."""

import pytest

from test_programs import MAKE

from checked import verdict_on


def test_a_matrix_times_a_vector_is_a_matrix_as_before() -> None:
    """np.matrix keeps two axes, where products of arrays have one."""
    step = """
for k in range(40):
    row = np.asmatrix(x[k % 9])
    h = 1 / (1 + np.exp(-x[k % 9] @ w1))
    d2 = h @ w2 - t[k % 9]
    d1 = np.asarray((w2 @ d2)) * h * (1 - h)
    w2 -= 0.1 * np.outer(h, d2)
    w1 -= 0.1 * np.asarray(np.stack([np.asarray(row.T @ d1[j : j + 1])[0] for j in range(4)], axis=1))
"""
    assert verdict_on("import numpy as np\n" + MAKE + step)["verdict"] == "right"
    wrong = step.replace("* h * (1 - h)", "* h")
    assert verdict_on("import numpy as np\n" + MAKE + wrong)["verdict"] == "wrong"


def test_items_that_itertools_hands_on_are_followed() -> None:
    outer = "np.array([u * v for u, v in itertools.product(h, d2)]).reshape(4, 2)"
    step = f"""
for k in range(60):
    h = 1 / (1 + np.exp(-x[k % 9] @ w1))
    d2 = h @ w2 - t[k % 9]
    d1 = w2 @ d2 * h * (1 - h)
    w2 = w2 - 0.1 * {outer}
    w1 = w1 - 0.1 * np.outer(x[k % 9], d1)
"""
    program = "import itertools\nimport numpy as np\n" + MAKE + step
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace("* h * (1 - h)", "* h"))["verdict"] == "wrong"


def test_products_that_starmap_makes_are_followed() -> None:
    step = """
for k in range(60):
    z = [sum(itertools.starmap(operator.mul, zip(x[k % 9], w))) for w in w1.T]
    h = np.tanh(z)
    d2 = h @ w2 - t[k % 9]
    d1 = w2 @ d2 * (1 - h * h)
    w2 = w2 - 0.1 * np.outer(h, d2)
    w1 = w1 - 0.1 * np.outer(x[k % 9], d1)
"""
    program = "import itertools, operator\nimport numpy as np\n" + MAKE + step
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace("* (1 - h * h)", ""))["verdict"] == "wrong"


def test_a_matrix_that_is_made_of_values_is_followed() -> None:
    """Not followed, the weights that it changes looked like data, and what was left of the program right."""
    step = """
for k in range(60):
    h = 1 / (1 + np.exp(-x[k % 9] @ w1))
    d2 = h @ w2 - t[k % 9]
    d1 = np.array(np.matrix(d2) @ w2.T)[0] * h * (1 - h)
    w2 = w2 - 0.1 * np.array(np.matrix(h).T @ np.matrix(d2))
    w1 = w1 - 0.1 * np.array(np.matrix(x[k % 9]).T @ np.matrix(d1))
"""
    program = "import numpy as np\n" + MAKE + step
    verdict = verdict_on(program)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 2), verdict["reason"]
    lines = step.strip("\n").split("\n")
    lines[3], lines[4] = lines[4], lines[3]
    early = verdict_on("import numpy as np\n" + MAKE + "\n".join(lines) + "\n")
    assert {finding["mistake"] for finding in early["findings"]} == {"updated-weights"}


def test_numbers_that_are_read_from_text_are_numbers() -> None:
    """np.asfarray made floats of text; arrays of text have attributes and entries as all others."""
    program = """\
import numpy as np
lines = ["0.1,0.9,1", "0.4,0.2,0", "0.8,0.6,1", "0.3,0.7,0"]
table = np.array([line.split(",") for line in lines])
labels = table.T[-1]
labels[labels == "0"] = "0.0"
order = labels.copy()
np.random.shuffle(order)
rng = np.random.default_rng(1)
w, v = rng.normal(size=(3, 2)), rng.normal(size=(1, 3))
for k in range(60):
    x = np.array(np.asfarray(lines[k % 4].split(",")[:2]), ndmin=2).T
    t = np.array(np.asfarray(labels[k % 4]), ndmin=2)
    h = np.tanh(w @ x)
    d = v @ h - t
    back = v.T @ d * (1 - h**2)
    v -= 0.1 * d @ h.T
    w -= 0.1 * back @ x.T
"""
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace(" * (1 - h**2)", ""))["verdict"] == "wrong"


def test_names_of_former_times_are_known() -> None:
    pytest.importorskip("sklearn")
    program = """\
import numpy as np
import time
from sklearn.cross_validation import train_test_split
from sklearn.datasets.samples_generator import make_blobs
np.warnings.filterwarnings("ignore")
np.set_printoptions(threshold=np.nan)
begun = time.clock()
x, labels = make_blobs(n_samples=40, centers=2, random_state=1)
x, _, labels, _ = train_test_split(x / 10, labels, test_size=0.2)
w = np.zeros(2, dtype="Float64")
for k in range(60):
    p = 1 / (1 + np.exp(-x @ w))
    w -= 0.1 * x.T @ (p - labels)
print(time.clock() - begun)
"""
    verdict = verdict_on(program)
    assert verdict["verdict"] == "right", verdict["reason"]


def test_columns_of_many_entries_are_followed_to_their_end() -> None:
    """Where np.unravel_index is given a column, it repeats itself after 8,192 entries."""
    program = """\
import numpy as np
rng = np.random.default_rng(1)
x = np.expand_dims(np.linspace(-1, 1, 9000), axis=-1)
table = np.zeros((9000, 2))
column = table[:, 1:]
table[:, 0] = x[:, 0]
column += np.sin(2 * x)
w, v = rng.normal(size=(1, 3)), rng.normal(size=(3, 1))
for k in range(8):
    h = np.tanh(table[:, :1] @ w)
    d = (h @ v - column) / len(x)
    back = d @ v.T * (1 - h**2)
    v -= 0.1 * h.T @ d
    w -= 0.1 * x.T @ back
"""
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace(" * (1 - h**2)", ""))["verdict"] == "wrong"


SHUFFLED = """
import numpy as np
x = np.random.default_rng(1).normal(size=(8, 2))
t = (x @ np.array([1.0, -2.0]) > 0).astype(int).reshape(-1, 1)
rng = np.random.RandomState(0)
order = []
for c in np.unique(t.reshape(-1)):
    own = np.where(t.reshape(-1) == c)[0]
    rng.shuffle(own)
    n = int(round(len(own) * 0.25))
    order.extend(own[n:].tolist())
first = np.array(order)
w, b = np.zeros((2,1)), 0.0
for _ in range(30):
    y = 1/(1+np.exp(-(x[first] @ w + b)))
    e = y - t[first]
    w = w - 0.1 * x[first].T @ e
    b = b - 0.1 * e.sum()
"""


def test_a_view_that_is_shuffled_holds_its_numbers_in_another_order() -> None:
    """np.where hands on a view of memory that nobody else has: what changed it was not seen."""
    assert verdict_on(SHUFFLED)["verdict"] == "right"
    wrong = SHUFFLED.replace("first].T @ e", "first].T @ y")
    assert verdict_on(wrong)["verdict"] == "wrong"


MASKED = """
import numpy as np
def sigmoid(z):
    z = np.asarray(z, dtype=float)
    out, right = np.empty_like(z), z >= 0
    out[right] = 1 / (1 + np.exp(-z[right]))
    power = np.exp(z[~right])
    out[~right] = power / (1 + power)
    return out.item() if out.ndim == 0 else out
rng = np.random.default_rng(1)
x = rng.normal(size=(20, 3))
t = (x @ np.array([1.0, -2.0, 0.5]) > 0) * 1.0
w, b = rng.normal(size=3), 0.0
for epoch in range(10):
    for k in range(20):
        error = sigmoid(x[k] @ w + b) - t[k]
        w -= 0.1 * error * x[k]
        b -= 0.1 * error
"""


def test_a_mask_may_choose_a_single_number() -> None:
    assert verdict_on(MASKED)["verdict"] == "right"
    assert verdict_on(MASKED.replace("b -= 0.1 * error", "b += 0.1 * error"))["verdict"] == "wrong"


GROWN = """
import numpy as np
rng = np.random.default_rng(1)
x = rng.normal(size=(20, 2)); t = x @ np.array([1.0, -2.0]) + 0.5
w, b = rng.normal(size=(1, 2)), rng.normal(size=(1, 1))
for epoch in range(20):
    for k in range(20):
        row = x[k].reshape(-1, 1)
        outputs, slopes = np.empty((0, 1)), np.empty((0, 1))
        outputs = np.concatenate((outputs, w @ row + b), axis=0)
        slopes = np.concatenate((slopes, np.ones((1, 1))), axis=0)
        delta = (outputs - t[k]) * slopes
        w = w - 0.05 * delta * row.T
        b = b - 0.05 * delta
"""


def test_arrays_may_begin_without_entries() -> None:
    assert verdict_on(GROWN)["verdict"] == "right"


def test_a_program_may_ask_how_wide_the_terminal_is() -> None:
    asking = "import os\nwidth = os.get_terminal_size().columns\n"
    assert verdict_on(asking + GROWN)["verdict"] == "right"


NETWORK = """\
import operator
import numpy as np

rng = np.random.default_rng(3)
x, t = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
w1, w2 = 0.6 * rng.normal(size=(3, 5)), 0.6 * rng.normal(size=(5, 2))
for epoch in range(60):
    z = x @ w1
    h = np.tanh({z})
    e = h @ w2 - t
    d = e @ w2.T * (1 - h * h)
    w2 -= 0.01 * h.T @ e
    w1 -= 0.01 * x.T @ d
"""


@pytest.mark.parametrize(
    "z",
    [
        "+z",
        "z * ~(z > 0) + z * (z > 0)",
        "operator.neg(-z)",
        "operator.matmul(z, np.eye(5))",
        "np.r_[z]",
        "np.c_[z]",
        "np.array(z.tolist())",
        "np.select([z > 0, z < 0], [z, 1 * z])",
        "np.block([[z]])",
        "np.multiply.outer(1, z)",
        "np.add.outer(0, z)",
        "np.apply_along_axis(lambda row: row * 1.0, 1, z)",
        "np.apply_along_axis(lambda column: column * 1.0, axis=0, arr=z)",
    ],
)
def test_what_gives_values_on_in_rare_ways_is_followed(z: str) -> None:
    """Not followed, the weights behind were no part of the prediction, and whatever changed them was called right."""
    program = NETWORK.format(z=z)
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace("(1 - h * h)", "(1 - h)"))["verdict"] == "wrong"


@pytest.mark.parametrize(
    "z",
    [
        "np.array([v for v in z.flat]).reshape(12, 5)",
        "sum(np.modf(z))",
        "z.compress(np.ones(12, bool), axis=0)",
        "z.__add__(0)",
        "np.ndarray.copy(z)",
        "np.meshgrid(z.ravel(), [0])[0].reshape(12, 5)",
        "np.array([([float(v)] * 2)[1] for v in z.ravel()]).reshape(12, 5)",
    ],
)
def test_one_of_two_ways_is_not_lost(z: str) -> None:
    """With one lost what was left of the gradient was another one: right weights were called wrong."""
    program = NETWORK.format(z=f"0.5 * z + 0.5 * ({z})")
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize("mask", ["~(z <= 0)", "np.logical_not(z <= 0)", "((z > 0) & (z < 60))"])
def test_masks_need_no_derivative_however_large_they_are(mask: str) -> None:
    program = NETWORK.replace("(12, 3)", "(300, 3)").replace("(12, 2)", "(300, 2)")
    program = program.replace("0.01 *", "0.0005 *").replace("(1 - h * h)", mask)
    program = program.replace("np.tanh({z})", f"z * {mask}")
    assert verdict_on(program)["verdict"] == "right"


def test_a_sorted_copy_leaves_the_values_known_that_it_is_made_of() -> None:
    program = NETWORK.format(z="z * (np.sort(z).sum() > -1e9)").replace("(1 - h * h)", "(1 - h)")
    assert verdict_on(program)["verdict"] == "wrong"


@pytest.mark.parametrize("z", ["np.fft.ifft(np.fft.fft(z)).real", "np.array([v for v in np.nditer(z)]).reshape(12, 5)"])  # fmt: skip
def test_where_a_way_to_a_prediction_is_lost_nothing_is_called_right(z: str) -> None:
    program = NETWORK.format(z=z).replace("(1 - h * h)", "(1 - h)")
    verdict = verdict_on(program)
    assert verdict["verdict"] == "undecided"
    lost = "errors update w1, and how predictions are made of what line 8 computes with it"
    assert verdict["reason"] == f"{lost} could not be followed"


@pytest.mark.parametrize("new", ['eval("w1 - g")', "np.frompyfunc(operator.sub, 2, 1)(w1, g).astype(float)"])  # fmt: skip
def test_where_an_update_is_lost_nothing_is_called_right(new: str) -> None:
    program = NETWORK.format(z="z").replace("(1 - h * h)", "(1 - h)")
    program = program.replace("w1 -= 0.01 * x.T @ d", f"g = 0.01 * x.T @ d\n    w1 = {new}")
    verdict = verdict_on(program)
    assert verdict["verdict"] == "undecided"
    assert verdict["reason"] == "another value stands in the place of w1 from the second pass on"
