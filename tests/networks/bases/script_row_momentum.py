# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(6)
X = rng.normal(size=(15, 3))
Y = np.sin(X @ rng.normal(size=(3, 2)))
w1, b1 = rng.normal(size=(3, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 2)), np.zeros(2)
vw1, vb1, vw2, vb2 = np.zeros_like(w1), np.zeros_like(b1), np.zeros_like(w2), np.zeros_like(b2)
lr, mu = 0.01, 0.9

for epoch in range(150):
    h = np.tanh(X @ w1 + b1)
    out = h @ w2 + b2
    d2 = out - Y
    #~ target-unused: d2 = out - out.mean(axis=0)
    d1 = d2 @ w2.T * (1 - h**2)
    #~ missing-derivative: d1 = d2 @ w2.T
    #~ wrong-operator: d1 = d2 @ w2.T - (1 - h**2)
    vw2 = mu * vw2 - lr * h.T @ d2
    #~ sign-error: vw2 = mu * vw2 + lr * h.T @ d2
    vb2 = mu * vb2 - lr * d2.sum(0)
    #~ bias-summed-over-all: vb2 = mu * vb2 - lr * d2.sum()
    vw1 = mu * vw1 - lr * X.T @ d1
    #~ parameter-mis-scaled: vw1 = mu * vw1 - 2 * lr * X.T @ d1
    vb1 = mu * vb1 - lr * d1.sum(0)
    #~ learning-rate-twice: vb1 = mu * vb1 - lr * lr * d1.sum(0)
    w2 += vw2
    b2 += vb2
    w1 += vw1
    b1 += vb1
    #~ parameter-never-updated delete @ -1,0,`w1, b1 = `,`vb1 = `:
    if epoch % 50 == 0:
        print(epoch, 0.5 * np.sum(d2**2))

#? step: h = np.tanh(X @ w1 + b1)
#? parameters: w1 b1 w2 b2
#? update: momentum(0.01, 0.9)
#? loss = squared(np.tanh(X @ w1 + b1) @ w2 + b2, Y)
