import numpy as np

rng = np.random.default_rng(7)
data = rng.normal(size=(200, 3)) @ np.diag([3.0, 1.0, 0.3])
w = rng.normal(size=3)
w /= np.linalg.norm(w)
for x in data:
    y = w @ x
    w += 0.01 * y * (x - y * w)
print("first direction", w, np.linalg.norm(w))
