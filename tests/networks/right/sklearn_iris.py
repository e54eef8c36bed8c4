# loss: cross-entropy
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

iris = load_iris()
X_train, X_test, y_train, y_test = train_test_split(
    iris.data, iris.target, test_size=0.3, random_state=0, stratify=iris.target
)
scaler = StandardScaler().fit(X_train)
X_train, X_test = scaler.transform(X_train), scaler.transform(X_test)
T = OneHotEncoder(sparse_output=False).fit_transform(y_train.reshape(-1, 1))


class Network:
    def __init__(self, n_in, n_hidden, n_out):
        np.random.seed(1)
        self.weights1 = np.random.randn(n_in, n_hidden) * 0.3
        self.weights2 = np.random.randn(n_hidden, n_out) * 0.3
        self.bias1 = np.zeros((1, n_hidden))
        self.bias2 = np.zeros((1, n_out))

    def forward(self, X):
        self.hidden = np.tanh(np.dot(X, self.weights1) + self.bias1)
        scores = np.dot(self.hidden, self.weights2) + self.bias2
        exps = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        self.output = exps / exps.sum(axis=1, keepdims=True)

    def backward(self, X, T, rate):
        error = self.output - T
        hidden_error = np.dot(error, self.weights2.T) * (1 - self.hidden**2)
        self.weights2 -= rate * np.dot(self.hidden.T, error) / len(X)
        self.bias2 -= rate * np.mean(error, axis=0, keepdims=True)
        self.weights1 -= rate * np.dot(X.T, hidden_error) / len(X)
        self.bias1 -= rate * np.mean(hidden_error, axis=0, keepdims=True)


net = Network(4, 6, 3)
for epoch in range(100):
    net.forward(X_train)
    net.backward(X_train, T, 0.5)
net.forward(X_test)
print("test accuracy", np.mean(net.output.argmax(axis=1) == y_test))

#? step: net.backward(X_train, T, 0.5)
#? parameters: a = net.weights1; b = net.bias1; c = net.weights2; d = net.bias2
#? loss = cross_entropy(softmax(np.tanh(X_train @ a + b) @ c + d), T)
