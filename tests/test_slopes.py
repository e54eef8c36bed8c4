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
