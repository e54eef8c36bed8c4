"""chainrule explain on the command line: formats, files, and one line for every mistake of a user."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.cli import main


def output_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    return capsys.readouterr().out


def test_without_arguments_the_notebooks_step_is_worked(capsys: pytest.CaptureFixture[str]) -> None:
    text = output_of(capsys)
    assert (
        "z1[1] = w1[1,1] * x[1] + w1[1,2] * x[2] + b1[1] = 0.2 * 0.9 + 0.3 * 0.8 + 0.1 = 0.52"
        in text
    )
    assert "mistaken: dL/dz2[1]" in text
    assert "mistaken" not in output_of(capsys, "--true-gradient")


def test_json_is_the_contracts_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(output_of(capsys, "mazur", "--format", "json", "--true-gradient"))
    assert set(record) == {"values", "loss", "updates"}
    assert set(record["updates"][0]) == {"name", "before", "gradient", "after"}
    assert record["loss"] == pytest.approx(0.298371109, abs=5e-10)


def test_the_step_at_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads(output_of(capsys, "--epoch", "100", "--format", "json"))
    assert record["loss"] == pytest.approx(0.00464662, abs=5e-9)
    record = json.loads(output_of(capsys, "--epoch", "100", "--format", "json", "--true-gradient"))
    assert record["loss"] == pytest.approx(0.00726264, abs=5e-9)


def test_han_and_kambers_rounding(capsys: pytest.CaptureFixture[str]) -> None:
    text = output_of(capsys, "han-kamber", "--round-each-step", "3,4")
    assert "= (-0.526) * 0.474 * (1 - 0.474) = -0.1311" in text
    assert "exact: -0.13116908, off by 0.00006908" in text


def test_digits_are_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    text = output_of(capsys, "--digits", "3")
    assert "a1[1] = sigmoid(z1[1]) = 1 / (1 + exp(-z1[1])) = 1 / (1 + exp(-0.52)) = 0.627\n" in text


def test_another_notation(capsys: pytest.CaptureFixture[str]) -> None:
    assert "δ⁽¹⁾[2]" in output_of(capsys, "--notation", "superscript")


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("step.md", b"# Numeric example"),
        ("step.tex", b"\\documentclass"),
        ("step.html", b"<!doctype html>"),
        ("step.pdf", b"%PDF"),
        ("step.json", b'{"values"'),
        ("step.txt", b"Numeric example"),
    ],
)
def test_the_name_of_the_output_says_the_format(
    name: str, start: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    assert main(["explain", "--output", str(file)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"chainrule: wrote {file}\n"
    assert file.read_bytes().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_that_exists_is_kept_unless_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "step.html"
    file.write_text("mine")
    assert main(["explain", "--output", str(file)]) == 2
    assert capsys.readouterr().err == f"chainrule: {file} exists; add --force to replace it\n"
    assert file.read_text() == "mine"
    assert main(["explain", "--output", str(file), "--force"]) == 0
    assert file.read_text("utf-8").startswith("<!doctype html>")


def test_a_failure_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "step.html"
    file.write_text("mine")

    def full(source: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert main(["explain", "--output", str(file), "--force"]) == 2
    assert "step.html cannot be written: No space left on device" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["step.html"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--value", "w1[9,9]"], "w1 has entries w1[1,1] to w1[3,2], counted from 1; the nearest is w1[3,2]"),
        (["--value", "w7[1,1]"], "there is no value 'w7[1,1]'; did you mean 'w2'?"),
        (["--epoch", "1000"], "there is no epoch 1000: the run's epochs are 0 to 999"),
        (["--sample", "5"], "there is no sample 5: the training samples are 1 to 1"),
        (["--format", "htm"], "unknown format 'htm'; did you mean 'html'?"),
        (["--output", "step.docx"], "the name 'step.docx' does not say which format; add --format"),
        (["--output", "nowhere/step.md"], "there is no folder nowhere; make it first"),
        (["--output", "/"], "does not say which format"),
        (["--notation", "greek"], "unknown notation 'greek'"),
        (["--digits", "99"], "digits must be a whole number from 0 to 30, got 99"),
        (["--round-each-step", "x"], "--round-each-step takes decimals, N or N,M such as 3,4; got 'x'"),
        (["--round-each-step", "3,4,5"], "--round-each-step takes decimals"),
        (["--round-each-step", "99"], "takes decimals from 0 to 20"),
        (["cs231n-neuron", "--epoch", "1"], "there is no epoch 1: the problem has no [training] section"),
        (["nothing"], "unknown textbook example 'nothing'"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("chainrule: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


@pytest.mark.parametrize("option", ["--epoch", "--sample", "--digits"])
def test_a_number_that_is_none_is_one_line_too(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["explain", option, "many"])
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_that_diverges_before_the_epoch_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wild.toml"
    file.write_text(
        "[data]\ninputs = [[3.0]]\ntargets = [[1.0]]\n[[layers]]\nweights = [[2.0]]\n"
        "[training]\nlearning_rate = 1e9\nepochs = 500\n"
    )
    assert main(["explain", str(file), "--epoch", "400"]) == 2
    assert "diverged in epoch" in capsys.readouterr().err


def test_at_a_terminal_the_text_has_styles_and_its_width() -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "chainrule", "explain"],
        stdout=follower,
        stderr=subprocess.PIPE,
        env={**os.environ, "COLUMNS": "70", "TERM": "xterm-256color"},
    )
    os.close(follower)
    text = b""
    try:
        while piece := os.read(leader, 65536):
            text += piece
    except OSError:  # the other end has closed
        pass
    process.communicate()
    assert process.returncode == 0
    assert b"\x1b[1m" in text
    assert b"= -0.00247379" in text


def test_markup_in_a_title_is_text_at_the_terminal_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bold.toml"
    file.write_text(
        'title = "[bold red]x[/] :smile: [link=file:///]y"\n[data]\ninputs = [[1.0]]\n'
        "targets = [[1.0]]\n[[layers]]\nweights = [[2.0]]\n"
    )
    assert output_of(capsys, str(file)).startswith("[bold red]x[/] :smile: [link=file:///]y\n")


def test_an_explanation_cut_short_is_no_fault() -> None:
    command = f"('{sys.executable}' -m chainrule explain; echo exit code $? >&2) | head -1"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert result.stdout == "Numeric example of backpropagation\n"
    assert result.stderr == "exit code 0\n"
