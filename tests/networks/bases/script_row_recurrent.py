# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(0)
steps = 5
sequences = rng.normal(size=(4, steps, 2))
wanted = np.cumsum(sequences[:, :, :1], axis=1) * 0.4

Wx = rng.normal(0, 0.5, (2, 4))
Wh = rng.normal(0, 0.5, (4, 4))
bh = rng.normal(0, 0.1, 4)
Wy = rng.normal(0, 0.5, (4, 1))
by = rng.normal(0, 0.1, 1)
rate = 0.05

for epoch in range(30):
    for inputs, targets in zip(sequences, wanted):
        h = np.zeros((steps + 1, 4))
        out = np.zeros((steps, 1))
        for t in range(steps):
            h[t + 1] = np.tanh(inputs[t] @ Wx + h[t] @ Wh + bh)
            out[t] = h[t + 1] @ Wy + by

        dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
        dbh, dby = np.zeros_like(bh), np.zeros_like(by)
        later = np.zeros(4)
        for t in reversed(range(steps)):
            dout = out[t] - targets[t]
            #~ target-unused: dout = out[t] - out[t - 1]
            dWy += np.outer(h[t + 1], dout)
            #~ wrong-index/2: dWy += np.outer(h[t], dout)
            dby += dout
            dh = dout @ Wy.T + later
            #~ no-flow-through-time: dh = dout @ Wy.T
            dz = dh * (1 - h[t + 1] ** 2)
            #~ missing-derivative: dz = dh
            #~ derivative-at-activation: dz = dh * (1 - h[t] ** 2)
            dWx += np.outer(inputs[t], dz)
            dWh += np.outer(h[t], dz)
            #~ wrong-index/3: dWh += np.outer(h[t + 1], dz)
            dbh += dz
            #~ bias-summed-over-all: dbh += dz.sum()
            later = dz @ Wh.T
            #~ wrong-transpose: later = dz @ Wh
            #~ no-flow-through-time/2: later = np.zeros(4)

        Wx -= rate * dWx
        Wh -= rate * dWh
        Wy -= rate * dWy
        bh -= rate * dbh
        by -= rate * dby

print(np.sqrt(np.mean((out - targets) ** 2)))

#? step: h = np.zeros((steps + 1, 4))
#? parameters: Wx Wh bh Wy by
#? state, loss = np.zeros(4), 0
#? for x, y in zip(inputs, targets):
#?     state = np.tanh(x @ Wx + state @ Wh + bh)
#?     loss = loss + squared(state @ Wy + by, y)
