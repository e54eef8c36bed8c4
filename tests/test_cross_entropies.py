"""Errors of a cross-entropy that are written wrongly are put right in the text, and what is right stays right."""

import pytest

from checked import verdict_on

NETWORK = """\
import numpy as np

rng = np.random.default_rng(6)
x = rng.normal(size=(14, 3))
t = (x[:, :2] > 0.1).astype(float)
one = np.eye(2)[(x[:, 0] > 0).astype(int)]


class Net:
    def __init__(self):
        self.w = [rng.normal(size=(3, 4)), rng.normal(size=(4, 2))]

    def forward(self, x):
        self.h = np.tanh(x @ self.w[0])
        self.p = PREDICTION

    def learn(self, x, t):
        error = ERROR
        back = error @ self.w[1].T * (1 - self.h**2)
        self.w[1] -= 0.1 * self.h.T @ error
        self.w[0] -= 0.1 * x.T @ back
        print(LOSS)


net = Net()
for epoch in range(30):
    net.forward(x)
    net.learn(x, TARGET)
"""
Z = "self.h @ self.w[1]"
SIGMOID = f"1 / (1 + np.exp(-{Z}))", "t"
SOFTMAX = f"np.exp({Z}) / np.exp({Z}).sum(axis=1, keepdims=True)", "one"
SLOPE = " * self.p * (1 - self.p)"


LOSSES = {
    "t": "-np.mean(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))",
    "one": "-np.mean(np.sum(t * np.log(self.p), axis=1))",
}


def program(network: tuple[str, str], error: str, losses: dict[str, str] | None = None) -> str:
    losses = losses or LOSSES
    prediction, target = network
    lines = NETWORK.replace("PREDICTION", prediction).replace("TARGET", target)
    if error.endswith(SLOPE):
        made = error.removesuffix(SLOPE)
        error = f"{made}\n        error = error{SLOPE}"
    return lines.replace("LOSS", losses[target]).replace("ERROR", error)


@pytest.mark.parametrize(
    ("network", "error"),
    [
        (SIGMOID, "self.p - t"),
        (SIGMOID, "-(t / self.p - (1 - t) / (1 - self.p))" + SLOPE),
        (SIGMOID, "-t / self.p + (1 - t) / (1 - self.p)" + SLOPE),
        (SOFTMAX, "self.p - t"),
        (
            SOFTMAX,
            "-t / self.p; error = self.p * (error - (error * self.p).sum(axis=1, keepdims=True))",
        ),
    ],
)
def test_errors_of_a_cross_entropy_are_right(network: tuple[str, str], error: str) -> None:
    assert verdict_on(program(network, error))["verdict"] == "right"
    assert verdict_on(program(network, error, dict.fromkeys(LOSSES, "'t'")))["verdict"] == "right"


@pytest.mark.parametrize(
    ("network", "error", "mistake"),
    [
        (SIGMOID, "-(t / self.p - (1 - t) / self.p)" + SLOPE, "wrong-variable"),
        (SIGMOID, "-(t / (1 - self.p) - (1 - t) / (1 - self.p))" + SLOPE, "wrong-variable"),
        (SIGMOID, "-(t / self.p - (1 - t) / (1 + self.p))" + SLOPE, "wrong-operator"),
        (SIGMOID, "t * np.log(self.p)", "wrong-operator"),
        (SIGMOID, "-(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))", "wrong-operator"),
        (SIGMOID, "-(t * np.log(self.p) + (1 - t) * np.log(1 - self.p))" + SLOPE, "wrong-operator"),
        (SOFTMAX, "-t * np.log(self.p)", "wrong-operator"),
        (SOFTMAX, "-t / self.p", "missing-derivative"),
        (SOFTMAX, "-(t / self.p)", "missing-derivative"),
    ],
)
def test_what_is_none_is_put_right(network: tuple[str, str], error: str, mistake: str) -> None:
    verdict = verdict_on(program(network, error))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["mistake"], finding["proved"]) == (18, mistake, True)


@pytest.mark.parametrize(
    "loss", ["np.mean(np.abs(t - self.p))", "np.sum(t * (self.p * np.log(self.p) - self.p))"]
)
def test_a_loss_of_its_own_may_have_such_an_error(loss: str) -> None:
    """The derivative of p log p - p is log p."""
    wrong = program(SIGMOID, "t * np.log(self.p)" + SLOPE, {"t": loss})
    assert verdict_on(wrong)["verdict"] != "wrong"


def test_what_keeps_a_logarithm_finite_is_no_part_of_the_loss() -> None:
    kept = {"one": LOSSES["one"].replace("self.p)", "self.p + 1e-6)")}
    verdict = verdict_on(program(SOFTMAX, "-t / self.p", kept))
    assert verdict["verdict"] == "wrong"
