"""What `chainrule check` prints for a person: golden texts, and lines that fit whatever they show."""

from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from chainrule.checking.report import WIDTH, code_lines, write_report, write_row, write_summary
from chainrule.checking.verdict import Finding, ParameterVerdict, Verdict, undecided

SOURCE = "    delta2 = (a2 - t) * sigmoid_derivative(a2)"
FINDING = Finding(
    file="net.py",
    line=21,
    mistake="derivative-at-activation",
    found="sigmoid' at a2, the activation",
    expected="sigmoid' at z2, the pre-activation",
    fix="    delta2 = (a2 - t) * sigmoid_derivative(z2)",
    proved=True,
    columns=(24, 46),
    source=SOURCE,
    parameters=["w1", "w2"],
    numbers=("w2[0,1]", -0.0389735477177, -0.0274568235464),
)
PARAMETERS = [
    ParameterVerdict("w1", "wrong", 0.999934, 1.01, (3, 2)),
    ParameterVerdict("w2", "wrong", 1.0, 1.4194485, (1, 3)),
    ParameterVerdict("bias", "never-updated", None, None, ()),
]
WRONG = Verdict(
    "net.py",
    "wrong",
    "one line is wrong",
    loss="half-squared-error",
    parameters=PARAMETERS,
    findings=[FINDING],
    agreement=3e-16,
)

WRONG_TEXT = """\
net.py: wrong

net.py:21: derivative-at-activation
    21 |     delta2 = (a2 - t) * sigmoid_derivative(a2)
       |                         ^^^^^^^^^^^^^^^^^^^^^^
It computes sigmoid' at a2, the activation.
It should compute sigmoid' at z2, the pre-activation.
w2[0,1] is -0.0389735477, and -0.0274568235 would be right.
Corrected:
       |     delta2 = (a2 - t) * sigmoid_derivative(z2)

With this line changed, both gradients agree to 1e-12."""

RIGHT_TEXT = """\
net.py: right

Every update follows the gradient; the loss is binary-cross-entropy. The common factor is 2.

  parameter     shape       direction  length
  w1            3 x 2       1.000000   1.000000  right
  self.bias[0]  one number  1.000000   1.000000  right
  c             2                                never updated

Note: relu meets exactly 0 in layer 1, where it has a kink: 0 was taken for its slope."""

UNDECIDED_TEXT = """\
net.py: undecided

It trains nothing.
A gradient alone can be checked in Python: chainrule.check_gradients(loss, gradient, *arrays)
compares it with slopes of the loss."""

NOTEBOOK_TEXT = """\
net.ipynb: wrong

net.ipynb, cell 3, line 2: sign-error
     2 | w += rate * g
       |   ^^
It computes a step that climbs.
It should compute a step that descends.

That no other line is wrong was not proved."""


def test_a_wrong_line_is_shown_explained_and_corrected() -> None:
    assert write_report(WRONG) == WRONG_TEXT


def test_where_something_else_was_seen_to_agree_that_is_said() -> None:
    operation = replace(
        WRONG, agreeing="what tanh gives back is the derivative of what it computes"
    )
    words = " ".join(write_report(operation).split())
    assert "With this line changed, what tanh gives back is the derivative of what" in words
    assert "gradients agree" not in words


def test_a_right_file_says_its_loss_its_factor_and_its_parameters() -> None:
    verdict = Verdict(
        "net.py",
        "right",
        "every update follows the gradient",
        loss="binary-cross-entropy",
        factor=2.0,
        parameters=[
            ParameterVerdict("w1", "right", 1.0, 1.0, (3, 2)),
            ParameterVerdict("self.bias[0]", "right", 1.0, 1.0, ()),
            ParameterVerdict("c", "never-updated", None, None, (2,)),
        ],
        notes=[
            "relu meets exactly 0 in layer 1, where it has a kink: 0 was taken for its slope",
        ],
    )
    assert write_report(verdict) == RIGHT_TEXT


def test_losses_that_cannot_be_told_apart_are_all_named() -> None:
    verdict = Verdict(
        "a.py", "right", "every update follows the gradient", loss="huber|squared-error"
    )
    assert "the loss is huber or squared-error, which cannot be told apart" in write_report(verdict)


def test_an_undecided_file_says_why_and_what_to_do() -> None:
    assert write_report(undecided("net.py", "it trains nothing")) == UNDECIDED_TEXT
    advised = undecided("net.py", "it did not finish", advice="Give it longer.")
    assert write_report(advised).endswith("\n\nIt did not finish.\nGive it longer.")
    says_itself = undecided("net.py", "line 3: it reads 'a.csv', which is not there; put it there")
    assert write_report(says_itself).endswith(
        "\n\nLine 3: it reads 'a.csv', which is not there; put it there."
    )


def test_a_notebook_has_cells_and_lines_in_them() -> None:
    finding = Finding(
        file="net.ipynb",
        line=14,
        mistake="sign-error",
        found="a step that climbs",
        expected="a step that descends",
        fix=None,
        proved=False,
        cell=3,
        cell_line=2,
        columns=(2, 4),
        source="w += rate * g",
    )
    verdict = Verdict("net.ipynb", "wrong", "", findings=[finding])
    assert write_report(verdict) == NOTEBOOK_TEXT
    assert write_row(verdict, 9, None) == "wrong      net.ipynb  sign-error (cell 3, line 2)"


def test_agreement_is_claimed_only_where_all_is_proved_and_as_close_as_it_was_seen() -> None:
    unproved = replace(WRONG, findings=[FINDING, replace(FINDING, line=25, proved=False)])
    assert "agree" not in write_report(unproved)
    twice = replace(WRONG, findings=[FINDING, replace(FINDING, line=25)], agreement=2.5e-9)
    assert "With these 2 lines changed, both gradients agree to 1e-08." in write_report(twice)
    unmeasured = replace(WRONG, agreement=None)
    assert write_report(unmeasured).endswith("both gradients agree.")


def test_a_driven_file_is_called_so() -> None:
    assert write_report(replace(WRONG, driven=True)).startswith(
        "net.py: wrong, driven with made-up data\n"
    )


@pytest.mark.parametrize("width", [40, 57, 80, 100, 200])
@pytest.mark.parametrize("seed", range(20))
def test_lines_fit_and_what_is_wrong_is_underlined(width: int, seed: int) -> None:
    rng = np.random.default_rng([seed, 5])
    letters = list("abc +*()\tδ神\x1b'[]\\")
    source = "".join(rng.choice(letters, size=int(rng.integers(2, 300))))
    start = int(rng.integers(0, len(source) - 1))
    end = int(rng.integers(start + 1, min(len(source), start + 6) + 1))
    shown, *marks = code_lines(source, (start, end), width, 7)
    assert cell_len(shown) <= width
    marked = source[start:end].replace("\t", "    ").replace("\x1b", "\\x1b")
    (mark,) = marks
    offset = mark.index("^")
    before = 0
    while cell_len(shown[:before]) < offset:
        before += 1
    assert shown[before:].startswith(marked.rstrip() if end == len(source) else marked)
    assert mark.count("^") == cell_len(marked)
    assert shown.isprintable()


def test_a_statement_of_several_lines_is_shown_whole() -> None:
    finding = replace(FINDING, source="a = f(\n    b)", columns=(4, 5), fix="a = g(\n    b)")
    text = write_report(replace(WRONG, findings=[finding]))
    assert "    21 | a = f(\n       |     ^\n    22 |     b)\n" in text
    assert "Corrected:\n       | a = g(\n       |     b)\n" in text


def test_columns_beyond_the_line_are_left_out() -> None:
    assert list(code_lines("w = 1", (30, 40), 80, 3)) == ["     3 | w = 1"]
    assert list(code_lines("", None, 80, None)) == ["       |"]


def test_words_are_wrapped_and_nothing_breaks_a_line() -> None:
    reason = "it stops with ValueError: " + "long words " * 40 + "\nand \x1b[31mred"
    for width in (40, 80, 120):
        report = write_report(undecided("a\nb.py", reason), width)
        assert all(cell_len(line) <= width for line in report.splitlines())
        assert report.startswith("a\\nb.py: undecided\n")
        assert "\x1b" not in report


def test_a_row_is_one_line_cut_to_the_terminal() -> None:
    verdict = undecided("net.py", "it stops " * 30 + "\nhere")
    assert write_row(verdict, 10, None).endswith("\\nhere")
    row = write_row(verdict, 10, 60)
    assert cell_len(row) <= 60
    assert row.startswith("undecided  net.py      it stops")
    assert row.endswith("...")
    assert write_row(WRONG, 6, None) == "wrong      net.py  derivative-at-activation (line 21)"


def test_the_summary_counts() -> None:
    assert write_summary(["wrong"], 0) == "1 file: 0 right, 1 wrong, 0 undecided"
    assert write_summary(["right", "undecided"], 1) == (
        "3 files: 1 right, 0 wrong, 1 undecided, 1 not checked, by a fault of chainrule"
    )
    assert WIDTH == 100


def test_a_verdict_comes_back_from_its_data_and_prints_in_brief() -> None:
    import json

    again = Verdict.from_data(json.loads(json.dumps(WRONG.as_data())))
    assert again == WRONG
    assert str(again).splitlines()[0] == "net.py: wrong, one line is wrong"
    assert "    net.py:21: derivative-at-activation" in str(again)
