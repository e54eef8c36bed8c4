"""Problem files: `reader` is the file as a whole, `dataset` its [data], `table` typed access to TOML."""

from chainrule.problem.dataset import Dataset
from chainrule.problem.reader import Problem, Schedule, load_problem, parse_problem

__all__ = ["Dataset", "Problem", "Schedule", "load_problem", "parse_problem"]
