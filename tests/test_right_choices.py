"""Right networks with penalties, optimizers, schedules and layers in unusual company: none is called wrong."""

import pytest

from checked import NEVER_RIGHT, verdict_on

SETUP = """\
import numpy as np

rng = np.random.default_rng({seed})
x, y = rng.normal(size=(24, 4)), np.eye(3)[rng.integers(0, 3, 24)]
w, b = 0.5 * rng.normal(size=(4, 6)), np.zeros((1, 6))
u, c = 0.5 * rng.normal(size=(6, 3)), np.zeros((1, 3))
q, k = np.ones((1, 6)), np.zeros((1, 6))
vw, vb, vu, vc, vq, vk = (np.zeros_like(a) for a in (w, b, u, c, q, k))
sw, sb, su, sc, sq, sk = (np.zeros_like(a) for a in (w, b, u, c, q, k))
rate, bias_rate, t = 0.1, 0.03, 0
for epoch in range(40):
    z = x @ w + b
"""
PLAIN = """\
    h = np.where(z > 0, z, 0.01 * z)
    o = 1 / (1 + np.exp(-(h @ u + c)))
    d = (o - y) * o * (1 - o)
    dh = d @ u.T * np.where(z > 0, 1, 0.01)
"""
DROPPED = """\
    h = np.where(z > 0, z, 0.01 * z)
    keep = (rng.random(h.shape) < 0.8) / 0.8
    h = h * keep
    o = 1 / (1 + np.exp(-(h @ u + c)))
    d = (o - y) * o * (1 - o)
    dh = d @ u.T * keep * np.where(z > 0, 1, 0.01)
"""
NORMED = """\
    m, v = z.mean(axis=0), z.var(axis=0)
    n = (z - m) / np.sqrt(v + 1e-5)
    h = np.maximum(q * n + k, 0)
    e = np.exp(h @ u + c)
    d = e / e.sum(axis=1, keepdims=True) - y
    dh = (d @ u.T) * (h > 0)
    dq, dk = (dh * n).sum(axis=0, keepdims=True), dh.sum(axis=0, keepdims=True)
    dn = dh * q
    dh = (dn - dn.mean(axis=0) - n * (dn * n).mean(axis=0)) / np.sqrt(v + 1e-5)
"""
GRADIENTS = """\
    dw, db = x.T @ dh, dh.sum(axis=0, keepdims=True)
    du, dc = h.T @ d, d.sum(axis=0, keepdims=True)
"""
SPARSE = "    dw += 0.01 * np.sign(w)\n    du += 0.01 * np.sign(u)\n"
SMALL = "    dw += 0.01 * w\n    du += 0.01 * u\n"
CLIPPED = "    for g in (dw, db, du, dc):\n        np.clip(g, -0.5, 0.5, out=g)\n"


def steps(step: str, names: str) -> str:
    lines = [line for a in names for line in step.replace("#", a).split("\n")]
    return "    t += 1\n" + "".join(f"    {line}\n" for line in lines)


ADAM = """\
v# = 0.9 * v# + 0.1 * d#
s# = 0.999 * s# + 0.001 * d# ** 2
# -= 0.1 * rate * (v# / (1 - 0.9 ** t)) / (np.sqrt(s# / (1 - 0.999 ** t)) + 1e-8)"""
RMSPROP = "s# = 0.9 * s# + 0.1 * d# ** 2\n# -= 0.1 * rate * d# / (np.sqrt(s#) + 1e-8)"
ADAGRAD = "s# += d# ** 2\n# -= rate * d# / (np.sqrt(s#) + 1e-7)"
MOMENTUM = "v# = 0.9 * v# - rate * d#\n# += v#"
NESTEROV = "old = v#.copy()\nv# = 0.9 * v# - rate * d#\n# += -0.9 * old + 1.9 * v#"
DESCENT = "# -= rate * d#"
FALLING = "    rate = 0.1 / (1 + 0.05 * epoch)\n"
WAVE = "    rate = 0.05 * (1 + np.cos(np.pi * epoch / 40))\n"


OWN_RATES = "    b -= bias_rate * db\n    c -= bias_rate * dc\n"
SHORTENED = """\
    norm = np.sqrt(sum(np.sum(g**2) for g in (dw, db, du, dc)))
    if norm > 0.2:
        for g in (dw, db, du, dc):
            g *= 0.2 / norm
"""


def own_steps(step: str, names: str) -> str:
    return steps(step, names).replace("rate", "bias_rate").replace("    t += 1\n", "")


@pytest.mark.parametrize(
    "body",
    [
        PLAIN + GRADIENTS + SPARSE + steps(ADAM, "wbuc") + FALLING,
        PLAIN + GRADIENTS + SPARSE + steps(RMSPROP, "wbuc") + FALLING,
        PLAIN + GRADIENTS + CLIPPED + "    w *= 0.999\n" + steps(NESTEROV, "wbuc") + FALLING,
        NORMED + GRADIENTS + SMALL + steps(NESTEROV, "wbucqk"),
        NORMED + GRADIENTS + "    w *= 0.999\n" + steps(ADAGRAD, "wbucqk"),
        PLAIN + GRADIENTS + SMALL + steps(ADAGRAD, "wbuc"),
        PLAIN + GRADIENTS + SHORTENED + SMALL + steps(RMSPROP, "wbuc"),
        PLAIN + GRADIENTS + SMALL + SHORTENED + steps(ADAGRAD, "wbuc"),
        PLAIN + GRADIENTS + SMALL + steps(MOMENTUM, "wu") + own_steps(MOMENTUM, "bc") + FALLING,
        PLAIN + GRADIENTS + SPARSE + steps(NESTEROV, "wu") + own_steps(NESTEROV, "bc") + WAVE,
        DROPPED + GRADIENTS + SMALL + steps(DESCENT, "wu") + OWN_RATES + WAVE,
        PLAIN + GRADIENTS + "    loss = np.sum((o - y) ** 2)\n    w *= 0.999\n    u *= 0.999\n" + steps(MOMENTUM, "wbuc"),
    ],
    ids=[
        "adam", "rmsprop", "clipped-nesterov", "batch-norm", "batch-norm-adagrad", "adagrad",
        "norm-rmsprop", "norm-adagrad", "own-rates", "own-rates-nesterov", "own-rates-dropout", "stated-loss",
    ],
)  # fmt: skip
def test_right_networks_are_right(body: str) -> None:
    verdict = verdict_on(SETUP.format(seed=3) + body, 30.0)
    assert verdict["verdict"] == "right", (verdict["reason"], verdict["findings"])


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dh = d @ u.T * np.where(z > 0, 1, 0.01)", "dh = d @ u.T"),
        ("du, dc = h.T @ d", "du, dc = z.T @ d"),
        ("vb - bias_rate * db", "vb - bias_rate * db / 24"),
        ("vw - rate * dw", "vw - rate * np.abs(dw)"),
    ],
)
def test_mistakes_beside_rates_of_their_own_are_not_right(right: str, wrong: str) -> None:
    body = PLAIN + GRADIENTS + SMALL + steps(MOMENTUM, "wu") + own_steps(MOMENTUM, "bc") + FALLING
    assert body.count(right) == 1
    verdict = verdict_on(SETUP.format(seed=3) + body.replace(right, wrong), NEVER_RIGHT)
    assert verdict["verdict"] != "right"


@pytest.mark.parametrize("optimizer", [MOMENTUM, NESTEROV])
def test_a_memory_of_the_other_sign_is_not_right(optimizer: str) -> None:
    body = PLAIN + GRADIENTS + steps(optimizer, "wbuc").replace("0.9 * vw", "-0.9 * vw")
    assert verdict_on(SETUP.format(seed=3) + body, NEVER_RIGHT)["verdict"] != "right"


def test_gradients_less_their_mean_are_a_choice() -> None:
    centred = (
        steps("# -= rate * (d# - d#.mean(axis=0))", "wu")
        + "    b -= rate * db\n    c -= rate * dc\n"
    )
    assert verdict_on(SETUP.format(seed=3) + PLAIN + GRADIENTS + centred)["verdict"] == "undecided"


def test_rates_of_their_own_may_stand_in_velocities() -> None:
    own = steps(MOMENTUM, "bc").replace("rate", "bias_rate")
    body = PLAIN + GRADIENTS + SMALL + steps(MOMENTUM, "wu")
    assert verdict_on(SETUP.format(seed=3) + body + own)["verdict"] != "wrong"
    scaled = own.replace("bias_rate * dc", "bias_rate * dc / len(x)").replace("bias_rate", "rate")
    assert verdict_on(SETUP.format(seed=3) + body + scaled)["verdict"] == "wrong"


SPREAD = """\
import numpy as np

rng = np.random.default_rng(30)
x = np.linspace(-2, 2, 24).reshape(-1, 1)
t = np.sin(2 * x) + 0.2 * (1 + np.abs(x)) * rng.standard_normal(x.shape)
w, b = rng.normal(size=(1, 6)), rng.normal(size=6) / 9
wm, ws, bs = rng.normal(size=(6, 1)) / 2, rng.normal(size=(6, 1)) / 9, np.zeros(1)
v = [0.0, 0.0, 0.0, 0.0, 0.0]
for step in range(30):
    a = np.tanh(x @ w + b)
    mean, spread = a @ wm, a @ ws + bs
    error = t - mean
    print(np.mean(spread + error**2 / np.exp(spread)) / 2)
    dm = -error / np.exp(spread) / len(x)
    dspread = 0.5 * (1 - error**2 / np.exp(spread)) / len(x)
    dz = (dm @ wm.T + dspread @ ws.T) * (1 - a**2)
    gradients = [x.T @ dz, dz.sum(axis=0), a.T @ dm, a.T @ dspread, dspread.sum(axis=0)]
    for k, (p, g) in enumerate(zip([w, b, wm, ws, bs], gradients)):
        v[k] = 0.8 * v[k] - 0.02 * g
        p += 0.8 * v[k] - 0.02 * g
"""


def test_a_spread_that_is_learnt_with_nesterovs_momentum_is_no_mistake_beside_a_squared_error() -> (
    None
):
    """The steps are no multiples of gradients of the loss that is computed: dividing by the variance was a mistake."""
    verdict = verdict_on(SPREAD)
    assert verdict["verdict"] == "right"
    assert "line 13 computes" in verdict["reason"]


BENT = """\
import numpy as np

rng = np.random.default_rng(0)
x, t = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
w, b, u, c = rng.normal(size=(3, 4)), np.zeros(4), rng.normal(size=(4, 2)), np.zeros(2)
for epoch in range(50):
    a = np.tanh(x @ w + b)
    y = a @ u + c
    d = (y - t) / len(x)
    g = x.T @ (d @ u.T * (1 - a**2))
    w -= 0.1 * g / (1 + np.abs(g))
    b -= 0.1 * (d @ u.T * (1 - a**2)).sum(axis=0)
    u -= 0.1 * a.T @ d
    c -= 0.1 * d.sum(axis=0)
    print(np.sum((y - t) ** 2) / 2 / len(x))
"""


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("g / (1 + np.abs(g))", "undecided"),
        ("g / (1 + np.abs(g) + g * g)", "undecided"),
        ("g * np.abs(g)", "undecided"),
        ("g * g", "wrong"),  # against some of its entries
        ("g / (1 - np.abs(g))", "wrong"),
    ],
)
def test_what_bends_each_entry_of_one_gradient_down_its_slope_may_be_meant(
    step: str, verdict: str
) -> None:
    """Its gradient is right, and that other parameters have plain steps proves no mistake."""
    assert verdict_on(BENT.replace("g / (1 + np.abs(g))", step))["verdict"] == verdict


def test_one_gradient_over_its_own_norm_may_be_meant() -> None:
    """Beside plain steps of the others, whose error has the slope that a squared error asks for."""
    squashed = BENT.replace("y = a @ u + c", "y = 1 / (1 + np.exp(-(a @ u + c)))")
    squashed = squashed.replace("d = (y - t) / len(x)", "d = (y - t) * y * (1 - y)")
    step = squashed.replace("g / (1 + np.abs(g))", "g / np.abs(g).max()")
    assert verdict_on(step)["verdict"] == "undecided"


STEPS = (
    BENT[: BENT.index("    g = ")]
    + """\
    e = d @ u.T * (1 - a**2)
    g = [x.T @ e, e.sum(axis=0), a.T @ d, d.sum(axis=0)]
"""
)
RATES = (
    STEPS.replace("for epoch", "rates = [0.2, 0.1, 0.07, 0.03]\nfor epoch")
    + """\
    w -= rates[0] * g[0]
    b -= rates[1] * g[1]
    u -= rates[2] * g[2]
    c -= rates[3] * g[3]
"""
)


@pytest.mark.parametrize(
    ("rate", "other"),
    [
        ("rates[1] * g[1]", "rates[1] * g[1]"),
        ("[0.2, 0.1, 0.07, 0.03]", "np.logspace(-2, -1, 4)"),
        ("[0.2, 0.1, 0.07, 0.03]", "[0.1 / 3, 0.1, 0.3, 1]"),
    ],
)  # fmt: skip
def test_a_list_has_rates_of_parameters_own(rate: str, other: str) -> None:
    assert verdict_on(RATES.replace(rate, other))["verdict"] == "right"


def test_rates_of_parameters_own_may_be_numbers_in_the_source() -> None:
    numbers = zip(
        ("rates[0]", "rates[1]", "rates[2]", "rates[3]"),
        ("0.2", "0.1", "0.07", "0.03"),
        strict=True,
    )
    program = RATES
    for entry, number in numbers:
        program = program.replace(entry, number)
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("u -= rates[2]", "u += rates[2]"),
        ("[0.2, 0.1, 0.07, 0.03]", "[0.2, 0.1, -0.07, 0.03]"),
        ("b -= rates[1]", "b -= 0"),  # which never moves
        ("u -= rates[2]", "u -= -0.1"),
    ],
)
def test_no_rate_of_its_own_turns_a_step_round(right: str, wrong: str) -> None:
    assert verdict_on(RATES.replace(right, wrong))["verdict"] == "wrong"


def test_a_rate_of_0_with_a_name_may_hold_a_parameter_on_purpose() -> None:
    held = RATES.replace("[0.2, 0.1, 0.07, 0.03]", "[0.2, 0.1, 0.0, 0.03]")
    assert verdict_on(held)["verdict"] == "undecided"


DEEP = """\
import numpy as np

rng = np.random.default_rng(0)
x, t = rng.normal(size=(3, 8)), rng.normal(size=(2, 8))
sizes = [3, 5, 4, 2]
w = [rng.normal(size=(sizes[k + 1], sizes[k])) for k in range(3)]
b = [np.zeros((sizes[k + 1], 1)) for k in range(3)]
for epoch in range(20):
    a = [x]
    for u, c in zip(w, b):
        a.append(np.tanh(u @ a[-1] + c))
    d = (a[-1] - t) * (1 - a[-1] ** 2)
    for k in (2, 1, 0):
        dw, db = d @ a[k].T / 8, d.mean(axis=1, keepdims=True)
        if k:
            d = w[k].T @ d * (1 - a[k] ** 2)
        w[k] -= 0.3 * dw
        b[k] -= 0.3 * db
"""


def test_a_rate_that_falls_from_layer_to_layer_is_a_plan_and_a_mean_of_units_is_none() -> None:
    fallen = DEEP.replace("0.3 * dw", "0.3 * 0.5**k * dw").replace("0.3 * db", "0.3 * 0.5**k * db")
    assert verdict_on(fallen)["verdict"] in ("right", "undecided")
    assert verdict_on(DEEP.replace("a[k].T / 8", "a[k].T / a[k].shape[0]"))["verdict"] == "wrong"


def test_rates_may_fall_by_plans_of_their_own() -> None:
    plans = "    k, m = 0.3 * 0.99**epoch, 0.1 / (1 + 0.01 * epoch)\n    w -="
    program = RATES.replace("    w -=", plans)
    for number, name in enumerate("kmkm"):
        program = program.replace(f"rates[{number}]", name)
    assert verdict_on(program)["verdict"] == "right"


@pytest.mark.parametrize("rate", ["0.1 * 0.8**k", "0.1 / (3 if k < 2 else 4)", "0.1 * (1 + k % 2)"])
def test_what_one_line_does_to_all_is_a_plan(rate: str) -> None:
    """Nobody says that it is right, and no line is blamed."""
    steps = f"    for k, p in enumerate((w, b, u, c)):\n        p -= {rate} * g[k]\n"
    assert verdict_on(STEPS + steps)["verdict"] in ("right", "undecided")


def test_rates_in_a_list_may_stand_before_a_memory() -> None:
    memory = RATES.replace("for epoch", "v = [0 * p for p in (w, b, u, c)]\nfor epoch")
    for number, name in enumerate("wbuc"):
        line = f"    {name} -= rates[{number}] * g[{number}]\n"
        kept = f"    v[{number}] = 0.9 * v[{number}] + g[{number}]\n    {name} -= rates[{number}] * v[{number}]\n"
        memory = memory.replace(line, kept)
    assert verdict_on(memory)["verdict"] == "right"


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("(1 - a**2)", "(1 - a)", 11),
        ("e.sum(axis=0)", "e.sum(axis=0) / 20", 12),
        ("d.sum(axis=0)]", "2 * d.sum(axis=0)]", 12),
        ("a.T @ d", "-a.T @ d", 12),
    ],
)
def test_a_mistake_beside_a_list_of_rates_is_the_only_one(
    right: str, wrong: str, line: int
) -> None:
    verdict = verdict_on(RATES.replace(right, wrong))
    assert verdict["verdict"] == "wrong"
    assert [finding["line"] for finding in verdict["findings"]] == [line]


ENTRIES = (
    STEPS.replace(
        "for epoch", "kept, own = rng.random((3, 4)) < 0.7, rng.random((3, 4))\nfor epoch"
    )
    + """\
    w -= 0.1 * g[0]
    b -= 0.1 * g[1]
    u -= 0.1 * g[2]
    c -= 0.1 * g[3]
"""
)


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [
        ("own * g[0]", "undecided"),
        ("g[0] / np.arange(1, 5)", "undecided"),
        ("g[0] * kept", "undecided"),
        ("g[0] * (rng.random(w.shape) < 0.7)", "undecided"),
        ("g[0] / x.var(axis=0)[:, None]", "undecided"),
        ("g[0] * (a[0] > 0)", "wrong"),  # a value of the network's own
        ("g[0] * x[0][:, None]", "wrong"),
        ("g[0] * np.abs(x[0])[:, None]", "wrong"),
        ("g[0] * np.array([1, 2, -1, 1])", "wrong"),  # one climbs
        ("g[0] * u[:, 0]", "wrong"),
        ("g[0] * 20", "wrong"),
    ],
)
def test_rates_of_entries_own_may_be_meant(factor: str, verdict: str) -> None:
    """The gradient is right, and how far each entry goes down it is a choice: pruned, say, or drawn."""
    assert verdict_on(ENTRIES.replace("g[0]\n", factor + "\n"))["verdict"] == verdict


SOLVED = """\
import numpy as np

rng = np.random.default_rng(1)
x = np.linspace(-1, 1, 15)[:, None]
t = np.sin(2 * x)[:, 0]
w, damping = rng.normal(size=13), 0.1
for epoch in range(30):
    a = np.tanh(x * w[:4] + w[4:8])
    e = t - (a @ w[8:12] + w[12])
    s = (1 - a**2) * w[8:12]
    j = np.hstack([s * x, s, a, np.ones((15, 1))])
    w = w + np.linalg.solve(j.T @ j + damping * np.eye(13), j.T @ e)
    damping *= 0.95
"""


def test_a_system_that_is_solved_for_the_inputs_is_no_step() -> None:
    whitened = STEPS.replace(
        "w, b, u", "x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T\nw, b, u", 1
    )
    steps = "".join(f"    {name} -= 0.1 * g[{k}]\n" for k, name in enumerate("wbuc"))
    assert verdict_on(whitened + steps)["verdict"] == "right"
    wrong = (whitened + steps).replace(" * (1 - a**2)", "")
    assert verdict_on(wrong)["verdict"] == "wrong"


def test_steps_that_a_system_of_equations_is_solved_for_are_no_gradients() -> None:
    """Levenberg's and Marquardt's: a repair that makes multiples of gradients of them is none."""
    verdict = verdict_on(SOLVED)
    assert verdict["verdict"] == "undecided"
    assert "line 12 solves a system of equations" in verdict["reason"]
