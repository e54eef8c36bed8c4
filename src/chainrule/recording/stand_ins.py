"""What stands in for packages that are not there: for plots and speed, which do not matter, and for what is only named."""

import ast
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

import numpy as np

from chainrule.recording.source import Source

PLOTTING = {
    "matplotlib", "pylab", "mpl_toolkits", "seaborn", "plotly", "bokeh", "IPython", "tqdm", "pygame",
    "turtle", "tkinter", "Tkinter", "ipywidgets", "progressbar", "termcolor", "colorama", "prettytable",
    "graphviz", "networkx", "terminaltables", "tabulate", "texttable", "drawnow", "imageio", "celluloid", "google", "wandb", "tensorboardX", "structlog", "loguru",
}  # fmt: skip
COMPILING = {"numba"}  # what they compile is what it was
# Packages that read data, or make it: a file that only defines things may import them for others.
READING = {
    "h5py", "sklearn", "PIL", "cv2", "skimage", "pandas", "scipy", "past", "requests", "nltk", "librosa", "soundfile",
}  # fmt: skip


class StandIn(types.ModuleType):
    """Something of a package that is not there and does not matter: whatever is asked of it, it gives itself.

    But no number: nothing that a program computes may be made with what only the package has.
    """

    __array_ufunc__ = None  # an array leaves the sum with it to it

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__version__",):
            raise AttributeError(name)
        if name == "__version__":
            return "0"
        if name in ("subplots",):
            return stand_in_subplots
        if name == "prange":
            return range
        if name in ("tqdm", "trange", "tqdm_notebook"):
            return stand_in_tqdm
        return StandIn(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType | type):
            return args[0]  # as a decorator
        return StandIn(self.__name__)

    def __iter__(self) -> Iterator[Any]:
        return iter([StandIn(self.__name__)])

    def parts(self, count: int) -> tuple[Any, ...]:
        """What it is taken apart into: a, b = axes.get_ylim()."""
        return tuple(StandIn(self.__name__) for _ in range(count))

    def __getitem__(self, index: Any) -> Any:
        return StandIn(self.__name__)

    def __setitem__(self, index: Any, value: Any) -> None:
        pass

    def __len__(self) -> int:
        return 1

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *args: Any) -> None:
        pass

    def __float__(self) -> float:
        raise without_package(self.__name__)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise without_package(self.__name__)

    def __int__(self) -> int:
        return 0

    def __format__(self, specification: str) -> str:
        return ""

    def __add__(self, other: Any) -> Any:
        return self

    __radd__ = __mul__ = __rmul__ = __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __add__

    def __lt__(self, other: Any) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (type("StandInBase", (StandInBase,), {"of": self.__name__}),)


class StandInBase:
    """What a class of a program inherits where its base stands in for another: it takes anything, too."""

    of: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.of}.{name}")


def stand_in_subplots(nrows: int = 1, ncols: int = 1, *args: Any, **kwargs: Any) -> Any:
    axes = np.empty((nrows, ncols), dtype=object)
    for index in np.ndindex(axes.shape):
        axes[index] = StandIn("matplotlib.axes")
    return StandIn("matplotlib.figure"), axes.squeeze() if axes.size > 1 else axes[0, 0]


def stand_in_tqdm(*args: Any, **kwargs: Any) -> Any:
    if not args:
        return StandIn("tqdm")
    return range(args[0]) if isinstance(args[0], int) else args[0]


@final
class StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked last: a package for plots or speed that nobody else has found."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.split(".")[0] in PLOTTING | COMPILING:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


class Missing(types.ModuleType):
    """Something of a package that is not there, which a program may name: to use it fails."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return range if name == "xrange" else Missing(f"{self.__name__}.{name}")

    def fail(self, *args: Any, **kwargs: Any) -> Any:
        raise without_package(self.__name__)

    __call__ = __iter__ = __getitem__ = __setitem__ = __len__ = __enter__ = __mro_entries__ = fail


def without_package(name: str) -> ImportError:
    """What Python would have raised at the import of something of a package: of one that is there, of that name."""
    package, _, rest = name.partition(".")
    if rest and not isinstance(sys.modules.get(package), Missing | StandIn | None):
        place, _, missing = name.rpartition(".")
        return ImportError(f"cannot import name {missing!r} from {place!r}")
    return ModuleNotFoundError(f"No module named {package!r}", name=package)


@final
class MissingFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked at the very end: packages that only read or draw data, where the program is sure to have them.

    An import within `try` is a question whether a package is there, and is answered truly.
    """

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.split(".")[0] not in READING or is_tried(self.sources, sys._getframe(1)):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> types.ModuleType:
        return Missing(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def is_tried(sources: list[Source], frame: types.FrameType | None) -> bool:
    """Whether an import that is under way stands in a `try` of the program's, or in a package.

    What packages ask for by themselves they may look up later: pandas in `sys.modules`.
    """
    files = {str(source.path): source for source in sources}
    while frame is not None and is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename not in files:
        return True
    line = frame.f_lineno
    return any(
        isinstance(node, ast.Try) and node.body[0].lineno <= line <= (node.body[-1].end_lineno or 0)
        for node in files[frame.f_code.co_filename].nodes
    )


def is_machinery(file: str) -> bool:
    """Whether a file's code is that of Python's imports, or of ours."""
    return file.startswith(("<frozen importlib", str(Path(__file__).parent)))
