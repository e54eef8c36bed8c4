# loss: binary-cross-entropy
import contextlib
import io
import pickle
import sys

import numpy as np


class Model:
    version = 2

    def __init__(self):
        self.rng = np.random.RandomState(7)
        self.state = dict(w=self.rng.randn(3, 4), b=np.zeros(4), v=self.rng.randn(4), c=0.0)

    def probability(self, x):
        self.h = np.tanh(x @ self.state["w"] + self.state["b"])
        return 1 / (1 + np.exp(-(self.h @ self.state["v"] + self.state["c"])))

    def learn(self, x, t, rate):
        d = self.probability(x) - t
        back = np.multiply.outer(d, self.state["v"]) * (1 - self.h**2)
        change = {"v": self.h.T @ d, "c": d.sum(), "w": x.T @ back, "b": back.sum(0)}
        self.state.update({k: self.state[k] - rate * g / len(x) for k, g in change.items()})
        if np.isnan(d).any():
            raise FloatingPointError("diverged")


@contextlib.contextmanager
def quietly():
    with contextlib.redirect_stdout(io.StringIO()) as out:
        yield out


model = Model()
x = model.rng.randn(24, 3)
t = (np.abs(x[:, 0]) > x[:, 1]).astype(float)
try:
    with quietly():
        for epoch in range(60):
            model.learn(x, t, 1.0)
            if epoch == 30:
                saved = pickle.dumps(model.state)
                print("saved", len(saved))
except (KeyboardInterrupt, FloatingPointError) as reason:
    sys.exit(str(reason))
else:
    print("kept", sorted(pickle.loads(saved)))

#? step: d = self.probability(x) - t
#? parameters: q = self.state
#? loss = bce(sigmoid(np.tanh(x @ q["w"] + q["b"]) @ q["v"] + q["c"]), t)
