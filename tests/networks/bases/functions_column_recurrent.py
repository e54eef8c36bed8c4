# loss: binary-cross-entropy
"""Parity of a bit string so far, by a recurrent network of column vectors."""
import numpy as np


def sigmoid(u):
    return 1.0 / (1.0 + np.exp(-u))


def run_forward(bits, A, B, C, h0):
    hidden = [h0]
    pre = []
    outputs = []
    for bit in bits:
        pre.append(A.dot(np.array([[bit], [1.0]])) + B.dot(hidden[-1]))
        hidden.append(np.tanh(pre[-1]))
        outputs.append(sigmoid(C.dot(np.vstack([hidden[-1], [[1.0]]]))))
    return pre, hidden, outputs


def run_backward(bits, labels, pre, hidden, outputs, A, B, C):
    gA, gB, gC = np.zeros(A.shape), np.zeros(B.shape), np.zeros(C.shape)
    future = np.zeros((B.shape[0], 1))
    for k in range(len(bits) - 1, -1, -1):
        e = outputs[k] - labels[k]
        #~ target-unused: e = outputs[k] - (outputs[k] > 0.5)
        gC += e.dot(np.vstack([hidden[k + 1], [[1.0]]]).T)
        #~ wrong-index: gC += e.dot(np.vstack([hidden[k], [[1.0]]]).T)
        above = C[:, :-1].T.dot(e)
        total = above + future
        #~ no-flow-through-time: total = above
        delta = total * (1 - np.tanh(pre[k]) ** 2)
        #~ derivative-at-activation: delta = total * (1 - np.tanh(hidden[k + 1]) ** 2)
        #~ missing-derivative: delta = total
        #~ derivative-at-activation/2: delta = total * (1 - np.tanh(pre[k - 1]) ** 2)
        gA += delta.dot(np.array([[bits[k], 1.0]]))
        gB += delta.dot(hidden[k].T)
        #~ wrong-layer-input: gB += delta.dot(pre[k].T)
        future = B.T.dot(delta)
        #~ wrong-transpose: future = B.dot(delta)
    return gA, gB, gC


def train(words, learning_rate, rounds):
    random = np.random.RandomState(23)
    A = random.normal(0, 0.8, (4, 2))
    B = random.normal(0, 0.8, (4, 4))
    C = random.normal(0, 0.8, (1, 5))
    h0 = np.zeros((4, 1))
    for r in range(rounds):
        for bits in words:
            labels = [sum(bits[: k + 1]) % 2 for k in range(len(bits))]
            pre, hidden, outputs = run_forward(bits, A, B, C, h0)
            gA, gB, gC = run_backward(bits, labels, pre, hidden, outputs, A, B, C)
            A = A - learning_rate * gA
            B = B - learning_rate * gB
            #~ parameter-never-updated delete @ -1,0,`B = random`:
            C = C - learning_rate * gC
    return A, B, C


train([[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 1, 0]], 0.2, 15)

#? step: pre, hidden, outputs = run_forward(bits, A, B, C, h0)
#? parameters: A B C
#? h, loss = h0, 0
#? for bit, label in zip(bits, labels):
#?     h = np.tanh(A @ np.array([[bit], [1.0]]) + B @ h)
#?     loss = loss + bce(sigmoid(C @ np.concatenate([h, np.ones((1, 1))])), label)
