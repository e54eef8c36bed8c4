# loss: half-squared-error|squared-error|mean-squared-error
# Weights are stored (inputs, outputs) while samples are columns: every product has a transpose.
import numpy as np

state = np.random.RandomState(99)
A0 = state.randn(3, 14)
T = np.tanh(state.randn(2, 3) @ A0)
M1, M2 = state.randn(3, 5) * 0.5, state.randn(5, 2) * 0.5
v1, v2 = state.randn(5, 1) * 0.1, state.randn(2, 1) * 0.1

for k in range(120):
    A1 = np.tanh(M1.T @ A0 + v1)
    A2 = np.tanh(M2.T @ A1 + v2)
    G2 = (A2 - T) * (1 - A2 * A2)
    G1 = (M2 @ G2) * (1 - A1 * A1)
    M2 = M2 - 0.05 * (G2 @ A1.T).T
    v2 = v2 - 0.05 * G2 @ np.ones((14, 1))
    M1 = M1 - 0.05 * A0 @ G1.T
    v1 = v1 - 0.05 * np.sum(G1, 1)[:, None]
print(((A2 - T) ** 2).sum())

#? step: A1 = np.tanh(M1.T
#? parameters: M1 M2 v1 v2
#? loss = squared(np.tanh(M2.T @ np.tanh(M1.T @ A0 + v1) + v2), T)
