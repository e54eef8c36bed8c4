"""Functions that go forward and back by themselves are called with random data, and judged one by one."""

from typing import Any

import pytest

from checked import verdict_on

AFFINE = """
def affine_forward(x, w, b):
    return x.reshape(len(x), -1).dot(w) + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db
"""
RELU = """
def relu(Z):
    return np.maximum(0, Z), Z

def relu_backward(dA, cache):
    dZ = np.array(dA, copy=True)
    dZ[cache <= 0] = 0
    return dZ
"""
BATCH_NORM = """
def batchnorm_forward(x, gamma, beta, bn_param):
    mean, variance = x.mean(axis=0), x.var(axis=0)
    deviation = np.sqrt(variance + bn_param.get("eps", 1e-5))
    normed = (x - mean) / deviation
    bn_param["running_mean"] = bn_param.get("momentum", 0.9) * bn_param.get("running_mean", 0.0) + mean
    return gamma * normed + beta, (normed, gamma, deviation)

def batchnorm_backward(dout, cache):
    normed, gamma, deviation = cache
    dbeta, dgamma = dout.sum(axis=0), (dout * normed).sum(axis=0)
    dnormed = dout * gamma
    dx = (dnormed - dnormed.mean(axis=0) - normed * (dnormed * normed).mean(axis=0)) / deviation
    return dx, dgamma, dbeta
"""
DROPOUT = """
def dropout_forward(x, dropout_param):
    keep = dropout_param["p"]
    mask = (np.random.rand(*x.shape) < keep) / keep
    return x * mask, mask

def dropout_backward(dout, cache):
    return dout * cache
"""
CONVOLUTION = """
def conv_forward(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    count, _, height, width = x.shape
    filters, _, rows, columns = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    out = np.zeros((count, filters, 1 + (height + 2 * pad - rows) // stride, 1 + (width + 2 * pad - columns) // stride))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            part = padded[:, :, i * stride : i * stride + rows, j * stride : j * stride + columns]
            for f in range(filters):
                out[:, f, i, j] = np.sum(part * w[f], axis=(1, 2, 3)) + b[f]
    return out, (x, w, b, conv_param)

def conv_backward(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    filters, _, rows, columns = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = (slice(None), slice(None), slice(i * stride, i * stride + rows), slice(j * stride, j * stride + columns))
            for f in range(filters):
                dw[f] += np.sum(padded[here] * dout[:, f, i, j][:, None, None, None], axis=0)
                dpadded[here] += w[f] * dout[:, f, i, j][:, None, None, None]
    return dpadded[:, :, pad:-pad, pad:-pad], dw, db
"""
POOLING = """
def max_pool_forward(x, pool_param):
    size, stride = pool_param["pool_height"], pool_param["stride"]
    count, channels, height, width = x.shape
    out = np.zeros((count, channels, (height - size) // stride + 1, (width - size) // stride + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)

def max_pool_backward(dout, cache):
    x, pool_param = cache
    size, stride = pool_param["pool_height"], pool_param["stride"]
    dx = np.zeros_like(x)
    for n in range(dout.shape[0]):
        for c in range(dout.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
                    row, column = np.unravel_index(window.argmax(), window.shape)
                    dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
    return dx
"""
CELL = """
def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, ba = parameters["Wax"], parameters["Waa"], parameters["ba"]
    a_next = np.tanh(Waa @ a_prev + Wax @ xt + ba)
    yt = 1 / (1 + np.exp(-(parameters["Wya"] @ a_next + parameters["by"])))
    return a_next, yt, (a_next, a_prev, xt, parameters)

def rnn_cell_backward(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next**2) * da_next
    return {
        "dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz,
        "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True),
    }
"""
LSTM = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    size = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = (sigmoid(a[:, k * size : (k + 1) * size]) for k in range(3))
    g = np.tanh(a[:, 3 * size :])
    next_c = f * prev_c + i * g
    bent = np.tanh(next_c)
    return o * bent, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, bent)

def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, bent = cache
    dc = dnext_c + dnext_h * o * (1 - bent**2)
    dprev_c = dc * f
    da = np.hstack([
        dc * g * i * (1 - i), dc * prev_c * f * (1 - f), dnext_h * bent * o * (1 - o), dc * i * (1 - g**2)
    ])
    return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)
"""
OPERATIONS = {
    "affine": AFFINE, "relu": RELU, "batch norm": BATCH_NORM, "dropout": DROPOUT, "convolution": CONVOLUTION,
    "pooling": POOLING, "cell": CELL, "lstm": LSTM,
}  # fmt: skip


def judged(*sources: str) -> dict[str, Any]:
    return verdict_on("import numpy as np\n" + "".join(sources))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_a_right_operation_is_right(operation: str) -> None:
    verdict = judged(operation)
    assert (verdict["verdict"], verdict["driven"], verdict["loss"]) == ("right", True, None)


def test_operations_of_one_file_are_right_together_each_with_its_operands() -> None:
    verdict = judged(*OPERATIONS.values())
    assert verdict["verdict"] == "right"
    names = {row["name"] for row in verdict["parameters"]}
    assert {"affine_forward(w)", "relu(Z)", "rnn_cell_forward(Wax)", "conv_forward(b)"} <= names


MISTAKES = {
    "affine": ("dw = x.reshape(len(x), -1).T.dot(dout)", "dw = x.reshape(len(x), -1).T.dot(dout) / len(x)", "parameter-mis-scaled"),
    "relu": ("dZ[cache <= 0] = 0", "dZ[cache >= 0] = 0", "wrong-operator"),
    "convolution": ("db = np.zeros_like(padded), np.zeros_like(w), dout.sum(axis=(0, 2, 3))", "db = np.zeros_like(padded), np.zeros_like(w), dout.sum()", "bias-summed-over-all"),
    "cell": ("(1 - a_next**2)", "(1 - a_prev**2)", "wrong-variable"),
    "lstm": ("da @ Wh.T, dprev_c,", "da @ Wh.T, dc,", "missing-derivative"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_operation_is_found_at_its_line_beside_right_ones(name: str) -> None:
    right, wrong, mistake = MISTAKES[name]
    assert right in OPERATIONS[name]
    source = "".join(OPERATIONS.values()).replace(right, wrong)
    line = 2 + source[: source.index(wrong)].count("\n")
    verdict = judged(source)
    assert verdict["verdict"] == "wrong"
    (finding,) = verdict["findings"]
    assert (finding["line"] - 1, finding["mistake"], finding["proved"]) == (line - 1, mistake, True)


def test_each_error_is_handed_to_whom_its_name_says() -> None:
    named = LSTM.replace(
        "return o * bent, next_c,", "next_h = o * bent\n    return next_h, next_c,"
    )
    swapped = named.replace("(dnext_h, dnext_c, cache)", "(dnext_c, dnext_h, cache)")
    assert judged(swapped)["verdict"] == "right"
    one = swapped.replace("(dnext_c, dnext_h, cache)", "(dnext_c, cache)")
    one = one.replace(" + dnext_h * o * (1 - bent**2)", "").replace("dnext_h * bent", "0 * bent")
    assert judged(one)["verdict"] == "right"


def test_an_error_that_is_handed_over_and_not_read_is_missed() -> None:
    assert judged(LSTM.replace("dc = dnext_c + ", "dc = "))["verdict"] != "right"


def test_what_is_returned_in_place_of_the_gradient_is_found_where_it_is_returned() -> None:
    verdict = judged(LSTM.replace("da @ Wh.T, dprev_c,", "da @ Wh.T, dc,"))
    (finding,) = verdict["findings"]
    assert "return da @ Wx.T, da @ Wh.T, dprev_c," in finding["fix"]


def test_an_operation_that_cannot_be_called_leaves_the_file_undecided() -> None:
    strange = "def warp_forward(x, grid_of_points):\n    return x[grid_of_points], x\ndef warp_backward(dout, cache):\n    return dout\n"
    verdict = judged(AFFINE, strange)
    assert verdict["verdict"] == "undecided"
    assert "warp_backward" in verdict["reason"]


def test_loops_that_never_run_are_no_proof() -> None:
    verdict = judged(
        "def sum_forward(x):\n    out = np.zeros(x.shape)\n    for i in range(len(x) // 100):\n        out[i] = x[i]\n    return out, x\n"
        "def sum_backward(dout, cache):\n    return np.zeros_like(cache)\n"
    )
    assert verdict["verdict"] == "undecided"


UNNAMED = BATCH_NORM.replace(
    "    dbeta, dgamma = dout.sum(axis=0), (dout * normed).sum(axis=0)\n", ""
).replace("return dx, dgamma, dbeta", "return dx, {}, {}")


@pytest.mark.parametrize(
    "order",
    [
        ("(dout * normed).sum(axis=0)", "dout.sum(axis=0)"),
        ("dout.sum(axis=0)", "(dout * normed).sum(axis=0)"),
    ],
)
def test_gradients_without_names_may_come_back_in_any_order(order: tuple[str, str]) -> None:
    source = UNNAMED.replace("{}", order[0], 1).replace("{}", order[1], 1)
    assert judged(source)["verdict"] == "right"


def test_a_wrong_gradient_without_a_name_is_found_where_it_is_returned() -> None:
    source = UNNAMED.replace("{}", "0.5 * (dout * normed).sum(axis=0)", 1).replace(
        "{}", "dout.sum(axis=0)", 1
    )
    assert judged(source)["verdict"] != "right"


MEANS = """
def linear_forward(A, W, b):
    return W @ A + b, (A, W, b)

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T / m
    db = dZ.sum(axis=1, keepdims=True) / m
    dA_prev = W.T @ dZ
    return dA_prev, dW, db
"""


def test_parameters_may_have_the_mean_over_samples_whose_own_errors_flow_on() -> None:
    assert judged(MEANS)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("db = dZ.sum(axis=1, keepdims=True) / m", "db = dZ.sum(axis=1, keepdims=True)"),
        ("dA_prev = W.T @ dZ", "dA_prev = W.T @ dZ / m**2"),
    ],
)
def test_means_of_some_parameters_and_sums_of_others_do_not_agree(right: str, wrong: str) -> None:
    assert judged(MEANS.replace(right, wrong))["verdict"] != "right"


def test_a_mistake_beside_means_is_found() -> None:
    verdict = judged(MEANS.replace("db = dZ.sum(axis=1, keepdims=True) / m", "db = dZ.sum() / m"))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["proved"]) == ("bias-summed-over-all", True)


SIGMOID = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_backward(dout, x):
    return dout * x * (1 - x)
"""


@pytest.mark.parametrize("slope", ["x * (1 - x)", "sigmoid(x) * (1 - sigmoid(x))"])
def test_the_way_back_may_be_handed_what_came_out_under_any_name(slope: str) -> None:
    assert judged(SIGMOID.replace("x * (1 - x)", slope))["verdict"] == "right"


def test_a_slope_that_is_wrong_of_both_is_not_right() -> None:
    assert judged(SIGMOID.replace("x * (1 - x)", "(1 - x)"))["verdict"] != "right"


def test_a_multiple_of_the_error_that_should_flow_on_is_not_right() -> None:
    code = "import numpy as np\n" + RELU
    assert "    return dZ" in code
    assert verdict_on(code)["verdict"] == "right"
    assert verdict_on(code.replace("    return dZ", "    return 2 * dZ"))["verdict"] != "right"


def test_an_entry_of_an_array_may_be_read_by_float() -> None:
    code = """
import numpy as np

def layer_forward(x, W, b):
    out = np.zeros((len(x), W.shape[1]))
    for i in range(len(x)):
        for j in range(W.shape[1]):
            out[i, j] = np.sum(x[i] * W[:, j]) + float(b[:, j])
    return out, (x, W, b)

def layer_backward(dout, cache):
    x, W, b = cache
    return dout @ W.T, x.T @ dout, dout.sum(axis=0, keepdims=True)
"""
    verdict = verdict_on(code)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]


RECURRENT = """
import numpy as np

def step_forward(x, h, W):
    h = np.tanh(x.dot(W) + h)
    return h, (x, W, h)

def step_backward(dh, cache):
    x, W, h = cache
    ds = dh * (1 - h ** 2)
    return ds.dot(W.T), ds, x.T.dot(ds)

def rnn_forward(x, h0, W):
    N, T, D = x.shape
    h, caches, last = np.zeros((N, T, h0.shape[1])), {}, h0
    for t in range(T):
        h[:, t, :], caches[t] = step_forward(x[:, t, :], last, W)
        last = h[:, t, :]
    return h, caches

def rnn_backward(dh, caches):
    N, T, H = dh.shape
    W = caches[0][1]
    dx, dW, dlast = np.zeros((N, T, len(W))), np.zeros_like(W), np.zeros((N, H))
    for t in reversed(range(T)):
        dx[:, t, :], dlast, own = step_backward(dh[:, t, :] + dlast, caches[t])
        dW += own
    return dx, dlast, dW
"""


@pytest.mark.parametrize(
    ("right", "wrong", "verdict"),
    [
        ("", "", "right"),
        ("(1 - h ** 2)", "(1 - h)", "wrong"),
        ("dh[:, t, :] + dlast", "dh[:, t, :]", "undecided"),
        ("        dW += own", "        dW = own", "undecided"),
    ],
)
def test_sequences_go_forward_and_back_through_their_steps(
    right: str, wrong: str, verdict: str
) -> None:
    """What a step returns is written into arrays of all steps where it is unpacked."""
    assert right in RECURRENT
    found = verdict_on(RECURRENT.replace(right, wrong, 1))
    assert found["verdict"] in (verdict, "wrong" if verdict == "undecided" else verdict), found[
        "reason"
    ]


def test_what_a_table_must_have_is_read_where_it_is_handed_on() -> None:
    code = """
import numpy as np

def scale_forward(x, gamma, scale_param):
    return x * gamma * scale_param["alpha"], (x, gamma, scale_param)

def scale_backward(dout, cache):
    x, gamma, scale_param = cache
    flowing = dout * scale_param["alpha"]
    return flowing * gamma, (flowing * x).sum(axis=0)

def images_forward(x, gamma, scale_param):
    N, C, H, W = x.shape
    out, cache = scale_forward(x.transpose(0, 2, 3, 1).reshape(-1, C), gamma, scale_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache

def images_backward(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma = scale_backward(dout.transpose(0, 2, 3, 1).reshape(-1, C), cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma
"""
    verdict = verdict_on(code)
    assert (verdict["verdict"], len(verdict["parameters"])) == ("right", 4), verdict["reason"]


def test_what_is_yet_to_be_written_is_no_operation() -> None:
    stub = """
def later_forward(x):
    out, cache = None, None
    return out, cache

def later_backward(dout, cache):
    dx = None
    return dx
"""
    assert verdict_on("import numpy as np\n" + AFFINE + stub)["verdict"] == "right"
    assert verdict_on("import numpy as np\n" + stub)["verdict"] == "undecided"
