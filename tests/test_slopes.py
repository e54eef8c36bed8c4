"""Losses and activations that come with their derivatives are held against what they compute themselves."""

import pytest

from checked import verdict_on

NUMPY = "import numpy as np\n"
MARGINS = """
def svm_loss(W, X, y, reg):
    scores = X.dot(W)
    margins = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + 1)
    margins[np.arange(len(y)), y] = 0
    over = (margins > 0).astype(float)
    over[np.arange(len(y)), y] = -over.sum(axis=1)
    return margins.sum() / len(y) + reg * np.sum(W * W), X.T.dot(over) / len(y) + 2 * reg * W
"""
MARGINS_IN_LOOPS = """
def svm_loss_naive(W, X, y, reg):
    dW, loss = np.zeros(W.shape), 0.0
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        for j in range(W.shape[1]):
            margin = scores[j] - scores[y[i]] + 1
            if j != y[i] and margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / len(y) + reg * np.sum(W * W), dW / len(y) + 2 * reg * W
"""
HINGE = """
class Hinge:
    def forward(self, y_pred, y_true):
        self.margin, self.y_true = 1 - y_pred * y_true, y_true
        return np.mean(np.maximum(0, self.margin))

    def backward(self):
        return np.where(self.margin > 0, -self.y_true, 0) / self.y_true.size
"""
OF_EACH_SAMPLE = """
class CrossEntropy:
    def forward(self, y_pred, y_true):
        return -np.log(np.sum(np.clip(y_pred, 1e-7, 1 - 1e-7) * y_true, axis=1))

    def backward(self, dvalues, y_true):
        self.dinputs = -y_true / dvalues / len(dvalues)
"""
FUNCTIONS = """
def mse(y_true, y_pred):
    return np.mean(np.power(y_true - y_pred, 2))

def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_prime(s):
    return s * (1 - s)

def tanh(x):
    return np.tanh(x)

def tanh_derivative(x):
    return 1 - np.tanh(x) ** 2
"""


@pytest.mark.parametrize("code", [MARGINS, MARGINS_IN_LOOPS, HINGE, OF_EACH_SAMPLE, FUNCTIONS])
def test_right_slopes_are_right(code: str) -> None:
    verdict = verdict_on(NUMPY + code)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (MARGINS, "-over.sum(axis=1)", "over.sum(axis=1)"),
        (MARGINS, "+ 2 * reg", "- 2 * reg"),
        (MARGINS_IN_LOOPS, "dW[:, y[i]] -= X[i]", "pass"),
        (HINGE, "-self.y_true, 0", "-self.y_true, 1"),
        (FUNCTIONS, "(y_pred - y_true) /", "(y_pred + y_true) /"),
        (FUNCTIONS, "1 - np.tanh(x) ** 2", "1 - np.tanh(x)"),
        (FUNCTIONS, "1 - np.tanh(x) ** 2", "2 * (1 - np.tanh(x) ** 2)"),
    ],
)
def test_wrong_slopes_are_not_right(code: str, right: str, wrong: str) -> None:
    assert right in code
    assert verdict_on(NUMPY + code.replace(right, wrong, 1))["verdict"] != "right"


COMBINED = """
class Softmax:
    def forward(self, inputs):
        powers = np.exp(inputs - inputs.max(axis=1, keepdims=True))
        self.output = powers / powers.sum(axis=1, keepdims=True)

class CrossEntropy:
    def forward(self, y_pred, y_true):
        # an entropy (expected surprise) of softmax outputs
        clipped = np.clip(y_pred, 1e-7, 1 - 1e-7)
        likely = clipped[range(len(clipped)), y_true] if y_true.ndim == 1 else (clipped * y_true).sum(axis=1)
        return -np.log(likely)

    def backward(self, d_values, y_true):
        if y_true.ndim == 1:
            y_true = np.eye(len(d_values[0]))[y_true]
        self.d_inputs = -y_true / d_values / len(d_values)

class Both:
    def __init__(self):
        self.activation, self.loss = Softmax(), CrossEntropy()

    def forward(self, inputs, y_true):
        self.activation.forward(inputs)
        self.output = self.activation.output
        return np.mean(self.loss.forward(self.output, y_true))

    def backward(self, dvalues, y_true):
        if y_true.ndim == 2:
            y_true = np.argmax(y_true, axis=1)
        self.dinputs = dvalues.copy()
        self.dinputs[range(len(dvalues)), y_true] -= 1
        self.dinputs = self.dinputs / len(dvalues)
"""
FLAG = """
def sigmoid(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))

class Activations:
    @staticmethod
    def tanh(x):
        return np.tanh(x)

    @staticmethod
    def tanh_derivative(x):
        return 1 - np.tanh(x) ** 2

class Linear:
    def __call__(self, x):
        return x

    def derivative(self, x):
        return 1
"""


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (COMBINED, "-y_true / d_values", "-y_true / (1 - d_values)"),
        (COMBINED, "y_true] -= 1", "y_true] -= 2"),
        (COMBINED, "self.dinputs / len(dvalues)", "self.dinputs * len(dvalues)"),
        (FLAG, "x * (1 - x)", "x * (1 + x)"),
        (FLAG, "1 - np.tanh(x) ** 2", "1 - x ** 3"),
        (FLAG, "        return 1\n", "        return 2\n"),
    ],
)
def test_losses_and_slopes_in_further_forms_are_right_where_they_are(
    code: str, right: str, wrong: str
) -> None:
    assert right in code
    verdict = verdict_on(NUMPY + code)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 3 if code is FLAG else 2)
    assert verdict_on(NUMPY + code.replace(right, wrong, 1))["verdict"] != "right"


@pytest.mark.parametrize(
    "training",
    [
        "def train(net, x, y):\n    net.w -= 0.1 * x.T @ (np.tanh(x @ net.w) - y)",
        """
class Net:
    def __init__(self, plan):
        self.w = plan.weights()

    def backward(self, x, y):
        return x.T @ (np.tanh(x @ self.w) - y)
""",
    ],
)
def test_a_slope_that_is_right_does_not_make_right_what_could_not_be_driven(training: str) -> None:
    verdict = verdict_on(NUMPY + FUNCTIONS + training)
    assert verdict["verdict"] == "undecided"
    assert "all others are right" in verdict["reason"]


UNROLLED = """import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def nnCostFunction(nn_params, input_layer_size, hidden_layer_size, num_labels, X, y, lambda_):
    cut, m = hidden_layer_size * (input_layer_size + 1), len(X)
    theta1 = nn_params[:cut].reshape(hidden_layer_size, input_layer_size + 1)
    theta2 = nn_params[cut:].reshape(num_labels, hidden_layer_size + 1)
    a1 = np.hstack([np.ones((m, 1)), X])
    z2 = a1 @ theta1.T
    a2 = np.hstack([np.ones((m, 1)), sigmoid(z2)])
    a3 = sigmoid(a2 @ theta2.T)
    wanted = np.eye(num_labels)[y.ravel() - 1]
    J = -np.sum(wanted * np.log(a3) + (1 - wanted) * np.log(1 - a3)) / m
    J += lambda_ / (2 * m) * (np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2))
    d3 = a3 - wanted
    d2 = d3 @ theta2[:, 1:] * sigmoid(z2) * (1 - sigmoid(z2))
    grad1, grad2 = d2.T @ a1 / m, d3.T @ a2 / m
    grad1[:, 1:] += lambda_ / m * theta1[:, 1:]
    grad2[:, 1:] += lambda_ / m * theta2[:, 1:]
    return J, np.concatenate([grad1.ravel(), grad2.ravel()])
"""


def test_a_cost_of_unrolled_weights_is_held_against_its_gradient() -> None:
    assert verdict_on(UNROLLED)["verdict"] == "right"
    assert verdict_on(UNROLLED.replace(" * (1 - sigmoid(z2))", ""))["verdict"] != "right"


def test_a_gradient_is_that_of_the_cost_which_takes_the_same() -> None:
    source = """import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def costFunction(theta, X, y):
    h = sigmoid(X @ theta)
    return -np.mean(y * np.log(h) + (1 - y) * np.log(1 - h))
def gradientFunction(theta, X, y):
    return X.T @ (sigmoid(X @ theta) - y) / len(y)
"""
    assert verdict_on(source)["verdict"] == "right"
    assert verdict_on(source.replace("/ len(y)", "* sigmoid(X @ theta)"))["verdict"] != "right"


def test_a_slope_that_is_off_by_a_factor_is_told() -> None:
    source = NUMPY + "def mse(p, y):\n    return np.mean((p - y) ** 2)\n"
    verdict = verdict_on(source + "def mse_prime(p, y):\n    return (p - y) / y.size\n")
    assert verdict["verdict"] == "right"
    assert "0.5 times the slope" in verdict["reason"]


def test_a_cross_entropy_may_give_the_gradient_by_scores_unless_their_slope_is_taken_again() -> (
    None
):
    source = (
        NUMPY
        + """
class CategoricalCrossEntropy:
    def forward(self, y_pred, y_true):
        return -np.sum(y_true * np.log(y_pred)) / len(y_true)
    def backward(self, y_pred, y_true):
        return (y_pred - y_true) / len(y_true)
"""
    )
    verdict = verdict_on(source)
    assert (verdict["verdict"], "what a softmax is given" in verdict["reason"]) == ("right", True)
    assert (
        verdict_on(source + "class Softmax:\n    def backward(self, d):\n        return d\n")[
            "verdict"
        ]
        != "right"
    )
