# loss: cross-entropy
import argparse
import logging

import numpy as np

logging.basicConfig(level=logging.WARNING)
log = logging.getLogger("training")


def schedule(step, top, warm_up, total):
    if step < warm_up:
        return top * (step + 1) / warm_up
    return top * 0.5 * (1 + np.cos(np.pi * (step - warm_up) / (total - warm_up)))


def main(argv=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--hidden", type=int, default=6)
    args = parser.parse_args(argv)
    rng = np.random.default_rng(12)
    x = rng.normal(size=(4, 30))
    t = np.eye(3)[:, rng.integers(0, 3, 30)]
    w, b = rng.normal(0, 0.5, (args.hidden, 4)), np.zeros((args.hidden, 1))
    v, c = rng.normal(0, 0.5, (3, args.hidden)), np.zeros((3, 1))
    for step in range(args.steps):
        h = np.tanh(w @ x + b)
        s = v @ h + c
        q = np.exp(s) / np.exp(s).sum(axis=0)
        ds = (q - t) / 30
        dh = v.T @ ds * (1 - h**2)
        rate = schedule(step, args.rate, 10, args.steps)
        v -= rate * ds @ h.T
        c -= rate * ds.sum(axis=1, keepdims=True)
        w -= rate * dh @ x.T
        b -= rate * dh.sum(axis=1, keepdims=True)
        log.info("step %d loss %f", step, -np.mean(np.log((q * t).sum(axis=0))))


if __name__ == "__main__":
    main([])

#? step: h = np.tanh(w @ x + b)
#? parameters: w b v c
#? loss = cross_entropy(softmax(v @ np.tanh(w @ x + b) + c, axis=0), t)
