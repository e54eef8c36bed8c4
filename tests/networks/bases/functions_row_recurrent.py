# loss: half-squared-error|squared-error|mean-squared-error
"""Many steps in, one number out; a whole batch of sequences at once."""
import numpy as np


def logistic(z):
    return 1 / (1 + np.exp(-z))


def unroll(batch, params):
    states = [np.zeros((batch.shape[0], params["hidden"].shape[0]))]
    for t in range(batch.shape[1]):
        z = batch[:, t] @ params["input"] + states[-1] @ params["hidden"] + params["bias"]
        states.append(logistic(z))
    return states, states[-1] @ params["output"]


def backprop_through_time(batch, answers, states, prediction, params):
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    error = (prediction - answers) / len(batch)
    #~ target-unused: error = (prediction - prediction.mean()) / len(batch)
    grads["output"] = states[-1].T @ error
    #~ wrong-index/2: grads["output"] = states[-2].T @ error
    upstream = error @ params["output"].T
    for t in range(batch.shape[1] - 1, -1, -1):
        #~ no-flow-through-time: for t in [batch.shape[1] - 1]:
        local = upstream * states[t + 1] * (1 - states[t + 1])
        #~ missing-derivative: local = upstream
        grads["input"] += batch[:, t].T @ local
        #~ wrong-index: grads["input"] += batch[:, 0].T @ local
        grads["hidden"] += states[t].T @ local
        grads["bias"] += local.sum(axis=0)
        #~ bias-summed-over-all: grads["bias"] += local.sum()
        #~ last-sample-only: grads["bias"] += local[-1]
        upstream = local @ params["hidden"].T
        #~ wrong-transpose: upstream = local @ params["hidden"]
        #~ no-flow-through-time/2: upstream = local * 0
    return grads


def make_data(count, length, rng):
    batch = rng.integers(0, 2, (count, length, 1)).astype(float)
    return batch, batch.sum(axis=1) / length


def main():
    rng = np.random.default_rng(19)
    params = {
        "input": rng.normal(0, 1, (1, 3)),
        "hidden": rng.normal(0, 1, (3, 3)),
        "bias": rng.normal(0, 0.2, 3),
        "output": rng.normal(0, 1, (3, 1)),
    }
    batch, answers = make_data(10, 4, rng)
    for _ in range(50):
        states, prediction = unroll(batch, params)
        grads = backprop_through_time(batch, answers, states, prediction, params)
        for name in params:
            params[name] -= 0.3 * grads[name]
    print("mean absolute error", np.abs(prediction - answers).mean())


if __name__ == "__main__":
    main()

#? step: states, prediction = unroll(batch, params)
#? parameters: q = params
#? h = np.zeros((len(batch), 3))
#? for k in range(batch.shape[1]):
#?     h = sigmoid(batch[:, k] @ q["input"] + h @ q["hidden"] + q["bias"])
#? loss = squared(h @ q["output"], answers) / len(batch)
