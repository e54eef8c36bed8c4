"""What docs/check.md shows is what happens: its commands, and that its wrong lines are wrong, its right ones right."""

import contextlib
import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.checking.verdict import Finding, ParameterVerdict, Verdict
from chainrule.cli import main
from chainrule.numerical import central_differences

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n\$ chainrule (.*)\n((?:.|\n)*?)```", PAGE)
ROWS = re.findall(r"^\| `([a-z-]+)` \| .* \| `(.*)` \| `(.*)` \|$", PAGE, re.MULTILINE)

FORWARD = """
z1 = x @ w1 + b1
a1 = sigmoid(z1)
z2 = a1 @ w2 + b2
a2 = sigmoid(z2)
"""
BACKWARD = """
d2 = (a2 - t) * a2 * (1 - a2)
dw2 = a1.T @ d2
db2 = d2.sum(axis=0)
d1 = d2 @ w2.T * a1 * (1 - a1)
dw1 = x.T @ d1
db1 = d1.sum(axis=0)
w1 -= rate * dw1
b1 -= rate * db1
w2 -= rate * dw2
b2 -= rate * db2
"""
LOSS = "loss = np.sum((a2 - t) ** 2) / 2"
RELU = FORWARD.replace("a1 = sigmoid(z1)", "a1 = np.maximum(z1, 0)")
DROPOUT = FORWARD.replace("a1 = sigmoid(z1)", "s1 = sigmoid(z1)\na1 = s1 * mask / keep")
THROUGH_TIME = """
a = [np.zeros(3)]
for k in range(4):
    a.append(np.tanh(x[k] @ w1 + a[k] @ u))
a2 = np.array(a[1:]) @ w2
"""
BACK_THROUGH_TIME = """
d2 = a2 - t
dw1, du, dw2, dz_later = np.zeros((3, 3)), np.zeros((3, 3)), np.zeros((3, 3)), np.zeros(3)
for k in reversed(range(4)):
    da = d2[k] @ w2.T + dz_later @ u.T
    dz_later = da * (1 - a[k + 1] ** 2)
    dw1 += np.outer(x[k], dz_later)
    du += np.outer(a[k], dz_later)
    dw2 += np.outer(a[k + 1], d2[k])
w1 -= rate * dw1
u -= rate * du
w2 -= rate * dw2
"""
ON_TAPE = """
d1, d2 = np.zeros_like(a1), np.zeros_like(a2)
def hidden():
    d1[:] = d2 @ w2.T * a1 * (1 - a1)
def outer():
    d2[:] = (a2 - t) * a2 * (1 - a2)
tape = [hidden, outer]
for go_back in reversed(tape): go_back()
"""
BY_ENTRY = BACKWARD.replace(
    "dw1 = x.T @ d1",
    "dw1 = np.zeros((3, 3))\nfor i in range(3):\n    for j in range(3):\n"
    "        dw1[i, j] = x[0, i] * d1[0, j]",
)
# Where the line stands is the right line of each row, but for those that fuse two.
PROGRAMS: dict[str, dict[str, Any]] = {
    "derivative-at-activation": {
        "backward": BACKWARD.replace("(a2 - t) * a2 * (1 - a2)", "(a2 - t) * sigmoid_prime(z2)")
    },
    "relu-derivative-at-output": {
        "forward": RELU,
        "backward": BACKWARD.replace("w2.T * a1 * (1 - a1)", "w2.T * (z1 > 0)"),
    },
    "dropout-mask": {
        "forward": DROPOUT,
        "backward": BACKWARD.replace("* a1 * (1 - a1)", "* mask / keep * s1 * (1 - s1)"),
    },
    "updated-weights": {
        "backward": BACKWARD.replace("w2 -= rate * dw2\n", "").replace(
            "* a1 * (1 - a1)\n", "* a1 * (1 - a1); w2 -= rate * dw2\n"
        )
    },
    "no-flow-through-time": {
        "forward": THROUGH_TIME,
        "backward": BACK_THROUGH_TIME,
        "names": ["w1", "u", "w2"],
    },
    "repeated-index": {
        "forward": FORWARD.replace("x @ w1", "w1[words]"),
        "backward": BACKWARD.replace("w1 -= rate * dw1", "np.subtract.at(w1, words, rate * d1)"),
    },
    "wrong-index": {"backward": BY_ENTRY, "samples": 1},
    "wrong-order": {
        "backward": ON_TAPE
        + "\n".join(line for line in BACKWARD.split("\n") if line[:2] not in ("d1", "d2"))
    },
    "decay-sign": {
        "backward": BACKWARD.replace("w1 -= rate * dw1", "w1 -= rate * (dw1 + decay * w1)"),
        "loss": LOSS + " + decay * np.sum(w1**2) / 2",
    },
}


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def givens(samples: int) -> dict[str, Any]:
    """All sizes are 3, so that wrong arrays fit."""
    rng = np.random.default_rng(4)
    arrays = {name: rng.normal(size=(3, 3)) for name in ("w1", "w2", "u")}
    arrays |= {name: rng.normal(size=3) for name in ("b1", "b2")}
    arrays |= {name: rng.normal(size=(samples, 3)) for name in ("x", "t")}
    arrays["dw1"] = rng.normal(size=(3, 3))  # what the pass before has left
    return arrays | {
        "np": np,
        "sigmoid": sigmoid,
        "sigmoid_prime": lambda z: sigmoid(z) * (1 - sigmoid(z)),
        "mask": rng.integers(0, 2, (samples, 3)),
        "keep": 0.5,
        "words": np.array([0, 2, 0, 1]),
        "rate": 0.1,
        "decay": 0.3,
    }


def worst_cosine_and_ratio(name: str, wrong: str | None) -> list[tuple[float, float]]:
    """How the updates of each parameter compare with minus the rate times its measured gradient."""
    program: dict[str, Any] = {"forward": FORWARD, "backward": BACKWARD, "loss": LOSS, "samples": 4}
    program |= PROGRAMS.get(name, {})
    names = program.get("names", ["w1", "b1", "w2", "b2"])
    backward = program["backward"]
    if wrong is not None:
        (right,) = [right for other, _, right in ROWS if other == name]
        assert backward.count(right) == 1, (name, right)
        backward = backward.replace(right, wrong)

    def loss(*arrays: Any) -> Any:
        values = givens(program["samples"]) | dict(zip(names, arrays, strict=True))
        exec(program["forward"] + program["loss"], values)
        return values["loss"]

    before, after = givens(program["samples"]), givens(program["samples"])
    exec(program["forward"] + backward, after)
    gradients = central_differences(loss, *(before[name] for name in names))
    compared = []
    for parameter, gradient in zip(names, gradients, strict=True):
        update, step = after[parameter] - before[parameter], -0.1 * gradient
        lengths = np.linalg.norm(update) * np.linalg.norm(step)
        cosine = np.sum(update * step) / lengths if lengths else 0.0
        compared.append((float(cosine), float(np.linalg.norm(update) / np.linalg.norm(step))))
    return compared


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command for command, _ in CONSOLE])
def test_commands_print_what_is_shown(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(shlex.split(command))
    assert out.getvalue() == shown


def test_the_object_that_is_shown_has_the_keys_of_the_real_ones() -> None:
    (shown,) = re.findall(r"```json\n((?:.|\n)*?)```", PAGE)
    parameters = [ParameterVerdict("w1", "wrong", 0.991, 1.63)]
    findings = [Finding("net.py", 21, "derivative-at-activation", "...", "...", "...", True)]
    real = Verdict(
        "net.py", "wrong", "...", False, "half-squared-error", None, parameters, findings
    )
    assert json.loads(shown) == real.as_json()


def test_the_table_has_every_name_that_a_network_can_show() -> None:
    assert len(ROWS) == 26
    assert "| `unknown` |" in PAGE


@pytest.mark.parametrize("name", [name for name, _, _ in ROWS])
def test_the_right_line_is_right(name: str) -> None:
    np.testing.assert_allclose(worst_cosine_and_ratio(name, None), 1, rtol=1e-8)


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, wrong, _ in ROWS])
def test_the_wrong_line_is_wrong(name: str, wrong: str) -> None:
    compared = np.array(worst_cosine_and_ratio(name, wrong))
    assert np.abs(compared - 1).max() > 1e-3
    if name in ("learning-rate-twice", "parameter-mis-scaled"):
        np.testing.assert_allclose(compared[:, 0], 1, rtol=1e-8)
