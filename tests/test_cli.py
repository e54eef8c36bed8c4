"""The command line: exactly the contract's output, exit codes, and words for every mistake of a user."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import Problem, Run
from chainrule.cli import main, train_command
from chainrule.cli.messages import OUR_FAULT
from chainrule.errors import DivergedError
from chainrule.textbook import example_names
from chainrule.training import Engine

EXAMPLES = Path(__file__).parent.parent / "examples"

PUBLISHED = """\
Epoch: 0, Loss: [0.0168109]
Epoch: 100, Loss: [0.00464662]
Epoch: 200, Loss: [0.00202994]
Epoch: 300, Loss: [0.00110683]
Epoch: 400, Loss: [0.00068673]
Epoch: 500, Loss: [0.00046356]
Epoch: 600, Loss: [0.00033201]
Epoch: 700, Loss: [0.00024846]
Epoch: 800, Loss: [0.00019231]
Epoch: 900, Loss: [0.0001529]
Final Output: [0.98422156]
"""
TRUE = """\
Epoch: 0, Loss: [0.0168109]
Epoch: 100, Loss: [0.00726264]
Epoch: 200, Loss: [0.00443953]
Epoch: 300, Loss: [0.00314452]
Epoch: 400, Loss: [0.00241397]
Epoch: 500, Loss: [0.00194911]
Epoch: 600, Loss: [0.00162907]
Epoch: 700, Loss: [0.00139613]
Epoch: 800, Loss: [0.00121945]
Epoch: 900, Loss: [0.00108111]
Final Output: [0.95593173]
"""


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it: a process of its own."""
    command = [sys.executable, "-m", "chainrule", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# --- train ----------------------------------------------------------------------------------------


def test_a_bare_train_prints_the_eleven_published_lines_and_says_what_is_wrong() -> None:
    result = run("train")
    assert result.stdout == PUBLISHED
    assert result.returncode == 0
    assert "derivative-at-activation" in result.stderr
    assert "dL/dz2 and dL/dz1 use sigmoid'(a2) and sigmoid'(a1)" in result.stderr
    assert "where the chain rule has sigmoid'(z2) and sigmoid'(z1)" in result.stderr
    assert "at epoch 900 is [0.00108111] and the final output [0.95593173]\n" in result.stderr
    assert "'chainrule train --true-gradient' shows that run" in result.stderr


def test_true_gradient_prints_the_true_run_and_nothing_else() -> None:
    result = run("train", "--true-gradient")
    assert (result.stdout, result.stderr, result.returncode) == (TRUE, "", 0)


def test_the_command_is_installed() -> None:
    command = Path(sys.executable).with_name("chainrule")
    result = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("chainrule 0.")


def test_json_is_one_object_at_full_precision(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--json", "--true-gradient"]) == 0
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert printed.err == ""
    assert list(result) == [
        "losses",
        "final_loss",
        "final_output",
        "accuracy",
        "epochs",
        "parameters",
    ]
    assert list(result["losses"]) == [str(epoch) for epoch in range(0, 1000, 100)]
    assert result["losses"]["0"] == pytest.approx(0.016810900180421589, rel=1e-14)
    assert result["final_output"] == pytest.approx([0.95593172890970519], rel=1e-13)
    assert result["final_loss"] == pytest.approx(0.5 * (1 - result["final_output"][0]) ** 2)
    assert (result["accuracy"], result["epochs"]) == (None, 1000)
    assert list(result["parameters"]) == ["w1", "b1", "w2", "b2"]
    assert np.shape(result["parameters"]["w1"]) == (3, 2)


def test_the_same_seed_gives_the_same_bits_in_two_processes() -> None:
    first, second = (run("train", str(EXAMPLES / "iris.toml"), "--json") for _ in range(2))
    assert first.stdout == second.stdout
    assert json.loads(first.stdout)["accuracy"] >= 0.95


def test_classes_add_a_line_of_accuracy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(EXAMPLES / "iris.toml")]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == "Accuracy: 0.96666667 (29 of 30 test samples)"
    assert printed.out.count("\n") == 10 + 10 + 1
    assert "first 10 of 120 samples" in printed.err


def test_outputs_of_several_samples_stand_below_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["train", "goodfellow-xor"])
    printed = capsys.readouterr()
    rows = ["Final Output: [[0.]", "[1.]", "[1.]", "[0.]]"]
    assert [line.strip() for line in printed.out.splitlines()] == rows
    assert "no [training] section: a forward pass, nothing was trained" in printed.err


def test_a_forward_pass_alone_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", "cs231n-neuron", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert result["final_output"] == pytest.approx([0.731058578630004879])
    assert (result["losses"], result["final_loss"], result["epochs"]) == ({}, None, 0)


def test_epochs_and_learning_rate_override_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    main(["train", str(EXAMPLES / "xor.toml"), "--epochs", "5", "--learning-rate", "2", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert result["epochs"] == 5
    main(["train", str(EXAMPLES / "xor.toml"), "--epochs", "5", "--json"])
    assert json.loads(capsys.readouterr().out)["final_loss"] != result["final_loss"]


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_engines_are_named_by_the_contract(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--true-gradient", "--engine", engine]) == 0
    assert capsys.readouterr().out == TRUE


def test_the_note_names_the_problem_that_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "mazur", "--epochs", "10"]) == 0
    note = capsys.readouterr().err
    assert "dL/da1 sends the error back through w2 after this step's update" in note
    assert "'chainrule train mazur --epochs=10 --true-gradient' shows that run" in note
    assert "at epoch 9 is" in note


def test_the_note_says_when_only_the_true_run_diverges(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train_once = train_command.run_training

    def diverge_without_mistake(problem: Problem, engine: Engine, quiet: bool) -> Run:
        assert problem.training is not None
        if problem.training.mistake is None:
            raise DivergedError(7, "the run diverged in epoch 7")
        return train_once(problem, engine, quiet)

    monkeypatch.setattr(train_command, "run_training", diverge_without_mistake)
    assert main(["train"]) == 0
    assert "with the true gradient the run diverged in epoch 7" in capsys.readouterr().err


# --- examples -------------------------------------------------------------------------------------


def test_examples_lists_every_figure_with_its_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["examples"]) == 0
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    for name in example_names():
        assert name in lines
    assert "loss   900      0.0001529" in printed
    assert "wrong: derivative-at-activation" in printed
    assert "wrong: the value after 9999 updates" in printed
    assert "right when each step is rounded" in printed
    assert printed.count("Source:") == printed.count("Erratum:") == len(example_names())
    assert max(map(len, lines)) < 250


# --- wrong usage ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "mazurr"], "unknown textbook example 'mazurr'; did you mean 'mazur'?"),
        (["train", "none.toml"], "none.toml: cannot be read: No such file or directory"),
        (["train", "--epochs", "0"], "--epochs must be 1 or more, got 0"),
        (["train", "--epochs", "x"], "argument --epochs: invalid int value: 'x'"),
        (["train", "--learning-rate", "-1"], "learning_rate must be more than 0, got -1"),
        (
            ["train", "--learning-rate", "nan"],
            "learning_rate must be finite and more than 0, got nan",
        ),
        (["train", "--engine", "gpu"], "argument --engine: invalid choice: 'gpu'"),
        (["train", "cs231n-neuron", "--epochs", "5"], "--epochs: cs231n-neuron has no [training]"),
        (["train", "a", "b"], "unrecognized arguments: b"),
        (["train", "--json5"], "unrecognized arguments: --json5"),
        (["trian"], "invalid choice: 'trian'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_run_that_diverges_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(
        "[data]\ninputs = [[3.0]]\ntargets = [[1.0]]\n[[layers]]\nweights = [[1.0]]\n"
        "[training]\nlearning_rate = 10\nepochs = 1000\nreport_every = 20\n"
    )
    result = run("train", str(file))
    assert result.returncode == 2
    assert result.stdout.splitlines()[0] == "Epoch: 0, Loss: [2.]"
    assert result.stderr.count("\n") == 1
    assert "diverged in epoch 78: the loss is no longer finite" in result.stderr
    assert "try a smaller learning rate than 10" in result.stderr
    assert run("train", str(file), "--json").stdout == ""


OVERFLOWING = "[data]\ninputs = [[1e300]]\n[[layers]]\nweights = [[1e300]]\n"
NO_PLACE = (
    "[data]\ninputs = [[1.0]]\ntargets = [[1.0]]\n[[layers]]\nweights = [[1.0]]\n"
    '[training]\nlearning_rate = 0.1\nepochs = 1\nmistake = "updated-weights"\n'
)
TOO_LARGE = (
    "[data]\ninputs = [[1.0]]\ntargets = [[1e200]]\n[[layers]]\nweights = [[1.0]]\n"
    "[training]\nlearning_rate = 0.1\nepochs = 1\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OVERFLOWING, "the forward pass overflows: weights or inputs are too large"),
        (NO_PLACE, "'updated-weights' cannot happen in this network"),
        (TOO_LARGE, "before the first update: the data or the starting weights are too large"),
    ],
)
@pytest.mark.parametrize("flag", ["--true-gradient", "--json"])
def test_a_run_that_cannot_begin_is_one_line_and_exit_code_2(
    tmp_path: Path, text: str, message: str, flag: str
) -> None:
    file = tmp_path / "p.toml"
    file.write_text(text)
    result = run("train", str(file), flag)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert message in result.stderr
    assert str(file) in result.stderr


@pytest.mark.parametrize("name", ["a" * 300, "a\nb", "b" * 300 + ".toml"])
def test_a_name_that_no_file_can_have_is_one_line_and_exit_code_2(name: str) -> None:
    result = run("train", name)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", ["train --true-gradient", "examples"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_no_fault_of_ours(command: str, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "chainrule", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr == "chainrule: the output cannot be written: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell to close a stream")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_fault_of_ours(closed: str) -> None:
    command = f"'{sys.executable}' -m chainrule train {closed}"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert "fault" not in result.stderr


def test_a_fault_of_our_own_is_exit_code_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(name: str) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("chainrule.textbook.read_problem", broken)
    assert main(["train"]) == OUR_FAULT == 70
    assert "this is a fault of chainrule itself" in capsys.readouterr().err


def test_ctrl_c_ends_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    text = (EXAMPLES / "xor.toml").read_text()
    file.write_text(text.replace("epochs = 1000", "epochs = 100000000"))
    command = [sys.executable, "-m", "chainrule", "train", str(file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("Epoch: 0, ")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "chainrule: interrupted; nothing was saved\n"
        assert process.wait() == 130


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-m", "chainrule", "examples"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


# --- start-up -------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"]])
def test_help_imports_neither_numpy_nor_rich(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom chainrule.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'numpy', 'rich', 'tqdm', 'dataclasses', 'difflib', 'importlib.metadata'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "chainrule" in result.stdout


def test_import_chainrule_alone_costs_no_numpy() -> None:
    code = "import sys, chainrule; assert 'numpy' not in sys.modules; chainrule.Dense; assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_script_is_checked_without_numpy_in_the_process_that_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("x = 1\n", encoding="utf-8")
    code = (
        "import sys\nfrom chainrule.checking.request import check_file, find_subjects\n"
        f"find_subjects([{str(tmp_path / 'script.py')!r}])\nassert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_training_without_a_mistake_loads_no_formulas() -> None:
    code = (
        "import sys\nfrom chainrule import Dense, GradientDescent, Network, train\n"
        "train(Network(Dense([[1.0]], [0.0])), [1.0], [0.0], optimizer=GradientDescent(0.1), epochs=1)\n"
        "assert 'chainrule.mistakes' not in sys.modules and 'chainrule.expression' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
