# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

class Net:
    def __init__(self, n_in, n_hidden, n_out, rate):
        self.rate = rate
        self.into_hidden = np.random.normal(0.0, pow(n_in, -0.5), (n_hidden, n_in))
        self.into_output = np.random.normal(0.0, pow(n_hidden, -0.5), (n_out, n_hidden))
        self.f = lambda x: 1 / (1 + np.exp(-x))

    def train(self, values, wanted):
        x = np.array(values, ndmin=2).T
        t = np.array(wanted, ndmin=2).T
        h = self.f(np.dot(self.into_hidden, x))
        y = self.f(np.dot(self.into_output, h))
        y_errors = t - y
        y_deltas = y_errors * y * (1.0 - y)
        h_errors = np.dot(self.into_output.T, y_deltas)
        self.into_output += self.rate * np.dot(y_deltas, np.transpose(h))
        self.into_hidden += self.rate * np.dot(h_errors * h * (1.0 - h), np.transpose(x))

    def ask(self, values):
        return self.f(self.into_output @ self.f(self.into_hidden @ np.array(values, ndmin=2).T))

np.random.seed(5)
n = Net(4, 3, 2, 0.4)
for e in range(30):
    for bits in range(16):
        record = [(bits >> k) & 1 for k in range(4)]
        n.train([v * 0.9 + 0.05 for v in record], [0.9 if sum(record) > 2 else 0.1, record[0] * 0.8 + 0.1])
print(n.ask([1, 1, 1, 0]).ravel())

#? step: h = self.f(
#? parameters: a = self.into_hidden; b = self.into_output
#? loss = squared(sigmoid(b @ sigmoid(a @ x)), t)
