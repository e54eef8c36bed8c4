"""The arguments of every command."""

import argparse
from typing import NoReturn

from chainrule import __version__
from chainrule.cli.check_command import check_command
from chainrule.cli.examples_command import examples_command
from chainrule.cli.explain_command import explain_command
from chainrule.cli.explore_command import explore_command
from chainrule.cli.messages import DEFAULT_PROBLEM, UNUSABLE
from chainrule.cli.train_command import train_command


class ArgumentParser(argparse.ArgumentParser):
    """argparse, with one line for a wrong argument instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, f"{self.prog}: {message} ('{self.prog} --help' shows the usage)\n")


def build_parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="chainrule",
        description="Backpropagation that is seen, checked and fast.",
        epilog="Exit codes: 0 done, and for check every gradient is right; 1 check found a wrong gradient; "
        "2 wrong usage, unusable input, or a run that diverged; 3 check could not decide.",
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
    add_problem(training)
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
        help="what computes: native (compiled), reference (NumPy), or auto, native where it is built",
    )
    training.add_argument(
        "--json", action="store_true", help="print one JSON object at full precision"
    )
    training.set_defaults(run=train_command)

    add_explain(commands)
    add_check(commands)
    add_explore(commands)

    examples = commands.add_parser(
        "examples",
        help="list the textbook examples, with the figures printed and the true ones",
        description="List the textbook examples: figures as printed, and as they are.",
        allow_abbrev=False,
    )
    examples.set_defaults(run=examples_command)
    return parser


def add_problem(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "problem",
        nargs="?",
        default=DEFAULT_PROBLEM,
        metavar="PROBLEM",
        help=f"a problem file (TOML), or the name of a textbook example; {DEFAULT_PROBLEM} if left out",
    )


def add_explain(commands: "argparse._SubParsersAction[ArgumentParser]") -> None:
    command = commands.add_parser(
        "explain",
        help="work every number of a training step: symbol = numbers = result",
        description="Work every number of one training step: forward, loss, backward, update.",
        allow_abbrev=False,
    )
    add_problem(command)
    command.add_argument(
        "--epoch", type=int, default=0, metavar="N", help="the step at epoch N of the problem's run"
    )
    command.add_argument(
        "--sample", type=int, metavar="K", help="the step of training sample K, and its numbers"
    )
    command.add_argument(
        "--value", metavar="NAME", help='the story of one number, such as --value "w1[2,1]"'
    )
    command.add_argument(
        "--format",
        metavar="F",
        help="terminal, markdown, latex, html, pdf or json; by default what the output's name says",
    )
    command.add_argument("--output", metavar="FILE", help="write to FILE")
    command.add_argument("--force", action="store_true", help="replace FILE where it exists")
    command.add_argument(
        "--digits", type=int, metavar="N", help="show N decimals, 8 if left out; ties go to even"
    )
    command.add_argument(
        "--round-each-step",
        metavar="N[,M]",
        help="compute as by hand: round every line half up, N decimals (M for errors and updates)",
    )
    command.add_argument(
        "--notation",
        metavar="S",
        help='"notebook" (w1, z1, a1) or "superscript" (layers in brackets above, and delta)',
    )
    command.add_argument(
        "--true-gradient",
        action="store_true",
        help="leave a published run's mistake out, in the step and in the run before it",
    )
    command.set_defaults(run=explain_command)


def add_check(commands: "argparse._SubParsersAction[ArgumentParser]") -> None:
    command = commands.add_parser(
        "check",
        help="say whether hand-written gradients are right, and if not, which line is wrong",
        description="Check the gradients of scripts and notebooks, which are run, unmodified, in child "
        "processes under limits; or of a problem's own training step.",
        epilog="Exit codes: 0 every gradient is right; 1 one is wrong; 2 an argument cannot be used; 3 one "
        "cannot be decided, and none is wrong.",
        allow_abbrev=False,
    )
    command.add_argument(
        "paths",
        nargs="*",
        default=[DEFAULT_PROBLEM],
        metavar="PATH",
        help="scripts (.py), notebooks (.ipynb), folders of these, problem files (.toml) or names of textbook "
        f"examples; {DEFAULT_PROBLEM} if left out",
    )
    command.add_argument(
        "--json", action="store_true", help="print one JSON object a line, a line a file"
    )
    command.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds of computing for each file, 60 if left out",
    )
    command.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="check N files at once, 1 if left out"
    )
    command.set_defaults(run=check_command)


def add_explore(commands: "argparse._SubParsersAction[ArgumentParser]") -> None:
    command = commands.add_parser(
        "explore",
        help="the training as one page to play with, in the browser or as a file",
        description="The training of a problem as one page to play with: it needs no server and no network.",
        allow_abbrev=False,
    )
    add_problem(command)
    command.add_argument(
        "--output", metavar="FILE", help="write the page to FILE, and open nothing"
    )
    command.add_argument("--force", action="store_true", help="replace FILE where it exists")
    command.set_defaults(run=explore_command)
