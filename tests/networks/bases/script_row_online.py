# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_prime(z):
    s = sigmoid(z)
    return s * (1 - s)


rng = np.random.default_rng(11)
X = rng.normal(size=(6, 4))
Y = rng.uniform(0.1, 0.9, size=(6, 3))

w1 = rng.normal(size=(4, 3))
b1 = rng.normal(size=3)
w2 = rng.normal(size=(3, 3))
b2 = rng.normal(size=3)
rate = 0.4

for epoch in range(60):
    loss_sum = 0.0
    for i in range(len(X)):
        x = X[i]
        t = Y[i]

        # forward
        z1 = x @ w1 + b1
        a1 = sigmoid(z1)
        z2 = a1 @ w2 + b2
        a2 = sigmoid(z2)

        # backward
        error = a2 - t
        #~ target-unused: error = a2 - 1
        loss_sum += 0.5 * np.sum((t - a2) ** 2)
        d2 = error * sigmoid_prime(z2)
        #~ derivative-at-activation: d2 = error * sigmoid_prime(a2)
        #~ wrong-operator/2: d2 = error + sigmoid_prime(z2)
        #~ updated-weights also: d2 = error * sigmoid_prime(z2)
        #~ | w2 -= rate * np.outer(a1, d2)
        d1 = (d2 @ w2.T) * sigmoid_prime(z1)
        #~ derivative-at-activation/2: d1 = (d2 @ w2.T) * sigmoid_prime(a1)
        #~ missing-derivative: d1 = d2 @ w2.T
        #~ raw-error-backpropagated: d1 = (error @ w2.T) * sigmoid_prime(z1)
        #~ updated-weights @ 0,-1: d1 = (d2 @ w2.T) * sigmoid_prime(z1)
        #~ wrong-transpose: d1 = (d2 @ w2) * sigmoid_prime(z1)
        #~ wrong-operator: d1 = (d2 @ w2.T) + sigmoid_prime(z1)
        #~ derivative-at-activation/3: d1 = (d2 @ w2.T) * sigmoid_prime(z2)
        #~ learning-rate-twice: d1 = rate * (d2 @ w2.T) * sigmoid_prime(z1)

        # step
        w2 -= rate * np.outer(a1, d2)
        #~ wrong-layer-input: w2 -= rate * np.outer(z1, d2)
        #~ wrong-layer-input/2: w2 -= rate * np.outer(a2, d2)
        #~ wrong-transpose/2: w2 -= rate * np.outer(d2, a1)
        #~ update-missing @ 0,+1,+2,+3: new_w2 = w2 - rate * np.outer(a1, d2)
        #~ updated-weights also: pass
        b2 -= rate * d2
        #~ wrong-variable: b2 -= rate * d1
        #~ sign-error/2: b2 += rate * d2
        #~ update-missing also: new_b2 = b2 - rate * d2
        w1 -= rate * np.outer(x, d1)
        #~ wrong-index: w1 -= rate * np.outer(X[0], d1)
        #~ sign-error: w1 += rate * np.outer(x, d1)
        #~ parameter-mis-scaled: w1 -= 2 * rate * np.outer(x, d1)
        #~ update-missing also: new_w1 = w1 - rate * np.outer(x, d1)
        b1 -= rate * d1
        #~ parameter-never-updated delete @ -1,0,`b1 = `:
        #~ bias-summed-over-all: b1 -= rate * np.sum(d1)
        #~ update-missing also: new_b1 = b1 - rate * d1
    if epoch % 20 == 0:
        print("epoch", epoch, "loss", loss_sum)

#? step: z1 = x @ w1 + b1
#? parameters: w1 b1 w2 b2
#? loss = squared(sigmoid(sigmoid(x @ w1 + b1) @ w2 + b2), t)
