"""An error may be written as the target less one term of the prediction after the other."""

import pytest

from checked import verdict_on

REGRESSION = """\
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(30, 3))
y = x @ [1.0, 2.0, 3.0] + 0.5
w, b = np.zeros(3), {start}
for epoch in range(50):
    error = {error}
    w += 0.05 * x.T @ error / 30
    b += 0.05 * error.mean()
"""
SEVERAL = """\
import random
random.seed(0)
data = [(random.random(), random.random()) for _ in range(20)]
w1, w2, b = 0.0, 0.0, 0.0
for epoch in range(50):
    for x1, x2 in data:
        error = 2 * x1 - x2 + 1 - w1 * x1 - w2 * x2 - b
        w1 += 0.05 * error * x1
        w2 += 0.05 * error * x2
        b += 0.05 * error
"""


def regression(error: str = "y - x @ w - b", start: str = "0.0") -> str:
    return REGRESSION.format(error=error, start=start)


@pytest.mark.parametrize(
    "source", [regression(), regression("-(np.dot(x, w) - y + b)"), SEVERAL], ids=["array", "negated", "numbers"]
)  # fmt: skip
def test_terms_of_a_prediction_may_be_taken_off_one_by_one(source: str) -> None:
    verdict = verdict_on(source)
    assert verdict["verdict"] == "right", verdict["reason"]
    assert "b" in {row["name"] for row in verdict["parameters"]}


def test_a_constant_may_be_taken_off_the_target() -> None:
    source = regression(start="0.5").replace("    b += 0.05 * error.mean()\n", "")
    assert verdict_on(source)["verdict"] == "right"


@pytest.mark.parametrize("error", ["y - x @ w + b", "b + (y - x @ w)"])
def test_a_term_with_the_wrong_sign_is_found(error: str) -> None:
    verdict = verdict_on(regression(error))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    (finding,) = verdict["findings"]
    assert (finding["mistake"], finding["line"], finding["proved"]) == ("sign-error", 9, True)


def test_the_order_in_which_a_program_does_things_stays() -> None:
    source = (
        regression()
        .replace("y - x @ w - b", "take(y) - take(x @ w) - take(b)")
        .replace(
            "for epoch",
            "seen = []\ndef take(value):\n    seen.append(np.ndim(value))\n    return value\nfor epoch",
        )
    )
    source += "    assert seen[-3:] == [1, 1, 0]\n"
    assert verdict_on(source)["verdict"] == "right"


TURNED = """\
import numpy as np
rng = np.random.default_rng(6)
x, t = rng.normal(size=(12, 3)), rng.uniform(0.2, 0.8, size=(12, 2))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
for _ in range(30):
    h = 1 / (1 + np.exp(-x @ w1))
    y = 1 / (1 + np.exp(-h @ w2))
    error = t + (-y)
    delta = error * y * (1 - y)
    hidden = delta @ w2.T * h * (1 - h)
    w2 += 0.5 * h.T @ delta
    w1 += 0.5 * x.T @ hidden
"""


@pytest.mark.parametrize("turned", ["t + (-y)", "-1 * y + t"])
def test_a_prediction_may_be_added_with_its_sign_turned(turned: str) -> None:
    verdict = verdict_on(TURNED.replace("t + (-y)", turned))
    assert verdict["verdict"] == "right", verdict["reason"]


@pytest.mark.parametrize(("right", "wrong"), [("t + (-y)", "t + y"), ("w2 += 0.5", "w2 -= 0.5")])
def test_a_sign_that_is_wrong_beside_such_an_error_is_found(right: str, wrong: str) -> None:
    verdict = verdict_on(TURNED.replace(right, wrong))
    assert verdict["verdict"] == "wrong", verdict["reason"]
    assert all(finding["proved"] for finding in verdict["findings"])
