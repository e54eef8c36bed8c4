"""A loss that is computed of other data as well, to see how well they are predicted, is one loss."""

from checked import verdict_on

VALIDATED = """
import numpy as np
rng = np.random.default_rng(1)
x = 3 * rng.normal(size=(160, 3)); t = (x @ np.array([[1.0], [-2.0], [0.5]]) > 0) * 1.0
t[::7] = 1 - t[::7]
w1, b1 = rng.normal(size=(3, 4)), np.zeros((1, 4)); w2, b2 = 2 * rng.normal(size=(4, 1)), np.zeros((1, 1))
eps = 1e-4
class BCE:
    def forward(self, y, t):
        self.y, self.t = y, t
        return np.sum(-(t * np.log(y + eps) + (1 - t) * np.log(1 - y + eps)))
    def backward(self):
        return -(self.t / (self.y + eps) - (1 - self.t) / (1 - self.y + eps))
def predict(x):
    global a1
    a1 = np.maximum(0, x @ w1 + b1)
    return 1 / (1 + np.exp(-(a1 @ w2 + b2)))
loss = BCE()
for epoch in range(30):
    total = 0
    for k in range(0, 140, 2):
        xb, tb = x[k:k+2], t[k:k+2]
        y = predict(xb)
        total += loss.forward(y, tb)
        d2 = loss.backward() * y * (1 - y)
        d1 = d2 @ w2.T * (a1 > 0)
        w1 -= 0.001 * xb.T @ d1; b1 -= 0.001 * d1.sum(axis=0, keepdims=True)
        w2 -= 0.001 * a1.T @ d2; b2 -= 0.001 * d2.sum(axis=0, keepdims=True)
        if k == 0:
            other = 0
            for j in range(140, 160, 2):
                other += loss.forward(predict(x[j:j+2]), t[j:j+2])
            print(other)
"""


def test_a_loss_of_data_that_nothing_is_learnt_from_is_left_aside() -> None:
    verdict = verdict_on(VALIDATED)
    assert verdict["verdict"] == "right", verdict["reason"]


def test_and_a_mistake_beside_it_is_not_right() -> None:
    wrong = VALIDATED.replace("* y * (1 - y)", "* y")
    assert verdict_on(wrong, 20)["verdict"] != "right"
