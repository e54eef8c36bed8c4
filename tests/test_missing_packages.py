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


def test_a_program_that_uses_a_missing_package_says_which() -> None:
    verdict = verdict_on("import h5py\n" + RELU + "\ndata = h5py.File('data.h5')\n")
    assert verdict["verdict"] == "undecided"
    assert "'h5py'" in verdict["reason"]


def test_an_import_that_is_tried_fails_where_the_package_is_not_there() -> None:
    tried = "try:\n    import h5py\nexcept ImportError:\n    h5py = None\nassert h5py is None\n"
    assert verdict_on(tried + RELU)["verdict"] == "right"


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
