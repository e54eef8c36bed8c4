"""The command line: arguments, exit codes and what is printed; no mathematics."""

from chainrule.cli.entry import main

__all__ = ["main"]
