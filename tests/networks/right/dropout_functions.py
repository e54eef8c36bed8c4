# loss: cross-entropy|binary-cross-entropy
import numpy as np

rng = np.random.default_rng(61)


def dropout_forward(x, keep, train):
    if not train:
        return x, None
    mask = rng.random(x.shape) < keep
    return x * mask / keep, mask


def dropout_backward(dout, mask, keep):
    return dout * mask / keep


def predict(x, theta, keep=0.7, train=True):
    z = x @ theta["W1"] + theta["b1"]
    a = np.tanh(z)
    d, mask = dropout_forward(a, keep, train)
    s = d @ theta["W2"] + theta["b2"]
    e = np.exp(s - s.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True), (a, d, mask)


def train(x, y, theta, lr, keep=0.7):
    probs, (a, d, mask) = predict(x, theta, keep)
    ds = (probs - y) / len(x)
    grads = {"W2": d.T @ ds, "b2": ds.sum(0)}
    da = dropout_backward(ds @ theta["W2"].T, mask, keep)
    dz = da * (1 - a**2)
    grads["W1"], grads["b1"] = x.T @ dz, dz.sum(0)
    for k in theta:
        theta[k] = theta[k] - lr * grads[k]


x = rng.normal(size=(32, 3))
y = np.eye(2)[(x.sum(1) > 0).astype(int)]
theta = {
    "W1": rng.normal(0, 0.6, (3, 8)),
    "b1": np.zeros(8),
    "W2": rng.normal(0, 0.6, (8, 2)),
    "b2": np.zeros(2),
}
for epoch in range(50):
    train(x, y, theta, 0.2)
    if epoch % 10 == 0:
        probs, _ = predict(x, theta, train=False)
        print(epoch, "accuracy without dropout", np.mean(probs.argmax(1) == y.argmax(1)))

#? step: ds = (probs - y) / len(x)
#? parameters: q = theta
#? loss = cross_entropy(softmax((np.tanh(x @ q["W1"] + q["b1"]) * mask / keep) @ q["W2"] + q["b2"]), y) / len(x)
