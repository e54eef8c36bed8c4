# loss: half-squared-error|squared-error|mean-squared-error
#!/usr/bin/env python3
"""Trains a two-layer perceptron to add two binary digits."""
import numpy as np


class MultiLayerPerceptron:
    def __init__(self, input_nodes: int, hidden_nodes: int, output_nodes: int) -> None:
        generator = np.random.default_rng(100)
        self.__hidden = generator.uniform(-1, 1, (input_nodes, hidden_nodes))
        self.__output = generator.uniform(-1, 1, (hidden_nodes, output_nodes))

    @property
    def matrices(self):
        return self.__hidden, self.__output

    def __forward(self, x):
        self.__h = self.__squash(x @ self.__hidden)
        return self.__squash(self.__h @ self.__output)

    @staticmethod
    def __squash(z):
        return 1.0 / (1.0 + np.exp(-z))

    def train(self, x, t, rate):
        y = self.__forward(x)
        delta_y = (t - y) * y * (1 - y)
        delta_h = delta_y @ self.__output.T * self.__h * (1 - self.__h)
        self.__output += rate * self.__h.T @ delta_y
        self.__hidden += rate * x.T @ delta_h
        return np.abs(t - y).max()

    def think(self, x):
        return self.__forward(x)


def main() -> None:
    questions = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=float)
    answers = np.array([[0, 0], [0, 1], [0, 1], [1, 0]], dtype=float)
    mlp = MultiLayerPerceptron(3, 4, 2)
    for epoch in range(300):
        largest = mlp.train(questions, answers, 1.0)
        if epoch % 100 == 0:
            print(f"{epoch:5d} {largest:.4f}")
    print(mlp.think(questions).round(2))


if __name__ == "__main__":
    main()

#? step: largest = mlp.train(
#? parameters: a = mlp.matrices[0]; b = mlp.matrices[1]
#? loss = squared(sigmoid(sigmoid(questions @ a) @ b), answers)
