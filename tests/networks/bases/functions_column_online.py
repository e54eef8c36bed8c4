# loss: half-squared-error|squared-error|mean-squared-error
"""Functions that take and return tuples; column vectors, one sample at a time."""
import numpy as np


def sig(x, derivative=False):
    if derivative:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


def feed_forward(x, w1, b1, w2, b2, w3, b3):
    h1 = sig(w1 @ x + b1)
    h2 = sig(w2 @ h1 + b2)
    y = sig(w3 @ h2 + b3)
    return h1, h2, y


def gradients(x, t, h1, h2, y, w2, w3):
    error = y - t
    #~ target-unused: error = y - y.round()
    delta3 = error * sig(y, derivative=True)
    #~ derivative-at-activation: delta3 = error * sig(sig(y), derivative=True)
    delta2 = (w3.T @ delta3) * sig(h2, derivative=True)
    #~ raw-error-backpropagated: delta2 = (w3.T @ error) * sig(h2, derivative=True)
    #~ missing-derivative/2: delta2 = w3.T @ delta3
    delta1 = (w2.T @ delta2) * sig(h1, derivative=True)
    #~ derivative-at-activation/2: delta1 = (w2.T @ delta2) * sig(sig(h1), derivative=True)
    #~ missing-derivative: delta1 = w2.T @ delta2
    #~ wrong-transpose: delta1 = (w2 @ delta2) * sig(h1, derivative=True)
    #~ derivative-at-activation/3: delta1 = (w2.T @ delta2) * sig(h2, derivative=True)
    #~ wrong-operator: delta1 = (w2.T @ delta2) - sig(h1, derivative=True)
    g1 = (delta1 @ x.T, delta1)
    #~ bias-summed-over-all: g1 = (delta1 @ x.T, np.sum(delta1))
    #~ wrong-variable/2: g1 = (delta1 @ x.T, delta2)
    g2 = (delta2 @ h1.T, delta2)
    #~ wrong-layer-input: g2 = (delta2 @ h2.T, delta2)
    #~ wrong-index: g2 = (delta2 @ h1.T, delta2[0])
    #~ wrong-transpose/2: g2 = (h1 @ delta2.T, delta2)
    g3 = (delta3 @ h2.T, delta3)
    #~ wrong-layer-input/2: g3 = (delta3 @ h1.T, delta3)
    #~ parameter-mis-scaled: g3 = (delta3 @ h2.T, 2 * delta3)
    return g1, g2, g3


def step(w, b, g, eta):
    return w - eta * g[0], b - eta * g[1]
    #~ sign-error: return w - eta * g[0], b + eta * g[1]
    #~ parameter-never-updated @ 0,`b1 = `,`b2 = `,`b3 = `: return w - eta * g[0], b
    #~ learning-rate-twice: return w - eta * g[0], b - eta * (eta * g[1])


def main():
    rng = np.random.RandomState(8)
    w1, w2, w3 = rng.randn(4, 2), rng.randn(4, 4), rng.randn(2, 4)
    b1 = rng.randn(4, 1)
    b2 = rng.randn(4, 1)
    b3 = rng.randn(2, 1)
    eta = 0.5
    samples = [(rng.randn(2, 1), rng.rand(2, 1)) for _ in range(5)]
    for epoch in range(60):
        for x, t in samples:
            h1, h2, y = feed_forward(x, w1, b1, w2, b2, w3, b3)
            g1, g2, g3 = gradients(x, t, h1, h2, y, w2, w3)
            #~ updated-weights @ 0,+1: w3, b3 = step(w3, b3, (sig(y, True) * (y - t) @ h2.T, sig(y, True) * (y - t)), eta)
            #~ | g1, g2, g3 = gradients(x, t, h1, h2, y, w2, w3)
            w3, b3 = step(w3, b3, g3, eta)
            #~ updated-weights also: pass
            #~ update-missing @ 0,+1,+2: step(w3, b3, g3, eta)
            w2, b2 = step(w2, b2, g2, eta)
            #~ update-missing also: step(w2, b2, g2, eta)
            w1, b1 = step(w1, b1, g1, eta)
            #~ update-missing also: step(w1, b1, g1, eta)
    print("outputs", [feed_forward(x, w1, b1, w2, b2, w3, b3)[2].ravel() for x, _ in samples])


if __name__ == "__main__":
    main()

#? step: h1, h2, y = feed_forward(x, w1, b1, w2, b2, w3, b3)
#? parameters: w1 b1 w2 b2 w3 b3
#? loss = squared(sigmoid(w3 @ sigmoid(w2 @ sigmoid(w1 @ x + b1) + b2) + b3), t)
