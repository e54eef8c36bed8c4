"""What programs do around their training does not keep it from being judged."""

from pathlib import Path
from typing import Any

import pytest

from chainrule.checking.request import check_file

from checked import verdict_on

NETWORK = """
for _ in range(40):
    h = 1 / (1 + np.exp(-x @ w1))
    y = h @ w2
    d2 = (y - t) / len(x)
    d1 = d2 @ w2.T * h * (1 - h)
    w2 = w2 - 0.1 * h.T @ d2
    w1 = w1 - 0.1 * x.T @ d1
"""
MAKE = """
rng = np.random.default_rng(5)
x = rng.normal(size=(9, 3))
t = np.sin(x[:, :2])
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
"""
WRONG = NETWORK.replace(" * h * (1 - h)", " * h")


def write(folder: Path, **files: str) -> None:
    """Files by their path, with / written as __."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + (".csv" if name.endswith("data") else ".py"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def checked(path: Path) -> dict[str, Any]:
    return check_file(path, 40).as_json()


# --- what lies above the script -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "from layers.step import train",
        "import sys\nsys.path.append('..')\nfrom layers.step import train",
        "import sys, os\nhere = os.path.dirname(os.path.abspath(__file__))\nsys.path.insert(0, os.path.dirname(here))\nfrom layers.step import train",
        "from ..layers.step import train",
    ],
)
@pytest.mark.parametrize("network", [NETWORK, WRONG])
def test_modules_above_the_script_are_its_own(tmp_path: Path, script: str, network: str) -> None:
    body = "\n".join(f"    {line}" for line in network.split("\n"))
    step = f"import numpy as np\ndef train(x, t, w1, w2):\n{body}\n"
    write(
        tmp_path,
        project__layers__step=step,
        project__run__net=f"{script}\nimport numpy as np{MAKE}train(x, t, w1, w2)",
    )
    verdict = checked(tmp_path / "project" / "run" / "net.py")
    assert verdict["verdict"] == ("right" if network is NETWORK else "wrong"), verdict["reason"]
    for finding in verdict["findings"]:
        assert Path(finding["file"]) == tmp_path / "project" / "layers" / "step.py"


@pytest.mark.parametrize(
    "path",
    ["'../data/numbers.csv'", "os.path.join('..', 'data', 'numbers.csv')",
     "pathlib.Path(__file__).parent.parent / 'data' / 'numbers.csv'"],
)  # fmt: skip
def test_data_above_the_script_is_there(tmp_path: Path, path: str) -> None:
    write(tmp_path, project__data__numbers_data="")
    (tmp_path / "project" / "data" / "numbers.csv").write_text(
        "0.1,0.5,-1\n0.3,1,0.2\n-0.5,0.1,0.7\n"
    )
    head = f"import os, pathlib\nimport numpy as np\nx = np.loadtxt({path}, delimiter=',')\n"
    rest = "rng = np.random.default_rng(5)\nt = x[:, :2] ** 2\nw1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))"
    write(tmp_path, project__run__net=head + rest + NETWORK)
    assert checked(tmp_path / "project" / "run" / "net.py")["verdict"] == "right"


def test_data_that_is_missing_is_named() -> None:
    verdict = verdict_on("import numpy as np\nx = np.loadtxt('numbers.csv')\n")
    assert "numbers.csv" in verdict["reason"]
    assert "None" not in verdict["reason"]


# --- operators and functions of its own ----------------------------------------------------------------

BOX = """
import numpy as np


class Box:
    def __init__(self, numbers):
        self.numbers = numbers

    def __matmul__(self, other):
        return Box(self.numbers @ other.numbers)

    def __sub__(self, other):
        return Box(self.numbers - other.numbers)

    def __mul__(self, factor):
        return Box(self.numbers * (factor.numbers if isinstance(factor, Box) else factor))

    __rmul__ = __mul__

    def __isub__(self, other):
        self.numbers = self.numbers - other.numbers
        return self

    def __neg__(self):
        return Box(-self.numbers)

    @property
    def T(self):
        return Box(self.numbers.T)


rng = np.random.default_rng(5)
x, t = Box(rng.normal(size=(9, 3))), Box(rng.normal(size=(9, 2)))
w1, w2 = Box(rng.normal(size=(3, 4))), Box(rng.normal(size=(4, 2)))
for _ in range(30):
    h = Box(np.tanh((x @ w1).numbers))
    d2 = -(t - h @ w2)
    d1 = d2 @ w2.T * Box(1 - h.numbers**2)
    w2 -= 0.01 * (h.T @ d2)
    w1 -= 0.01 * (x.T @ d1)
"""


def test_operators_of_its_own_are_followed() -> None:
    assert verdict_on(BOX)["verdict"] == "right"
    wrong = verdict_on(BOX.replace("1 - h.numbers**2", "1 - h.numbers"))
    assert (wrong["verdict"], wrong["findings"][0]["line"]) == ("wrong", 38)


def test_long_preparations_do_not_hide_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.checking.fitting.enough.MOST_VALUES", 10_000)
    sieve = "total = 0.0\nfor i in range(10000):\n    total = total * 0.5 + i * 0.25\n"
    assert verdict_on(f"import numpy as np\n{sieve}{MAKE}{NETWORK}")["verdict"] == "right"


def test_a_program_that_never_gets_to_training_is_said_to_be_cut() -> None:
    verdict = verdict_on("i = 0.0\nwhile True:\n    i = i * 0.5 + 1\n", seconds=3)
    assert verdict["verdict"] == "undecided"
    assert "in the time" in verdict["reason"]


# --- what recordings are made of --------------------------------------------------------------------

BY_ENTRY = """
import numpy as np

np.random.seed(1)
x, t = np.random.rand(6, 3), np.random.rand(6, 2)
w1, w2 = np.random.rand(3, 4) - 0.5, np.random.rand(4, 2) - 0.5
for _ in range(20):
    for n in range(6):
        h = 1 / (1 + np.exp(-x[n] @ w1))
        dy = h @ w2 - t[n]
        dh = w2 @ dy * h * (1 - h)
        for j in range(4):
            for k in range(2):
                w2[j][k] -= 0.1 * dy[k] * h[j]
            for i in range(3):
                w1[i][j] = w1[i][j] - 0.1 * dh[j] * x[n][i]
"""


def test_entries_of_rows_of_arrays_are_followed() -> None:
    assert verdict_on(BY_ENTRY)["verdict"] == "right"
    wrong = verdict_on(BY_ENTRY.replace(" * h * (1 - h)", " * h"))
    assert (wrong["verdict"], wrong["findings"][0]["line"]) == ("wrong", 11)


FACTORS = """
import numpy as np

np.random.seed(1)
P, Q = np.random.random((4, 2)), np.random.random((2, 5))
R = np.array([[5, 3, 0, 1, 2], [4, 0, 0, 1, 3], [1, 1, 0, 5, 4], [0, 1, 5, 4, 2]])
for _ in range(30):
    for i in range(4):
        for j in range(5):
            if R[i][j] > 0:
                error = R[i][j] - np.dot(P[i, :], Q[:, j])
                row = P[i].copy()
                P[i] += 0.01 * error * Q[:, j]
                Q[:, j] += 0.01 * error * row
"""


def test_factors_of_a_matrix_are_each_others_data() -> None:
    assert verdict_on(FACTORS)["verdict"] == "right"


def test_a_function_in_numpys_place_is_numpys() -> None:
    replaced = "import numpy as np\nplain = np.dot\nnp.dot = lambda *args: plain(*args)\n"
    network = NETWORK.replace("x @ w1", "np.dot(x, w1)").replace("h @ w2", "np.dot(h, w2)")
    assert verdict_on(replaced + MAKE + network)["verdict"] == "right"
    wrong = network.replace(" * h * (1 - h)", " * h")
    assert verdict_on(replaced + MAKE + wrong)["verdict"] == "wrong"


ENGINE = """
import math
import random


class Value:
    def __init__(self, data, children=()):
        self.data, self.grad = data, 0.0
        self.children, self.back = children, lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def back():
            self.grad += out.grad
            other.grad += out.grad

        out.back = back
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.back = back
        return out

    def tanh(self):
        out = Value(math.tanh(self.data), (self,))

        def back():
            self.grad += (1 - out.data**2) * out.grad

        out.back = back
        return out

    def backward(self):
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for child in value.children:
                    visit(child)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value.back()


random.seed(3)
hidden = [[Value(random.uniform(-1, 1)) for _ in range(3)] for _ in range(4)]
last = [Value(random.uniform(-1, 1)) for _ in range(5)]
data = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
for _ in range(30):
    total = Value(0.0)
    for inputs, target in data:
        x = [Value(number) for number in inputs]
        h = [(w[0] * x[0] + w[1] * x[1] + w[2]).tanh() for w in hidden]
        y = sum((w * unit for w, unit in zip(last, h)), last[4])
        difference = y + Value(-target)
        total = total + difference * difference
    parameters = [w for unit in hidden for w in unit] + last
    for w in parameters:
        w.grad = 0.0
    total.backward()
    for w in parameters:
        w.data -= 0.1 * w.grad
"""


def test_an_engine_of_scalars_whose_sums_begin_with_zero_is_right() -> None:
    assert verdict_on(ENGINE)["verdict"] == "right"
    wrong = verdict_on(ENGINE.replace("(1 - out.data**2) * out.grad", "(1 - out.data) * out.grad"))
    assert wrong["verdict"] == "wrong"


def test_each_of_several_models_has_a_loss_of_its_own() -> None:
    classes = """
labels = (x[:, :1] > 0).astype(float)
v = rng.normal(size=(3, 1))
for _ in range(20):
    p = 1 / (1 + np.exp(-x @ v))
    v = v - 0.1 * x.T @ (p - labels)
"""
    both = f"import numpy as np\n{MAKE}{NETWORK.replace('40', '2')}{classes}"
    assert verdict_on(both)["verdict"] == "right"
    assert (
        verdict_on(both.replace("x.T @ (p - labels)", "x.T @ (p - labels) * v"))["verdict"]
        != "right"
    )


DEAD_UNITS = """
import math
import random

random.seed(1)
w1 = [[random.gauss(0, 0.7) for _ in range(2)] for _ in range(5)]
b1 = [0.0] * 5
w2 = [random.gauss(0, 0.7) for _ in range(5)]
b2 = 0.0
data = [([0.5, -1.0], 1.0), ([-0.3, 0.8], 0.0), ([0.9, 0.1], 1.0), ([-1.2, -0.4], 0.0)]
for _ in range(20):
    for x, t in data:
        z = [w1[i][0] * x[0] + w1[i][1] * x[1] + b1[i] for i in range(5)]
        h = [max(0.0, value) for value in z]
        p = 1 / (1 + math.exp(-sum(w2[i] * h[i] for i in range(5)) - b2))
        d = (p - t) * p * (1 - p)
        for i in range(5):
            dh = d * w2[i] * (1.0 if z[i] > 0 else 0.0)
            w2[i] -= 0.5 * d * h[i]
            for j in range(2):
                w1[i][j] -= 0.5 * dh * x[j]
            b1[i] -= 0.5 * dh
        b2 -= 0.5 * d
"""


def test_units_that_are_dead_now_and_then_are_followed() -> None:
    assert verdict_on(DEAD_UNITS)["verdict"] == "right"
    late = DEAD_UNITS.replace("            w2[i] -= 0.5 * d * h[i]\n", "", 1).replace(
        "            dh =", "            w2[i] -= 0.5 * d * h[i]\n            dh ="
    )
    wrong = verdict_on(late)
    assert (wrong["verdict"], wrong["findings"][0]["mistake"]) == ("wrong", "updated-weights")


TABLES = """
import numpy as np


def start(nn_architecture):
    return {
        f"w{k}": np.random.randn(layer["output_dim"], layer["input_dim"]) * 0.5
        for k, layer in enumerate(nn_architecture)
    }


def train(X, Y, nn_architecture, epochs, learning_rate):
    w = start(nn_architecture)
    for _ in range(epochs):
        h = np.tanh(w["w0"] @ X)
        error = w["w1"] @ h - Y
        back = w["w1"].T @ error * (1 - h**2)
        w["w1"] = w["w1"] - learning_rate * error @ h.T
        w["w0"] = w["w0"] - learning_rate * back @ X.T
    return w
"""


def test_functions_that_take_tables_of_layers_are_driven() -> None:
    verdict = verdict_on(TABLES)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True)
    assert verdict_on(TABLES.replace("(1 - h**2)", "(1 - h)"))["verdict"] == "wrong"


MASKED = """
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
w1, w2 = rng.normal(size=(3, 6)), rng.normal(size=(6, 2))
for _ in range(40):
    z = x @ w1
    d2 = np.maximum(z, 0) @ w2 - t
    d1 = d2 @ w2.T * MASK
    w2 = w2 - 0.01 * np.maximum(z, 0).T @ d2
    w1 = w1 - 0.01 * x.T @ d1
"""


@pytest.mark.parametrize("mask", ["np.int64(z > 0)", "np.uint8(z > 0)", "(z > 0).astype(int)"])
def test_a_mask_of_whole_numbers_is_followed(mask: str) -> None:
    assert verdict_on(MASKED.replace("MASK", mask))["verdict"] == "right"


def test_what_was_not_followed_makes_nothing_wrong() -> None:
    mask = "np.array([[int(entry > 0) for entry in row] for row in z.tolist()])"
    assert verdict_on(MASKED.replace("MASK", mask))["verdict"] != "wrong"


def test_an_accuracy_that_rounding_changes_does_not_matter() -> None:
    single = MASKED.replace("normal(size=(9, 3))", "normal(size=(9, 3)).astype(np.float32)")
    single = single.replace("normal(size=(3, 6)),", "normal(size=(3, 6)).astype(np.float32),")
    near = "    ties = np.mean((z * np.float32(1 / 3) * 3 == z) * 1.0)\n    d2 ="
    program = single.replace("    d2 =", near).replace("MASK", "(z > 0)")
    assert verdict_on(program)["verdict"] == "right"


def test_numbers_that_are_rounded_are_followed() -> None:
    rounded = (
        MASKED.replace("MASK", "(z > 0)")
        + "    print(round(float(d2[0, 0]), 2), round(d2[0, 1], 2))\n"
    )
    assert verdict_on(rounded)["verdict"] == "right"


RAISED = """
import math
xs, ts = [[0.1, 0.2], [0.7, -0.4], [0.3, 0.9]], [0.2, 0.7, 0.4]
w, v, b = [0.4, -0.3, 0.5, 0.8], [0.6, -0.7], [0.1]

def sigmoid(z):
    return 1 / (1 + RAISED)

for epoch in range(200):
    for x, t in zip(xs, ts):
        h = [sigmoid(w[0] * x[0] + w[1] * x[1]), sigmoid(w[2] * x[0] + w[3] * x[1])]
        p = sigmoid(v[0] * h[0] + v[1] * h[1] + b[0])
        d = (p - t) * p * (1 - p)
        back = [d * v[k] * h[k] * (1 - h[k]) for k in range(2)]
        v = [v[k] - 0.5 * d * h[k] for k in range(2)]
        b = [b[0] - 0.5 * d]
        w = [w[k] - 0.5 * back[k // 2] * x[k % 2] for k in range(4)]
"""


@pytest.mark.parametrize("raised", ["math.e ** -z", "pow(2.718281828459045, -z)"])
def test_a_constant_may_be_raised_to_a_computed_number(raised: str) -> None:
    program = RAISED.replace("RAISED", raised)
    assert verdict_on(program)["verdict"] == "right"
    assert verdict_on(program.replace(" * h[k] * (1 - h[k])", ""))["verdict"] == "wrong"


# --- what is trained later ----------------------------------------------------------------------------

REGRESSION = """
import numpy as np
rng = np.random.default_rng(2)
x = rng.normal(size=(9, 3))
v = np.zeros(3)
for _ in range(3000):
    v -= 0.01 * x.T @ (x @ v - x.sum(axis=1))
"""


@pytest.mark.parametrize(
    ("network", "verdict"), [(NETWORK, "right"), (NETWORK.replace("1 - h", "1 + h"), "wrong")]
)
def test_a_second_network_is_judged_too_however_long_the_first_is_trained(
    tmp_path: Path, network: str, verdict: str
) -> None:
    path = tmp_path / "two.py"
    path.write_text(REGRESSION + MAKE + network)
    answer = checked(path)
    assert answer["verdict"] == verdict
    assert {row["name"] for row in answer["parameters"]} == {"v", "w1", "w2"}
    assert [finding["line"] for finding in answer["findings"]] == [18] * (verdict == "wrong")


def test_a_right_network_is_not_right_where_what_follows_is_nothing_that_can_be_judged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "two.py"
    cubed = NETWORK.replace("y - t", "(y - t) ** 2 * np.tanh(y)")
    path.write_text(REGRESSION + MAKE + cubed)
    answer = checked(path)
    assert answer["verdict"] == "undecided"
    assert "what it trains first is right" in answer["reason"]


def test_what_a_later_training_leaves_as_it_is_was_trained_before(tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    tuned = NETWORK.replace("    w1 = w1 - 0.1 * x.T @ d1\n", "").replace("w2 = w2 -", "w2 = -")
    tuned = tuned.replace("w2 = - 0.1 * h.T @ d2", "w2 -= 0.1 * h.T @ d2")
    path.write_text("import numpy as np\n" + MAKE + NETWORK.replace("40", "3000") + tuned)
    assert checked(path)["verdict"] == "right"


def test_the_package_that_a_script_stands_in_knows_its_file(tmp_path: Path) -> None:
    body = f"import numpy as np{MAKE}{NETWORK}"
    write(tmp_path, project__nets__net=f"from nets import here\n{body}")
    start = tmp_path / "project" / "nets" / "__init__.py"
    start.write_text("import os\nhere = os.path.dirname(__file__)")
    verdict = checked(tmp_path / "project" / "nets" / "net.py")
    assert verdict["verdict"] == "right", verdict["reason"]
