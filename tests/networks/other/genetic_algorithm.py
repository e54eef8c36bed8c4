import numpy as np

rng = np.random.default_rng(11)
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
T = np.array([0, 1, 1, 0.0])


def outputs(genes):
    w, b, v, c = genes[:6].reshape(2, 3), genes[6:9], genes[9:12], genes[12]
    return 1 / (1 + np.exp(-(np.tanh(X @ w + b) @ v + c)))


def fitness(genes):
    return -np.sum((outputs(genes) - T) ** 2)


population = rng.normal(size=(20, 13))
for generation in range(30):
    scores = np.array([fitness(g) for g in population])
    parents = population[np.argsort(scores)[::-1][:6]]
    children = []
    for _ in range(14):
        a, b = parents[rng.choice(6, 2, replace=False)]
        child = np.where(rng.random(13) < 0.5, a, b)
        children.append(child + rng.normal(0, 0.2, 13))
    population = np.vstack([parents, children])
print(fitness(population[0]), outputs(population[0]).round(2))
