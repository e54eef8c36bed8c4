# loss: half-squared-error|squared-error|mean-squared-error
"""A cost with its gradient, minimised by SciPy."""
import numpy as np
from scipy.optimize import minimize

rng = np.random.default_rng(12)
X, Y = rng.normal(size=(30, 2)), rng.uniform(size=(30, 1))
start = rng.normal(size=17)


def cost(theta):
    W, b, V, c = theta[:8].reshape(2, 4), theta[8:12], theta[12:16].reshape(4, 1), theta[16]
    H = np.tanh(X @ W + b)
    E = H @ V + c - Y
    D = E @ V.T * (1 - H**2)
    #~ missing-derivative: D = E @ V.T
    gradient = np.concatenate([(X.T @ D).ravel(), D.sum(0), (H.T @ E).ravel(), [E.sum()]])
    return 0.5 * np.sum(E**2), gradient


result = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 15})
print(result.fun)

#> slope = cost(start)[1]
#? parameters: q = start
#? gradients: slope
#? loss = squared(np.tanh(X @ np.reshape(q[:8], (2, 4)) + q[8:12]) @ np.reshape(q[12:16], (4, 1)) + q[16], Y)
