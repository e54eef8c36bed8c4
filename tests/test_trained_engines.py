"""Programs that train by an engine of their own follow the loss that they compute, or an operation of it is wrong."""

import pytest

from test_engines import VALUES

from checked import NEVER_RIGHT, verdict_on

ENGINE = (
    VALUES
    + """
    def exp(self):
        out = Value(math.exp(self.data), (self,))
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,))
        def _backward():
            self.grad += (1 - t**2) * out.grad
        out._backward = _backward
        return out

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return other + self * -1

    def __rtruediv__(self, other):
        return other * self**-1

import random
import numpy as np

class Neuron:
    def __init__(self, inputs, bends):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(inputs)]
        self.b, self.bends = Value(0), bends

    def __call__(self, x):
        z = sum((w * v for w, v in zip(self.w, x)), self.b)
        return z.BEND() if self.bends else z

class Network:
    def __init__(self, inputs, hidden, outputs):
        self.hidden = [Neuron(inputs, True) for _ in range(hidden)]
        self.outer = [Neuron(hidden, False) for _ in range(outputs)]

    def __call__(self, x):
        h = [neuron(x) for neuron in self.hidden]
        return [neuron(h) for neuron in self.outer]

    def parameters(self):
        return [p for neuron in self.hidden + self.outer for p in [*neuron.w, neuron.b]]

random.seed(4)
rng = np.random.default_rng(4)

def learn(model, loss, rate):
    for p in model.parameters():
        p.grad = 0
    loss.backward()
    for p in model.parameters():
        p.data -= rate * p.grad
"""
)
CLASSES = (
    ENGINE.replace("BEND", "tanh")
    + """
X = rng.normal(size=(9, 2))
X = (X - X.mean(axis=0)) / X.std(axis=0)
y = np.argmax(X @ rng.normal(size=(2, 3)), axis=1)
model = Network(2, 3, 3)

def loss_of(rows):
    losses = []
    for i in rows:
        scores = [score.exp() for score in model([float(v) for v in X[i]])]
        losses.append((scores[int(y[i])] / sum(scores)).log() * -1)
    return sum(losses) / len(losses)

for epoch in range(20):
    loss = loss_of(range(6))
    learn(model, loss, 0.5)
    print(loss.data, loss_of(range(6, 9)).data)
"""
)
MARGINS = (
    ENGINE.replace("BEND", "relu")
    + """
X = rng.normal(size=(12, 2))
y = np.where(X[:, 0] * X[:, 1] > 0, 1, -1)
model = Network(2, 4, 1)
for epoch in range(20):
    scores = list(map(model, [list(map(Value, row)) for row in X]))
    losses = [(1 + -yi * s[0]).relu() for yi, s in zip(y, scores)]
    penalty = 1e-4 * sum((p * p for p in model.parameters()))
    loss = sum(losses) * (1 / len(losses)) + penalty
    learn(model, loss, 1.0 - 0.9 * epoch / 20)
"""
)
ODDS = (
    ENGINE.replace("BEND", "tanh")
    + """
model = Network(2, 3, 1)
for epoch in range(20):
    loss = 0
    for x, t in zip([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]):
        p = 1 / (1 + (model(x)[0] * -1).exp())
        loss = loss + (t * p.log() + (1 - t) * (1 - p).log()) * -1
    learn(model, loss, 0.1)
"""
)
SQUARES = (
    ENGINE.replace("BEND", "tanh")
    + """
model = Network(2, 3, 1)
for epoch in range(20):
    loss = sum((model(x)[0] - t) ** 2 for x, t in zip([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.5]], [1.0, -1.0, 0.5]))
    learn(model, loss, 0.1)
"""
)


@pytest.mark.parametrize("code", [CLASSES, MARGINS, ODDS, SQUARES])
def test_an_engine_that_trains_follows_the_loss_that_is_computed(code: str) -> None:
    verdict = verdict_on(code)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert "the loss that line" in verdict["reason"]


@pytest.mark.parametrize(
    ("code", "right", "wrong", "mistake"),
    [
        (SQUARES, "self.grad += other.data * out.grad", "self.grad = other.data * out.grad", "wrong-operator"),
        (SQUARES, "other * self.data ** (other - 1)", "other * self.data ** other", "wrong-operator"),
        (CLASSES, "self.grad += (1 - t**2) * out.grad", "self.grad += (1 - t) * out.grad", "wrong-operator"),
        (CLASSES, "out.grad / self.data", "out.grad / out.data", "wrong-variable"),
        (MARGINS, "self.grad += (out.data > 0) * out.grad", "self.grad += out.grad", "missing-derivative"),
        (ODDS, "other.grad += self.data * out.grad", "other.grad += other.data * out.grad", "wrong-variable"),
    ],
)  # fmt: skip
def test_a_wrong_operation_is_told_at_its_line(
    code: str, right: str, wrong: str, mistake: str
) -> None:
    assert right in code
    edited = code.replace(right, wrong, 1)
    line = code[: code.index(right)].count("\n") + 1
    verdict = verdict_on(edited)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    finding = verdict["findings"][0]
    assert (finding["line"], finding["mistake"], finding["proved"]) == (line, mistake, True)


WITHOUT_BIASES = SQUARES.replace(", self.b)\n", ")\n").replace("[*neuron.w, neuron.b]", "neuron.w")


@pytest.mark.parametrize("code", [SQUARES, WITHOUT_BIASES])
@pytest.mark.parametrize("order", ["_children", "_children[::-1]"])
def test_an_engine_that_keeps_what_came_back_last_follows_no_sample_by_itself(
    code: str, order: str
) -> None:
    """In whichever order it goes back: a set's is another one in each run."""
    assert "set(_children)" in code
    code = code.replace("set(_children)", f"tuple({order})")
    assert verdict_on(code)["verdict"] == "right"
    code = code.replace("self.grad += other.data * out.grad", "self.grad = other.data * out.grad")
    verdict = verdict_on(code)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["line"] == code[: code.index("self.grad = other.data")].count("\n") + 1


def lines_of(code: str, part: str) -> list[int]:
    return [k for k, line in enumerate(code.split("\n"), start=1) if part in line]


PRODUCT = ("self.grad += other.data * out.grad", "other.grad += self.data * out.grad")
SUM = ("self.grad += out.grad", "other.grad += out.grad")


@pytest.mark.parametrize(
    ("parts", "told"),
    [(PRODUCT, PRODUCT), ((*PRODUCT, "self.grad += (1 - t**2) * out.grad"), PRODUCT), (SUM, SUM),
     ((*SUM, *PRODUCT), PRODUCT)],
)  # fmt: skip
def test_an_operation_that_overwrites_what_came_back_to_both_operands_is_told_at_both_lines(
    parts: tuple[str, ...], told: tuple[str, ...]
) -> None:
    code = SQUARES
    for part in parts:
        assert part in code
        code = code.replace(part, part.replace("+=", "="), 1)
    verdict = verdict_on(code)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    lines = [line for part in told for line in lines_of(code, part.replace("+=", "="))[:1]]
    assert [finding["line"] for finding in verdict["findings"]] == lines
    assert all(finding["proved"] for finding in verdict["findings"])


def test_what_is_overwritten_where_each_number_is_used_once_does_no_harm() -> None:
    code = ENGINE.replace("BEND", "tanh")
    for part in (*SUM, *PRODUCT):
        code = code.replace(part, part.replace("+=", "="))
    code += """
w, v, b = Value(0.3), Value(-0.4), Value(0.1)
for epoch in range(20):
    for x, t in zip([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.5]], [1.0, -1.0, 0.5]):
        loss = (w * x[0] + v * x[1] + b - t) ** 2
        for p in (w, v, b):
            p.grad = 0
        loss.backward()
        for p in (w, v, b):
            p.data -= 0.05 * p.grad
"""
    assert verdict_on(code)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("return self + other * -1", "return self + other"),
        ("reversed(order)", "order"),
        ("model.parameters():\n        p.data", "model.parameters()[3:]:\n        p.data"),
    ],
)
def test_an_engine_that_is_used_wrongly_is_never_right(right: str, wrong: str) -> None:
    assert right in SQUARES
    assert verdict_on(SQUARES.replace(right, wrong, 1), NEVER_RIGHT)["verdict"] != "right"


TRAINED = SQUARES.index("model = Network")
LEARNT = "    loss = sum((model(x)[0] - t) ** 2 for x, t in zip(xs, ts))\n"
DATA = """
model = Network(2, 3, 1)
xs, ts = [[1.0, 2.0], [0.5, -1.0], [-1.0, 0.5]], [1.0, -1.0, 0.5]
"""
KEPT = SQUARES.replace("    for p in model.parameters():\n        p.grad = 0\n", "")
KEPT_BY_OPTIMIZER = (
    SQUARES[:TRAINED]
    + """
class Descent:
    def __init__(self, parameters):
        self.parameters = parameters

    def zero_grad(self):
        for p in self.parameters:
            p.grad = 0

    def step(self):
        for p in self.parameters:
            p.data = p.data - 0.05 * p.grad
"""
    + DATA
    + f"""
optimizer = Descent(model.parameters())
for epoch in range(20):
{LEARNT}    loss.backward()
    optimizer.step()
"""
)
KEPT_WITHIN_EPOCHS = (
    SQUARES[:TRAINED]
    + DATA
    + """
for epoch in range(20):
    for p in model.parameters():
        p.grad = 0
    for x, t in zip(xs, ts):
        loss = (model(x)[0] - t) ** 2
        loss.backward()
        for p in model.parameters():
            p.data -= 0.05 * p.grad
"""
)


@pytest.mark.parametrize("code", [KEPT, KEPT_BY_OPTIMIZER, KEPT_WITHIN_EPOCHS])
def test_gradients_that_are_never_set_back_are_told_where_the_engine_goes_back(code: str) -> None:
    verdict = verdict_on(code)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    line = code[: code.rindex("loss.backward()")].count("\n") + 1
    assert (finding["line"], finding["mistake"]) == (line, "gradient-not-reset")
    assert finding["proved"]
    assert "= 0" in finding["fix"] or "zero_grad()" in finding["fix"]


def test_gradients_that_are_added_up_over_samples_before_a_step_are_right() -> None:
    step = "        for p in model.parameters():\n            p.data"
    assert step in KEPT_WITHIN_EPOCHS
    whole = KEPT_WITHIN_EPOCHS.replace(step, "    for p in model.parameters():\n        p.data")
    verdict = verdict_on(whole)
    assert verdict["verdict"] == "right", verdict["reason"]


MOMENTUM = """
    for p in model.parameters():
        v[p] = 0.9 * v[p] - 0.02 * p.grad
        p.data += v[p]
"""
ADAM = """
    for p in model.parameters():
        v[p] = 0.9 * v[p] + 0.1 * p.grad
        s[p] = 0.999 * s[p] + 0.001 * p.grad ** 2
        p.data -= 0.01 * (v[p] / (1 - 0.9 ** k)) / ((s[p] / (1 - 0.999 ** k)) ** 0.5 + 1e-8)
"""


@pytest.mark.parametrize("step", [MOMENTUM, ADAM])
def test_an_engine_beside_an_optimizer_is_right_though_biases_begin_as_the_number_0(
    step: str,
) -> None:
    loop = f"""
v, s = ({{p: 0 for p in model.parameters()}} for _ in range(2))
for k in range(1, 40):
{LEARNT}    for p in model.parameters():
        p.grad = 0
    loss.backward()
{step}"""
    code = SQUARES[:TRAINED] + DATA + loop
    verdict = verdict_on(code)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert [row["name"] for row in verdict["parameters"]] == ["w", "parameter"]
    line = code.replace("        self.grad += (1 - t**2)", "        self.grad += (1 - t)")
    assert verdict_on(line, NEVER_RIGHT)["verdict"] != "right"


def test_a_bias_of_an_engine_that_stays_as_it_was_drawn_is_told() -> None:
    code = SQUARES.replace("Value(0), bends", "Value(random.uniform(-1, 1)), bends")
    code = code.replace("for p in [*neuron.w, neuron.b]]", "for p in neuron.w]")
    verdict = verdict_on(code)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    line = code[: code.index("Value(random.uniform(-1, 1)), bends")].count("\n") + 1
    assert (finding["line"], finding["mistake"]) == (line, "parameter-never-updated")


ARRAYS = """
import numpy as np

def fitted(back, shape):
    while back.ndim > len(shape):
        back = back.sum(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            back = back.sum(axis=axis, keepdims=True)
    return back

class Tensor:
    def __init__(self, data, made_of=()):
        self.data = np.asarray(data, dtype=float)
        self.grad, self.made_of = np.zeros_like(self.data), made_of
        self.go_back = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data + other.data, (self, other))
        def go_back():
            self.grad += fitted(out.grad, self.data.shape)
            other.grad += fitted(out.grad, other.data.shape)
        out.go_back = go_back
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data * other.data, (self, other))
        def go_back():
            self.grad += fitted(out.grad * other.data, self.data.shape)
            other.grad += fitted(out.grad * self.data, other.data.shape)
        out.go_back = go_back
        return out

    def __sub__(self, other):
        return self + other * -1.0

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))
        def go_back():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out.go_back = go_back
        return out

    def sum(self, axis=None, keepdims=False):
        out = Tensor(self.data.sum(axis=axis, keepdims=keepdims), (self,))
        def go_back():
            back = out.grad if axis is None or keepdims else np.expand_dims(out.grad, axis)
            self.grad += np.ones_like(self.data) * back
        out.go_back = go_back
        return out

    def tanh(self):
        out = Tensor(np.tanh(self.data), (self,))
        def go_back():
            self.grad += (1 - out.data**2) * out.grad
        out.go_back = go_back
        return out

    def backward(self):
        order, seen = [], set()
        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for one in node.made_of:
                    visit(one)
                order.append(node)
        visit(self)
        self.grad = np.ones_like(self.data)
        for node in reversed(order):
            node.go_back()

rng = np.random.default_rng(2)
X = rng.normal(size=(8, 3))
t = np.sin(X[:, :1]) + 0.3 * X[:, 1:2]
W1, b1 = Tensor(rng.normal(size=(3, 5))), Tensor(np.zeros(5))
W2, b2 = Tensor(rng.normal(size=(5, 1))), Tensor(np.zeros((1, 1)))
for epoch in range(30):
    error = (Tensor(X) @ W1 + b1).tanh() @ W2 + b2 - Tensor(t)
    loss = (error * error).sum(axis=1).sum() * (0.5 / len(X))
    for p in (W1, b1, W2, b2):
        p.grad = np.zeros_like(p.data)
    loss.backward()
    for p in (W1, b1, W2, b2):
        p.data -= 0.1 * p.grad
"""


@pytest.mark.parametrize(
    "printed", ["", "    if epoch % 10 == 0:\n        print(float(loss.data))\n"]
)
def test_an_engine_of_arrays_follows_the_loss_that_is_computed(printed: str) -> None:
    verdict = verdict_on(ARRAYS + printed)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert "differentiates" in verdict["reason"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("self.data.T @ out.grad", "self.data.T @ out.grad / len(self.data)"),
        ("other.grad += fitted(out.grad, other", "other.grad += fitted(out.grad - out.data, other"),
        ("(1 - out.data**2) * out.grad", "(1 - self.data**2) * out.grad"),
    ],
)
def test_a_wrong_operation_of_arrays_is_told_at_its_line_alone(right: str, wrong: str) -> None:
    assert right in ARRAYS
    verdict = verdict_on(ARRAYS.replace(right, wrong, 1))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["line"] == ARRAYS[: ARRAYS.index(right)].count("\n") + 1
    assert finding["proved"]


STEP = "p.data -= rate * p.grad"


@pytest.mark.parametrize(
    ("code", "step", "mistake"),
    [
        (ODDS, "p.data += rate * p.grad", "sign-error"),
        (ODDS, "p.data -= rate + p.grad", "wrong-operator"),
        (ODDS, "p.data = rate * p.grad", "wrong-operator"),
        (SQUARES, "p.data -= rate * p.data", "wrong-variable"),
    ],
)
def test_a_step_that_is_none_is_told_where_all_operations_are_right(
    code: str, step: str, mistake: str
) -> None:
    """The slope of a logarithm on its way back passed for a target over a prediction: what climbs was called right."""
    verdict = verdict_on(code.replace(STEP, step))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["line"] == code[: code.index(STEP)].count("\n") + 1
    assert (finding["mistake"], finding["proved"]) == (mistake, True)
    assert finding["fix"].strip() == STEP


def test_what_an_engine_climbs_may_be_meant_to_if_it_is_called_no_loss() -> None:
    climbing = ODDS.replace(STEP, "p.data += rate * p.grad").replace("loss", "total")
    assert verdict_on(climbing, NEVER_RIGHT)["verdict"] == "undecided"


def test_what_an_engine_computes_may_be_another_function_than_it_goes_back_through() -> None:
    right = "t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)"
    wrong = right.replace("math.exp(2 * self.data) + 1", "math.exp(2 + self.data) + 1")
    (finding,) = verdict_on(SQUARES.replace("t = math.tanh(self.data)", wrong))["findings"]
    assert "2 * self.data) + 1" in finding["fix"]


def test_what_gradients_overwrite_is_not_right_though_all_that_comes_back_is() -> None:
    code = SQUARES.replace(STEP, "p.data = rate * p.grad + 0.1 * p.data**2")
    assert verdict_on(code, NEVER_RIGHT)["verdict"] == "undecided"
