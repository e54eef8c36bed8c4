"""What packages once had under another name, as programs of that time still write it."""

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import time
import types
import warnings
from functools import partial
from typing import Any, final

import numpy as np

OF_NUMPY: dict[str, Any] = {
    "float": float, "int": int, "bool": bool, "object": object, "float_": np.float64, "Inf": np.inf,
    "infty": np.inf, "NaN": np.nan, "product": np.prod, "row_stack": np.vstack, "mat": np.asmatrix,
    "asscalar": np.sum,  # of one entry, or of a number
    "in1d": np.isin, "alltrue": np.all, "sometrue": np.any, "round_": np.round, "cumproduct": np.cumprod,
    "str": str, "complex": complex, "long": int, "unicode": str, "Infinity": np.inf, "PINF": np.inf, "NINF": -np.inf,
    "asfarray": partial(np.asarray, dtype=float), "warnings": warnings,
}  # fmt: skip
TYPES: dict[str, type[np.generic]] = {
    "Float32": np.float32,
    "Float64": np.float64,
    "Int32": np.int32,
    "Int64": np.int64,
}
MODULES = {
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.datasets.samples_generator": "sklearn.datasets",
    "sklearn.datasets.base": "sklearn.datasets",
    "sklearn.preprocessing.data": "sklearn.preprocessing",
    "sklearn.externals": "sklearn",
    "sklearn.externals.joblib": "joblib",
}


def give_former_names() -> None:
    """The names that NumPy and Python have no more, where nothing else has them."""
    for name, value in OF_NUMPY.items():
        if not hasattr(np, name):
            setattr(np, name, value)
    for name, kind in TYPES.items():
        np.sctypeDict.setdefault(name, kind)
    np.set_printoptions = as_far_as_it_goes
    if not hasattr(time, "clock"):
        time.clock = time.perf_counter  # type: ignore[attr-defined]


show = np.set_printoptions


def as_far_as_it_goes(*args: Any, **kwargs: Any) -> None:
    """How arrays are printed, which matters to nobody here: threshold=np.nan once meant all of them."""
    with contextlib.suppress(TypeError, ValueError):
        show(*args, **kwargs)


@final
class FormerFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last: modules that are another one today."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in MODULES or importlib.util.find_spec(MODULES[name].split(".")[0]) is None:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=name == "sklearn.externals")

    def create_module(self, spec: Any) -> types.ModuleType:
        made = types.ModuleType(spec.name)
        today = importlib.import_module(MODULES[spec.name])
        for name in dir(today):
            if not name.startswith("__"):
                setattr(made, name, getattr(today, name))
        return made

    def exec_module(self, module: types.ModuleType) -> None:
        pass
