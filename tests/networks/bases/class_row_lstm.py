# loss: half-squared-error|squared-error|mean-squared-error
"""One LSTM layer and a linear output, through time."""
import numpy as np


def sigm(x):
    return 1 / (1 + np.exp(-x))


class LSTM:
    def __init__(self, n_x, n_h, seed):
        r = np.random.default_rng(seed)
        self.W = r.normal(0, 0.4, (4 * n_h, n_x + n_h))
        self.b = r.normal(0, 0.1, 4 * n_h)
        self.V = r.normal(0, 0.4, (1, n_h))
        self.H = n_h

    def forward(self, xs):
        h, c = np.zeros(self.H), np.zeros(self.H)
        self.tape, ys = [], []
        for x in xs:
            joined = np.concatenate([x, h])
            z = self.W @ joined + self.b
            i, f, o = sigm(z[: self.H]), sigm(z[self.H : 2 * self.H]), sigm(z[2 * self.H : 3 * self.H])
            g = np.tanh(z[3 * self.H :])
            c_before, c = c, f * c + i * g
            tc = np.tanh(c)
            h = o * tc
            self.tape.append((joined, i, f, o, g, c_before, tc, h))
            ys.append(self.V @ h)
        return np.array(ys)

    def backward(self, errors):
        dW, db, dV = np.zeros_like(self.W), np.zeros_like(self.b), np.zeros_like(self.V)
        dh_next, dc_next = np.zeros(self.H), np.zeros(self.H)
        for e, (joined, i, f, o, g, c_before, tc, h) in zip(errors[::-1], self.tape[::-1]):
            dV += np.outer(e, h)
            #~ wrong-layer-input: dV += np.outer(e, tc)
            dh = self.V.T @ e + dh_next
            #~ no-flow-through-time: dh = self.V.T @ e
            dc = dh * o * (1 - tc**2) + dc_next
            #~ no-flow-through-time/2: dc = dh * o * (1 - tc**2)
            #~ missing-derivative: dc = dh * o + dc_next
            dz = np.concatenate(
                [dc * g * i * (1 - i), dc * c_before * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g**2)]
            )
            dW += np.outer(dz, joined)
            db += dz
            dh_next = self.W[:, -self.H :].T @ dz
            #~ wrong-index: dh_next = self.W[:, : self.H].T @ dz
            dc_next = dc * f
            #~ wrong-variable/2: dc_next = dc * i
            #~ wrong-variable/3: dc_next = dc
        return dW, db, dV


r = np.random.default_rng(5)
data = [r.normal(size=(5, 2)) for _ in range(4)]
goals = [np.cumsum(d[:, :1] * 0.5, axis=0) for d in data]
net = LSTM(2, 3, seed=1)
for epoch in range(15):
    for xs, ts in zip(data, goals):
        ys = net.forward(xs)
        dW, db, dV = net.backward(ys - ts)
        net.W -= 0.1 * dW
        net.b -= 0.1 * db
        net.V -= 0.1 * dV
print(np.mean((ys - ts) ** 2))

#? step: ys = net.forward(xs)
#? parameters: W = net.W; b = net.b; V = net.V
#? h, c, loss = np.zeros(3), np.zeros(3), 0
#? for x, t in zip(xs, ts):
#?     z = W @ np.concatenate([x, h]) + b
#?     c = sigmoid(z[3:6]) * c + sigmoid(z[:3]) * np.tanh(z[9:])
#?     h = sigmoid(z[6:9]) * np.tanh(c)
#?     loss = loss + squared(V @ h, t)
