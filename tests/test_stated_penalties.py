"""Penalties: of another strength than the loss that is computed has, without their parameter, or left out."""

from pathlib import Path

import pytest

from chainrule.checking.request import check_paths
from chainrule.checking.verdict import Verdict

from checked import verdict_on

CLASSES = """\
import numpy as np

rng = np.random.default_rng(3)
X = rng.standard_normal((12, 2))
y = rng.integers(0, 3, 12)
V, p = 0.5 * rng.standard_normal((2, 5)), np.zeros(5)
W, q = 0.5 * rng.standard_normal((5, 3)), np.zeros(3)
strength = 0.01
for step in range(30):
    h = np.maximum(0, X @ V + p)
    e = np.exp(h @ W + q)
    probabilities = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(probabilities[range(len(y)), y]).mean()
    loss += 0.5 * strength * (np.sum(V * V) + np.sum(W * W))
    d = probabilities.copy()
    d[range(len(y)), y] -= 1
    d /= len(y)
    dW, dq = h.T @ d, d.sum(axis=0)
    back = d @ W.T
    back[h <= 0] = 0
    dV, dp = X.T @ back, back.sum(axis=0)
    dW += strength * W
    dV += strength * V
    V, W = V - 0.3 * dV, W - 0.3 * dW
    p, q = p - 0.3 * dp, q - 0.3 * dq
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("loss += 0.5", "loss += 0.5", ""),
        ("loss += 0.5", "loss += 1.0", "V and W is 0.5 times"),
        ("loss += 0.5", "loss += 0.125", "V and W is 4 times"),
        ("dW += strength", "dW += 2 * strength", "W is 2 times"),
        ("loss += 0.5 * strength", "score = strength", ""),  # nothing is said of a penalty
    ],
)
def test_a_penalty_of_another_strength_than_the_loss_says_is_told(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert CLASSES.count(old) == 1
    (tmp_path / "network.py").write_text(CLASSES.replace(old, new))
    (verdict,) = check_paths([str(tmp_path / "network.py")])
    assert isinstance(verdict, Verdict)
    assert verdict.verdict == "right"
    notes = [note for note in verdict.notes if "penalty" in note]
    assert len(notes) == bool(told)
    assert all(told in note for note in notes)


def test_a_penalty_that_some_updates_leave_out_is_not_right() -> None:
    program = CLASSES.replace("    dW += strength * W\n", "")
    program = program.replace("probabilities.copy()", "probabilities - np.eye(3)[y]")
    program = program.replace("    d[range(len(y)), y] -= 1\n", "")
    assert verdict_on(program)["verdict"] == "undecided"


@pytest.mark.parametrize(
    "edits",
    [
        [("dW += strength * W", "dW += strength")],
        [("dW += strength * W", "dW += strength"), ("dV += strength * V", "dV += strength")],
    ],
)
def test_a_strength_that_is_added_without_its_parameter_is_wrong(
    edits: list[tuple[str, str]],
) -> None:
    program = CLASSES
    for right, wrong in edits:
        program = program.replace(right, wrong)
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    found = {(finding["mistake"], finding["fix"].strip()) for finding in verdict["findings"]}
    assert found == {("wrong-operator", right) for right, _ in edits}
    assert all(finding["proved"] for finding in verdict["findings"])


def test_a_number_that_is_added_to_a_gradient_may_be_a_penalty_of_its_own() -> None:
    """Of weights that stay positive it is their absolute value's, and nothing else speaks of their squares."""
    program = CLASSES.replace("dW += strength * W", "dW += strength")
    program = program.replace("    dV += strength * V\n", "")
    program = program.replace("    loss += 0.5 * strength * (np.sum(V * V) + np.sum(W * W))\n", "")
    assert verdict_on(program)["verdict"] == "undecided"


def test_an_index_of_every_sample_is_wrong() -> None:
    right = "d[range(len(y)), y] -= 1"
    verdict = verdict_on(CLASSES.replace(right, "d[:, y] -= 1"))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["fix"].strip()) == ("wrong-index", right)
    assert finding["proved"]
