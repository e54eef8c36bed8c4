# loss: cross-entropy
import numpy as np


class Classifier:
    def __init__(self, n_in, n_hidden, n_classes, reg=0.01, keep=0.8, seed=0):
        self.rng = np.random.default_rng(seed)
        self.W1 = self.rng.normal(0, np.sqrt(2 / n_in), (n_in, n_hidden))
        self.b1 = self.rng.normal(0, 0.1, (1, n_hidden))
        self.W2 = self.rng.normal(0, np.sqrt(2 / n_hidden), (n_hidden, n_classes))
        self.b2 = self.rng.normal(0, 0.1, (1, n_classes))
        self.reg = reg
        self.keep = keep

    def scores(self, X, training=True):
        self.pre = X @ self.W1 + self.b1
        self.act = np.maximum(0, self.pre)
        self.hidden = self.act
        if training:
            self.mask = (self.rng.random(self.act.shape) < self.keep) / self.keep
            self.hidden = self.act * self.mask
        return self.hidden @ self.W2 + self.b2

    def loss_and_gradients(self, X, y):
        scores = self.scores(X)
        n = X.shape[0]
        shifted = scores - scores.max(axis=1, keepdims=True)
        probs = np.exp(shifted)
        probs /= probs.sum(axis=1, keepdims=True)
        data_loss = -np.log(probs[np.arange(n), y]).mean()
        reg_loss = 0.5 * self.reg * (np.sum(self.W1**2) + np.sum(self.W2**2))

        dscores = probs
        dscores[np.arange(n), y] -= 1
        #~ target-unused: dscores[np.arange(n), probs.argmax(axis=1)] -= 1
        dscores /= n
        dW2 = self.hidden.T @ dscores
        #~ dropout-mask/3: dW2 = self.act.T @ dscores
        db2 = dscores.sum(axis=0, keepdims=True)
        #~ bias-summed-over-all: db2 = dscores.sum(keepdims=True)
        #~ last-sample-only: db2 = dscores[n - 1]
        dhidden = dscores @ self.W2.T
        dhidden = dhidden * self.mask
        #~ dropout-mask delete @ -1,0:
        #~ dropout-mask/2: dhidden = dhidden * (self.mask != 0)
        dhidden[self.pre <= 0] = 0
        #~ relu-derivative-at-output: dhidden[self.act < 0] = 0
        #~ missing-derivative delete @ -1,0,+1:
        dW1 = X.T @ dhidden
        #~ last-sample-only/2: dW1 = X[-1:].T @ dhidden.sum(axis=0, keepdims=True)
        db1 = dhidden.sum(axis=0, keepdims=True)
        #~ bias-not-summed: db1 = dhidden
        dW2 += self.reg * self.W2
        dW1 += self.reg * self.W1
        #~ decay-sign: dW1 -= self.reg * self.W1
        return data_loss + reg_loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}

    def train(self, X, y, lr, epochs, batch):
        for epoch in range(epochs):
            order = self.rng.permutation(len(X))
            for part in np.array_split(order, len(X) // batch):
                loss, grads = self.loss_and_gradients(X[part], y[part])
                for name, grad in grads.items():
                    setattr(self, name, getattr(self, name) - lr * grad)
            if epoch % 5 == 0:
                print(f"epoch {epoch} loss {loss:.4f}")


rng = np.random.default_rng(3)
centres = rng.normal(0, 2, (3, 2))
y = rng.integers(0, 3, 45)
X = centres[y] + rng.normal(0, 0.7, (45, 2))
Classifier(2, 8, 3, seed=5).train(X, y, lr=0.1, epochs=15, batch=15)

#? step: n = X.shape[0]
#? parameters: W1 = self.W1; b1 = self.b1; W2 = self.W2; b2 = self.b2
#? p = softmax((relu(X @ W1 + b1) * self.mask) @ W2 + b2)
#? loss = cross_entropy(p, one_hot(y, 3)) / len(y) + 0.5 * self.reg * (np.sum(W1**2) + np.sum(W2**2))
