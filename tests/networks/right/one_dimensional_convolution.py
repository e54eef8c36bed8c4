# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np

np.random.seed(15)
signals = np.random.randn(8, 12)
smooth = np.array([np.convolve(s, [0.25, 0.5, 0.25], mode="valid") for s in signals])
goals = np.tanh(2 * smooth)
kernel = np.random.randn(3) * 0.3
gain, offset = 0.5, 0.1
for epoch in range(20):
    for s, t in zip(signals, goals):
        z = np.correlate(s, kernel, mode="valid")
        a = np.tanh(z)
        e = gain * a + offset - t
        d = e * gain * (1 - a**2)
        g_kernel = np.correlate(s, d, mode="valid")
        g_gain, g_offset = np.dot(e, a), e.sum()
        kernel -= 0.02 * g_kernel
        gain -= 0.02 * g_gain
        offset -= 0.02 * g_offset
print(kernel, gain, offset)

#? step: z = np.correlate(s, kernel
#? parameters: kernel gain offset
#? z = sum(kernel[k] * s[k : k + 10] for k in range(3))
#? loss = squared(gain * np.tanh(z) + offset, t)
