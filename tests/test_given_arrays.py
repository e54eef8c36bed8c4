"""Whatever a program has its arrays and modules from, and whatever shape it gives them: they are followed."""

from pathlib import Path

import pytest

from test_programs import MAKE, NETWORK, WRONG, checked, write

from checked import verdict_on


@pytest.mark.parametrize("network", [NETWORK, WRONG])
def test_a_package_is_found_in_the_projects_folder_of_sources(tmp_path: Path, network: str) -> None:
    body = "\n".join(f"    {line}" for line in network.split("\n"))
    write(
        tmp_path,
        project__src__layers____init__="",
        project__src__layers__step=f"import numpy as np\ndef train(x, t, w1, w2):\n{body}\n",
        project__demo__small__net=f"from layers.step import train\nimport numpy as np{MAKE}train(x, t, w1, w2)",
    )
    verdict = checked(tmp_path / "project" / "demo" / "small" / "net.py")
    assert verdict["verdict"] == ("right" if network is NETWORK else "wrong"), verdict["reason"]


@pytest.mark.parametrize(
    "read",
    ["np.fromfile(file, dtype=np.uint8)", "np.frombuffer(file.read(), dtype=np.uint8)",
     "np.fromfile(file, np.uint8, count=9 * 3)", "np.fromfile(file, 'u1', 27)"],
)  # fmt: skip
def test_numpy_reads_files_that_the_program_opened(tmp_path: Path, read: str) -> None:
    kept = "with open('numbers.bin', 'wb') as file:\n    file.write(bytes([9]))\n    file.write((100 * np.abs(x)).astype(np.uint8).tobytes())\n"
    loaded = f"with open('numbers.bin', 'rb') as file:\n    n = file.read(1)[0]\n    x = {read}.reshape(n, 3) / 100\n"
    write(tmp_path, right=f"import numpy as np{MAKE}{kept}{loaded}{NETWORK}")
    write(tmp_path, wrong=f"import numpy as np{MAKE}{kept}{loaded}{WRONG}")
    for name in ("right", "wrong"):
        verdict = checked(tmp_path / f"{name}.py")
        assert verdict["verdict"] == name, verdict["reason"]


SHAPED = """
rng = np.random.default_rng(5)
x = np.array([0.1, 0.8, -0.4])
table = rng.normal(size=(3, 2))
t = {target}
w1, w2 = rng.normal(size=12), rng.normal(size=(2, 4))
x.shape = (1, 3)
t.shape = (1, 2)
w1.shape = 3, 4
w2 = w2.T
"""


@pytest.mark.parametrize(
    "target", ["np.array([0.3, 0.6])", "table[1]", "np.abs(table)[:, 0][:2]", "np.zeros(2)"]
)
@pytest.mark.parametrize("late", ["", "    t.shape = (2,)\n    t += 0.01\n    t.shape = (1, 2)\n"])
def test_shapes_that_are_set_in_place_are_followed(target: str, late: str) -> None:
    made = SHAPED.format(target=target)
    network = NETWORK.replace("range(40):\n", "range(40):\n" + late)
    assert verdict_on(f"import numpy as np\n{made}{network}")["verdict"] == "right"
    wrong = WRONG.replace("range(40):\n", "range(40):\n" + late)
    assert verdict_on(f"import numpy as np\n{made}{wrong}")["verdict"] == "wrong"


@pytest.mark.parametrize(
    ("today", "former"),
    [("(y - t)", "(y - t).astype(np.float)"), ("0.1", "np.asscalar(np.array([0.1]))"),
     ("len(x)", "np.asscalar(np.mean(len(x) + 0 * t))"), ("0.1", "np.round_(0.1, 3)")],
)  # fmt: skip
def test_names_that_numpy_had_once_are_understood(today: str, former: str) -> None:
    assert today in NETWORK
    network = NETWORK.replace(today, former)
    assert verdict_on("import numpy as np" + MAKE + network)["verdict"] == "right"
    wrong = WRONG.replace(today, former)
    assert verdict_on("import numpy as np" + MAKE + wrong)["verdict"] == "wrong"
