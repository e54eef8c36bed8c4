"""One training step, worked: every number as symbol = formula = numbers = result."""

from chainrule.explanation.request import Explanation, explain, explain_problem

__all__ = ["Explanation", "explain", "explain_problem"]
