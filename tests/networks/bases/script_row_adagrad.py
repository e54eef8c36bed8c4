# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(55)
points = rng.uniform(-1, 1, (30, 2))
heights = points[:, :1] ** 2 - points[:, 1:]
U, a = rng.normal(size=(2, 6)), rng.normal(size=(1, 6)) * 0.1
V, b = rng.normal(size=(6, 1)), np.zeros((1, 1))
caches = [np.zeros_like(w) for w in (U, a, V, b)]

for i in range(100):
    s = 1 / (1 + np.exp(-(points @ U + a)))
    residual = s @ V + b - heights
    ds = residual @ V.T * s * (1 - s)
    #~ missing-derivative: ds = residual @ V.T
    #~ wrong-operator: ds = residual @ V.T * s + (1 - s)
    for w, g, cache in zip(
        (U, a, V, b),
        (points.T @ ds, ds.sum(0, keepdims=True), s.T @ residual, residual.sum(0, keepdims=True)),
        #~ bias-summed-over-all: (points.T @ ds, ds.sum(), s.T @ residual, residual.sum(0, keepdims=True)),
        caches,
    ):
        cache += g * g
        w -= 0.1 * g / (np.sqrt(cache) + 1e-8)
        #~ sign-error: w += 0.1 * g / (np.sqrt(cache) + 1e-8)
        #~ update-missing: w = w - 0.1 * g / (np.sqrt(cache) + 1e-8)
print(float(np.abs(residual).mean()))

#? step: s = 1 / (1 + np.exp(
#? parameters: U a V b
#? update: adagrad(0.1, 1e-8)
#? loss = squared(sigmoid(points @ U + a) @ V + b, heights)
