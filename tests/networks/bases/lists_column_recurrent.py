# loss: binary-cross-entropy
"""Is the last bit equal to the first? Units are objects; each holds the weights that lead into it."""
import math
import random


def squash(v):
    return 1 / (1 + math.exp(-v))


class Unit:
    def __init__(self, inputs, peers):
        self.inward = [random.gauss(0, 1) for _ in range(inputs)]
        self.peers = [random.gauss(0, 1) for _ in range(peers)]
        self.offset = random.gauss(0, 0.2)

    def clear(self):
        self.d_inward = [0.0] * len(self.inward)
        self.d_peers = [0.0] * len(self.peers)
        self.d_offset = 0.0

    def net(self, values, states):
        total = self.offset
        for w, v in zip(self.inward, values):
            total += w * v
        for w, s in zip(self.peers, states):
            total += w * s
        return total

    def gather(self, delta, values, states):
        for k, v in enumerate(values):
            self.d_inward[k] += delta * v
        for k, s in enumerate(states):
            self.d_peers[k] += delta * s
            #~ wrong-variable: self.d_peers[k] += delta * v
        self.d_offset += delta

    def descend(self, rate):
        self.inward = [w - rate * d for w, d in zip(self.inward, self.d_inward)]
        self.peers = [w - rate * d for w, d in zip(self.peers, self.d_peers)]
        #~ sign-error: self.peers = [w + rate * d for w, d in zip(self.peers, self.d_peers)]
        self.offset = self.offset - rate * self.d_offset
        #~ parameter-never-updated delete @ -1,0,`self.offset = random`:


random.seed(29)
units = [Unit(1, 3) for _ in range(3)]
answer = Unit(3, 0)
words = [[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 1]]

for round_ in range(40):
    for word in words:
        label = 1 if word[0] == word[-1] else 0
        history = [[0.0, 0.0, 0.0]]
        for bit in word:
            history.append([squash(u.net([bit], history[-1])) for u in units])
        guess = squash(answer.net(history[-1], []))

        for u in units + [answer]:
            u.clear()
        error = guess - label
        #~ target-unused: error = guess - round(guess)
        answer.gather(error, history[-1], [])
        #~ wrong-index/2: answer.gather(error, history[-2], [])
        flow = [error * w for w in answer.inward]
        for t in range(len(word), 0, -1):
            #~ no-flow-through-time: for t in (len(word),):
            deltas = [f * h * (1 - h) for f, h in zip(flow, history[t])]
            #~ missing-derivative: deltas = [f for f, h in zip(flow, history[t])]
            #~ wrong-operator: deltas = [f * h * (1 + h) for f, h in zip(flow, history[t])]
            for u, delta in zip(units, deltas):
                u.gather(delta, [word[t - 1]], history[t - 1])
                #~ wrong-index: u.gather(delta, [word[t - 1]], history[t])
            flow = [sum(u.peers[k] * d for u, d in zip(units, deltas)) for k in range(3)]
            #~ wrong-transpose: flow = [sum(p * d for p, d in zip(units[k].peers, deltas)) for k in range(3)]
        for u in units + [answer]:
            u.descend(0.5)

#? step: history = [[0.0, 0.0, 0.0]]
#? parameters: A = [u.inward for u in units]; P = [u.peers for u in units]; b = [u.offset for u in units]; v = answer.inward; c = answer.offset
#? h = np.zeros(3)
#? for bit in word:
#?     h = sigmoid(A[:, 0] * bit + P @ h + b)
#? loss = bce(sigmoid(v @ h + c), label)
