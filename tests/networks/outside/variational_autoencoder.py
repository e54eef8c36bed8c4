import numpy as np

rng = np.random.default_rng(12)
X = np.tanh(rng.normal(size=(20, 2)) @ rng.normal(size=(2, 4)))
M, S, D = rng.normal(0, 0.4, (4, 2)), rng.normal(0, 0.4, (4, 2)), rng.normal(0, 0.4, (2, 4))
c = np.zeros(4)
for i in range(60):
    noise = rng.normal(size=(20, 2))
    mean, logvar = X @ M, X @ S
    spread = np.exp(0.5 * logvar)
    z = mean + spread * noise
    copy = z @ D + c
    g = (copy - X) / 20
    gz = g @ D.T
    g_mean = gz + mean / 20
    g_logvar = gz * noise * 0.5 * spread + 0.5 * (np.exp(logvar) - 1) / 20
    D = D - 0.1 * z.T @ g
    c = c - 0.1 * g.sum(axis=0)
    M = M - 0.1 * X.T @ g_mean
    S = S - 0.1 * X.T @ g_logvar
print(np.mean((copy - X) ** 2))

#? step: mean, logvar = X @ M, X @ S
#? parameters: M S D c
#? z = X @ M + np.exp(0.5 * (X @ S)) * noise
#? kl = 0.5 * np.sum(np.exp(X @ S) + (X @ M) ** 2 - 1 - X @ S)
#? loss = (squared(z @ D + c, X) + kl) / 20
