import numpy as np

rng = np.random.default_rng(33)
A = rng.normal(size=(6, 6))
A = A @ A.T
v = rng.normal(size=6)
for i in range(60):
    w = A @ v
    v = w / np.linalg.norm(w)
    estimate = v @ A @ v
    if i % 20 == 0:
        print(i, estimate)
print(np.linalg.norm(A @ v - estimate * v))
