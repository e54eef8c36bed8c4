"""Notebooks are judged as they run in Jupyter, whose widgets and magics are not here."""

import json
from pathlib import Path

from test_programs import MAKE, NETWORK

from checked import verdict_on


def test_a_notebook_keeps_lines_that_only_look_like_magics(tmp_path: Path) -> None:
    cells = [
        "%matplotlib inline\nimport numpy as np\nnp.random?" + MAKE.rstrip(),
        "scale = [1.0,  # why?\n         2.0]\nprint('%d and %d'\n      % (1, 2))",
        NETWORK,
    ]
    path = tmp_path / "net.ipynb"
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    path.write_text(json.dumps(notebook))
    assert verdict_on(path)["verdict"] == "right"


def test_packages_may_be_installed_by_what_looks_like_no_magic(tmp_path: Path) -> None:
    cells = [
        "pip install numpy",
        "import numpy as np\nconda install -y scipy" + MAKE.rstrip(),
        NETWORK,
    ]
    path = tmp_path / "net.ipynb"
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    path.write_text(json.dumps(notebook))
    assert verdict_on(path)["verdict"] == "right"


def test_a_cell_may_begin_with_an_import_from_the_future(tmp_path: Path) -> None:
    first = "%matplotlib inline\nfrom __future__ import print_function\nimport numpy as np"
    cells = [first + MAKE.rstrip(), "from __future__ import division\n" + NETWORK]
    path = tmp_path / "net.ipynb"
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    path.write_text(json.dumps(notebook))
    assert verdict_on(path)["verdict"] == "right"


def test_what_only_a_notebook_has_is_stood_in_for(tmp_path: Path) -> None:
    path = tmp_path / "widgets.py"
    path.write_text(
        """
from IPython.display import clear_output
import IPython, ipywidgets
from tqdm import tqdm_notebook
from tqdm.notebook import tqdm, trange
import numpy as np

class Panel(ipywidgets.VBox):
    pass

assert not IPython.version_info[:2] < (8, 24)
panel = Panel(children=[1, 2])
panel.layout.width = "3px"
rng = np.random.default_rng(0)
x, t, w = rng.normal(size=(8, 3)), rng.normal(size=(8, 1)), rng.normal(size=(3, 1))
bar = tqdm(range(40), desc="epochs")
for step in bar:
    w -= 0.1 * x.T @ (x @ w - t) / 8
    bar.set_postfix(loss=1.0)
    clear_output(wait=True)
for step in trange(3):
    for again in tqdm_notebook([1, 2]):
        panel.observe(print)
"""
    )
    assert verdict_on(path)["verdict"] == "right"
