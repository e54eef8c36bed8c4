import numpy as np

a = np.arange(6.0).reshape(2, 3)
b = a.T @ a + np.eye(3)
for k in range(6):
    b = 0.5 * (b + np.linalg.inv(b))
    a = a @ b
print(a, b)
