"""A package that is not there matters where it is used, not where it is named."""

from pathlib import Path

import pytest

from checked import verdict_on

RELU = """
import numpy as np

def relu(Z):
    return np.maximum(0, Z), Z

def relu_backward(dA, cache):
    dZ = np.array(dA, copy=True)
    dZ[cache <= 0] = 0
    return dZ
"""


def test_functions_beside_an_import_that_only_others_use_are_judged() -> None:
    imports = "import h5py\nfrom skimage import io\nfrom past.builtins import xrange\n"
    verdict = verdict_on(imports + RELU + "\ndef load():\n    return h5py.File('data.h5')\n")
    assert verdict["verdict"] == "right", verdict["reason"]


def test_a_module_that_a_project_lacks_is_named_whole(tmp_path: Path) -> None:
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "__init__.py").write_text("")
    (tmp_path / "script.py").write_text("from layers.dense import Dense\n")
    reason = verdict_on(tmp_path / "script.py")["reason"]
    assert reason == "line 1: it needs the module 'layers.dense', which is not there"


def test_a_module_of_ones_own_is_not_asked_for_as_a_package() -> None:
    reason = verdict_on("from layers import Dense\nnetwork = [Dense(2, 3)]\n")["reason"]
    assert (
        reason
        == "line 1: it needs the module 'layers', which is not there; put it beside the script"
    )


def test_a_program_that_uses_a_missing_package_says_which() -> None:
    verdict = verdict_on("import h5py\n" + RELU + "\ndata = h5py.File('data.h5')\n")
    assert verdict["verdict"] == "undecided"
    assert "'h5py'" in verdict["reason"]


def test_what_a_package_has_no_more_is_not_taken_for_the_package() -> None:
    pytest.importorskip("sklearn")
    program = (
        "from sklearn.datasets import fetch_nothing\n" + RELU + "\ndata = fetch_nothing('digits')\n"
    )
    reason = verdict_on(program)["reason"]
    assert reason.endswith("cannot import name 'fetch_nothing' from 'sklearn.datasets'"), reason


def test_an_import_that_is_tried_fails_where_the_package_is_not_there() -> None:
    tried = "try:\n    import h5py\nexcept ImportError:\n    h5py = None\nassert h5py is None\n"
    assert verdict_on(tried + RELU)["verdict"] == "right"


def test_a_module_of_a_project_may_name_a_package_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text("import h5py\n" + RELU)
    (tmp_path / "own.py").write_text("import parts\n" + RELU)
    assert verdict_on(tmp_path / "own.py")["verdict"] == "right"


def test_what_a_package_asks_for_by_itself_is_answered_truly() -> None:
    """It may look up later what it could import, and takes a table for one of pandas."""
    pytest.importorskip("sklearn")
    scaled = "from sklearn.preprocessing import StandardScaler\n" + TRAINED.replace(
        "t = x", "x = StandardScaler().fit_transform(x)\nt = x"
    )
    verdict = verdict_on(scaled)
    assert verdict["verdict"] == "right", verdict["reason"]


TRAINED = """
import numpy as np
import celluloid as nx
import drawnow as plt

x = np.random.default_rng(1).normal(size=(20, 3))
t = x[:, :1] * 2 - x[:, 1:2]
w = np.zeros((3, 1))
losses = []
figure, axes = plt.subplots(1, 2)
limits = axes[0].get_ylim()
bottom, top = axes[1].get_ylim()
for epoch in range(30):
    error = x @ w - t
    losses.append(float((error**2).mean()))
    w -= 0.1 * np.dot(x.T, error)
axes[1].plot(losses)
left, right = axes[1].get_xlim()
axes[1].set_ylim(bottom - 1, top + right - left)
axes[1].text(0.5 * limits[1], limits[0] + (limits[1] - limits[0]) / 2, f"{limits[1]:.2f}")
graph = nx.Graph()
nx.draw(graph, 2 * np.ones(3) * axes[0].get_xlim()[1])
"""


def test_plots_may_compute_with_what_a_missing_package_would_give() -> None:
    verdict = verdict_on(TRAINED)
    assert verdict["verdict"] == "right", verdict["reason"]


def test_nothing_is_trained_with_what_a_missing_package_would_give() -> None:
    wrong = TRAINED.replace("np.dot(x.T", "nx.dot(x.T").replace("w = np", "w = 0.5 + np")
    verdict = verdict_on(wrong)
    assert verdict["verdict"] == "undecided"
    assert "'celluloid'" in verdict["reason"]


def test_functions_are_what_they_are_without_the_package_that_would_compile_them() -> None:
    compiled = "from numba import njit, prange\n" + RELU.replace(
        "def relu_", "@njit(cache=True)\ndef relu_"
    )
    loop = "    for i in prange(len(dZ)):\n        dZ[i][cache[i] <= 0] = 0\n"
    compiled = compiled.replace("    dZ[cache <= 0] = 0\n", loop)
    assert loop in compiled
    assert verdict_on(compiled)["verdict"] == "right"


@pytest.mark.parametrize("module", ["core.parts", ".parts"])
def test_modules_beside_a_file_may_be_called_by_the_name_of_their_folder(
    tmp_path: Path, module: str
) -> None:
    """Even where a folder of that name can be imported from elsewhere."""
    folder = tmp_path / "project" / "core"
    folder.mkdir(parents=True)
    (tmp_path / "project" / "settings.py").write_text("lowest = 0\n")
    (folder / "parts.py").write_text("import numpy as np\nimport settings\nbase = np.maximum\n")
    code = RELU.replace("np.maximum", "base")
    (folder / "layers.py").write_text(f"from {module} import base\n{code}")
    verdict = verdict_on(folder / "layers.py")
    assert verdict["verdict"] == "right", verdict["reason"]
