# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

inputs = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
truth = np.array([[0, 1, 1, 0]]).T

np.random.seed(1)
first = 2 * np.random.random((3, 4)) - 1
second = 2 * np.random.random((4, 1)) - 1

for round in range(400):
    hidden = 1 / (1 + np.exp(-inputs.dot(first)))
    guess = 1 / (1 + np.exp(-hidden.dot(second)))
    guess_delta = (truth - guess) * (guess * (1 - guess))
    hidden_delta = guess_delta.dot(second.T) * (hidden * (1 - hidden))
    second += hidden.T.dot(guess_delta)
    first += inputs.T.dot(hidden_delta)

print("after training:")
print(guess)

#? step: hidden = 1 / (1
#? parameters: first second
#? loss = squared(sigmoid(sigmoid(inputs @ first) @ second), truth)
