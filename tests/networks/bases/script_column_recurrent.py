# loss: cross-entropy
# A character model: one-hot columns in, softmax over characters out.
import numpy as np

np.random.seed(1)
text = "abacabadabacaba"
letters = sorted(set(text))
index = {c: i for i, c in enumerate(letters)}
V, H, length = len(letters), 6, 5

U = np.random.randn(H, V) * 0.3
W = np.random.randn(H, H) * 0.3
b = np.random.randn(H, 1) * 0.1
O = np.random.randn(V, H) * 0.3
c = np.random.randn(V, 1) * 0.1
memory = np.zeros((H, 1))

position = 0
for iteration in range(40):
    if position + length + 1 > len(text):
        position = 0
        memory = np.zeros((H, 1))
    source = [index[s] for s in text[position : position + length]]
    target = [index[s] for s in text[position + 1 : position + length + 1]]

    xs, hs, ps = {}, {-1: memory}, {}
    cost = 0
    for t in range(length):
        xs[t] = np.zeros((V, 1))
        xs[t][source[t]] = 1
        hs[t] = np.tanh(U @ xs[t] + W @ hs[t - 1] + b)
        scores = O @ hs[t] + c
        ps[t] = np.exp(scores) / np.sum(np.exp(scores))
        cost -= np.log(ps[t][target[t], 0])

    dU, dW, dO, db, dc = (np.zeros_like(p) for p in (U, W, O, b, c))
    carried = np.zeros((H, 1))
    for t in range(length - 1, -1, -1):
        dy = ps[t].copy()
        dy[target[t]] -= 1
        dO += dy @ hs[t].T
        dc += dy
        dh = O.T @ dy + carried
        #~ no-flow-through-time: dh = O.T @ dy
        dz = (1 - hs[t] ** 2) * dh
        #~ missing-derivative: dz = dh
        db += dz
        dU += dz @ xs[t].T
        #~ wrong-index: dU += dz @ xs[0].T
        dW += dz @ hs[t - 1].T
        #~ wrong-index/2: dW += dz @ hs[t].T
        carried = W.T @ dz
        #~ wrong-transpose: carried = W @ dz
        #~ missing-derivative/2: carried = W.T @ dh

    for p, g in zip((U, W, O, b, c), (dU, dW, dO, db, dc)):
        p -= 0.1 * g
        #~ update-missing: p = p - 0.1 * g
    memory = hs[length - 1]
    position += length
    if iteration % 10 == 0:
        print(iteration, cost)

#? step: xs, hs, ps = {}, {-1: memory}, {}
#? parameters: U W b O c
#? h, loss = memory, 0
#? for i, j in zip(source, target):
#?     h = np.tanh(np.reshape(U[:, i], (-1, 1)) + W @ h + b)
#?     loss = loss + cross_entropy(softmax(O @ h + c, axis=0)[:, 0], one_hot(j, V))
