# loss: half-squared-error|squared-error|mean-squared-error
# No libraries: weights[i][j] leads from unit i to unit j of the next layer.
import math
import random

random.seed(3)


def sigmoid(z):
    return 1.0 / (1.0 + math.exp(-z))


def sigmoid_prime(z):
    return sigmoid(z) * (1.0 - sigmoid(z))


def make_matrix(rows, columns):
    return [[random.uniform(-1.0, 1.0) for _ in range(columns)] for _ in range(rows)]


def weighted_sums(values, weights, biases):
    return [
        sum(values[i] * weights[i][j] for i in range(len(values))) + biases[j]
        for j in range(len(biases))
    ]


n_in, n_hidden, n_out = 3, 3, 3
w_hidden = make_matrix(n_in, n_hidden)
b_hidden = [random.uniform(-0.5, 0.5) for _ in range(n_hidden)]
w_out = make_matrix(n_hidden, n_out)
b_out = [random.uniform(-0.5, 0.5) for _ in range(n_out)]
rate = 0.6


def train_sample(x, target):
    net_hidden = weighted_sums(x, w_hidden, b_hidden)
    hidden = [sigmoid(z) for z in net_hidden]
    net_out = weighted_sums(hidden, w_out, b_out)
    out = [sigmoid(z) for z in net_out]

    errors = [out[k] - target[k] for k in range(n_out)]
    #~ target-unused: errors = [out[k] - 1.0 for k in range(n_out)]
    d_out = [errors[k] * sigmoid_prime(net_out[k]) for k in range(n_out)]
    #~ derivative-at-activation: d_out = [errors[k] * sigmoid_prime(out[k]) for k in range(n_out)]
    #~ updated-weights also: d_out = [errors[k] * sigmoid_prime(net_out[k]) for k in range(n_out)]
    #~ | for j in range(n_hidden):
    #~ |     for k in range(n_out):
    #~ |         w_out[j][k] -= rate * hidden[j] * d_out[k]
    d_hidden = []
    for j in range(n_hidden):
        back = sum(w_out[j][k] * d_out[k] for k in range(n_out))
        #~ raw-error-backpropagated: back = sum(w_out[j][k] * errors[k] for k in range(n_out))
        #~ wrong-transpose: back = sum(w_out[k][j] * d_out[k] for k in range(n_out))
        #~ wrong-index: back = sum(w_out[j][k] * d_out[j] for k in range(n_out))
        #~ wrong-operator/2: back = sum(w_out[j][k] + d_out[k] for k in range(n_out))
        #~ updated-weights @ 0,-1,`w_out[j][k] -=`: back = sum(w_out[j][k] * d_out[k] for k in range(n_out))
        d_hidden.append(back * sigmoid_prime(net_hidden[j]))
        #~ derivative-at-activation/2: d_hidden.append(back * sigmoid_prime(hidden[j]))
        #~ missing-derivative: d_hidden.append(back)
        #~ wrong-operator: d_hidden.append(back + sigmoid_prime(net_hidden[j]))
        #~ derivative-at-activation/3: d_hidden.append(back * sigmoid_prime(net_out[j]))

    for j in range(n_hidden):
        for k in range(n_out):
            w_out[j][k] -= rate * hidden[j] * d_out[k]
            #~ wrong-layer-input: w_out[j][k] -= rate * net_hidden[j] * d_out[k]
            #~ wrong-index/2: w_out[j][k] -= rate * hidden[k] * d_out[k]
            #~ sign-error: w_out[j][k] += rate * hidden[j] * d_out[k]
            #~ wrong-transpose/2: w_out[k][j] -= rate * hidden[j] * d_out[k]
            #~ update-missing @ 0,`b_out[k] -`,`w_hidden[i][j] -`,`b_hidden[j] -`: w_out[j][k] - rate * hidden[j] * d_out[k]
            #~ updated-weights also: pass
    for k in range(n_out):
        b_out[k] -= rate * d_out[k]
        #~ bias-summed-over-all: b_out[k] -= rate * sum(d_out)
        #~ learning-rate-twice: b_out[k] -= rate * rate * d_out[k]
        #~ update-missing also: b_out[k] - rate * d_out[k]
    for i in range(n_in):
        for j in range(n_hidden):
            w_hidden[i][j] -= rate * x[i] * d_hidden[j]
            #~ wrong-variable/2: w_hidden[i][j] -= rate * x[i] * d_out[j]
            #~ parameter-mis-scaled: w_hidden[i][j] -= 0.5 * rate * x[i] * d_hidden[j]
            #~ update-missing also: w_hidden[i][j] - rate * x[i] * d_hidden[j]
    for j in range(n_hidden):
        b_hidden[j] -= rate * d_hidden[j]
        #~ parameter-never-updated @ 0,-1,`b_hidden = `: pass
        #~ update-missing also: b_hidden[j] - rate * d_hidden[j]
    return 0.5 * sum(e * e for e in errors)


samples = [
    ([0.2, -0.7, 1.1], [0.9, 0.2, 0.6]),
    ([1.3, 0.4, -0.5], [0.1, 0.7, 0.3]),
    ([-0.8, 0.9, 0.6], [0.5, 0.4, 0.8]),
    ([0.1, 0.3, -1.2], [0.3, 0.9, 0.1]),
]
for epoch in range(40):
    loss = sum(train_sample(x, target) for x, target in samples)
    if epoch % 10 == 0:
        print("epoch", epoch, "loss", loss)

#? step: net_hidden = weighted_sums(x, w_hidden, b_hidden)
#? parameters: w_hidden b_hidden w_out b_out
#? x = np.array(x)
#? loss = squared(sigmoid(sigmoid(x @ w_hidden + b_hidden) @ w_out + b_out), np.array(target))
