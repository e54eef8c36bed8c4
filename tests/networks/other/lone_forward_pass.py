import numpy as np

np.random.seed(0)
X = np.random.randn(4, 3)
weights = [np.random.randn(3, 5), np.random.randn(5, 2)]
for w in weights:
    X = np.maximum(0, X @ w)
print(X)
