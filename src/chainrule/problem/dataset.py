"""The [data] section: numbers in the file or in a CSV file, classes, the test split, standardizing."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import nearest
from chainrule.problem.table import Table, words

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True)
class Dataset:
    """Samples to train on and, where a test fraction is set aside, to test on.

    Shapes: inputs (N, I); targets (N, O), or None where there are none. `classes` are the class names
    in the order of the outputs, or None; with one output, the second is the one that 1 stands for.
    """

    inputs: Floats
    targets: Floats | None
    classes: tuple[str, ...] | None
    test_inputs: Floats
    test_targets: Floats | None


@final
@dataclass(frozen=True)
class Samples:
    """What a [data] section holds, before anything is known of the network: targets may be labels."""

    table: Table
    inputs: Floats
    targets: Floats | list[str] | None


DATA_KEYS = ("inputs", "targets", "file", "target", "test_fraction", "standardize")


def read_samples(table: Table, folder: Path) -> Samples:
    table.require_known(DATA_KEYS)
    if "file" in table:
        for key in ("inputs", "targets"):
            if key in table:
                table.fail(key, "stands beside 'file'; give the data in one way")
        return read_csv(table, folder)
    if "target" in table:
        table.fail("target", "names a column of 'file', which is missing")
    table.require("inputs", "inputs = [[0.9, 0.8]]")
    inputs = table.numbers("inputs", (1, 2))
    if "targets" not in table:
        return Samples(table, np.atleast_2d(inputs), None)
    raw = table.values["targets"]
    if isinstance(raw, list) and any(isinstance(label, str) for label in raw):
        targets: Floats | list[str] = class_names(table, raw)
    else:
        targets = table.numbers("targets", (1, 2))
        if inputs.ndim == 1:
            targets = np.atleast_2d(targets)
    inputs = np.atleast_2d(inputs)
    if len(targets) != len(inputs):
        table.fail("targets", f"has {len(targets)} samples, but inputs has {len(inputs)}")
    return Samples(table, inputs, targets)


def class_names(table: Table, labels: list[object]) -> list[str]:
    for number, label in enumerate(labels, 1):
        if not isinstance(label, str):
            table.fail("targets", f"entry {number} is {words(label)}; write all classes in quotes")
    return [str(label) for label in labels]


def read_csv(table: Table, folder: Path) -> Samples:
    """A CSV file with a header: the target column, all others are inputs."""
    name = table.text("file", "")
    target = table.require("target", 'target = "species"')
    target = table.text("target", "")
    rows = list(csv_rows(table, folder / name))
    if not rows:
        table.fail("file", f"{name} is empty; its first line must name the columns")
    (_, header), samples = rows[0], rows[1:]
    header = [column.strip() for column in header]
    if target not in header:
        shown = ", ".join(header[:8]) + (", ..." if header[8:] else "")
        hint = nearest(target, header)
        table.fail("target", f"{target!r} is no column of {name}{hint} (it has {shown})")
    if header.count(target) > 1:
        table.fail("target", f"{name} has {header.count(target)} columns named {target!r}")
    if len(header) < 2:
        table.fail("file", f"{name} has no input columns beside {target!r}")
    if not samples:
        table.fail("file", f"{name} has no rows below its header")
    column = header.index(target)
    inputs, labels = [], []
    for number, (line, row) in enumerate(samples, 1):
        place = f"{name}, row {number} (line {line})"
        if len(row) != len(header):
            table.fail("file", f"{place} has {len(row)} entries, but the header has {len(header)}")
        labels.append(row[column].strip())
        inputs.append(
            [
                csv_number(table, text, f"{place}, column {header[index]!r}")
                for index, text in enumerate(row)
                if index != column
            ]
        )
    if any(is_number(label) for label in labels):
        targets: Floats | list[str] = np.array(
            [
                csv_number(table, label, f"{name}, row {number} (line {line}), column {target!r}")
                for label, (number, (line, _)) in zip(labels, enumerate(samples, 1), strict=True)
            ]
        )
    else:
        for label, (number, (line, _)) in zip(labels, enumerate(samples, 1), strict=True):
            place = f"{name}, row {number} (line {line}), column {target!r}"
            if not label:
                table.fail("file", f"{place} is empty")
            if label.lower().lstrip("+-") in ("nan", "inf", "infinity") or not label.isprintable():
                table.fail("file", f"{place} is {words(label)}, which is no class name")
        targets = labels
    return Samples(table, np.array(inputs), targets)


def csv_rows(table: Table, path: Path) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with the line that it ends on."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [(reader.line_num, row) for row in reader if any(entry.strip() for entry in row)]
    except OSError as error:
        table.fail("file", f"{path} cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        table.fail("file", f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8")
    except (csv.Error, ValueError) as error:
        table.fail("file", f"{path} is no CSV file: {error}")


def is_number(text: str) -> bool:
    """Whether a cell holds a finite number: one such makes its column one of numbers."""
    try:
        return math.isfinite(read_number(text))
    except ValueError:
        return False


def read_number(text: str) -> float:
    """A cell as a float. Raises: ValueError, also for 1_000, which only Python reads as a number."""
    if "_" in text:
        raise ValueError
    return float(text)


def csv_number(table: Table, text: str, place: str) -> float:
    try:
        number = read_number(text)
    except ValueError:
        what = f"the text {words(text.strip())}" if text.strip() else "empty"
        table.fail("file", f"{place} is {what}; it must be a number")
    if not math.isfinite(number):
        table.fail("file", f"{place} is {text.strip()}; it must be finite")
    return number


# --- targets --------------------------------------------------------------------------------------


def encode_targets(
    samples: Samples, loss: str, outputs: int
) -> tuple[Floats | None, tuple[str, ...] | None]:
    """Targets as (N, O) and the classes: labels become one 1 a row, or 0 and 1 with one output."""
    table, targets, count = samples.table, samples.targets, len(samples.inputs)
    key = "target" if "file" in table else "targets"
    if targets is None:
        if loss != "output":
            table.fail("", "key 'targets' is missing, for example targets = [[1.0]]")
        return None, None
    if outputs == 1 and loss == "cross-entropy" and np.ndim(targets) == 1:
        table.fail(
            key,
            "cross-entropy tells classes apart by two outputs or more; for one output use "
            '"binary-cross-entropy"',
        )
    if isinstance(targets, list):
        return encode_labels(table, key, targets, sorted(set(targets)), outputs)
    if targets.ndim == 1 and loss == "cross-entropy":
        return encode_class_numbers(table, key, targets, outputs)
    if targets.ndim == 1:
        targets = targets.reshape(count, 1)
    if targets.shape[1] != outputs:
        table.fail(
            key,
            f"has {targets.shape[1]} numbers a sample, but the last layer has {outputs} units",
        )
    if loss in ("binary-cross-entropy", "cross-entropy"):
        outside = np.argwhere((targets < 0) | (targets > 1))
        if len(outside):
            row, column = outside[0]
            table.fail(
                key,
                f"row {row + 1}, column {column + 1} is {targets[row, column]:g}; "
                f"with {loss} targets lie between 0 and 1",
            )
        hard = bool(np.isin(targets, (0, 1)).all())
        if hard and count > 1 and (targets == targets[0]).all():
            table.fail(key, "all samples have one class; two or more are needed")
        if hard and outputs == 1 and loss == "binary-cross-entropy":
            return targets, ("0", "1")
    return targets, None


def encode_class_numbers(
    table: Table, key: str, numbers: Floats, outputs: int
) -> tuple[Floats, tuple[str, ...]]:
    """Whole numbers from 0 up to the outputs stand for the outputs; any others for classes in order."""
    if not (numbers == np.round(numbers)).all():
        row = int(np.argwhere(numbers != np.round(numbers))[0][0])
        table.fail(key, f"row {row + 1} is {numbers[row]:g}; class numbers are whole")
    labels = [f"{number:.0f}" for number in numbers]
    if len(numbers) == 1 or (numbers.min() >= 0 and numbers.max() < outputs):
        known = [f"{number}" for number in range(outputs)]
        if labels[0] not in known:
            table.fail(
                key, f"class {labels[0]} is none of the {outputs} outputs, 0 to {outputs - 1}"
            )
    else:
        known = [f"{number:.0f}" for number in sorted(set(numbers))]
    return encode_labels(table, key, labels, known, outputs)


def encode_labels(
    table: Table, key: str, labels: list[str], classes: list[str], outputs: int
) -> tuple[Floats, tuple[str, ...]]:
    if len(set(labels)) == 1 and (len(labels) > 1 or len(classes) == 1):
        table.fail(key, f"all samples have one class, {words(labels[0])}; two or more are needed")
    if outputs == len(classes):
        encoding = np.eye(outputs)
    elif outputs == 1 and len(classes) == 2:
        encoding = np.array([[0.0], [1.0]])
    else:
        shown = ", ".join(words(name) for name in classes[:5]) + (", ..." if classes[5:] else "")
        table.fail(
            key, f"has {len(classes)} classes ({shown}), but the last layer has {outputs} units"
        )
    position = {name: index for index, name in enumerate(classes)}
    return encoding[[position[label] for label in labels]], tuple(classes)


# --- the test split -------------------------------------------------------------------------------


def split_dataset(
    samples: Samples,
    targets: Floats | None,
    classes: tuple[str, ...] | None,
    rng: np.random.Generator,
) -> Dataset:
    """Set the test fraction aside, class by class where there are classes, and standardize.

    The mean and deviation come from the training samples alone; a constant column is only centred.
    """
    table, inputs = samples.table, samples.inputs
    fraction = table.number("test_fraction", 0.0)
    if not 0 <= fraction < 1:
        table.fail("test_fraction", f"must be from 0 up to, but not including, 1, got {fraction:g}")
    test = np.zeros(len(inputs), dtype=bool)
    if fraction > 0:
        group = np.zeros(len(inputs), dtype=np.intp)
        if classes is not None and targets is not None:
            group = class_indices(targets)
        for label in np.unique(group):
            members = rng.permutation(np.flatnonzero(group == label))
            test[members[: round(fraction * len(members))]] = True
        if not test.any() or test.all():
            part = "test" if not test.any() else "training"
            table.fail("test_fraction", f"{fraction:g} of {len(inputs)} leaves no {part} samples")
        lost = sorted(set(group) - set(group[~test]))
        if lost and classes is not None:
            table.fail(
                "test_fraction",
                f"{fraction:g} leaves no training samples of class {words(classes[lost[0]])}",
            )
    if table.flag("standardize", False):
        inputs = standardize(inputs, inputs[~test])
        if not np.isfinite(inputs).all():
            table.fail("standardize", "the numbers are too far apart in size to be standardized")
    return Dataset(
        inputs[~test],
        None if targets is None else targets[~test],
        classes,
        inputs[test],
        None if targets is None else targets[test],
    )


def standardize(inputs: Floats, known: Floats) -> Floats:
    """Every column less the known samples' mean, over their deviation; a constant one only centred."""
    # In units of its largest number, so that no square overflows or vanishes.
    size = np.abs(known).max(axis=0)
    size = np.where(size == 0, 1.0, size)
    constant = known.max(axis=0) == known.min(axis=0)
    with np.errstate(all="ignore"):
        mean, deviation = (known / size).mean(axis=0), (known / size).std(axis=0)
        result: Floats = (inputs / size - mean) / np.where(constant, 1.0 / size, deviation)
    return result


def class_indices(values: NDArray[np.floating[Any]]) -> NDArray[np.intp]:
    """The class that each row of outputs or targets stands for: the largest, or 1 above one half."""
    if values.shape[1] == 1:
        return (values[:, 0] > 0.5).astype(np.intp)
    return values.argmax(axis=1)
