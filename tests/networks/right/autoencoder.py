# loss: half-squared-error|squared-error|mean-squared-error
import numpy as np


class Autoencoder:
    def __init__(self, n, code):
        r = np.random.RandomState(3)
        self.enc_w, self.enc_b = r.uniform(-0.5, 0.5, (n, code)), np.zeros(code)
        self.dec_w, self.dec_b = r.uniform(-0.5, 0.5, (code, n)), np.zeros(n)

    def encode(self, x):
        return 1 / (1 + np.exp(-(x @ self.enc_w + self.enc_b)))

    def decode(self, code):
        return 1 / (1 + np.exp(-(code @ self.dec_w + self.dec_b)))

    def learn(self, x, rate):
        code = self.encode(x)
        copy = self.decode(code)
        miss = copy - x
        d_dec = miss * copy * (1 - copy)
        d_enc = d_dec @ self.dec_w.T * code * (1 - code)
        self.dec_w -= rate * code.T @ d_dec
        self.dec_b -= rate * d_dec.sum(axis=0)
        self.enc_w -= rate * x.T @ d_enc
        self.enc_b -= rate * d_enc.sum(axis=0)
        return np.mean(miss**2)


x = np.eye(6)
machine = Autoencoder(6, 3)
for k in range(300):
    mse = machine.learn(x, 0.5)
print("mse", mse)

#? step: code = self.encode(x)
#? parameters: ew = self.enc_w; eb = self.enc_b; dw = self.dec_w; db = self.dec_b
#? loss = squared(sigmoid(sigmoid(x @ ew + eb) @ dw + db), x)
