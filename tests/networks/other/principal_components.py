import numpy as np

np.random.seed(8)
data = np.random.randn(50, 4) @ np.random.randn(4, 4)
centred = data - data.mean(axis=0)
covariance = centred.T @ centred / (len(data) - 1)
values, vectors = np.linalg.eigh(covariance)
order = values.argsort()[::-1]
projected = centred @ vectors[:, order[:2]]
restored = projected @ vectors[:, order[:2]].T
print("explained", values[order][:2].sum() / values.sum(), np.mean((centred - restored) ** 2))
