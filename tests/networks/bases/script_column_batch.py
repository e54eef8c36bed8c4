# loss: half-squared-error|squared-error|mean-squared-error
# Samples are columns. The error is target minus output, so every step adds.
import numpy as np

np.random.seed(5)

inputs = np.random.randn(3, 8)
desired = np.random.uniform(-0.7, 0.7, (4, 8))
m = inputs.shape[1]

W1 = np.random.randn(4, 3) * 0.6
B1 = np.random.randn(4, 1) * 0.3
W2 = np.random.randn(4, 4) * 0.6
B2 = np.random.randn(4, 1) * 0.3
lr = 0.3


def dtanh(u):
    return 1 - np.tanh(u) ** 2


epoch = 0
while epoch < 80:
    U1 = np.dot(W1, inputs) + B1
    H1 = np.tanh(U1)
    U2 = np.dot(W2, H1) + B2
    out = np.tanh(U2)

    err = desired - out
    #~ target-unused: err = out.mean() - out
    delta2 = err * dtanh(U2)
    #~ derivative-at-activation: delta2 = err * dtanh(out)
    back = np.dot(W2.T, delta2)
    #~ raw-error-backpropagated: back = np.dot(W2.T, err)
    #~ wrong-transpose: back = np.dot(W2, delta2)
    #~ updated-weights @ +1,0: W2 += lr * np.dot(delta2, H1.T) / m
    #~ | back = np.dot(W2.T, delta2)
    delta1 = back * dtanh(U1)
    #~ derivative-at-activation/2: delta1 = back * dtanh(H1)
    #~ missing-derivative: delta1 = back
    #~ wrong-operator: delta1 = back - dtanh(U1)
    #~ wrong-variable: delta1 = delta2 * dtanh(U1)
    #~ derivative-at-activation/3: delta1 = back * dtanh(U2)

    gW2 = np.dot(delta2, H1.T) / m
    #~ wrong-layer-input: gW2 = np.dot(delta2, U1.T) / m
    #~ wrong-transpose/2: gW2 = np.dot(H1, delta2.T) / m
    #~ parameter-mis-scaled/2: gW2 = np.dot(delta2, H1.T)
    gB2 = np.sum(delta2, axis=1, keepdims=True) / m
    #~ bias-summed-over-all: gB2 = np.sum(delta2) / m
    #~ bias-not-summed: gB2 = delta2 / m
    #~ wrong-index: gB2 = np.sum(delta2, axis=1, keepdims=True)[0] / m
    gW1 = np.dot(delta1, inputs.T) / m
    #~ learning-rate-twice: gW1 = lr * np.dot(delta1, inputs.T) / m
    gB1 = np.sum(delta1, axis=1, keepdims=True) / m
    #~ parameter-mis-scaled: gB1 = np.sum(delta1, axis=1, keepdims=True)

    W2 = W2 + lr * gW2
    #~ sign-error: W2 = W2 - lr * gW2
    #~ updated-weights also: pass
    #~ update-missing @ 0,+1,+2,+3: W2_next = W2 + lr * gW2
    B2 = B2 + lr * gB2
    #~ parameter-never-updated @ 0,-1,+1,`B2 = `: B2 = B2
    #~ update-missing also: B2_next = B2 + lr * gB2
    W1 = W1 + lr * gW1
    #~ update-missing also: W1_next = W1 + lr * gW1
    B1 = B1 + lr * gB1
    #~ wrong-variable/3: B1 = B1 + lr * gB2
    #~ update-missing also: B1_next = B1 + lr * gB1
    epoch += 1

print(np.mean((desired - out) ** 2))

#? step: U1 = np.dot(W1, inputs) + B1
#? parameters: W1 B1 W2 B2
#? loss = squared(np.tanh(W2 @ np.tanh(W1 @ inputs + B1) + B2), desired)
