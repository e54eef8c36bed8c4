"""The command line: arguments, exit codes and what is printed; no mathematics.

NumPy, and whatever else only a command needs, is imported inside it, so that `--help` answers at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from chainrule import __version__
from chainrule.errors import ChainruleError, DivergedError, DomainError, InputError

if TYPE_CHECKING:
    from chainrule.arrays import Array
    from chainrule.problem import Problem
    from chainrule.training import Run

DONE, UNUSABLE, OUR_FAULT, INTERRUPTED = 0, 2, 70, 130
DEFAULT_PROBLEM = "numeric-example"
SHOWN_SAMPLES = 10


class ArgumentParser(argparse.ArgumentParser):
    """argparse, with one line for a wrong argument instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, f"{self.prog}: {message} ('{self.prog} --help' shows the usage)\n")


def build_parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="chainrule",
        description="Backpropagation that is seen, checked and fast.",
        epilog="Exit codes: 0 done; 2 wrong usage, unusable input, or a run that diverged.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"chainrule {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    training = commands.add_parser(
        "train",
        help="train the network of a problem file or a textbook example",
        description="Train a network. Results go to standard output, notes to standard error.",
        allow_abbrev=False,
    )
    training.add_argument(
        "problem",
        nargs="?",
        default=DEFAULT_PROBLEM,
        metavar="PROBLEM",
        help=f"a problem file (TOML), or the name of a textbook example; {DEFAULT_PROBLEM} if left out",
    )
    training.add_argument(
        "--epochs", type=int, metavar="N", help="train N epochs, whatever the problem says"
    )
    training.add_argument(
        "--learning-rate", type=float, metavar="R", help="use R, whatever the problem says"
    )
    training.add_argument(
        "--true-gradient",
        action="store_true",
        help="do not repeat the mistake of a published run",
    )
    training.add_argument(
        "--engine",
        choices=("auto", "native", "reference"),
        default="auto",
        help="what computes; the reference engine (NumPy) is the only one in this version",
    )
    training.add_argument(
        "--json", action="store_true", help="print one JSON object at full precision"
    )
    training.set_defaults(run=train_command)

    examples = commands.add_parser(
        "examples",
        help="list the textbook examples, with the figures printed and the true ones",
        description="List the textbook examples: figures as printed, and as they are.",
        allow_abbrev=False,
    )
    examples.set_defaults(run=examples_command)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    # A stream that the caller has closed is None: what is written to it is lost, and that is no fault.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115  # open until the exit
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except (DivergedError, DomainError) as error:
        note(f"{options.problem}: {error}")
        return UNUSABLE
    except ChainruleError as error:
        note(str(error))
        return UNUSABLE
    except MemoryError as error:
        note(f"there is not enough memory for this: {error}")
        return UNUSABLE
    except KeyboardInterrupt:
        note("interrupted; nothing was saved")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        discard_output()
        return DONE
    except OSError as error:
        note(f"the output cannot be written: {error.strerror or error}")
        discard_output()
        return UNUSABLE
    except Exception:
        import traceback

        traceback.print_exc()
        note("this is a fault of chainrule itself; please report the lines above")
        return OUR_FAULT
    return code


def discard_output() -> None:
    """Keep Python from trying to write the rest, and complaining, at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(message: str) -> None:
    print(f"chainrule: {message}", file=sys.stderr)


# --- train ----------------------------------------------------------------------------------------


def train_command(options: argparse.Namespace) -> int:
    from chainrule.textbook import read_problem

    if options.engine == "native":
        raise InputError("this version has no native engine; use --engine reference or auto")
    problem = with_options(read_problem(options.problem), options)
    if problem.training is None:
        show_forward_pass(problem, options)
        return DONE
    run = run_training(problem, quiet=options.json)
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


def run_training(problem: "Problem", quiet: bool) -> "Run":
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
        return problem.train(report)


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
        run = run_training(problem.with_training(mistake=None), quiet=True)
    except DivergedError as error:
        note(f"with the true gradient {error}")
    else:
        epoch, loss = list(run.losses.items())[-1]
        note(
            f"with the true gradient the loss at epoch {epoch} is {show_number(loss)} and the final "
            f"output {show_output(run.final_output, on_one_line=True)}"
        )
    command = ["chainrule", "train"]
    command += [options.problem] if options.problem != DEFAULT_PROBLEM else []
    command += [f"--epochs={options.epochs}"] if options.epochs is not None else []
    rate = options.learning_rate
    command += [f"--learning-rate={rate}"] if rate is not None else []
    note(f"'{shlex.join([*command, '--true-gradient'])}' shows that run")


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


# --- examples -------------------------------------------------------------------------------------


def examples_command(options: argparse.Namespace) -> int:
    from chainrule.textbook import example_names, read_example

    columns = ("value", "updates", "printed", "step-rounded", "exact", "printed figure is")
    for name in example_names():
        example = read_example(name)
        rows = [
            (
                figure.value + (f", sample {figure.sample}" if many_samples else ""),
                str(figure.updates),
                figure.printed,
                figure.step_rounded or "",
                figure.exact,
                figure.verdict,
            )
            for many_samples in [any(figure.sample > 1 for figure in example.figures)]
            for figure in example.figures
        ]
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        print(f"{name}\n    {example.problem.title}")
        print(f"    Source:  {example.source}\n    Erratum: {example.erratum}\n")
        for row in (columns, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("    " + "  ".join(cells).rstrip())
        print()
    print("Run one with 'chainrule train NAME'.")
    return DONE
