"""chainrule train: a run's losses as they come, its output, and what its mistake hides."""

import argparse
import sys
from typing import TYPE_CHECKING, Any

from chainrule.cli.messages import DEFAULT_PROBLEM, DONE, note
from chainrule.errors import DivergedError, InputError

if TYPE_CHECKING:
    from chainrule.arrays import Array
    from chainrule.problem import Problem
    from chainrule.training import Engine, Run

SHOWN_SAMPLES = 10


def train_command(options: argparse.Namespace) -> int:
    from chainrule.textbook import read_problem

    problem = with_options(read_problem(options.problem), options)
    if problem.training is None:
        show_forward_pass(problem, options)
        return DONE
    note_engine(problem, options)
    run = run_training(problem, options.engine, quiet=options.json)
    hits = problem.accuracy(run.network)
    if options.json:
        print_json(run_as_json(run, hits))
    else:
        print(f"Final Output: {show_output(run.final_output)}")
        if hits is not None:
            part = "test" if len(problem.data.test_inputs) else "training"
            print(f"Accuracy: {hits[0] / hits[1]:.8g} ({hits[0]} of {hits[1]} {part} samples)")
        note_hidden_samples(run.final_output)
    if problem.training.mistake is not None:
        explain_mistake(problem, options)
    return DONE


def with_options(problem: "Problem", options: argparse.Namespace) -> "Problem":
    from dataclasses import replace

    changes: dict[str, Any] = {}
    if problem.training is None:
        for flag in ("epochs", "learning_rate"):
            if getattr(options, flag) is not None:
                raise InputError(
                    f"--{flag.replace('_', '-')}: {options.problem} has no [training] section; add "
                    "one, with learning_rate and epochs"
                )
        return problem
    if options.epochs is not None:
        if options.epochs < 1:
            raise InputError(f"--epochs must be 1 or more, got {options.epochs}")
        changes["epochs"] = options.epochs
        if options.epochs <= (problem.training.report_every or 1):
            changes["report_every"] = None  # else a short run would report its first epoch alone
    if options.learning_rate is not None:
        optimizer = problem.training.optimizer
        changes["optimizer"] = replace(optimizer, learning_rate=options.learning_rate)
    if options.true_gradient:
        changes["mistake"] = None
    return problem.with_training(**changes)


def note_engine(problem: "Problem", options: argparse.Namespace) -> None:
    """Say where another engine computes than one may expect."""
    from chainrule.engine import native

    assert problem.training is not None
    if not native.is_built() and options.engine == "auto":
        note(
            "the native engine is not built here (it needs GCC or Clang when chainrule is installed); the "
            "reference engine computes"
        )
    if options.engine == "native" and problem.training.mistake is not None and native.is_built():
        note("mistakes are made by the reference engine: it computes this run")
        options.engine = "auto"


def run_training(problem: "Problem", engine: "Engine", quiet: bool) -> "Run":
    """Train with each reported loss printed at once and, at a terminal, a progress bar below them."""
    from tqdm import tqdm

    assert problem.training is not None
    # disable=None: no bar unless standard error is a terminal; delay: none for a short run.
    bar = tqdm(total=problem.training.epochs, disable=None, delay=1, leave=False, unit="epoch")

    def report(epoch: int, loss: float) -> None:
        if not quiet:
            tqdm.write(f"Epoch: {epoch}, Loss: {show_number(loss)}", file=sys.stdout)
        bar.update(epoch - bar.n)

    with bar:
        return problem.train(report, engine)


def note_hidden_samples(output: "Array") -> None:
    sys.stdout.flush()  # so that a terminal shows the note last
    if len(output) > SHOWN_SAMPLES:
        note(f"shown are the first {SHOWN_SAMPLES} of {len(output)} samples; --json gives all")


def show_forward_pass(problem: "Problem", options: argparse.Namespace) -> None:
    output = problem.forward_pass()
    hits = problem.accuracy(problem.network)
    if options.json:
        result = {
            "losses": {},
            "final_loss": None,
            "final_output": without_sample_axis(output).tolist(),
            "accuracy": None if hits is None else hits[0] / hits[1],
            "epochs": 0,
            "parameters": parameters_as_json(problem.network.parameters),
        }
        print_json(result)
    else:
        print(f"Final Output: {show_output(output)}")
        note_hidden_samples(output)
    note(f"{options.problem} has no [training] section: a forward pass, nothing was trained")


def explain_mistake(problem: "Problem", options: argparse.Namespace) -> None:
    import shlex

    from chainrule.mistakes import named_mistake

    assert problem.training is not None
    assert problem.training.mistake is not None
    mistake = named_mistake(problem.training.mistake)
    sys.stdout.flush()
    note(f"this run makes a mistake on purpose, {mistake.name}:")
    note(mistake.explain(problem.network, problem.loss))
    try:
        run = run_training(problem.with_training(mistake=None), options.engine, quiet=True)
    except DivergedError as error:
        note(f"with the true gradient {error}")
    else:
        epoch, loss = list(run.losses.items())[-1]
        note(
            f"with the true gradient the loss at epoch {epoch} is {show_number(loss)} and the final "
            f"output {show_output(run.final_output, on_one_line=True)}"
        )
    problem_given = [options.problem] if options.problem != DEFAULT_PROBLEM else []
    command = ["chainrule", "train", *problem_given]
    command += [f"--epochs={options.epochs}"] if options.epochs is not None else []
    rate = options.learning_rate
    command += [f"--learning-rate={rate}"] if rate is not None else []
    note(f"'{shlex.join([*command, '--true-gradient'])}' shows that run")
    explain = shlex.join(["chainrule", "explain", *problem_given])
    note(f"'{explain}' shows where the two steps part")


def print_json(result: dict[str, Any]) -> None:
    import json

    print(json.dumps(result))


def run_as_json(run: "Run", hits: tuple[int, int] | None) -> dict[str, Any]:
    return {
        "losses": {str(epoch): loss for epoch, loss in run.losses.items()},
        "final_loss": run.final_loss,
        "final_output": without_sample_axis(run.final_output).tolist(),
        "accuracy": None if hits is None else hits[0] / hits[1],
        "epochs": run.epochs,
        "parameters": parameters_as_json(run.network.parameters),
    }


def parameters_as_json(parameters: "dict[str, Array]") -> dict[str, Any]:
    return {name: array.tolist() for name, array in parameters.items()}


def without_sample_axis(output: "Array") -> "Array":
    return output[0] if len(output) == 1 else output


def show_number(number: float) -> str:
    """A number as the notebook prints it: NumPy's eight digits, in brackets."""
    import numpy as np

    return np.array2string(np.array([number]), precision=8)


def show_output(output: "Array", on_one_line: bool = False) -> str:
    """Up to ten samples as NumPy prints them, aligned below each other."""
    import numpy as np

    text = np.array2string(
        without_sample_axis(output[:SHOWN_SAMPLES]), precision=8, prefix="Final Output: "
    )
    return " ".join(text.split()) if on_one_line else text
