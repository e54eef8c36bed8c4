"""A parameter that no update touches is found; what is no parameter is never called one."""

import json

import pytest

from checked import verdict_on

HEAD = """import numpy as np
rng = np.random.default_rng(3)
X, Y = rng.normal(size=(12, 3)), rng.uniform(size=(12, 2))
W, V = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
"""
STEP = """
for epoch in range(30):
    Z = {z}
    A = np.tanh(Z)
    P = {p}
    D = P - Y
    dZ = D @ V.T * (1 - A**2)
    V -= 0.01 * A.T @ D
    W -= 0.01 * X.T @ dZ
"""


def two_layers(start: str, z: str = "X @ W", p: str = "A @ V") -> str:
    return HEAD + start + STEP.format(z=z, p=p)


@pytest.mark.parametrize(
    "start", ["rng.normal(size=4)", "rng.normal(size=(1, 4)) * 0.1", "np.zeros(4)"]
)
def test_a_bias_that_starts_random_or_zero_and_stays_is_found_where_its_update_is_missing(
    start: str,
) -> None:
    verdict = verdict_on(two_layers(f"b = {start}", z="X @ W + b"))
    finding = verdict["findings"][0]
    assert (finding["mistake"], finding["proved"]) == ("parameter-never-updated", True)
    assert finding["line"] in (13, 14)  # beside the update of the weights that it is added to
    assert finding["fix"].startswith("b -= 0.01 * dZ.sum(axis=0")
    assert {"name": "b", "verdict": "never-updated", "cosine": None, "ratio": None} in verdict[
        "parameters"
    ]


def test_a_bias_that_is_assigned_to_itself_stays() -> None:
    source = two_layers("b = rng.normal(size=4)", z="X @ W + b") + "    b = b\n"
    verdict = verdict_on(source.replace("range(30)", "range(3000)"))
    assert [one["mistake"] for one in verdict["findings"]] == ["parameter-never-updated"]


def test_of_parameters_that_one_line_draws_each_is_named() -> None:
    source = two_layers("b, c = rng.normal(size=4), np.zeros(2)", z="X @ W + b", p="A @ V + c")
    verdict = verdict_on(source.replace("A.T @ D\n   ", "A.T @ D;"))
    said = [f"{one['line']} {one['found'][:14]}" for one in verdict["findings"]]
    assert said == ["5 no update of b", "5 no update of c"]


def test_with_the_fix_it_is_right() -> None:
    wrong = two_layers("b = rng.normal(size=4)", z="X @ W + b")
    fix = verdict_on(wrong)["findings"][0]["fix"]
    assert verdict_on(f"{wrong}    {fix}\n")["verdict"] == "right"


def test_weights_between_trained_layers_are_found() -> None:
    verdict = verdict_on(two_layers("U = rng.normal(size=(4, 4))", p="np.tanh(A) @ V").replace(
        "P = np.tanh(A) @ V", "B = np.tanh(A @ U); P = B @ V"
    ).replace("dZ = D @ V.T * (1 - A**2)", "dZ = (D @ V.T * (1 - B**2)) @ U.T * (1 - A**2)").replace(
        "0.01 * A.T @ D", "0.01 * B.T @ D"
    ))  # fmt: skip
    assert [finding["mistake"] for finding in verdict["findings"]] == ["parameter-never-updated"]
    assert verdict["parameters"][-1]["name"] == "U"


@pytest.mark.parametrize("start", ["[0.1, 0.2, 0.3, 0.4]", "[[0.5, 0.5, 0.5, 0.5]]"])
def test_constants_of_the_source_are_frozen_by_intent(start: str) -> None:
    verdict = verdict_on(two_layers(f"b = np.array({start})", z="X @ W + b"))
    assert (verdict["verdict"], verdict["findings"]) == ("right", [])
    assert [row["name"] for row in verdict["parameters"] if row["verdict"] == "never-updated"] == [
        "b"
    ]


INNOCENT = {
    "noise drawn once, for each sample": two_layers(
        "E = rng.normal(size=(12, 4)) * 0.1", z="X @ W + E"
    ),
    "noise drawn anew": two_layers("", z="X @ W + rng.normal(size=4) * 0.1"),
    "a mask drawn once": two_layers("M = rng.binomial(1, 0.6, 4) * 2.0", z="(X @ W) * M").replace(
        "(1 - A**2)", "(1 - A**2) * M"
    ),
    "a state that starts at zero": two_layers(
        "R, h = rng.normal(size=(4, 4)) * 0.1, np.zeros(4)", z="X @ W + h @ R"
    ).replace("    V -=", "    R -= 0.01 * np.outer(h, dZ.sum(axis=0))\n    V -="),
    "a column of ones": two_layers("X = np.hstack([X[:, :2], np.ones((12, 1))])"),
    "a residual connection": two_layers(
        "Q = rng.normal(size=(3, 4)) * 0.0 + 1.0; S = X @ Q", z="X @ W + S"
    ),
    "noise for each sample beside an output layer": two_layers(
        "E = rng.normal(size=(12, 2)) * 0.1", p="A @ V + E"
    ),
    "samples that are mixed at random": two_layers(
        "S = rng.normal(size=(12, 12))", z="S @ X @ W", p="S @ A @ V"
    )
    .replace("D = P - Y", "D = P - Y; D, A = S.T @ D, A")
    .replace("0.01 * X.T @ dZ", "0.01 * (S @ X).T @ dZ"),
    "data made with random centres": two_layers("X = X + rng.normal(size=(1, 3)) * 2"),
    "random features on which one layer is trained": HEAD
    + """
for epoch in range(30):
    A = np.tanh(X @ W)
    V -= 0.01 * A.T @ (A @ V - Y)
""",
}


@pytest.mark.parametrize("what", INNOCENT)
def test_what_is_no_parameter_is_not_called_one(what: str) -> None:
    verdict = verdict_on(INNOCENT[what])
    assert verdict["verdict"] == "right", json.dumps(verdict, indent=1)
    assert verdict["findings"] == []


def test_a_parameter_of_a_list_of_numbers_is_one_finding() -> None:
    verdict = verdict_on("""
import math, random
random.seed(1)
data = [([0.1, 0.9], 0.3), ([0.7, 0.2], 0.8), ([0.4, 0.5], 0.1)]
w = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
b = [random.uniform(-1, 1) for _ in range(3)]
v = [random.uniform(-1, 1) for _ in range(3)]
for epoch in range(10):
    for x, t in data:
        h = [math.tanh(sum(p * q for p, q in zip(w[j], x)) + b[j]) for j in range(3)]
        y = sum(p * q for p, q in zip(v, h))
        e = y - t
        for j in range(3):
            d = e * v[j] * (1 - h[j] ** 2)
            v[j] -= 0.1 * e * h[j]
            for i in range(2):
                w[j][i] -= 0.1 * d * x[i]
""")
    assert verdict["verdict"] == "wrong"
    assert [f["mistake"] for f in verdict["findings"]] == ["parameter-never-updated"]


LISTED = """import numpy as np
rng = np.random.default_rng(5)
weights = [rng.normal(size=(m, n)) for m, n in [(3, 4), (4, 4), (4, 2)]]
X, Y = rng.normal(size=(9, 3)), rng.uniform(size=(9, 2))
for epoch in range(30):
    values = [X]
    for w in weights:
        values.append(np.tanh(values[-1] @ w))
    slopes = [np.zeros_like(w) for w in weights]
    delta = (values[-1] - Y) * (1 - values[-1] ** 2)
    for k in range(2, LAST, -1):
        slopes[k] = values[k].T @ delta
        delta = delta @ weights[k].T * (1 - values[k] ** 2)
    weights = [w - 0.05 * slope for w, slope in zip(weights, slopes)]
"""


def test_a_layer_that_the_loop_never_comes_to_is_never_updated() -> None:
    assert verdict_on(LISTED.replace("LAST", "-1"))["verdict"] == "right"
    verdict = verdict_on(LISTED.replace("LAST", "0"))
    assert verdict["verdict"] == "wrong"
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("parameter-never-updated", 14)
    assert [row["verdict"] for row in verdict["parameters"]].count("right") == 2


def test_a_layer_that_is_frozen_in_so_many_words_is_not_called_wrong() -> None:
    source = "trainable = [False, True, True]\n" + LISTED.replace("LAST", "0")
    assert verdict_on(source)["verdict"] == "undecided"


@pytest.mark.parametrize(
    ("anew", "line"),
    [("V = rng.normal(size=(4, 2))", 7), ("b = np.zeros(4)", 7)],
)
def test_a_parameter_that_is_made_anew_in_every_pass_loses_its_updates(
    anew: str, line: int
) -> None:
    program = two_layers("b = np.zeros(4)", z="X @ W + b") + "    b -= 0.01 * dZ.sum(axis=0)\n"
    assert verdict_on(program)["verdict"] == "right"
    verdict = verdict_on(program.replace("    Z =", f"    {anew}\n    Z ="))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("parameter-never-updated", line)
    assert "anew" in finding["found"]
    assert [row["verdict"] for row in verdict["parameters"]].count("never-updated") == 1


def test_a_parameter_that_shrinks_on_its_way_into_the_next_pass_is_not_made_anew() -> None:
    program = two_layers("b = np.zeros(4)", z="X @ W + b") + "    b -= 0.01 * dZ.sum(axis=0)\n"
    verdict = verdict_on(program + "    V = V * 0.99\n")
    assert verdict["verdict"] == "right"
    assert [row["name"] for row in verdict["parameters"]].count("V") == 1


def test_a_value_that_is_found_anew_for_every_sample_and_read_is_no_lost_parameter() -> None:
    program = (
        HEAD
        + """
for epoch in range(30):
    code = np.zeros((12, 3))
    for _ in range(2):
        D = np.tanh(code @ W) @ V - Y
        code -= 0.1 * (D @ V.T * (1 - np.tanh(code @ W) ** 2)) @ W.T
    A = np.tanh(code @ W)
    D = A @ V - Y
    dZ = D @ V.T * (1 - A**2)
    V -= 0.01 * A.T @ D
    W -= 0.01 * code.T @ dZ
"""
    )
    assert verdict_on(program)["verdict"] != "wrong"


def test_a_model_that_takes_one_step_before_another_is_trained_loses_nothing() -> None:
    verdict = verdict_on(
        """\
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))


class Layer:
    def __init__(self, inputs, units):
        self.w = rng.normal(size=(inputs, units))

    def forward(self, x):
        self.x, self.a = x, np.tanh(x @ self.w)
        return self.a

    def backward(self, error):
        delta = error * (1 - self.a**2)
        self.grad = self.x.T @ delta
        return delta @ self.w.T


def step(layers):
    a = x
    for layer in layers:
        a = layer.forward(a)
    error = a - t
    for layer in layers[::-1]:
        error = layer.backward(error)
    for layer in layers:
        layer.w -= 0.01 * layer.grad


def model():
    return [Layer(3, 4), Layer(4, 4), Layer(4, 2)]


step(model())
layers = model()
for epoch in range(30):
    step(layers)
"""
    )
    assert verdict["verdict"] == "right", verdict["findings"]


LAYERS = """\
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))


class Layer:
    def __init__(self, inputs, units):
        self.w, self.b = rng.normal(size=(inputs, units)), np.zeros(units)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, error):
        self.dw, self.db = self.x.T @ error, error.sum(axis=0)
        return error @ self.w.T


def update(layer):
    layer.w -= 0.01 * layer.dw
    layer.b -= 0.01 * layer.db


first, last = Layer(3, 4), Layer(4, 2)
for epoch in range(30):
    a = np.tanh(first.forward(x))
    error = last.forward(a) - t
    first.backward(last.backward(error) * (1 - a**2))
    update(first)
    update(last)
"""


@pytest.mark.parametrize("again", ["first", "last"])
def test_a_layer_whose_call_updates_another_again_is_never_updated(again: str) -> None:
    other = "last" if again == "first" else "first"
    source = LAYERS.replace(f"update({other})", f"update({again})")
    verdict = verdict_on(source)
    assert verdict["verdict"] == "wrong"
    lines = source.splitlines()
    for finding in verdict["findings"]:
        assert finding["mistake"] == "parameter-never-updated"
        assert "update(" in lines[finding["line"] - 1]
        assert finding["fix"] is None  # the statement is there, for another layer


FUNCTIONS = """\
import numpy as np

rng = np.random.default_rng(5)
x, t = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))


def step(w, b, gradients):
    w = w - 0.01 * gradients[0]
    return w, b - 0.01 * gradients[1]


w1, b1, w2, b2 = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 2)), rng.normal(size=2)
for epoch in range(30):
    a = np.tanh(x @ w1 + b1)
    d2 = a @ w2 + b2 - t
    d1 = d2 @ w2.T * (1 - a**2)
    w1, b1 = step(w1, b1, (x.T @ d1, d1.sum(axis=0)))
    w2, b2 = step(w2, b2, (a.T @ d2, d2.sum(axis=0)))
"""


@pytest.mark.parametrize("into", ["d2, b2", "w2, d2"])
def test_an_update_that_a_function_hands_back_is_lost_where_another_name_takes_it(
    into: str,
) -> None:
    source = FUNCTIONS.replace("    w2, b2 =", f"    {into} =")
    verdict = verdict_on(source)
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("parameter-never-updated", 18)


WHOLE = """
import numpy as np
rng = np.random.default_rng(5)
x = rng.normal(size=(9, 3))
t = np.sin(x[:, :2])
w, v = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
b = np.array([0 for _ in range(2)])
for _ in range(40):
    h = 1 / (1 + np.exp(-x @ w))
    d = h @ v + b - t
    back = d @ v.T * h * (1 - h)
    v = v - 0.01 * h.T @ d
    w = w - 0.01 * x.T @ back
    for j in range(2):
        b[j] -= 0.01 * d[:, j].sum()
"""


def test_what_is_written_into_whole_numbers_is_cut_and_updates_nothing() -> None:
    wrong = verdict_on(WHOLE)
    assert [(f["mistake"], f["line"]) for f in wrong["findings"]] == [
        ("parameter-never-updated", 15)
    ], wrong["reason"]
    assert "whole numbers" in wrong["findings"][0]["found"]
    assert verdict_on(WHOLE.replace("[0 for", "[0.0 for"))["verdict"] == "right"


LAYERS_WITH_GRADIENTS = """\
import numpy as np

rng = np.random.default_rng(6)


class Layer:
    def __init__(self, inputs, units):
        self.w, self.b = rng.normal(size=(inputs, units)), rng.normal(size=units)
        self.dw, self.db = np.zeros((inputs, units)), np.zeros(units)

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, g):
        self.dw += self.x.T @ g
        self.db += g.sum(axis=0)
        return g @ self.w.T


layers = [Layer(2, 5), Layer(5, 1)]
kept = [(layer.w, layer.b, layer.dw, layer.db) for layer in layers]
x = rng.normal(size=(20, 2))
t = x[:, :1] * x[:, 1:]
for epoch in range(30):
    for w, b, dw, db in kept:
        dw *= 0
        db *= 0
    h = np.tanh(layers[0].forward(x))
    p = layers[1].forward(h)
    layers[0].backward(layers[1].backward((p - t) / 20) * (1 - h**2))
    for w, b, dw, db in kept:
        w -= 0.1 * dw
        b -= 0.1 * db
"""


def test_a_gradient_that_is_put_where_no_update_reads_it_moves_nothing() -> None:
    assert verdict_on(LAYERS_WITH_GRADIENTS)["verdict"] == "right"
    verdict = verdict_on(LAYERS_WITH_GRADIENTS.replace("self.db += g", "self.db = g"))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert {finding["mistake"] for finding in verdict["findings"]} == {"parameter-never-updated"}
    rows = {(row["name"], row["verdict"]) for row in verdict["parameters"]}
    assert rows == {("w", "right"), ("b", "never-updated")}


CENTRED = """\
import numpy as np
rng = np.random.default_rng(3)
def centred(d):
    return d - np.mean(d, axis=0)
x = centred(rng.normal(size=(12, 3)))
t = centred(rng.normal(size=(12, 1)) + 2)
w1, b1 = rng.normal(size=(3, 4)), np.ones(4)
w2, b2 = rng.normal(size=(4, 1)), np.ones(1)
for epoch in range(50):
    h = np.tanh(x @ w1 + b1)
    y = h @ w2 + b2
    d = (y - t) / 12
    back = d @ w2.T * (1 - h**2)
    w2 -= 0.1 * h.T @ d
    w1 -= 0.1 * x.T @ back
"""


@pytest.mark.parametrize("twice", [False, True])
def test_centred_data_are_no_parameters(twice: bool) -> None:
    program = CENTRED.replace("d - np", "d = d - np").replace("return d = ", "d = ")
    program = program.replace("axis=0)\nx", "axis=0)\n    return d\nx")
    if twice:  # the loss that is printed uses them as well
        program += "    print(np.mean((y - t) ** 2), np.abs(t).max())\n"
    assert verdict_on(program)["verdict"] == "right"
    mistaken = program.replace(" * (1 - h**2)", "")
    verdict = verdict_on(mistaken)
    assert [finding["line"] for finding in verdict["findings"]] == [14], verdict["reason"]


def test_weights_that_are_centred_and_then_stay_are_found() -> None:
    program = CENTRED.replace("for epoch", "w1 = w1 - np.mean(w1, axis=0)\nfor epoch", 1)
    verdict = verdict_on(program.replace("    w1 -= 0.1 * x.T @ back\n", ""))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert [finding["mistake"] for finding in verdict["findings"]] == ["parameter-never-updated"]


@pytest.mark.parametrize("new", ["w2 - 0.1 * g2", "w2 * 1.0 - 0.1 * g2", "-0.1 * g2 + 1 * w2"])
def test_an_update_that_is_given_to_another_name_is_found_where_it_is_computed(new: str) -> None:
    program = CENTRED.replace("    w2 -= 0.1 * h.T @ d", f"    g2 = h.T @ d\n    w_2 = {new}")
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"]) == ("parameter-never-updated", 15)
    assert "sum(" not in (finding["fix"] or "")


FROM_THE_BIAS_ON = """import math, random
random.seed(2)
DATA = [([random.random(), random.random(), random.random()], random.random()) for _ in range(8)]
W = [[random.uniform(-1, 1) for _ in range(2)] for _ in range(3)]
V = [random.uniform(-1, 1) for _ in range(2)]
BIASES = [{start} for _ in range(2)]
for epoch in range(30):
    for x, y in DATA:
        sums = [0, 0]
        for j in range(2):
            sums[j] += BIASES[j]
        for i in range(3):
            for j in range(2):
                sums[j] += x[i] * W[i][j]
        a = [math.tanh(z) for z in sums]
        d = a[0] * V[0] + a[1] * V[1] - y
        for j in range(2):
            back = d * V[j] * (1 - a[j] ** 2)
            V[j] -= 0.1 * d * a[j]
            for i in range(3):
                W[i][j] -= 0.1 * back * x[i]
"""


@pytest.mark.parametrize("start", ["random.uniform(-1, 1)", "0.5"])
def test_a_bias_that_a_sum_begins_with_is_found(start: str) -> None:
    """Added to a 0 first, it was another value in every pass, and what never learnt it was right."""
    verdict = verdict_on(FROM_THE_BIAS_ON.format(start=start))
    mistakes = [one["mistake"] for one in verdict["findings"]]
    assert mistakes == (["parameter-never-updated"] if "random" in start else [])
    learning = FROM_THE_BIAS_ON.replace("V[j] -= 0.1", "BIASES[j] -= 0.1 * back; V[j] -= 0.1")
    assert verdict_on(learning.format(start=start))["verdict"] == "right"
