"""An engine goes back through each operation once, after all that used its result, from 1, and to all operands."""

from pathlib import Path

import pytest

from chainrule.cli import main
from test_engines import VALUES
from test_trained_engines import MARGINS, SQUARES

from checked import verdict_on

IN_ORDER = """                for child in v._prev:
                    build(child)
                order.append(v)
"""
BEFORE_OTHERS = """                order.append(v)
                for child in v._prev:
                    build(child)
"""
EACH_TIME = """                for child in v._prev:
                    build(child)
            order.append(v)
"""
# What the hidden units give is used twice.
SHARED = SQUARES.replace("Network(2, 3, 1)", "Network(2, 2, 2)").replace(
    "model(x)[0] - t", "sum(model(x)) - t"
)
ADAM = """    for p in model.parameters():
        m[p] = 0.9 * m.get(p, 0.0) + 0.1 * p.grad
        s[p] = 0.99 * s.get(p, 0.0) + 0.01 * p.grad ** 2
        p.data -= rate * m[p] / (s[p] ** 0.5 + 1e-8)
"""
PLAIN = "    for p in model.parameters():\n        p.data -= rate * p.grad\n"
WITH_ADAM = SQUARES.replace(PLAIN, ADAM).replace("def learn", "m, s = {}, {}\n\ndef learn")


@pytest.mark.parametrize(
    ("right", "wrong", "at", "mistake"),
    [
        ("reversed(order)", "order", "in order:", "wrong-order"),
        (IN_ORDER, BEFORE_OTHERS, "order.append(v)", "wrong-order"),
        (IN_ORDER, EACH_TIME, "reversed(order)", "wrong-order"),
        ("self.grad = 1.0", "pass", "order, seen =", "missing-derivative"),
        ("            other.grad += out.grad\n", "", "self.grad += out.grad", "missing-derivative"),
        ("other.grad += out.grad", "self.grad += out.grad", "self.grad += out.grad", "wrong-variable"),
        ("other.grad += self.data *", "other.grad = self.data *", "other.grad = self", "wrong-operator"),
        ("(1 - t**2)", "t * (1 - t)", "t * (1 - t)", "wrong-operator"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_how_it_goes_back_is_told_at_its_line(
    right: str, wrong: str, at: str, mistake: str
) -> None:
    assert right in SHARED
    code = SHARED.replace(right, wrong, 1)
    verdict = verdict_on(code)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert finding["mistake"] == mistake
    assert at in code.split("\n")[finding["line"] - 1]
    assert finding["proved"]


def test_where_nothing_comes_back_the_program_must_learn_with_the_text_put_right() -> None:
    code = MARGINS.replace("other.grad += out.grad", "self.grad += out.grad", 1)
    verdict = verdict_on(code)
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert [one["mistake"] for one in verdict["findings"]] == ["wrong-variable"]
    assert verdict["findings"][0]["fix"].strip() == "other.grad += out.grad"


@pytest.mark.parametrize(
    ("right", "wrong", "fix"),
    [
        ("other.grad += self.data *", "other.grad = self.data *", "other.grad += self.data * out.grad"),
        ("self.grad = 1.0", "self.grad = 2.0", "self.grad = 1.0"),
        ("reversed(order)", "order", "for v in reversed(order):"),
        ("math.log(self.data), (self,))", "math.log(self.data), ())", None),
    ],
)  # fmt: skip
def test_an_engine_by_itself_is_put_right_by_its_text(
    right: str, wrong: str, fix: str | None
) -> None:
    assert right in VALUES
    verdict = verdict_on(VALUES.replace(right, wrong, 1))
    if fix is None:
        assert verdict["verdict"] == "undecided"
    else:
        assert verdict["driven"]
        assert [one["fix"].strip() for one in verdict["findings"]] == [fix]


REVERSAL = """
    def turned(self):
        out = Value(self.data, (self,))
        def _backward():
            self.grad -= out.grad
        out._backward = _backward
        return out
"""
IN_PLACE = """    def __abs__(self):
        self.data = abs(self.data)
        return self

"""


def test_a_gradient_that_is_turned_round_on_purpose_is_no_mistake() -> None:
    assert verdict_on(VALUES + REVERSAL)["verdict"] != "wrong"


def test_an_operation_of_a_class_that_another_is_made_of_is_not_blamed_for_others() -> None:
    product = VALUES[VALUES.index("    def __mul__") : VALUES.index("    def __pow__")]
    kept_elsewhere = f"class Operations:\n{product}{IN_PLACE}class Value(Operations):\n"
    code = VALUES.replace(product, "").replace("class Value:\n", kept_elsewhere)
    assert verdict_on(code)["verdict"] != "wrong"


@pytest.mark.parametrize("code", [SQUARES, WITH_ADAM])
def test_an_operation_that_is_wrong_by_itself_and_does_no_harm_is_noted(
    code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a power gives back is all that comes back to its operand."""
    right = "self.grad += other * self.data ** (other - 1) * out.grad"
    assert right in code
    path = tmp_path / "network.py"
    path.write_text(code.replace(right, right.replace("+=", "=")), encoding="utf-8")
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{path}: right"), said
    assert "Note: by itself Value.__pow__ is wrong at line" in said
