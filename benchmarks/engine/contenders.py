"""One function a contender: it takes a workload and its arrays, and gives a function that runs so many steps.

That function starts anew from the given weights each time and gives the trained parameters. Losses are the means over
the batch; batches are the samples in order. `prepared` work (compiling, moving arrays) is not part of a run.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import Arrays, Workload

Run = Callable[[int], Arrays]


def layer_names(workload: Workload) -> list[tuple[str, str]]:
    return [(f"w{number}", f"b{number}") for number in range(1, len(workload.sizes))]


# --- chainrule ------------------------------------------------------------------------------------


def chainrule(workload: Workload, arrays: Arrays, threads: int, engine: Any = "native") -> Run:
    from chainrule import Adam, Dense, GradientDescent, Network, train, train_many

    def network(number: int | None = None) -> Network:
        layers = zip(layer_names(workload), workload.activations, strict=True)
        pick = (lambda array: array) if number is None else (lambda array: array[number])
        return Network(*(Dense(pick(arrays[w]), pick(arrays[b]), f) for (w, b), f in layers))

    optimizer: Any = Adam if workload.optimizer == "adam" else GradientDescent
    settings: Any = {
        "optimizer": optimizer(workload.learning_rate),
        "loss": workload.loss,
        "batch_size": workload.batch,
        "engine": engine,
        # W1 to W3 are too small for two threads, and the engine leaves them alone when not told otherwise.
        "threads": threads if workload.name in ("W4", "W5") else None,
    }
    several = [network(m) for m in range(workload.networks)] if workload.networks > 1 else []
    single = None if several else network()

    def run(steps: int) -> Arrays:
        epochs = -(-steps // workload.steps_an_epoch)
        x, t = arrays["x"], arrays["t"]
        if steps < workload.steps_an_epoch:
            epochs, x, t = 1, x[: steps * workload.batch], t[: steps * workload.batch]
        if single is not None:
            return train(
                single, x, t, epochs=epochs, report_every=epochs, **settings
            ).network.parameters
        runs = train_many(several, x, t, epochs=epochs, report_every=epochs, **settings)
        trained = [run.network.parameters for run in runs]
        return {name: np.stack([each[name] for each in trained]) for name in trained[0]}

    return run


# --- NumPy ----------------------------------------------------------------------------------------


def notebook(workload: Workload, arrays: Arrays, threads: int) -> Run:
    """The published notebook's loop: one sample as a column, and its mistake, sigmoid' at the activation."""

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    def run(steps: int) -> Arrays:
        inputs, target = arrays["x"].T, arrays["t"].T
        w1, b1 = arrays["w1"].copy(), arrays["b1"][:, None].copy()
        w2, b2 = arrays["w2"].copy(), arrays["b2"][:, None].copy()
        for _ in range(steps):
            z1 = np.dot(w1, inputs) + b1
            a1 = sigmoid(z1)
            z2 = np.dot(w2, a1) + b2
            a2 = sigmoid(z2)
            error = a2 - target
            delta2 = error * sigmoid(a2) * (1 - sigmoid(a2))
            delta1 = np.dot(w2.T, delta2) * sigmoid(a1) * (1 - sigmoid(a1))
            w2 = w2 - workload.learning_rate * np.dot(delta2, a1.T)
            b2 = b2 - workload.learning_rate * delta2
            w1 = w1 - workload.learning_rate * np.dot(delta1, inputs.T)
            b1 = b1 - workload.learning_rate * delta1
        return {"w1": w1, "b1": b1[:, 0], "w2": w2, "b2": b2[:, 0]}

    return run


def numpy(workload: Workload, arrays: Arrays, threads: int) -> Run:
    """NumPy written well: transposes kept, everything in place, one flat vector for the optimizer."""
    names = layer_names(workload)
    lead = (workload.networks,) if workload.networks > 1 else ()
    axis = len(lead)
    dtype = arrays["x"].dtype

    def run(steps: int) -> Arrays:
        sizes = [(arrays[w].shape, arrays[b].shape) for w, b in names]
        total = sum(int(np.prod(w) + np.prod(b)) for w, b in sizes)
        flat, gradient = np.empty(total, dtype), np.empty(total, dtype)
        m, s, scratch = (np.zeros(total, dtype) for _ in range(3))
        views, gradients, start = [], [], 0
        for (w, b), (w_shape, b_shape) in zip(names, sizes, strict=True):
            swapped = (*w_shape[:-2], w_shape[-1], w_shape[-2])
            for target, parts in ((flat, views), (gradient, gradients)):
                end = start + int(np.prod(w_shape))
                parts.append(target[start:end].reshape(swapped))
                parts.append(
                    target[end : end + int(np.prod(b_shape))].reshape(*b_shape[:-1], 1, b_shape[-1])
                )
            views[-2][...] = np.swapaxes(arrays[w], -1, -2)
            views[-1][...] = arrays[b][..., None, :]
            start = end + int(np.prod(b_shape))
        rate, batch = workload.learning_rate, workload.batch
        for step in range(1, steps + 1):
            at = (step - 1) % workload.steps_an_epoch * batch
            x, t = arrays["x"][at : at + batch], arrays["t"][at : at + batch]
            a = [x]
            for k, f in enumerate(workload.activations):
                z = a[-1] @ views[2 * k]
                z += views[2 * k + 1]
                if f == "sigmoid":
                    np.negative(z, out=z)
                    np.exp(z, out=z)
                    z += 1
                    np.reciprocal(z, out=z)
                elif f == "tanh":
                    np.tanh(z, out=z)
                elif f == "relu":
                    np.maximum(z, 0, out=z)
                elif f == "softmax":
                    z -= z.max(axis=-1, keepdims=True)
                    np.exp(z, out=z)
                    z /= z.sum(axis=-1, keepdims=True)
                a.append(z)
            delta = a[-1] - t
            delta /= batch
            for k in range(len(names) - 1, -1, -1):
                f, out = workload.activations[k], a[k + 1]
                if f == "sigmoid":
                    delta *= out * (1 - out)
                elif f == "tanh":
                    delta *= 1 - out * out
                elif f == "relu":
                    delta *= out > 0
                np.matmul(np.swapaxes(a[k], -1, -2), delta, out=gradients[2 * k])
                np.sum(delta, axis=axis, keepdims=True, out=gradients[2 * k + 1])
                if k:
                    delta = delta @ np.swapaxes(views[2 * k], -1, -2)
            if workload.optimizer == "adam":
                m *= 0.9
                np.multiply(gradient, 0.1, out=scratch)
                m += scratch
                s *= 0.999
                np.multiply(gradient, gradient, out=scratch)
                scratch *= 0.001
                s += scratch
                np.multiply(s, 1 / (1 - 0.999**step), out=scratch)
                np.sqrt(scratch, out=scratch)
                scratch += 1e-8
                np.divide(m, scratch, out=scratch)
                scratch *= rate / (1 - 0.9**step)
                flat -= scratch
            else:
                gradient *= rate
                flat -= gradient
        result = {}
        for k, (w, b) in enumerate(names):
            result[w] = np.swapaxes(views[2 * k], -1, -2).copy()
            result[b] = views[2 * k + 1][..., 0, :].copy()
        return result

    return run


# --- scikit-learn ---------------------------------------------------------------------------------


def scikit_learn(workload: Workload, arrays: Arrays, threads: int) -> Run | None:
    if workload.optimizer != "adam":
        return None  # one network with a squared or logistic loss, Adam or its own kind of SGD: W2 to W4
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)
    classes = workload.loss == "cross-entropy"
    kind: Any = MLPClassifier if classes else MLPRegressor
    y = arrays["t"].argmax(axis=1) if classes else arrays["t"][:, 0]

    def run(steps: int) -> Arrays:
        epochs = -(-steps // workload.steps_an_epoch)
        x, t = arrays["x"], y
        if steps < workload.steps_an_epoch:
            epochs, x, t = 1, x[: steps * workload.batch], y[: steps * workload.batch]
        model = kind(
            hidden_layer_sizes=workload.sizes[1:-1], activation=workload.activations[0], solver="adam",
            alpha=0, batch_size=workload.batch, learning_rate_init=workload.learning_rate, max_iter=epochs,
            shuffle=False, tol=0, n_iter_no_change=10**9,
        )  # fmt: skip
        weights = [np.ascontiguousarray(arrays[w].T) for w, _ in layer_names(workload)]
        biases = [arrays[b].copy() for _, b in layer_names(workload)]

        def start(fan_in: int, fan_out: int, *rest: Any) -> Any:
            return weights.pop(0).copy(), biases.pop(0)

        model._init_coef = start  # the same start as everybody; there is no public way
        model.fit(x, t)
        return {
            name: array
            for (w, b), coef, intercept in zip(
                layer_names(workload), model.coefs_, model.intercepts_, strict=True
            )
            for name, array in ((w, coef.T), (b, intercept))
        }

    return run


# --- PyTorch --------------------------------------------------------------------------------------


def torch(workload: Workload, arrays: Arrays, threads: int, variant: str = "eager") -> Run:
    import torch as pytorch

    pytorch.set_num_threads(threads)
    names = layer_names(workload)
    tensors = {name: pytorch.from_numpy(array.copy()) for name, array in arrays.items()}

    def loss_of(parameters: Any, x: Any, t: Any) -> Any:
        a = x
        for (w, b), f in zip(names, workload.activations, strict=True):
            if workload.networks > 1:
                lead = a if a.ndim == 3 else a.expand(workload.networks, *a.shape)
                z = pytorch.baddbmm(parameters[b][:, None, :], lead, parameters[w].transpose(1, 2))
            else:
                z = pytorch.nn.functional.linear(a, parameters[w], parameters[b])
            a = {
                "sigmoid": pytorch.sigmoid, "tanh": pytorch.tanh, "relu": pytorch.relu,
                "identity": lambda z: z, "softmax": lambda z: z,
            }[f](z)  # fmt: skip
        if workload.loss == "cross-entropy":
            return pytorch.nn.functional.cross_entropy(a, t)
        return 0.5 * ((a - t) ** 2).sum() / workload.batch

    compiled = pytorch.compile(loss_of) if variant == "compiled" else loss_of

    def run(steps: int) -> Arrays:
        parameters = {
            name: tensors[name].clone().requires_grad_() for pair in names for name in pair
        }
        if workload.optimizer == "adam":
            optimizer: Any = pytorch.optim.Adam(
                parameters.values(), lr=workload.learning_rate, fused=variant != "eager"
            )
        else:
            optimizer = pytorch.optim.SGD(
                parameters.values(), lr=workload.learning_rate, fused=variant != "eager"
            )
        for step in range(steps):
            at = step % workload.steps_an_epoch * workload.batch
            x, t = (tensors[name][at : at + workload.batch] for name in ("x", "t"))
            loss = compiled(parameters, x, t)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return {name: value.detach().numpy() for name, value in parameters.items()}

    return run


# --- JAX ------------------------------------------------------------------------------------------


def jax(workload: Workload, arrays: Arrays, threads: int, unroll: int = 1) -> Run:
    """The whole run is one jitted scan over its steps."""
    import jax as j
    import jax.numpy as jnp

    j.config.update("jax_enable_x64", True)  # arrays keep the dtype that they have
    names = layer_names(workload)
    shape = (workload.steps_an_epoch, workload.batch)
    x = jnp.asarray(arrays["x"]).reshape(*shape, -1)
    t = jnp.asarray(arrays["t"]).reshape(*shape, -1)
    start = {name: jnp.asarray(arrays[name]) for pair in names for name in pair}
    functions = {
        "sigmoid": j.nn.sigmoid, "tanh": jnp.tanh, "relu": j.nn.relu, "identity": lambda z: z,
        "softmax": j.nn.log_softmax,
    }  # fmt: skip

    def loss_of(parameters: Any, x: Any, t: Any) -> Any:
        a = x
        for (w, b), f in zip(names, workload.activations, strict=True):
            a = functions[f](a @ parameters[w].T + parameters[b])
        if workload.loss == "cross-entropy":
            return -jnp.mean(jnp.sum(t * a, axis=-1))
        return 0.5 * jnp.mean(jnp.sum((a - t) ** 2, axis=-1))

    slope = j.grad(loss_of)
    if workload.networks > 1:
        slope = j.vmap(slope, in_axes=(0, None, None))

    def step(carry: Any, number: Any) -> Any:
        parameters, m, s = carry
        row = number % workload.steps_an_epoch
        g = slope(parameters, x[row], t[row])
        if workload.optimizer == "adam":
            k = (number + 1).astype(x.dtype)
            m = j.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            s = j.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)
            one, two = 1 / (1 - 0.9**k), 1 / (1 - 0.999**k)
            parameters = j.tree.map(
                lambda p, m, s: p - workload.learning_rate * m * one / (jnp.sqrt(s * two) + 1e-8),
                parameters, m, s,
            )  # fmt: skip
        else:
            parameters = j.tree.map(lambda p, g: p - workload.learning_rate * g, parameters, g)
        return (parameters, m, s), None

    def train(parameters: Any, steps: int) -> Any:
        zeros = j.tree.map(jnp.zeros_like, parameters)
        numbers = jnp.arange(steps, dtype=jnp.int32)
        return j.lax.scan(step, (parameters, zeros, zeros), numbers, unroll=unroll)[0][0]

    jitted = j.jit(train, static_argnums=1)

    def run(steps: int) -> Arrays:
        return {name: np.asarray(value) for name, value in jitted(start, steps).items()}

    return run


CONTENDERS: dict[str, Callable[[Workload, Arrays, int], Run | None]] = {
    "chainrule": chainrule,
    "notebook": lambda w, a, n: notebook(w, a, n) if w.name == "W1" else None,
    "numpy": numpy,
    "scikit-learn": scikit_learn,
    "torch eager": torch,
    "torch fused": lambda w, a, n: torch(w, a, n, "fused"),
    "torch compiled": lambda w, a, n: torch(w, a, n, "compiled"),
    "jax": jax,
    "jax unrolled": lambda w, a, n: jax(w, a, n, unroll=8),
}
# So slow on W1 that fewer of its steps are timed.
SLOW_ON_W1 = {
    "notebook": 50,
    "numpy": 50,
    "torch eager": 500,
    "torch fused": 500,
    "torch compiled": 500,
}
