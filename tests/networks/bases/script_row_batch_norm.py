# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(23)
X = rng.normal(2.0, 3.0, (16, 3))
T = np.tanh(X @ rng.normal(size=(3, 2)) / 3)
W1, W2 = rng.normal(size=(3, 5)), rng.normal(size=(5, 2))
b2 = np.zeros(2)
gamma, beta = np.ones(5), np.zeros(5)
eps, lr = 1e-5, 0.02

for i in range(80):
    z = X @ W1
    mu = z.mean(axis=0)
    centred = z - mu
    var = (centred**2).mean(axis=0)
    inv = 1.0 / np.sqrt(var + eps)
    zhat = centred * inv
    n = gamma * zhat + beta
    h = np.maximum(n, 0)
    y = h @ W2 + b2

    dy = (y - T) / len(X)
    dW2, db2 = h.T @ dy, dy.sum(axis=0)
    dn = dy @ W2.T
    dn[n <= 0] = 0
    #~ relu-derivative-at-output: dn[h < 0] = 0
    dgamma, dbeta = (dn * zhat).sum(axis=0), dn.sum(axis=0)
    #~ wrong-variable: dgamma, dbeta = (dn * z).sum(axis=0), dn.sum(axis=0)
    #~ bias-summed-over-all: dgamma, dbeta = (dn * zhat).sum(axis=0), dn.sum()
    dzhat = dn * gamma
    #~ wrong-variable/2: dzhat = dn * beta
    m = len(X)
    dz = inv / m * (m * dzhat - dzhat.sum(axis=0) - zhat * (dzhat * zhat).sum(axis=0))
    #~ wrong-operator: dz = inv / m * (m * dzhat - dzhat.sum(axis=0) + zhat * (dzhat * zhat).sum(axis=0))
    #~ parameter-mis-scaled: dz = inv * (m * dzhat - dzhat.sum(axis=0) - zhat * (dzhat * zhat).sum(axis=0))
    dW1 = X.T @ dz
    for p, g in ((W1, dW1), (gamma, dgamma), (beta, dbeta), (W2, dW2), (b2, db2)):
        p -= lr * g
print(0.5 * np.sum((y - T) ** 2))

#? step: z = X @ W1
#? parameters: W1 gamma beta W2 b2
#? z = X @ W1
#? c = z - np.mean(z, axis=0)
#? n = gamma * c / np.sqrt(np.mean(c**2, axis=0) + eps) + beta
#? loss = squared(relu(n) @ W2 + b2, T) / 16
