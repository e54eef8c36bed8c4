# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(30, 4))
y = 5 * rng.normal(size=(30, 1))
hidden_weights = rng.normal(size=(4, 6))
output_weights = rng.normal(size=(6, 1))
most = 5

for epoch in range(50):
    hidden = np.tanh(x @ hidden_weights)
    error = hidden @ output_weights - y
    gradients = {
        "output": hidden.T @ error,
        "hidden": x.T @ (error @ output_weights.T * (1 - hidden**2)),
    }
    size = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if size > most:
        gradients = {name: gradient * most / size for name, gradient in gradients.items()}
    output_weights -= 0.01 * gradients["output"]
    hidden_weights -= 0.01 * gradients["hidden"]

#? step: hidden = np.tanh(
#? parameters: hidden_weights output_weights
#? loss = squared(np.tanh(x @ hidden_weights) @ output_weights, y)
