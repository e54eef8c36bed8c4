# loss: half-squared-error|squared-error|mean-squared-error
# Plain lists: V[i][h] from input to hidden (relu, dropout), W[h][o] to linear outputs.
import random

random.seed(2024)

I, H, O = 3, 5, 2
V = [[random.gauss(0, 0.7) for h in range(H)] for i in range(I)]
c = [random.gauss(0, 0.1) for h in range(H)]
W = [[random.gauss(0, 0.7) for o in range(O)] for h in range(H)]
d = [random.gauss(0, 0.1) for o in range(O)]

points = [[random.uniform(-1, 1) for i in range(I)] for n in range(12)]
values = [[p[0] * p[1], p[2] - p[0]] for p in points]
lr, decay, keep, size = 0.1, 0.01, 0.8, 4

for epoch in range(25):
    total = 0.0
    for start in range(0, len(points), size):
        batch = range(start, start + size)
        masks = [[1.0 if random.random() < keep else 0.0 for h in range(H)] for n in batch]
        gV = [[0.0] * H for i in range(I)]
        gc = [0.0] * H
        gW = [[0.0] * O for h in range(H)]
        gd = [0.0] * O
        for mask, n in zip(masks, batch):
            x, t = points[n], values[n]
            z = [sum(x[i] * V[i][h] for i in range(I)) + c[h] for h in range(H)]
            a = [max(0.0, z[h]) for h in range(H)]
            s = [a[h] * mask[h] / keep for h in range(H)]
            y = [sum(s[h] * W[h][o] for h in range(H)) + d[o] for o in range(O)]
            e = [y[o] - t[o] for o in range(O)]
            total += sum(r * r for r in e)
            for o in range(O):
                gd[o] += e[o]
                #~ bias-summed-over-all: gd[o] += sum(e)
                #~ last-sample-only: gd[o] = e[o]
                for h in range(H):
                    gW[h][o] += s[h] * e[o]
                    #~ last-sample-only/2: gW[h][o] = s[h] * e[o]
                    #~ dropout-mask/3: gW[h][o] += a[h] * e[o]
            for h in range(H):
                back = sum(W[h][o] * e[o] for o in range(O)) * mask[h] / keep
                #~ dropout-mask: back = sum(W[h][o] * e[o] for o in range(O))
                #~ dropout-mask/2: back = sum(W[h][o] * e[o] for o in range(O)) * mask[h]
                if z[h] <= 0:
                    #~ relu-derivative-at-output: if a[h] < 0:
                    back = 0.0
                gc[h] += back
                #~ last-sample-only/3: gc[h] = back
                for i in range(I):
                    gV[i][h] += x[i] * back
        for h in range(H):
            c[h] -= lr * gc[h] / size
            for i in range(I):
                V[i][h] -= lr * (gV[i][h] / size + decay * V[i][h])
                #~ decay-sign: V[i][h] -= lr * (gV[i][h] / size - decay * V[i][h])
            for o in range(O):
                W[h][o] -= lr * (gW[h][o] / size + decay * W[h][o])
                #~ decay-sign/2: W[h][o] -= lr * gW[h][o] / size - lr * decay * W[h][o]
        for o in range(O):
            d[o] -= lr * gd[o] / size
    if epoch % 5 == 0:
        print(epoch, total / len(points))

#? step: gV = [[0.0] * H for i in range(I)]
#? parameters: V c W d
#? x, t = np.array(points[start : start + size]), np.array(values[start : start + size])
#? s = relu(x @ V + c) * np.array(masks) / keep
#? loss = squared(s @ W + d, t) / size + decay / 2 * (np.sum(V**2) + np.sum(W**2))
