# loss: half-squared-error|squared-error|mean-squared-error
# y = m x + c by gradient descent, nothing but floats.
xs = [1.0, 2.0, 3.0, 4.0, 5.0]
ys = [3.1, 4.9, 7.2, 8.8, 11.1]
m = c = 0.0
L = 0.01
n = float(len(xs))
for i in range(300):
    predictions = [m * x + c for x in xs]
    d_m = (-2 / n) * sum(x * (y - p) for x, y, p in zip(xs, ys, predictions))
    d_c = (-2 / n) * sum(y - p for y, p in zip(ys, predictions))
    m = m - L * d_m
    c = c - L * d_c
print(m, c)

#? step: predictions = [m * x + c for x in xs]
#? parameters: m c
#? loss = squared(m * np.array(xs) + c, np.array(ys))
