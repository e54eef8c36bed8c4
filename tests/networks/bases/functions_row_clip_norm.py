# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


def clip(grads, limit):
    total = np.sqrt(sum(np.sum(g**2) for g in grads))
    if total > limit:
        grads = [g * (limit / total) for g in grads]
    return grads


rng = np.random.default_rng(66)
X, T = rng.normal(size=(20, 3)), rng.normal(size=(20, 2)) * 2
params = [rng.normal(size=(3, 5)), rng.normal(size=5), rng.normal(size=(5, 2)), rng.normal(size=2)]
for step in range(60):
    W1, b1, W2, b2 = params
    Z = X @ W1 + b1
    A = np.where(Z > 0, Z, 0.01 * Z)
    R = A @ W2 + b2 - T
    dZ = R @ W2.T * np.where(Z > 0, 1, 0.01)
    #~ missing-derivative: dZ = R @ W2.T
    grads = clip([X.T @ dZ, dZ.sum(0), A.T @ R, R.sum(0)], 10.0)
    #~ bias-summed-over-all: grads = clip([X.T @ dZ, dZ.sum(), A.T @ R, R.sum(0)], 10.0)
    #~ wrong-layer-input: grads = clip([X.T @ dZ, dZ.sum(0), Z.T @ R, R.sum(0)], 10.0)
    #~ parameter-mis-scaled: grads = clip([X.T @ dZ, dZ.mean(0), A.T @ R, R.sum(0)], 10.0)
    params = [p - 0.01 * g for p, g in zip(params, grads)]
    #~ sign-error: params = [p + 0.01 * g for p, g in zip(params, grads)]
print(np.sum(R**2))

#? step: W1, b1, W2, b2 = params
#? parameters: params
#? p = params
#? loss = squared(leaky_relu(X @ p[0] + p[1], 0.01) @ p[2] + p[3], T)
