"""Errors of other targets than the loss is of that a program computes of the same predictions."""

import pytest

from certain_network import NETWORK, line_of

from checked import NEVER_RIGHT, verdict_on

ERROR = "    error = a2 - t\n"
SQUARES = "    loss = np.mean((a2 - t) ** 2)\n"
LOGARITHMS = "    loss = -np.mean(t * np.log(a2 + 1e-9) + (1 - t) * np.log(1 - a2 + 1e-9))\n"
TARGET = "weights = "


@pytest.mark.parametrize(
    ("right", "wrong", "fix"),
    [
        (ERROR, SQUARES + "    error = a2 - t / len(x)\n", "error = (a2 - t) / len(x)"),
        (ERROR, "    error = -(t / 30 - a2)\n" + SQUARES, None),
        (
            ERROR + "    d2 = error * slope(a2)\n",
            LOGARITHMS + "    d2 = a2 - t / 30\n",
            "d2 = (a2 - t) / 30",
        ),
    ],
)
def test_a_target_divided_by_the_number_of_samples_lacks_parentheses(
    right: str, wrong: str, fix: str | None
) -> None:
    verdict = verdict_on(NETWORK.replace(right, wrong))
    if fix is None:
        assert verdict["verdict"] != "right"
        return
    (finding,) = verdict["findings"]
    assert verdict["verdict"] == "wrong"
    assert (finding["mistake"], finding["proved"]) == ("wrong-operator", True)
    assert finding["line"] == line_of("error") + 1
    assert finding["fix"].strip() == fix


TWO_OUTPUTS = """\
import math

def sigmoid(z):
    return 1 / (1 + math.exp(-z))

x1, x2, t1, t2 = 0.4, -0.3, 0.2, 0.7
a, b, c, d, e, f = 0.3, -0.2, 0.5, 0.4, -0.6, 0.1
for epoch in range(60):
    h1, h2 = sigmoid(a * x1 + b * x2), sigmoid(c * x1 + d * x2)
    o1, o2 = sigmoid(e * h1 + f * h2), sigmoid(f * h1 + e * h2)
    total = 0.5 * (t1 - o1) ** 2 + 0.5 * (t2 - o2) ** 2
    d1 = (o1 - t1) * o1 * (1 - o1)
    d2 = (o2 - t2) * o2 * (1 - o2)
    g1, g2 = (d1 * e + d2 * f) * h1 * (1 - h1), (d1 * f + d2 * e) * h2 * (1 - h2)
    e, f = e - 0.5 * (d1 * h1 + d2 * h2), f - 0.5 * (d1 * h2 + d2 * h1)
    a, b, c, d = a - 0.5 * g1 * x1, b - 0.5 * g1 * x2, c - 0.5 * g2 * x1, d - 0.5 * g2 * x2
"""


def test_the_target_of_another_output_is_a_wrong_name() -> None:
    assert verdict_on(TWO_OUTPUTS)["verdict"] == "right"
    verdict = verdict_on(TWO_OUTPUTS.replace("(o2 - t2)", "(o2 - t1)"))
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"], finding["proved"]) == ("wrong-variable", 13, True)
    assert finding["fix"].strip() == "d2 = (o2 - t2) * o2 * (1 - o2)"


def test_targets_in_another_order_than_those_of_the_loss_are_not_right() -> None:
    mixed = SQUARES + "    error = a2 - np.roll(t, 1, axis=0)\n"
    verdict = verdict_on(NETWORK.replace(ERROR, mixed), NEVER_RIGHT)
    assert verdict["verdict"] == "undecided"
    assert "other targets than the loss does that line 19 computes" in verdict["reason"]


@pytest.mark.parametrize(
    ("error", "data"),
    [
        ("    print(np.mean((a2 - clean) ** 2))\n" + ERROR, "clean = t\nt = t + rng.normal(size=t.shape)\n"),
        ("    print(np.mean((a2 > 0.5) == t), np.abs(np.round(a2) - t).mean())\n" + ERROR, ""),
        ("    print(np.mean((100 * a2 - raw) ** 2))\n" + ERROR, "raw = 100 * t\n"),
        ("    print(np.mean((a2 - t) ** 2), np.mean((a2 - t / 2) ** 2))\n    error = a2 - t / 2\n", ""),
        ("    print(np.mean((sigmoid(sigmoid(x[:9] @ w1 + b1) @ w2 + b2) - t[9:18]) ** 2))\n" + ERROR, ""),
        (LOGARITHMS + "    error = (a2 - (0.9 * t + 0.05)) / slope(a2)\n", ""),
    ],
    ids=["noise", "classes", "units", "both", "other samples", "softened"],
)  # fmt: skip
def test_what_else_is_computed_of_predictions_leaves_errors_right(error: str, data: str) -> None:
    verdict = verdict_on(NETWORK.replace(ERROR, error).replace(TARGET, data + TARGET))
    assert verdict["verdict"] == "right", verdict["reason"]


def test_half_softened_labels_beside_the_hard_ones_are_not_called_wrong() -> None:
    softened = LOGARITHMS + "    error = (a2 - t * 0.9) / slope(a2)\n"
    assert verdict_on(NETWORK.replace(ERROR, softened))["verdict"] != "wrong"
