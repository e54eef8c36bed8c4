"""Programs of former times, which ask packages for what these did in other ways then."""

from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chainrule.recording.former_packages import (
    Mixed,
    amend_pandas,
    converting,
    taking_positions,
    writable,
)

from checked import verdict_on

SINGLE = """\
import math
import numpy as np

rng = np.random.default_rng(3)
x, t = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
losses = np.zeros(60)
total = np.zeros(1)
for step in range(60):
    error = np.zeros(20)
    hidden = np.tanh(x @ w1)
    for n in range(20):
        error[n] = hidden[n] @ w2 - t[n]
    losses[step] = error.reshape(1, -1) @ error.reshape(-1, 1)
    losses[step] += np.zeros((1, 1))
    total += math.sqrt(losses[step : step + 1])
    print("step %d: %f" % (step, losses[step : step + 1]), "%.2f" % total, int(total))
    d2 = error.reshape(-1, 1)
    d1 = d2 @ w2.T * (1 - hidden**2)
    w2 -= 0.01 * hidden.T @ d2
    w1 -= 0.01 * x.T @ d1
"""


def test_an_array_of_one_entry_may_stand_where_a_number_belongs() -> None:
    verdict = verdict_on(SINGLE)
    assert verdict["verdict"] == "right", verdict["reason"]
    mistaken = verdict_on(SINGLE.replace(" * (1 - hidden**2)", ""))
    assert [(f["line"], f["mistake"]) for f in mistaken["findings"]] == [(19, "missing-derivative")]


def test_an_array_of_several_entries_may_not() -> None:
    reason = verdict_on(SINGLE.replace("error[n] = hidden[n]", "error[n] = hidden"))["reason"]
    assert reason.startswith("line 13: it stops with"), reason


def test_an_encoder_of_former_times_gives_arrays() -> None:
    pytest.importorskip("sklearn")
    program = """\
import numpy as np
from sklearn.preprocessing import OneHotEncoder

rng = np.random.default_rng(4)
x, labels = rng.normal(size=(30, 3)), rng.integers(0, 3, size=(30, 1))
t = OneHotEncoder(sparse=False).fit_transform(labels)
w = rng.normal(size=(3, 3))
for _ in range(50):
    p = np.exp(x @ w)
    p /= p.sum(axis=1, keepdims=True)
    w -= 0.01 * x.T @ (p - t)
"""
    verdict = verdict_on(program)
    assert verdict["verdict"] == "right", verdict["reason"]


def test_arguments_that_must_be_named_today_may_be_given_by_their_place() -> None:
    def drop(self: Any, labels: Any = None, *, axis: int = 0, index: Any = None) -> Any:
        return self, labels, axis, index

    once = taking_positions(drop)
    assert once(1, "y", 1) == (1, "y", 1, None)
    assert once(1, labels="y", axis=1) == (1, "y", 1, None)
    assert once(1, "y", 1, index=2) == (1, "y", 1, 2)


def test_tables_have_their_former_methods_and_keep_those_that_they_have() -> None:
    class Table:
        iloc: tuple[Any, ...] = ("first", "second")
        loc = MappingProxyType({"a": "column"})

        def __len__(self) -> int:
            return 1

        def items(self) -> Any:
            return "items"

        def to_numpy(self) -> Any:
            return "array"

        def map(self, function: Any) -> Any:
            return "mapped"

        def append(self, other: Any) -> Any:
            return "its own"

        @property
        def values(self) -> Any:
            return "values"

    class Column(Table):
        iloc = (2.5,)

    def join(tables: Any, *, ignore_index: bool = False) -> Any:
        return tables, ignore_index

    pandas = SimpleNamespace(
        DataFrame=Table, Series=Column, read_csv=join, read_table=join, concat=join
    )
    amend_pandas(pandas)
    table: Any = Table()
    assert (table.iteritems(), table.as_matrix(), table.applymap(abs)) == (
        "items",
        "array",
        "mapped",
    )
    assert (table.append(1), table.values, pandas.concat([1], True)) == (
        "its own",
        "values",
        ([1], True),
    )
    assert (table.ix["a"], Mixed(table)[1]) == ("column", "second")
    column: Any = Column()
    assert float(column) == 2.5
    assert int(column) == 2


class Columns(dict[str, Any]):
    """A table of columns, of which whole numbers hold no others."""

    ndim, columns = 2, np.array(["a", "b"])

    @property
    def dtypes(self) -> list[Any]:
        return [column.dtype for column in self.values()]


@pytest.mark.parametrize(
    ("name", "key", "columns"), [("loc", (slice(None), "a"), "a"), ("iloc", (slice(None), [0, 1]), "ab"), ("loc", (slice(None), ["b"]), "b")]
)  # fmt: skip
def test_columns_become_such_as_can_hold_what_is_written_to_them(
    name: str, key: tuple[Any, Any], columns: str
) -> None:
    table = Columns(a=np.arange(3), b=np.arange(3))

    def write(self: Any, key: Any, value: Any) -> None:
        for column in columns:
            if self.obj[column].dtype.kind == "i" or value == "word":
                raise TypeError("Invalid value for dtype 'int64'")
            self.obj[column][key[0]] = value

    converting(write)(SimpleNamespace(obj=table, name=name), key, 0.25)
    assert [float(table[column][1]) for column in columns] == [0.25] * len(columns)
    with pytest.raises(TypeError):
        converting(write)(SimpleNamespace(obj=table, name=name), "a", "word")


def test_dummies_beside_numbers_are_numbers() -> None:
    mixed = np.array([[True, 0.5], [False, 2.0]], dtype=object)
    table = Columns(a=np.array([True, False]), b=np.array([0.5, 2.0]))
    assert writable(lambda _: mixed, table).dtype == float
    words = Columns(a=np.array([True, False]), b=np.array(["x", "y"]))
    assert writable(lambda _: mixed, words) is mixed


UNEVEN = """\
import numpy as np

rng = np.random.default_rng(3)
samples = [[rng.normal(size=3), rng.normal(size=2)] for _ in range(12)]
np.random.seed(1)
samples = np.random.permutation(samples)
rows = np.array([[1.0], [2.0, 3.0]])
w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(2, 4))
for step in range(30):
    for x, t in samples:
        hidden = np.tanh(w1 @ x)
        error = w2 @ hidden - t
        d1 = w2.T @ error * (1 - hidden**2)
        w2 -= 0.1 * np.outer(error, hidden)
        w1 -= 0.1 * np.outer(d1, x)
print(rows.shape, samples.shape)
"""


def test_rows_of_unlike_lengths_are_objects_as_they_once_were() -> None:
    assert verdict_on(UNEVEN)["verdict"] == "right"
    assert verdict_on(UNEVEN.replace("(1 - hidden**2)", "hidden"))["verdict"] == "wrong"
    stopped = verdict_on(
        UNEVEN.replace("np.array([", "np.array([[], ").replace(", t in", ", t, u in")
    )
    assert "ValueError: not enough values" in stopped["reason"]
