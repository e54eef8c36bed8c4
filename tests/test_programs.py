"""What programs do around their training does not keep it from being judged."""

from pathlib import Path
from typing import Any

import pytest

from chainrule.checking.request import check_file

from checked import verdict_on

NETWORK = """
for _ in range(40):
    h = 1 / (1 + np.exp(-x @ w1))
    y = h @ w2
    d2 = (y - t) / len(x)
    d1 = d2 @ w2.T * h * (1 - h)
    w2 = w2 - 0.1 * h.T @ d2
    w1 = w1 - 0.1 * x.T @ d1
"""
MAKE = """
rng = np.random.default_rng(5)
x = rng.normal(size=(9, 3))
t = np.sin(x[:, :2])
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
"""
WRONG = NETWORK.replace(" * h * (1 - h)", " * h")


def write(folder: Path, **files: str) -> None:
    """Files by their path, with / written as __."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + (".csv" if name.endswith("data") else ".py"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def checked(path: Path) -> dict[str, Any]:
    return check_file(path, 40).as_json()


# --- what lies above the script -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "from layers.step import train",
        "import sys\nsys.path.append('..')\nfrom layers.step import train",
        "import sys, os\nsys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))\n"
        "from layers.step import train",
        "from ..layers.step import train",
    ],
)
@pytest.mark.parametrize("network", [NETWORK, WRONG])
def test_modules_above_the_script_are_its_own(tmp_path: Path, script: str, network: str) -> None:
    body = "\n".join(f"    {line}" for line in network.split("\n"))
    step = f"import numpy as np\ndef train(x, t, w1, w2):\n{body}\n"
    write(
        tmp_path,
        project__layers__step=step,
        project__run__net=f"{script}\nimport numpy as np{MAKE}train(x, t, w1, w2)",
    )
    verdict = checked(tmp_path / "project" / "run" / "net.py")
    assert verdict["verdict"] == ("right" if network is NETWORK else "wrong"), verdict["reason"]
    for finding in verdict["findings"]:
        assert Path(finding["file"]) == tmp_path / "project" / "layers" / "step.py"


@pytest.mark.parametrize(
    "path",
    ["'../data/numbers.csv'", "os.path.join('..', 'data', 'numbers.csv')",
     "pathlib.Path(__file__).parent.parent / 'data' / 'numbers.csv'"],
)  # fmt: skip
def test_data_above_the_script_is_there(tmp_path: Path, path: str) -> None:
    write(tmp_path, project__data__numbers_data="")
    (tmp_path / "project" / "data" / "numbers.csv").write_text(
        "0.1,0.5,-1\n0.3,1,0.2\n-0.5,0.1,0.7\n"
    )
    head = f"import os, pathlib\nimport numpy as np\nx = np.loadtxt({path}, delimiter=',')\n"
    rest = "rng = np.random.default_rng(5)\nt = x[:, :2] ** 2\nw1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))"
    write(tmp_path, project__run__net=head + rest + NETWORK)
    assert checked(tmp_path / "project" / "run" / "net.py")["verdict"] == "right"


def test_data_that_is_missing_is_named() -> None:
    verdict = verdict_on("import numpy as np\nx = np.loadtxt('numbers.csv')\n")
    assert "numbers.csv" in verdict["reason"]
    assert "None" not in verdict["reason"]


# --- operators and functions of its own ----------------------------------------------------------------

BOX = """
import numpy as np


class Box:
    def __init__(self, numbers):
        self.numbers = numbers

    def __matmul__(self, other):
        return Box(self.numbers @ other.numbers)

    def __sub__(self, other):
        return Box(self.numbers - other.numbers)

    def __mul__(self, factor):
        return Box(self.numbers * (factor.numbers if isinstance(factor, Box) else factor))

    __rmul__ = __mul__

    def __isub__(self, other):
        self.numbers = self.numbers - other.numbers
        return self

    def __neg__(self):
        return Box(-self.numbers)

    @property
    def T(self):
        return Box(self.numbers.T)


rng = np.random.default_rng(5)
x, t = Box(rng.normal(size=(9, 3))), Box(rng.normal(size=(9, 2)))
w1, w2 = Box(rng.normal(size=(3, 4))), Box(rng.normal(size=(4, 2)))
for _ in range(30):
    h = Box(np.tanh((x @ w1).numbers))
    d2 = -(t - h @ w2)
    d1 = d2 @ w2.T * Box(1 - h.numbers**2)
    w2 -= 0.01 * (h.T @ d2)
    w1 -= 0.01 * (x.T @ d1)
"""


def test_operators_of_its_own_are_followed() -> None:
    assert verdict_on(BOX)["verdict"] == "right"
    wrong = verdict_on(BOX.replace("1 - h.numbers**2", "1 - h.numbers"))
    assert (wrong["verdict"], wrong["findings"][0]["line"]) == ("wrong", 38)


def test_long_preparations_do_not_hide_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.checking.enough.MOST_VALUES", 10_000)
    sieve = "total = 0.0\nfor i in range(10000):\n    total = total * 0.5 + i * 0.25\n"
    assert verdict_on(f"import numpy as np\n{sieve}{MAKE}{NETWORK}")["verdict"] == "right"


def test_a_program_that_never_gets_to_training_is_said_to_be_cut() -> None:
    verdict = verdict_on("i = 0.0\nwhile True:\n    i = i * 0.5 + 1\n", seconds=3)
    assert verdict["verdict"] == "undecided"
    assert "in the time" in verdict["reason"]
