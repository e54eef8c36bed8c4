"""What packages did in other ways once: pandas, scikit-learn and matplotlib as programs of that time expect them.

Each is amended when a program imports it. Nothing that it has today is taken away.
"""

import contextlib
import functools
import importlib.abc
import importlib.machinery
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any, final

# Of these, what follows the first arguments must be named today.
METHODS = (
    "drop", "dropna", "drop_duplicates", "sort_values", "sort_index", "set_index", "reset_index", "sum", "mean", "std", "min", "max",
)  # fmt: skip
FUNCTIONS = ("read_csv", "read_table", "concat")


def taking_positions(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose named arguments may be given by their place, as they once were."""
    found = inspect.signature(function).parameters.values()
    placed = [p for p in found if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = [p.name for p in found if p.kind is p.KEYWORD_ONLY]

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        further = dict(zip(named, args[len(placed) :], strict=False))
        return function(*args[: len(placed)], **further, **kwargs)

    return called


def amend_pandas(pandas: Any) -> None:
    frame, series = pandas.DataFrame, pandas.Series
    for kind in (frame, series):
        for name in METHODS:
            if hasattr(kind, name):
                setattr(kind, name, taking_positions(getattr(kind, name)))
        kind.values = property(functools.partial(writable, kind.values.fget))
    for name in FUNCTIONS:
        setattr(pandas, name, taking_positions(getattr(pandas, name)))

    def append(self: Any, other: Any, ignore_index: bool = False, **options: Any) -> Any:
        rows = other if isinstance(other, list) else [other]
        if isinstance(self, series):
            return pandas.concat([self, *rows], ignore_index=ignore_index)
        whole = [row if isinstance(row, frame) else frame([row]) for row in rows]
        return pandas.concat([self, *whole], ignore_index=ignore_index)

    def number(convert: Callable[[Any], Any], self: Any) -> Any:
        if len(self) != 1:
            raise TypeError(f"cannot convert the series to {convert}")
        return convert(self.iloc[0])

    former = {
        "as_matrix": lambda self, columns=None: (
            self if columns is None else self[columns]
        ).to_numpy(),
        "get_values": lambda self: self.to_numpy(),
        "iteritems": lambda self: self.items(),
        "append": append,
        "ix": property(Mixed),
    }
    for name, value in former.items():
        for kind in (frame, series):
            if not hasattr(kind, name):
                setattr(kind, name, value)
    if not hasattr(frame, "applymap"):
        frame.applymap = frame.map
    for name, convert in (("__float__", float), ("__int__", int)):
        if not hasattr(series, name):
            setattr(series, name, functools.partialmethod(functools.partial(number, convert)))
    indexing = getattr(getattr(pandas, "core", None), "indexing", None)
    for name in ("_LocIndexer", "_iLocIndexer"):
        if hasattr(indexing, name):
            kind = getattr(indexing, name)
            kind.__setitem__ = converting(kind.__setitem__)


def writable(get: Callable[[Any], Any], table: Any) -> Any:
    """The values of a table, which a program may change: numbers, where dummies among them are truths today."""
    values = get(table)
    flags = getattr(values, "flags", None)
    kinds = {kind.kind for kind in getattr(table, "dtypes", ())} if is_mixed(values) else set()
    if "b" in kinds and kinds <= set("biuf"):
        return values.astype(float)
    return values.copy() if flags is not None and not flags.writeable else values


def is_mixed(values: Any) -> bool:
    return getattr(values, "ndim", 0) == 2 and values.dtype == object


def converting(write: Callable[..., None]) -> Callable[..., None]:
    """Writing into columns of a table, which become such as can hold what is written."""

    @functools.wraps(write)
    def written(self: Any, key: Any, value: Any) -> None:
        try:
            write(self, key, value)
        except TypeError:
            if not isinstance(key, tuple) or len(key) != 2 or self.obj.ndim != 2:
                raise
            chosen = self.obj.columns[key[1]] if self.name == "iloc" else key[1]
            columns = (
                [chosen] if isinstance(chosen, str) or not hasattr(chosen, "__iter__") else chosen
            )
            for column in columns:
                self.obj[column] = self.obj[column].astype(float)
            write(self, key, value)

    return written


@final
class Mixed:
    """Rows and columns by their labels, or by their places where there are no such labels."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def __getitem__(self, key: Any) -> Any:
        try:
            return self.table.loc[key]
        except (KeyError, TypeError):
            return self.table.iloc[key]


def amend_preprocessing(preprocessing: Any) -> None:
    kind = preprocessing.OneHotEncoder
    begin = kind.__init__
    if "sparse" in inspect.signature(begin).parameters:
        return

    @functools.wraps(begin)
    def begin_as_once(self: Any, *args: Any, **kwargs: Any) -> None:
        if "sparse" in kwargs:
            kwargs["sparse_output"] = kwargs.pop("sparse")
        begin(self, *args, **kwargs)

    kind.__init__ = begin_as_once


def amend_matplotlib(matplotlib: Any) -> None:
    """No window opens, whatever draws it."""
    matplotlib.use = lambda *args, **kwargs: None


def amend_styles(style: Any) -> None:
    use = style.use

    def use_if_there(name: Any) -> None:
        with contextlib.suppress(OSError):
            use(name)

    style.use = use_if_there


MARK = "__amended_by_chainrule__"  # in a module: once is enough
AMENDED: dict[str, Callable[[Any], None]] = {
    "pandas": amend_pandas,
    "sklearn.preprocessing": amend_preprocessing,
    "matplotlib": amend_matplotlib,
    "matplotlib.style": amend_styles,
}


@final
class AmendingFinder(importlib.abc.MetaPathFinder):
    """Asked before the usual ones, after that of a program's own modules."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in AMENDED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            spec.loader = AmendingLoader(spec.loader)
        return spec


@final
class AmendingLoader(importlib.abc.Loader):
    def __init__(self, loader: Any) -> None:
        self.loader = loader

    def create_module(self, spec: Any) -> Any:
        return self.loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        amend(module)


def amend(module: types.ModuleType) -> None:
    if MARK in vars(module):
        return
    vars(module)[MARK] = True
    with contextlib.suppress(AttributeError):  # of a version that has nothing of it
        AMENDED[module.__name__](module)


def amend_what_is_there() -> None:
    for name in AMENDED:
        if name in sys.modules:
            amend(sys.modules[name])
