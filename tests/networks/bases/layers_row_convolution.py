# loss: cross-entropy|binary-cross-entropy
import numpy as np


class Conv3x3:
    def __init__(self, filters):
        self.filters = np.random.randn(filters, 3, 3) / 3
        self.bias = np.zeros(filters)

    def forward(self, image):
        self.image = image
        h, w = image.shape
        out = np.zeros((len(self.filters), h - 2, w - 2))
        for f in range(len(self.filters)):
            for i in range(h - 2):
                for j in range(w - 2):
                    out[f, i, j] = np.sum(image[i : i + 3, j : j + 3] * self.filters[f]) + self.bias[f]
        return out

    def backward(self, d_out, lr):
        d_filters = np.zeros(self.filters.shape)
        for f in range(d_out.shape[0]):
            for i in range(d_out.shape[1]):
                for j in range(d_out.shape[2]):
                    d_filters[f] += d_out[f, i, j] * self.image[i : i + 3, j : j + 3]
                    #~ wrong-index: d_filters[f] += d_out[f, i, j] * self.image[j : j + 3, i : i + 3]
                    #~ wrong-index/2: d_filters[f] += d_out[0, i, j] * self.image[i : i + 3, j : j + 3]
        self.filters -= lr * d_filters
        self.bias -= lr * d_out.sum(axis=(1, 2))
        #~ parameter-mis-scaled: self.bias -= lr * d_out.mean(axis=(1, 2))
        #~ bias-summed-over-all: self.bias -= lr * d_out.sum()


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, d_out):
        return d_out * (self.x > 0)
        #~ relu-derivative-at-output: return d_out * (np.maximum(self.x, 0) >= 0)


class Softmax:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out) / n_in**0.5
        self.biases = np.zeros(n_out)

    def forward(self, x):
        self.shape = x.shape
        self.flat = x.flatten()
        e = np.exp(self.flat @ self.weights + self.biases)
        self.p = e / np.sum(e)
        return self.p

    def backward(self, label, lr):
        d_scores = self.p.copy()
        d_scores[label] -= 1
        d_flat = self.weights @ d_scores
        #~ updated-weights @ +1,0: self.weights -= lr * self.flat[:, np.newaxis] @ d_scores[np.newaxis]
        #~ | d_flat = self.weights @ d_scores
        self.weights -= lr * self.flat[:, np.newaxis] @ d_scores[np.newaxis]
        #~ updated-weights also: pass
        self.biases -= lr * d_scores
        return d_flat.reshape(self.shape)


np.random.seed(11)
images, labels = [], []
for k in range(8):
    image = 0.2 * np.random.rand(6, 6)
    if k % 2:
        image[k // 2 + 1, :] += 1
    else:
        image[:, k // 2 + 1] += 1
    images.append(image - 0.5)
    labels.append(k % 2)
conv, relu, head = Conv3x3(2), ReLU(), Softmax(2 * 4 * 4, 2)
for epoch in range(3):
    loss, correct = 0, 0
    for image, label in zip(images, labels):
        p = head.forward(relu.forward(conv.forward(image)))
        loss -= np.log(p[label])
        correct += int(np.argmax(p) == label)
        conv.backward(relu.backward(head.backward(label, 0.1)), 0.1)
    print(epoch, loss / 8, correct)

#? step: p = head.forward(
#? parameters: F = conv.filters; c = conv.bias; W = head.weights; b = head.biases
#? maps = [sum(F[f, u, v] * image[u : u + 4, v : v + 4] for u in range(3) for v in range(3)) + c[f] for f in range(2)]
#? flat = np.concatenate([np.reshape(relu(m), -1) for m in maps])
#? loss = cross_entropy(softmax(flat @ W + b), one_hot(label, 2))
