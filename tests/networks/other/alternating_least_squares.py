import numpy as np

rng = np.random.default_rng(44)
R = rng.integers(1, 6, (8, 6)).astype(float)
U, V = rng.normal(size=(8, 2)), rng.normal(size=(6, 2))
ridge = 0.1 * np.eye(2)
for sweep in range(12):
    for i in range(8):
        U[i] = np.linalg.solve(V.T @ V + ridge, V.T @ R[i])
    for j in range(6):
        V[j] = np.linalg.solve(U.T @ U + ridge, U.T @ R[:, j])
    print(sweep, np.sum((R - U @ V.T) ** 2))
