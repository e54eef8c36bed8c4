"""A step that replaces a parameter, where it should change it, is found by running the program with an update."""

import pytest

from checked import verdict_on

NETWORK = """\
import numpy as np
rng = np.random.default_rng(4)
x = rng.normal(size=(20, 3))
t = rng.integers(2, size=(20, 1))
w1, b1 = rng.normal(size=(3, 5)), np.zeros(5)
w2, b2 = rng.normal(size=(5, 1)), np.zeros(1)
rate = 0.1
for epoch in range(25):
    h = np.tanh(x @ w1 + b1)
    y = 1 / (1 + np.exp(-(h @ w2 + b2)))
    delta = (y - t) / 20
    back = delta @ w2.T * (1 - h**2)
    w2 -= rate * h.T @ delta
    b2 -= rate * delta.sum(axis=0)
    w1 -= rate * x.T @ back
    b1 -= rate * back.sum(axis=0)
"""


@pytest.mark.parametrize("names", [["w1"], ["b2"], ["w2", "b2", "w1", "b1"]])
def test_a_minus_behind_the_equals_sign_is_found(names: list[str]) -> None:
    program = NETWORK
    for name in names:
        program = program.replace(f"    {name} -= rate", f"    {name} =- rate")
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    lines = program.split("\n")
    assert sorted(finding["line"] for finding in verdict["findings"]) == sorted(
        number for number, line in enumerate(lines, 1) if "=-" in line
    )
    for finding in verdict["findings"]:
        assert (finding["mistake"], finding["proved"]) == ("wrong-operator", True)
        assert finding["fix"].strip() in NETWORK
    wrong = [row["name"] for row in verdict["parameters"] if row["verdict"] == "wrong"]
    assert sorted(wrong) == sorted(names)


def test_a_gradient_in_its_parameters_place_is_found() -> None:
    verdict = verdict_on(NETWORK.replace("    b1 -= rate", "    b1 = rate"))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["proved"]) == (16, True)
    assert finding["fix"].strip() == "b1 -= rate * back.sum(axis=0)"


def test_several_on_one_line_are_put_right_together() -> None:
    program = NETWORK.replace(
        "    w1 -= rate * x.T @ back\n    b1 -=", "    w1 =- rate * x.T @ back; b1 =-"
    )
    assert "; b1 =-" in program
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert [finding["line"] for finding in verdict["findings"]] == [15, 15]
    wrong = [row["name"] for row in verdict["parameters"] if row["verdict"] == "wrong"]
    assert sorted(wrong) == ["b1", "w1"]


def test_a_minus_behind_an_equals_sign_may_be_meant() -> None:
    program = NETWORK.replace("delta = (y - t) / 20", "delta =- (t - y) / 20")
    assert verdict_on(program)["verdict"] == "right"


LISTED = """\
import numpy as np
rng = np.random.default_rng(4)
x = rng.normal(size=(20, 3))
t = rng.integers(2, size=(20, 1))
layers = [{"w": rng.normal(size=(3, 5)), "b": np.zeros(5)}, {"w": rng.normal(size=(5, 1)), "b": np.zeros(1)}]
steps = [np.zeros((3, 5)), np.zeros((5, 1))]
rate = 0.1
for epoch in range(25):
    h = np.tanh(x @ layers[0]["w"] + layers[0]["b"])
    y = 1 / (1 + np.exp(-(h @ layers[1]["w"] + layers[1]["b"])))
    delta = (y - t) / 20
    back = delta @ layers[1]["w"].T * (1 - h**2)
    for k, (a, d) in enumerate([(x, back), (h, delta)]):
        gradient = a.T @ d
        steps[k] = rate * gradient
        layers[k]["w"] -= steps[k]
        layers[k]["b"] -= rate * d.sum(axis=0)
"""


@pytest.mark.parametrize("sign", ["", "-"])
def test_steps_in_the_place_of_listed_parameters_are_found(sign: str) -> None:
    """Steps that are kept in a list of zeros are no parameters; parameters in a table are."""
    assert verdict_on(LISTED)["verdict"] == "right"
    program = LISTED.replace('layers[k]["b"] -= rate', f'layers[k]["b"] = {sign}rate')
    verdict = verdict_on(program)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["line"], finding["mistake"], finding["proved"]) == (17, "wrong-operator", True)
    operator = "+= -" if sign else "-= "
    assert finding["fix"].strip() == f"layers[k]['b'] {operator}rate * d.sum(axis=0)"


def test_another_loss_is_not_put_right_by_an_update_of_what_is_kept() -> None:
    program = LISTED.replace("(y - t) / 20", "(y - t) ** 3 / 20 + 0.1 * t")
    assert verdict_on(program)["verdict"] == "undecided"


CLASSES = """\
import numpy as np
rng = np.random.default_rng(4)
class Net:
    def __init__(self):
        self.w, self.b = rng.normal(size=(5, 3)), np.zeros(5)
        self.v = rng.normal(size=(2, 5))
    def forward(self, x):
        self.h = np.maximum(self.w @ x + self.b, 0)
        e = np.exp(self.v @ self.h)
        return e / e.sum()
    def step(self, x, p, k):
        d = p.copy()
        d[k] -= 1
        back = (self.v.T @ d) * (self.h > 0)
        self.v = self.v - 0.1 * np.outer(d, self.h)
        self.w -= 0.1 * np.outer(back, x)
        self.b = self.b - 0.1 * back
net = Net()
data = rng.normal(size=(20, 3))
for epoch in range(5):
    for x in data:
        net.step(x, net.forward(x), int(x[0] > 0))
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("self.w -= 0.1", "self.w = 0.1"),
        ("self.b = self.b - 0.1 * back", "self.b = self.b * 0.1 * back"),
        ("self.v - 0.1 * np.outer(d", "self.v * 0.1 * np.outer(d"),
    ],
)
def test_a_parameter_that_only_the_first_pass_has_is_found(right: str, wrong: str) -> None:
    """All later passes predict with an error of the one before."""
    assert CLASSES.count(right) == 1
    verdict = verdict_on(CLASSES.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["line"] == CLASSES[: CLASSES.index(right)].count("\n") + 1
    assert finding["proved"]


def test_an_error_of_the_pass_before_may_be_an_input() -> None:
    """y = a x + c e with e the last error, as moving averages have it: right or undecided, and never wrong."""
    code = """\
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=200)
t = np.convolve(x, [1.0, 0.5])[:200]
a, c, e = rng.normal(), rng.normal(), 0.0
for k in range(200):
    y = a * x[k] + c * e
    d = y - t[k]
    a -= 0.05 * d * x[k]
    c -= 0.05 * d * e
    e = 0.5 * d
"""
    assert verdict_on(code)["verdict"] != "wrong"
