import numpy as np


def softmax_cross_entropy(scores, labels):
    rows = np.arange(len(labels))
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, labels]).mean()
    p[rows, labels] -= 1
    #~ target-unused: p[rows, p.argmax(axis=1)] -= 1
    return loss, p / len(labels)
