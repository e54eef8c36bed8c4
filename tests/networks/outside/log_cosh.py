import numpy as np

rng = np.random.default_rng(8)
X, T = rng.normal(size=(4, 20)), rng.normal(size=(2, 20))
A, B = rng.normal(size=(5, 4)) * 0.5, rng.normal(size=(2, 5)) * 0.5
for i in range(60):
    H = 1 / (1 + np.exp(-A @ X))
    Y = B @ H
    G = np.tanh(Y - T)
    D = (B.T @ G) * H * (1 - H)
    A, B = A - 0.05 * D @ X.T, B - 0.05 * G @ H.T
print(np.log(np.cosh(Y - T)).mean())

#? step: H = 1 / (1
#? parameters: A B
#? loss = np.sum(np.log(np.cosh(B @ sigmoid(A @ X) - T)))
