"""An optimizer that hands back what it makes is not blamed for what its caller made of gradients."""

import pytest

from checked import verdict_on

SOURCE = """\
import numpy as np
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(12, 4)), np.eye(3)[rng.integers(3, size=12)]

class Momentum:
    def __init__(self, rate=0.1):
        self.rate, self.v = rate, 0.0

    def update(self, params, grads):
        self.v = 0.9 * self.v + grads
        step = self.rate * self.v
        return params - step

class Adam:
    def __init__(self, rate=0.01):
        self.rate, self.m, self.v, self.t = rate, 0.0, 0.0, 0

    def update(self, params, grads):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * grads
        self.v = 0.999 * self.v + 0.001 * grads**2
        m_hat = self.m / (1 - 0.9**self.t)
        v_hat = self.v / (1 - 0.999**self.t)
        step = self.rate * m_hat / (np.sqrt(v_hat) + 1e-8)
        params = params - step
        return params

class Layer:
    def __init__(self, n_in, n_out):
        self.w, self.b = rng.normal(size=(n_in, n_out)), np.zeros((1, n_out))
        self.w_opt, self.b_opt = Optimizer(), Optimizer()

    def forward(self, x):
        self.x = x
        return x @ self.w + self.b

    def backward(self, delta):
        back = delta @ self.w.T
        dw = self.x.T @ delta / len(delta)
        db = delta.mean(axis=0, keepdims=True)
        self.w = self.w_opt.update(self.w, dw)
        self.b = self.b_opt.update(self.b, db)
        return back

first, second = Layer(4, 5), Layer(5, 3)
for _ in range(200):
    h = np.tanh(first.forward(X))
    z = second.forward(h)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    back = second.backward(p - Y)
    first.backward(back * (1 - h ** 2))
"""
UPDATE = "self.w = self.w_opt.update"


@pytest.mark.parametrize("optimizer", ["Momentum", "Adam"])
@pytest.mark.parametrize(
    ("right", "wrong", "mistake", "line"),
    [
        ("return back", "return delta @ self.w.T", "updated-weights", UPDATE),
        ("db = delta.mean(axis=0", "db = delta.sum(axis=0", "parameter-mis-scaled", "db ="),
        ("dw = self.x.T", "dw = -self.x.T", "sign-error", "self.w = self.w_opt|dw = "),
        ("mean(axis=0, keepdims", "mean(keepdims", "bias-summed-over-all", "db ="),
    ],
)
def test_the_caller_is_to_blame(
    optimizer: str, right: str, wrong: str, mistake: str, line: str
) -> None:
    source = SOURCE.replace("Optimizer()", f"{optimizer}()").replace(right, wrong, 1)
    verdict = verdict_on(source)
    (finding,) = verdict["findings"]
    text = source.splitlines()[finding["line"] - 1].strip()
    assert (verdict["verdict"], finding["mistake"]) == ("wrong", mistake)
    assert text.startswith(tuple(line.split("|"))), text
