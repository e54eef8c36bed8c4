"""What a file only defines is trained and judged; gradients that are only printed are judged too."""

from pathlib import Path

import pytest

from checked import verdict_on
from network_variants import driven_bases, driven_variants, other_programs, variants_of

RIGHT = [next(variants_of(base)) for base in driven_bases()]
# Not yet told: everything climbs alike; and what a repair of lists does not reach.
UNDECIDED = {("lists_column_defined", "missing-derivative")}
WRONG = [
    variant
    for variant in driven_variants()
    if variant.mistake not in ("", "sign-error", "target-unused", "wrong-operator")
    and (variant.base, variant.mistake) not in UNDECIDED
]


@pytest.mark.parametrize("variant", RIGHT, ids=lambda v: v.base)
def test_right_definitions_are_right(variant) -> None:  # type: ignore[no-untyped-def]
    verdict = verdict_on(variant.source)
    assert (verdict["verdict"], verdict["driven"], verdict["findings"]) == ("right", True, [])


@pytest.mark.parametrize("variant", WRONG, ids=lambda v: f"{v.base}-{v.mistake}-{v.line}")
def test_wrong_definitions_are_wrong_and_proved(variant) -> None:  # type: ignore[no-untyped-def]
    verdict = verdict_on(variant.source)
    assert verdict["verdict"] == "wrong"
    assert all(finding["proved"] for finding in verdict["findings"])


HEAD = """import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""

ONE_NEURON = (
    HEAD
    + """
x, y, rate = np.array([1.0, 2.0]), 0.5, 0.5
w = np.array([0.5, -0.5])
out = sigmoid(np.dot(w, x))
error = y - out
"""
)


def test_a_step_that_is_printed_and_not_taken_is_right_by_entries() -> None:
    steps = "step = [rate * error * out * (1 - out) * x[0], rate * error * out * (1 - out) * x[1]]\nprint(step)"
    verdict = verdict_on(ONE_NEURON + steps)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True)


def test_a_step_that_lacks_the_derivative_is_not_right() -> None:
    verdict = verdict_on(ONE_NEURON + "delta_w = rate * error * out * x\nprint(delta_w)")
    assert verdict["verdict"] != "right"


TWO_LAYERS = (
    HEAD
    + """
class Net:
    def __init__(self, n_in, n_hidden, n_out):
        self.w = np.random.randn(n_in, n_hidden)
        self.v = np.random.randn(n_hidden, n_out)
    def forward(self, x):
        self.h = sigmoid(x @ self.w)
        return sigmoid(self.h @ self.v)
    def backward(self, x, y, output):
        d = (output - y) * output * (1 - output)
        e = d @ self.v.T * self.h * (1 - self.h)
        {end}
"""
)


@pytest.mark.parametrize(
    "end",
    [
        "return x.T @ e, self.h.T @ d",
        "return {'w': x.T @ e, 'v': self.h.T @ d}",
        "self.dw, self.dv = x.T @ e, self.h.T @ d",
        "self.w -= 0.1 * x.T @ e; self.v -= 0.1 * self.h.T @ d",
    ],
)
def test_gradients_may_be_returned_kept_or_applied(end: str) -> None:
    verdict = verdict_on(TWO_LAYERS.replace("{end}", end))
    assert (verdict["verdict"], verdict["driven"]) == ("right", True)


IN_COLUMNS = """
import numpy as np

def initialize_parameters(n_x, n_h, n_y):
    return {"W1": np.random.randn(n_h, n_x), "b1": np.zeros((n_h, 1)),
            "W2": np.random.randn(n_y, n_h), "b2": np.zeros((n_y, 1))}

def forward_propagation(X, parameters):
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    return A2, {"A1": A1, "A2": A2}

def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    A1, A2 = cache["A1"], cache["A2"]
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = parameters["W2"].T @ dZ2 * (1 - A1**2)
    grads = {"dW1": dZ1 @ X.T / m, "db1": np.sum(dZ1, axis=1, keepdims=True) / m, "dW2": dW2, "db2": db2}
    return grads
"""
BY_SAMPLE = """
import numpy as np

class Network:
    def __init__(self, sizes):
        self.biases = [np.random.randn(y, 1) for y in sizes[1:]]
        self.weights = [np.random.randn(y, x) for x, y in zip(sizes, sizes[1:])]

    def backprop(self, x, y):
        nabla_b, nabla_w = [None, None], [None, None]
        hidden = np.tanh(self.weights[0] @ x + self.biases[0])
        delta = self.weights[1] @ hidden + self.biases[1] - y
        nabla_b[1] = delta
        nabla_w[1] = delta @ hidden.T
        delta = self.weights[1].T @ delta * (1 - hidden**2)
        nabla_b[0] = delta
        nabla_w[0] = delta @ x.T
        return nabla_b, nabla_w
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (IN_COLUMNS, "", ""),
        (IN_COLUMNS, '"dW', '"W'),  # a table of gradients by the parameters' own names
        (IN_COLUMNS, "dZ2 @ A1.T / m", "dZ2 @ A1.T"),
        (IN_COLUMNS, "np.sum(dZ2, axis=1, keepdims=True) / m", "np.sum(A2, axis=1, keepdims=True) / m"),
        (BY_SAMPLE, "", ""),
        (BY_SAMPLE, "delta @ hidden.T", "delta @ hidden.T / 2"),
        (BY_SAMPLE, "nabla_b[0] = delta", "nabla_b[0] = 1 - hidden**2"),
    ],
)  # fmt: skip
def test_every_gradient_that_is_handed_back_counts(code: str, right: str, wrong: str) -> None:
    """One of another factor, or of no error at all, is none that is not looked at."""
    assert right in code
    verdict = verdict_on(code.replace(right, wrong))
    expected = "wrong" if wrong and wrong != '"W' else "right"
    assert (verdict["verdict"], verdict["driven"]) == (expected, True), verdict["reason"]


RECURRENT = """
import numpy as np

class Recurrent:
    def __init__(self, input_size, hidden_size, output_size):
        self.w = np.random.normal(size=(input_size, hidden_size))
        self.u = 0.3 * np.random.normal(size=(hidden_size, hidden_size))
        self.v = np.random.normal(size=(hidden_size, output_size))

    def forward(self, x):
        steps, batch, _ = x.shape
        self.x, self.h = x, [np.zeros((batch, len(self.u)))]
        for t in range(steps):
            self.h.append(np.tanh(x[t] @ self.w + self.h[-1] @ self.u))
        return self.h[-1] @ self.v

    def backward(self, grad):
        self.dv = self.h[-1].T @ grad
        self.dw, self.du = np.zeros_like(self.w), np.zeros_like(self.u)
        delta = grad @ self.v.T
        for t in reversed(range(len(self.x))):
            delta = delta * (1 - self.h[t + 1] ** 2)
            self.dw += self.x[t].T @ delta
            self.du += self.h[t].T @ delta
            delta = delta @ self.u.T

    def update(self, lr):
        self.w -= lr * self.dw
        self.u -= lr * self.du
        self.v -= lr * self.dv
"""


@pytest.mark.parametrize(("back", "verdict"), [("self.u.T", "right"), ("self.u", "wrong")])
def test_a_recurrent_network_is_driven_with_time_steps(back: str, verdict: str) -> None:
    found = verdict_on(RECURRENT.replace("delta @ self.u.T", f"delta @ {back}"))
    assert (found["verdict"], found["driven"]) == (verdict, True)


FIXED_SIZES = """
import numpy as np

def init_params():
    w1, b1 = np.random.rand(5, 30) - 0.5, np.random.rand(5, 1) - 0.5
    w2, b2 = np.random.rand(9, 5) - 0.5, np.random.rand(9, 1) - 0.5
    return w1, b1, w2, b2

def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)

def one_hot(y):
    made = np.zeros((y.max() + 1, y.size))
    made[y, np.arange(y.size)] = 1
    return made

def forward(w1, b1, w2, b2, x):
    a1 = np.maximum(0, w1 @ x + b1)
    a2 = softmax(w2 @ a1 + b2)
    return a1, a2

def backward(a1, a2, w2, x, y):
    d2 = a2 - one_hot(y)
    d1 = w2.T @ d2 * (a1 > 0)
    dw2, db2 = d2 @ a1.T / y.size, d2.sum(axis=1, keepdims=True) / y.size
    dw1, db1 = d1 @ x.T / y.size, d1.sum(axis=1, keepdims=True) / y.size
    return dw1, db1, dw2, db2

def update(w1, b1, w2, b2, dw1, db1, dw2, db2, alpha):
    return w1 - alpha * dw1, b1 - alpha * db1, w2 - alpha * dw2, b2 - alpha * db2
"""


@pytest.mark.parametrize(("slope", "verdict"), [(" * (a1 > 0)", "right"), ("", "wrong")])
def test_functions_that_fix_their_sizes_are_driven_with_these(slope: str, verdict: str) -> None:
    found = verdict_on(FIXED_SIZES.replace(" * (a1 > 0)", slope))
    assert (found["verdict"], found["driven"]) == (verdict, True)


def test_a_gradient_that_is_nobodys_prevents_right() -> None:
    wrong = TWO_LAYERS.replace("{end}", "return x.T @ (e * 2 - e * self.h), self.h.T @ d")
    assert verdict_on(wrong)["verdict"] != "right"


def test_a_file_is_right_only_if_all_its_networks_are() -> None:
    right = TWO_LAYERS.replace("{end}", "self.w -= 0.1 * x.T @ e; self.v -= 0.1 * self.h.T @ d")
    wrong = right.replace("class Net", "class Other").replace("* self.h * (1 - self.h)", "")
    verdict = verdict_on(right + wrong.replace(HEAD, ""))
    assert verdict["verdict"] != "right"


NO_BACKPROPAGATION = {
    "k-means": """
class KMeans:
    def __init__(self, k=3):
        self.k = k
    def fit(self, X):
        self.centres = X[: self.k].copy()
        for _ in range(10):
            nearest = np.argmin(((X[:, None] - self.centres) ** 2).sum(axis=2), axis=1)
            for j in range(self.k):
                if np.any(nearest == j):
                    self.centres[j] = X[nearest == j].mean(axis=0)
""",
    "perceptron": """
class Perceptron:
    def __init__(self, eta=0.1, n_iter=10):
        self.eta, self.n_iter = eta, n_iter
    def fit(self, X, y):
        self.w = np.random.randn(X.shape[1])
        self.b = 0.0
        for _ in range(self.n_iter):
            for x, t in zip(X, y):
                change = self.eta * (t - np.where(x @ self.w + self.b >= 0, 1, -1))
                self.w += change * x
                self.b += change
""",
    "Q-learning": """
class Agent:
    def __init__(self, n_states=5, n_actions=2, alpha=0.1, gamma=0.9):
        self.q = np.zeros((n_states, n_actions))
        self.alpha, self.gamma = alpha, gamma
    def update(self, state, action, reward, following):
        goal = reward + self.gamma * np.max(self.q[following])
        self.q[state, action] += self.alpha * (goal - self.q[state, action])
""",
}


@pytest.mark.parametrize("what", NO_BACKPROPAGATION)
def test_what_is_no_backpropagation_stays_undecided(what: str) -> None:
    verdict = verdict_on("import numpy as np\n" + NO_BACKPROPAGATION[what])
    assert (verdict["verdict"], verdict["findings"]) == ("undecided", [])


@pytest.mark.parametrize(
    "path", [p for p in other_programs() if "class " in p.read_text("utf-8")], ids=lambda p: p.stem
)
def test_other_programs_with_classes_are_never_wrong(path) -> None:  # type: ignore[no-untyped-def]
    assert verdict_on(path)["verdict"] != "wrong"


def test_a_program_that_stops_by_its_own_mistake_is_not_called_right() -> None:
    """Its network may be right, and what it makes of the gradients is not."""
    code = TWO_LAYERS.replace("{end}", "return x.T @ e, self.h.T @ d")
    training = """
net = Net(3, 4, 2)
x, y = np.random.randn(5, 3), np.random.randn(5, 2)
dw, dv = net.backward(x, y, net.forward(x))
net.w, net.v = net.w - dv, net.v - dw
"""
    assert verdict_on(code)["verdict"] == "right"
    verdict = verdict_on(code + training)
    assert verdict["verdict"] == "undecided"
    assert "ValueError" in verdict["reason"]


MODEL = """
import numpy as np

def initialize_parameters_deep(layer_dims):
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters[f"W{l}"] = np.random.randn(layer_dims[l], layer_dims[l - 1]) * 0.5
        parameters[f"b{l}"] = np.zeros((layer_dims[l], 1))
    return parameters

def L_model_forward(X, parameters):
    caches, A = [], X
    for l in range(1, len(parameters) // 2 + 1):
        Z = parameters[f"W{l}"] @ A + parameters[f"b{l}"]
        caches.append((A, parameters[f"W{l}"], Z))
        A = 1 / (1 + np.exp(-Z))
    return A, caches

def L_model_backward(AL, Y, caches):
    grads, dA = {}, -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    for l in reversed(range(len(caches))):
        A, W, Z = caches[l]
        s = 1 / (1 + np.exp(-Z))
        dZ = dA * s * (1 - s)
        grads[f"dW{l + 1}"] = dZ @ A.T / A.shape[1]
        grads[f"db{l + 1}"] = np.sum(dZ, axis=1, keepdims=True) / A.shape[1]
        dA = W.T @ dZ
    return grads

def update_parameters(parameters, grads, learning_rate):
    for l in range(1, len(parameters) // 2 + 1):
        parameters[f"W{l}"] -= learning_rate * grads[f"dW{l}"]
        parameters[f"b{l}"] -= learning_rate * grads[f"db{l}"]
    return parameters
"""


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [
        ("", "", "right"),
        ("np.divide(1 - Y, 1 - AL)", "np.divide(1 - Y, 1 + AL)", "undecided"),
        ("        dA = W.T @ dZ", "        dA = W.T @ dA", "wrong"),
    ],
)
def test_a_model_of_functions_is_driven_forward_and_back(
    right: str, wrong: str, verdict: str
) -> None:
    assert right in MODEL
    found = verdict_on(MODEL.replace(right, wrong, 1))
    assert (found["verdict"], found["driven"]) == (verdict, True), found["reason"]


NAMED_ACTIVATION = """import numpy as np
class Network:
    def __init__(self, layers, activation="relu"):
        self.activation = activation
        self.w1, self.w2 = np.random.randn(layers[0], layers[1]), np.random.randn(layers[1], layers[2])

    def activate(self, z):
        if self.activation == "relu":
            return np.maximum(0, z)
        if self.activation == "sigmoid":
            return 1 / (1 + np.exp(-z))

    def slope(self, z):
        if self.activation == "relu":
            return (z > 0).astype(float)
        if self.activation == "sigmoid":
            s = self.activate(z)
            return s * (1 - s)

    def train(self, x, y, epochs=10):
        for _ in range(epochs):
            z = x @ self.w1
            hidden = self.activate(z)
            error = hidden @ self.w2 - y
            back = error @ self.w2.T * self.slope(AT)
            self.w2 -= 0.1 * hidden.T @ error
            self.w1 -= 0.1 * x.T @ back
"""


@pytest.mark.parametrize(("at", "expected"), [("z", "right"), ("hidden", "wrong")])
def test_each_activation_that_a_network_may_be_told_to_have_is_driven(
    at: str, expected: str
) -> None:
    """relu tells no pre-activation from an activation."""
    verdict = verdict_on(NAMED_ACTIVATION.replace("AT", at))
    assert verdict["verdict"] == expected
    assert all(f["mistake"] == "derivative-at-activation" for f in verdict["findings"])


LOSS_WITH_GRADIENTS = """import numpy as np
class TwoLayerNet:
    def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10):
        self.params = {
            "W1": np.random.randn(input_dim, hidden_dim), "b1": np.zeros(hidden_dim),
            "W2": np.random.randn(hidden_dim, num_classes), "b2": np.zeros(num_classes),
        }

    def loss(self, X, y=None):
        p = self.params
        hidden = np.maximum(0, X.dot(p["W1"]) + p["b1"])
        scores = hidden.dot(p["W2"]) + p["b2"]
        if y is None:
            return scores
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely = powers / powers.sum(axis=1, keepdims=True)
        loss = -np.log(likely[np.arange(len(y)), y]).mean()
        error = likely.copy()
        error[np.arange(len(y)), y] -= 1
        error /= len(y)
        back = error.dot(p["W2"].T) * (hidden > 0)
        grads = {"W2": hidden.T.dot(error), "b2": error.sum(axis=0)}
        grads["W1"], grads["b1"] = X.T.dot(back), back.sum(axis=0)
        return loss, grads
"""


def test_a_loss_that_gives_its_gradients_is_driven_at_sizes_of_its_own() -> None:
    verdict = verdict_on(LOSS_WITH_GRADIENTS)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 4)
    assert verdict_on(LOSS_WITH_GRADIENTS.replace(" * (hidden > 0)", ""))["verdict"] != "right"


def test_parameters_that_are_made_when_asked_to_are_made_first() -> None:
    source = NAMED_ACTIVATION.replace("AT", "z").replace(
        "        self.w1, self.w2 =",
        "        self.layers = layers\n\n    def initialize_weights(self):\n        layers = self.layers\n        self.w1, self.w2 =",
    )
    assert verdict_on(source)["verdict"] == "right"


def test_a_module_that_cannot_be_read_is_the_reason_for_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("print 'old'\n", encoding="utf-8")
    (tmp_path / "network.py").write_text("from layers import *\n", encoding="utf-8")
    verdict = verdict_on(tmp_path / "network.py")
    assert (verdict["verdict"], "cannot be read" in verdict["reason"]) == ("undecided", True)


BASE_AND_LAYER = """
import numpy as np

class Layer:
    def forward(self, input):
        pass
    def backward(self, output_gradient, learning_rate):
        pass

class Dense(Layer):
    def __init__(self, input_size, output_size):
        self.weights = np.random.randn(output_size, input_size)
        self.bias = np.random.randn(output_size, 1)
    def forward(self, input):
        self.input = input
        return np.dot(self.weights, self.input) + self.bias
    def backward(self, output_gradient, learning_rate):
        flowing = np.dot(self.weights.T, output_gradient)
        self.weights -= learning_rate * np.dot(output_gradient, self.input.T)
        self.bias -= learning_rate * output_gradient
        return flowing
"""


def test_a_layer_that_others_are_made_from_is_none_and_what_a_layer_hands_back_is_judged() -> None:
    verdict = verdict_on(BASE_AND_LAYER)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert all(row["cosine"] > 1 - 1e-9 for row in verdict["parameters"])
    early = BASE_AND_LAYER.replace(
        "return flowing", "return np.dot(self.weights.T, output_gradient)"
    )
    verdict = verdict_on(early)
    assert [finding["mistake"] for finding in verdict["findings"]] == ["updated-weights"]
