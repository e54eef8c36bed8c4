# loss: cross-entropy
import numpy as np

np.random.seed(16)
features = np.random.randn(45, 3)
classes = np.argmax(features + 0.3 * np.random.randn(45, 3), axis=1)
indicator = np.zeros((45, 3))
for i, c in enumerate(classes):
    indicator[i, c] = 1.0
theta = np.random.randn(3, 3) * 0.01

for epoch in range(30):
    for i in np.random.permutation(45):
        scores = theta @ features[i]
        exps = [np.exp(s) for s in scores]
        probs = np.array(exps) / sum(exps)
        for c in range(3):
            theta[c] -= 0.1 * (probs[c] - indicator[i, c]) * features[i]
print(theta.round(2))

#? step: scores = theta @ features[i]
#? parameters: theta
#? loss = cross_entropy(softmax(theta @ features[i]), indicator[i])
