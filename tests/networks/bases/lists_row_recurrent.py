# loss: half-squared-error|squared-error|mean-squared-error
import math
import random

random.seed(13)
H = 3
w_in = [random.uniform(-1, 1) for _ in range(H)]
w_back = [[random.uniform(-1, 1) for _ in range(H)] for _ in range(H)]
w_out = [random.uniform(-1, 1) for _ in range(H)]
bias = [random.uniform(-0.3, 0.3) for _ in range(H)]
rate = 0.1

series = [[0.5, -0.3, 0.9, 0.1], [-0.7, 0.2, 0.4, -0.6], [0.3, 0.8, -0.5, 0.6]]
goals = [[0.2, 0.1, 0.6, 0.4], [-0.4, -0.1, 0.2, -0.3], [0.1, 0.5, 0.0, 0.3]]

for epoch in range(40):
    for xs, ts in zip(series, goals):
        states, outputs = [[0.0] * H], []
        for x in xs:
            before = states[-1]
            now = []
            for j in range(H):
                net = bias[j] + x * w_in[j]
                for i in range(H):
                    net += before[i] * w_back[i][j]
                now.append(math.tanh(net))
            states.append(now)
            outputs.append(sum(now[j] * w_out[j] for j in range(H)))

        g_in, g_out, g_bias = [0.0] * H, [0.0] * H, [0.0] * H
        g_back = [[0.0] * H for _ in range(H)]
        carried = [0.0] * H
        for t in range(len(xs) - 1, -1, -1):
            error = outputs[t] - ts[t]
            #~ target-unused: error = outputs[t] - outputs[t - 1]
            deltas = []
            for j in range(H):
                g_out[j] += error * states[t + 1][j]
                #~ wrong-index: g_out[j] += error * states[t][j]
                total = error * w_out[j] + carried[j]
                #~ no-flow-through-time: total = error * w_out[j]
                deltas.append(total * (1 - states[t + 1][j] ** 2))
                #~ missing-derivative: deltas.append(total)
                #~ wrong-operator: deltas.append(total + (1 - states[t + 1][j] ** 2))
            for j in range(H):
                g_in[j] += deltas[j] * xs[t]
                g_bias[j] += deltas[j]
                #~ bias-summed-over-all: g_bias[j] += sum(deltas)
                for i in range(H):
                    g_back[i][j] += deltas[j] * states[t][i]
                    #~ wrong-index/2: g_back[i][j] += deltas[j] * states[t][j]
            carried = [sum(deltas[j] * w_back[i][j] for j in range(H)) for i in range(H)]
            #~ wrong-transpose: carried = [sum(deltas[j] * w_back[j][i] for j in range(H)) for i in range(H)]
            #~ no-flow-through-time/2: carried = [0.0 for i in range(H)]

        for j in range(H):
            w_in[j] -= rate * g_in[j]
            w_out[j] -= rate * g_out[j]
            bias[j] -= rate * g_bias[j]
            for i in range(H):
                w_back[i][j] -= rate * g_back[i][j]
                #~ sign-error: w_back[i][j] += rate * g_back[i][j]
print([round(o, 3) for o in outputs], ts)

#? step: states, outputs = [[0.0] * H], []
#? parameters: w_in w_back w_out bias
#? h, loss = np.zeros(H), 0
#? for x, y in zip(xs, ts):
#?     h = np.tanh(x * w_in + h @ w_back + bias)
#?     loss = loss + squared(h @ w_out, y)
