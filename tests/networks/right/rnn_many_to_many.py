# loss: cross-entropy
import numpy as np

rng = np.random.RandomState(10)
V, H, T = 4, 5, 6
Wxh, Whh, Why = rng.randn(H, V) * 0.4, rng.randn(H, H) * 0.4, rng.randn(V, H) * 0.4
bh, by = np.zeros((H, 1)), np.zeros((V, 1))
tokens = rng.randint(0, V, 200)
mWxh, mWhh, mWhy, mbh, mby = [np.zeros_like(p) for p in (Wxh, Whh, Why, bh, by)]


def pass_both_ways(inputs, targets, h):
    xs, hs, ps = {}, {-1: np.copy(h)}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((V, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        y = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dh_later = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dh_later
        dz = (1 - hs[t] * hs[t]) * dh
        dbh += dz
        dWxh += np.dot(dz, xs[t].T)
        dWhh += np.dot(dz, hs[t - 1].T)
        dh_later = np.dot(Whh.T, dz)
    for d in (dWxh, dWhh, dWhy, dbh, dby):
        np.clip(d, -5, 5, out=d)
    return loss, (dWxh, dWhh, dWhy, dbh, dby), hs[len(inputs) - 1]


h = np.zeros((H, 1))
for n in range(30):
    p = n * T
    inputs, targets = tokens[p : p + T], tokens[p + 1 : p + T + 1]
    loss, grads, h_after = pass_both_ways(inputs, targets, h)
    for parameter, grad, memory in zip(
        (Wxh, Whh, Why, bh, by), grads, (mWxh, mWhh, mWhy, mbh, mby)
    ):
        memory += grad * grad
        parameter += -0.1 * grad / np.sqrt(memory + 1e-8)
    h = h_after

#? step: loss, grads, h_after = pass_both_ways
#? parameters: Wxh Whh Why bh by
#? update: lambda gs: [-0.1 * g / np.sqrt(sum(k * k for k in gs[: n + 1]) + 1e-8) for n, g in enumerate(gs)]
#? s, loss = h, 0
#? for i, j in zip(inputs, targets):
#?     s = np.tanh(np.reshape(Wxh[:, i], (-1, 1)) + Whh @ s + bh)
#?     loss = loss + cross_entropy(softmax(Why @ s + by, axis=0)[:, 0], one_hot(j, V))
