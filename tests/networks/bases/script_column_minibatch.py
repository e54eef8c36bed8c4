# loss: binary-cross-entropy
import numpy as np

generator = np.random.RandomState(42)

examples = generator.uniform(-1, 1, (2, 24))
answers = np.vstack([examples[0] > examples[1], examples.sum(axis=0) > 0.3]).astype(float)

w_1 = generator.normal(0, 1, (5, 2))
b_1 = generator.normal(0, 0.1, (5, 1))
w_2 = generator.normal(0, 1, (2, 5))
b_2 = generator.normal(0, 0.1, (2, 1))
alpha = 0.3
decay = 0.002
drop = 0.2

for it in range(60):
    pick = generator.choice(24, 8, replace=False)
    x = examples[:, pick]
    y = answers[:, pick]
    count = x.shape[1]

    net1 = np.dot(w_1, x) + b_1
    relu1 = net1 * (net1 > 0)
    kept = generator.random_sample(relu1.shape) >= drop
    out1 = relu1 * kept / (1 - drop)
    net2 = np.dot(w_2, out1) + b_2
    prediction = 1 / (1 + np.exp(-net2))

    g2 = prediction - y
    g_w2 = np.dot(g2, out1.T) / count
    #~ last-sample-only/2: g_w2 = np.dot(g2, out1.T[-1:].repeat(count, axis=0)) / count
    g_b2 = np.sum(g2, axis=1, keepdims=True) / count
    #~ bias-summed-over-all: g_b2 = np.sum(g2) / count
    g1 = np.dot(w_2.T, g2)
    g1 *= kept / (1 - drop)
    #~ dropout-mask: g1 *= kept
    #~ dropout-mask/2 delete @ -1,0,+1:
    g1[net1 <= 0] = 0
    #~ relu-derivative-at-output: g1[relu1 < 0] = 0
    #~ missing-derivative delete @ -1,-2,0:
    g_w1 = np.dot(g1, x.T) / count
    g_b1 = np.sum(g1, axis=1, keepdims=True) / count
    #~ bias-not-summed: g_b1 = g1 / count
    #~ last-sample-only: g_b1 = g1[:, -1:] / count
    #~ bias-summed-over-all/2: g_b1 = np.sum(g1, keepdims=True) / count

    w_2 = w_2 - alpha * (g_w2 + decay * w_2)
    #~ decay-sign: w_2 = w_2 - alpha * (g_w2 - decay * w_2)
    b_2 = b_2 - alpha * g_b2
    w_1 = w_1 - alpha * (g_w1 + decay * w_1)
    b_1 = b_1 - alpha * g_b1

print("last batch", -np.mean(y * np.log(prediction) + (1 - y) * np.log(1 - prediction)))

#? step: g2 = prediction - y
#? parameters: w_1 b_1 w_2 b_2
#? mask = kept / (1 - drop)
#? loss = bce(sigmoid(w_2 @ (relu(w_1 @ x + b_1) * mask) + b_2), y) / count + decay * (np.sum(w_1**2) + np.sum(w_2**2)) / 2
