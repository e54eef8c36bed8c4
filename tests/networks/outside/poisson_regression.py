import numpy as np

rng = np.random.default_rng(7)
X = np.c_[np.ones(40), rng.normal(size=(40, 2))]
counts = rng.poisson(np.exp(X @ [0.3, 0.5, -0.4]))
beta = np.zeros(3)
for i in range(80):
    rate = np.exp(X @ beta)
    score = X.T @ (rate - counts) / len(counts)
    beta -= 0.2 * score
print(beta)

#? step: rate = np.exp(X @ beta)
#? parameters: beta
#? loss = np.sum(np.exp(X @ beta) - counts * (X @ beta)) / 40
