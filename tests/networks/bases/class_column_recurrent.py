# loss: cross-entropy|binary-cross-entropy
import numpy as np


class SequenceClassifier:
    """Reads a sequence of column vectors and names its class from the last state."""

    def __init__(self, n_in, n_hidden, n_out):
        self.Wxh = np.random.randn(n_hidden, n_in) * 0.5
        self.Whh = np.random.randn(n_hidden, n_hidden) * 0.5
        self.Why = np.random.randn(n_out, n_hidden) * 0.5
        self.bh = np.random.randn(n_hidden, 1) * 0.1
        self.by = np.random.randn(n_out, 1) * 0.1

    def forward(self, inputs):
        h = np.zeros((self.Whh.shape[0], 1))
        self.last_inputs = inputs
        self.last_hs = {0: h}
        for i, x in enumerate(inputs):
            h = np.tanh(self.Wxh @ x + self.Whh @ h + self.bh)
            self.last_hs[i + 1] = h
        return self.Why @ h + self.by

    def backprop(self, d_y, learn_rate=0.1):
        n = len(self.last_inputs)
        d_Why = d_y @ self.last_hs[n].T
        #~ wrong-index: d_Why = d_y @ self.last_hs[n - 1].T
        d_by = d_y
        d_Whh = np.zeros(self.Whh.shape)
        d_Wxh = np.zeros(self.Wxh.shape)
        d_bh = np.zeros(self.bh.shape)
        #~ updated-weights also: d_bh = np.zeros(self.bh.shape)
        #~ | self.Why -= learn_rate * d_Why
        d_h = self.Why.T @ d_y
        #~ updated-weights @ 0,-1: d_h = self.Why.T @ d_y
        for t in reversed(range(n)):
            #~ no-flow-through-time: for t in [n - 1]:
            temp = (1 - self.last_hs[t + 1] ** 2) * d_h
            #~ missing-derivative: temp = d_h
            #~ derivative-at-activation: temp = (1 - self.last_hs[t] ** 2) * d_h
            d_bh += temp
            d_Whh += temp @ self.last_hs[t].T
            #~ wrong-index/2: d_Whh += temp @ self.last_hs[t + 1].T
            d_Wxh += temp @ self.last_inputs[t].T
            d_h = self.Whh.T @ temp
            #~ wrong-transpose: d_h = self.Whh @ temp
        self.Why -= learn_rate * d_Why
        #~ updated-weights also: pass
        #~ sign-error: self.Why += learn_rate * d_Why
        self.by -= learn_rate * d_by
        self.Whh -= learn_rate * d_Whh
        self.Wxh -= learn_rate * d_Wxh
        self.bh -= learn_rate * d_bh


def softmax(scores):
    e = np.exp(scores - scores.max())
    return e / e.sum()


np.random.seed(50)
examples = []
for _ in range(8):
    sequence = [np.random.randn(2, 1) for _ in range(np.random.randint(3, 6))]
    examples.append((sequence, int(sum(x[0, 0] for x in sequence) > 0)))

network = SequenceClassifier(2, 5, 2)
for epoch in range(20):
    correct = 0
    for sequence, label in examples:
        probabilities = softmax(network.forward(sequence))
        correct += int(np.argmax(probabilities) == label)
        d_y = probabilities
        d_y[label] -= 1
        network.backprop(d_y)
    if epoch % 5 == 0:
        print("epoch", epoch, "correct", correct, "of", len(examples))

#? step: probabilities = softmax(network.forward(sequence))
#? parameters: Wxh = network.Wxh; Whh = network.Whh; Why = network.Why; bh = network.bh; by = network.by
#? h = np.zeros((5, 1))
#? for x in sequence:
#?     h = np.tanh(Wxh @ x + Whh @ h + bh)
#? loss = cross_entropy(softmax(Why @ h + by, axis=0)[:, 0], one_hot(label, 2))
