"""Problem files that cannot be used: one line in words, that says what, where and what would be right."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import ChainruleError, read_problem

from small_problems import CLASSES, PROBLEM, changed, csv_problem, parse

BAD_PROBLEMS = [
    ("title", "titel", "p.toml: unknown key 'titel'; did you mean 'title'?"),
    (
        "epochs = 10",
        "epoch = 10",
        "p.toml: [training]: unknown key 'epoch'; did you mean 'epochs'?",
    ),
    ("biases = [0.1, 0.2, 0.3]", "bias = 1", "p.toml: layer 1: unknown key 'bias'; did you mean"),
    ("inputs =", "input =", "p.toml: [data]: unknown key 'input'; did you mean 'inputs'?"),
    ("learning_rate = 0.1\n", "", "p.toml: [training]: key 'learning_rate' is missing"),
    ("epochs = 10\n", "", "p.toml: [training]: key 'epochs' is missing, for example epochs = 1000"),
    ("inputs = [[0.9, 0.8], [0.1, 0.2]]\n", "", "p.toml: [data]: key 'inputs' is missing"),
    ("targets = [[1.0], [0.0]]\n", "", "p.toml: [data]: key 'targets' is missing"),
    ("weights = [[0.4, 0.5, 0.6]]\n", "", "p.toml: layer 2: key 'weights' is missing, or 'units'"),
    (
        "[[0.4, 0.5, 0.6]]",
        "[[0.4, 0.5]]",
        (
            "p.toml: layer 2 weights: have shape (1, 2), (units, inputs), but layer 1 has 3 units: "
            "(1, 3) would fit"
        ),
    ),
    (
        "[[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]]",
        "[[0.2, 0.4, 0.6], [0.3, 0.5, 0.7]]",
        (
            "p.toml: layer 1 weights: have shape (2, 3), (units, inputs), but data has 2 inputs: "
            "(2, 2) would fit"
        ),
    ),
    (
        "biases = [0.1, 0.2, 0.3]",
        "biases = [0.1]",
        "p.toml: layer 1: biases must have shape (3,), one for each row of weights (3, 2), got (1,)",
    ),
    (
        "[[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]]",
        "[[0.2, 0.3], [0.4]]",
        "p.toml: layer 1 weights: row 2 has 1 numbers, but row 1 has 2",
    ),
    ("[[1.0], [0.0]]", "[[1.0]]", "p.toml: [data] targets: has 1 samples, but inputs has 2"),
    (
        "[[1.0], [0.0]]",
        "[[1.0, 2.0], [0.0, 1.0]]",
        "p.toml: [data] targets: has 2 numbers a sample, but the last layer has 1 units",
    ),
    (
        "epochs = 10",
        'epochs = "ten"',
        "[training] epochs: must be a whole number, 1 or more, got 'ten'",
    ),
    ("epochs = 10", "epochs = 0", "[training] epochs: must be a whole number, 1 or more, got 0"),
    ("epochs = 10", "epochs = true", "epochs: must be a whole number, 1 or more, got true"),
    ("epochs = 10", "epochs = 1.5", "epochs: must be a whole number, 1 or more, got 1.5"),
    ("learning_rate = 0.1", "learning_rate = -0.1", "learning_rate must be more than 0, got -0.1"),
    (
        "learning_rate = 0.1",
        "learning_rate = nan",
        "[training] learning_rate: must be a finite number, got nan",
    ),
    (
        "0.9, 0.8",
        "nan, 0.8",
        "p.toml: [data] inputs: row 1, column 1 must be a finite number, got nan",
    ),
    (
        "0.1, 0.2]]",
        "0.1, -inf]]",
        "[data] inputs: row 2, column 2 must be a finite number, got -inf",
    ),
    ("0.9, 0.8", "'x', 0.8", "[data] inputs: row 1, column 1 must be a finite number, got 'x'"),
    ("[0.1, 0.2]]", "7]", "[data] inputs: row 2 must be a list of numbers, got 7"),
    ("[[0.9, 0.8], [0.1, 0.2]]", "[]", "[data] inputs: is empty; it must be a list"),
    ("[[0.9, 0.8], [0.1, 0.2]]", "[[]]", "[data] inputs: is empty; it must be a list"),
    ("[[0.9, 0.8], [0.1, 0.2]]", "[[[1.0]]]", "[data] inputs: must be a list of numbers or"),
    ("[[0.9, 0.8], [0.1, 0.2]]", "'x'", "[data] inputs: must be a list of numbers or"),
    ('"half-squared-error"', '"mse"', "[training] loss: 'mse' is unknown (known: half-"),
    ('"half-squared-error"', '"squared-eror"', "did you mean 'squared-error'?"),
    ('"half-squared-error"', "7", "[training] loss: 7 is unknown (known"),
    ('activation = "sigmoid"', 'activation = "sigmoidal"', "did you mean 'sigmoid'?"),
    ('activation = "sigmoid"', "activation = ['tanh']", "layer 1 activation: a list is unknown"),
    ("epochs = 10", "epochs = 10\noptimizer = 'sgd'", "[training] optimizer: 'sgd' is unknown"),
    (
        "epochs = 10",
        "epochs = 10\nmomentum = 0.9",
        "[training]: optimizer 'gradient-descent' takes no momentum; it takes learning_rate",
    ),
    ("epochs = 10", "epochs = 10\ndelta = 1.0", "loss 'half-squared-error' takes no delta"),
    ("biases = [0.1, 0.2, 0.3]", "alpha = 0.1", "layer 1: activation 'sigmoid' takes no alpha"),
    ("epochs = 10", "epochs = 10\nbatch_size = 0", "batch_size: must be a whole number, 1 or more"),
    ("epochs = 10", "epochs = 10\nbatch_size = 'half'", 'batch_size: must be "all" or a whole'),
    ("epochs = 10", "epochs = 10\nseed = -1", "seed: must be a whole number, 0 or more, got -1"),
    ("epochs = 10", "epochs = 10\nshuffle = 1", "shuffle: must be true or false, got 1"),
    ("epochs = 10", "epochs = 10\ndtype = 'int8'", "dtype: 'int8' is unknown"),
    ("epochs = 10", "epochs = 10\nmistake = 'typo'", "mistake: 'typo' is unknown"),
    ("epochs = 10", "epochs = 10\nreduction = 'max'", "reduction: 'max' is unknown"),
    (
        "biases = [0.1, 0.2, 0.3]",
        "biases = [0.1, 0.2, 0.3]\nshare_bias = true",
        "layer 1: share_bias needs one number or equal ones as biases",
    ),
    (
        "biases = [0.1, 0.2, 0.3]",
        "biases = 0.1",
        "layer 1 biases: must be a list of numbers, got 0.1",
    ),
    (
        "biases = [0.1, 0.2, 0.3]",
        "units = 3",
        "units: stands beside 'weights'; give the weights in",
    ),
    (
        "weights = [[0.4, 0.5, 0.6]]",
        "units = 0",
        "layer 2 units: must be a whole number, 1 or more",
    ),
    ("weights = [[0.4, 0.5, 0.6]]", "units = 999999999999", "are more weights than 100000000"),
    (
        "weights = [[0.4, 0.5, 0.6]]",
        "units = 1\ninitial = {uniform = -1}",
        "layer 2 initial: uniform must be more than 0, got -1",
    ),
    (
        "weights = [[0.4, 0.5, 0.6]]",
        "units = 1\ninitial = {gauss = 1}",
        "layer 2 initial: must be a name, {uniform = r} or {normal = s}",
    ),
    ("weights = [[0.4, 0.5, 0.6]]", "units = 1\ninitial = 'he'", "initial: 'he' is unknown"),
    ("[[0.2, 0.3]", "[[1e999, 0.3]", "layer 1 weights: row 1, column 1 must be a finite number"),
    (
        "[[0.2, 0.3]",
        "[[1e300, 0.3]",
        "[training]: w1[0, 0] is 1e+300; every number must be finite in float32",
    ),
    ('title = "A small one"', "title = 7", "p.toml: title: must be text in quotes, got 7"),
    ('title = "A small one"', "title = ", "p.toml: is not TOML: Invalid value (at line 2"),
    (
        "[training]",
        "[[training]]",
        "p.toml: training: must be a table, written [training], got a list",
    ),
    ("[[layers]]", "[layers]", "p.toml: is not TOML"),
    ("[data]", "layers = 3\n[data]", "p.toml: is not TOML"),
    ("targets =", "target = 'y'\ntargets =", "target: names a column of 'file', which is missing"),
    ("targets =", "test_fraction = 1.5\ntargets =", "test_fraction: must be from 0 up to"),
    ("targets =", "test_fraction = 0.01\ntargets =", "0.01 of 2 leaves no test samples"),
    ("targets =", "test_fraction = 0.99\ntargets =", "0.99 of 2 leaves no training samples"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD_PROBLEMS)
def test_a_bad_problem_gets_one_line_that_says_where(old: str, new: str, message: str) -> None:
    text = changed(old, new)
    if "float32" in message:
        text = text.replace("epochs = 10", 'epochs = 10\ndtype = "float32"')
    with pytest.raises(ChainruleError) as error:
        parse(text)
    assert message in str(error.value)
    assert str(error.value).startswith("p.toml: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '["cat", "dog", "cat", "emu"]',
            '["cat", "cat", "cat", "cat"]',
            "all samples have one class",
        ),
        ('["cat", "dog", "cat", "emu"]', "[1, 1, 1, 1]", "all samples have one class, '1'"),
        ("units = 3", "units = 2", "has 3 classes ('cat', 'dog', 'emu'), but the last layer has 2"),
        ('["cat", "dog", "cat", "emu"]', "[0, 1, 0, 1.5]", "row 4 is 1.5; class numbers are whole"),
        (
            '["cat", "dog", "cat", "emu"]',
            '["cat", 1, "cat", "emu"]',
            "targets: entry 2 is 1; write all",
        ),
        ("units = 3", "units = 1", 'for one output use "binary-cross-entropy"'),
        (
            'targets = ["cat", "dog", "cat", "emu"]',
            "targets = [[0, 1, 2], [0, 0, 1], [0, 1, 0], [1, 0, 0]]",
            "row 1, column 3 is 2; with cross-entropy targets lie between 0 and 1",
        ),
    ],
)
def test_bad_classes_get_one_line(old: str, new: str, message: str) -> None:
    with pytest.raises(ChainruleError) as error:
        parse(changed(old, new, CLASSES))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b,z\n1,2,no\n", "target: 'y' is no column of d.csv (it has a, b, z)"),
        ("a,y,y\n1,2,no\n", "d.csv has 2 columns named 'y'"),
        ("y\nno\n", "d.csv has no input columns beside 'y'"),
        ("", "d.csv is empty; its first line must name the columns"),
        ("a,y\n", "d.csv has no rows below its header"),
        (
            "a,y\n1,no\nx,yes\n",
            "d.csv, row 2 (line 3), column 'a' is the text 'x'; it must be a number",
        ),
        ("a,y\n1,no\n,yes\n", "d.csv, row 2 (line 3), column 'a' is empty; it must be a number"),
        ("a,y\n1,no\n\nnan,yes\n", "d.csv, row 2 (line 4), column 'a' is nan; it must be finite"),
        ("a,y\n1,1\n2,inf\n", "d.csv, row 2 (line 3), column 'y' is inf; it must be finite"),
        ("a,y\n1,no\n2,yes,3\n", "d.csv, row 2 (line 3) has 3 entries, but the header has 2"),
        ("a,y\n1,no\n2,\n", "d.csv, row 2 (line 3), column 'y' is empty"),
        (
            "a,y\n1,2.5\n2,n/a\n",
            "row 2 (line 3), column 'y' is the text 'n/a'; it must be a number",
        ),
        (
            "a,y\n1,n/a\n2,2.5\n",
            "row 1 (line 2), column 'y' is the text 'n/a'; it must be a number",
        ),
        ("a,y\n1,no\n2,nan\n", "row 2 (line 3), column 'y' is 'nan', which is no class name"),
        ("a,y\n1,no\n2,y\x00s\n", "which is no class name"),
        ("a,y\n1_000,no\n2,yes\n", "column 'a' is the text '1_000'; it must be a number"),
        ("a,y\n1,no\n2,no\n", "all samples have one class, 'no'; two or more are needed"),
        (b"a,y\n1,\xff\n", "is not UTF-8 (byte 6); save it as UTF-8"),
        ('a,y\n"1,no\n', "is no CSV file"),
    ],
)
def test_a_bad_csv_file_gets_one_line_with_row_and_column(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    text = csv_problem(tmp_path, content)
    with pytest.raises(ChainruleError) as error:
        parse(text, tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_split_that_leaves_a_class_without_training_samples_gets_one_line(tmp_path: Path) -> None:
    rows = "".join(f"{n},{'a' if n < 2 else 'b'}\n" for n in range(12))
    text = csv_problem(tmp_path, "x,y\n" + rows, more="test_fraction = 0.9")
    with pytest.raises(ChainruleError, match=r"0\.9 leaves no training samples of class 'a'"):
        parse(text, tmp_path)


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        ("binary-cross-entropy", "[[1], [1], [1]]"),
        ("cross-entropy", "[[1, 0], [1, 0], [1, 0]]"),
    ],
)
def test_one_class_written_as_numbers_gets_one_line(loss: str, targets: str) -> None:
    units = len(eval(targets)[0])
    text = f"""
        [data]
        inputs = [[1], [2], [3]]
        targets = {targets}
        [[layers]]
        units = {units}
        activation = "sigmoid"
        [training]
        loss = "{loss}"
        learning_rate = 0.1
        epochs = 1
    """
    with pytest.raises(ChainruleError, match="all samples have one class"):
        parse(text)


def test_names_with_line_breaks_stay_on_one_line(tmp_path: Path) -> None:
    for text in (
        changed("targets = [[1.0], [0.0]]", 'file = "a\\nb"\ntarget = "y"').replace(
            "inputs = [[0.9, 0.8], [0.1, 0.2]]", ""
        ),
        csv_problem(tmp_path, 'a,"y\nz"\n1,no\n'),
    ):
        with pytest.raises(ChainruleError) as error:
            parse(text, tmp_path)
        assert "\n" not in str(error.value)


def test_a_missing_csv_file_and_double_data_get_one_line(tmp_path: Path) -> None:
    text = csv_problem(tmp_path, "")
    with pytest.raises(ChainruleError, match=r"none\.csv cannot be read: No such file"):
        parse(text.replace("d.csv", "none.csv"), tmp_path)
    with pytest.raises(ChainruleError, match="inputs: stands beside 'file'"):
        parse(text.replace("target =", "inputs = [[1.0]]\ntarget ="), tmp_path)
    with pytest.raises(ChainruleError, match="key 'target' is missing"):
        parse(text.replace('target = "y"\n', ""), tmp_path)


def test_files_that_are_not_there_or_not_utf8_get_one_line(tmp_path: Path) -> None:
    with pytest.raises(ChainruleError, match=r"no\.toml: cannot be read: No such file"):
        read_problem(tmp_path / "no.toml")
    with pytest.raises(ChainruleError, match="cannot be read: Is a directory"):
        read_problem(tmp_path)
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b'title = "\xff"')
    with pytest.raises(ChainruleError, match=r"is not UTF-8 \(byte 9\); save it as UTF-8"):
        read_problem(bad)


# --- fuzzing: whatever stands in a file, it is a problem or one line ------------------------------

toml_values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from(["sigmoid", "cross-entropy", "adam", "all", "x", "float32", "zeros"]),
        st.text(max_size=5),
    ),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=9,
)


def as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" for c in value) + '"'
    return repr(value)


def is_problem_or_one_line(text: str, folder: Path = Path()) -> None:
    """A problem that is read also runs, or stops with one line; a warning would be an error here."""
    message = ""
    try:
        problem = parse(text, folder)
        if sum(array.size for array in problem.network.parameters.values()) < 10_000:
            problem.accuracy(problem.network)
            problem.forward_pass()
            if problem.training is not None:
                problem.accuracy(problem.with_training(epochs=2).train().network)
    except ChainruleError as error:
        message = str(error)
    assert "\n" not in message


LINES = [line for line in PROBLEM.splitlines() if "=" in line]
KEYS = sorted({line.split(" =")[0] for line in LINES})
MORE_KEYS = ["batch_size", "seed", "delta", "momentum", "alpha", "units", "initial", "share_bias"]


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(LINES), st.sampled_from(KEYS + MORE_KEYS), toml_values)
def test_any_value_of_any_key_is_a_problem_or_one_line(line: str, key: str, value: Any) -> None:
    is_problem_or_one_line(PROBLEM.replace(line, f"{key} = {as_toml(value)}", 1))


@settings(deadline=None, max_examples=300)
@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_problem_or_one_line(text: str) -> None:
    is_problem_or_one_line(text)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(PROBLEM)), st.integers(0, 30), st.text("[]={}\"'.,#\n0e-x", max_size=6))
def test_any_damaged_problem_is_a_problem_or_one_line(start: int, length: int, patch: str) -> None:
    is_problem_or_one_line(PROBLEM[:start] + patch + PROBLEM[start + length :])


cells = st.text("0123456789.-e_ ", max_size=4) | st.sampled_from(
    ["nan", "a", "", '"', "1e308", "é"]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(cells, min_size=2, max_size=3), max_size=5))
def test_any_csv_file_is_data_or_one_line(rows: list[list[str]]) -> None:
    content = "\n".join(["a,y", *(",".join(row) for row in rows)])
    with tempfile.TemporaryDirectory() as folder:
        text = csv_problem(Path(folder), content, more="standardize = true")
        is_problem_or_one_line(text, Path(folder))
        numeric = text.replace('"cross-entropy"', '"squared-error"').replace(
            "units = 2", "units = 1"
        )
        is_problem_or_one_line(numeric, Path(folder))


def test_deep_nesting_and_giant_numbers_get_one_line() -> None:
    is_problem_or_one_line("a = " + "[" * 100_000)
    is_problem_or_one_line(changed("epochs = 10", f"epochs = {'9' * 5000}"))
    is_problem_or_one_line(changed("learning_rate = 0.1", f"learning_rate = {'9' * 4000}"))
    for initial in ("{uniform = 1.7e308}", "{normal = 1.7e308}"):
        lines = f"units = 1\ninitial = {initial}"
        is_problem_or_one_line(changed("weights = [[0.4, 0.5, 0.6]]", lines))
