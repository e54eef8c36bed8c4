"""chainrule: backpropagation that is seen, checked and fast.

The names below are the whole public interface. They are loaded on first use, so that importing
chainrule costs nothing.
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from chainrule.activations import Activation, named_activation
    from chainrule.checking.gradients.gradient_check import assert_gradients, check_gradients
    from chainrule.checking.gradients.gradient_report import GradientReport
    from chainrule.checking.request import check
    from chainrule.checking.verdict import Verdict
    from chainrule.engine.reference import (
        apply_optimizer,
        backward_propagation,
        calculate_loss,
        forward_propagation,
        update_weights,
    )
    from chainrule.ensemble import train_many
    from chainrule.errors import ChainruleError
    from chainrule.explanation import Explanation, explain, explain_problem
    from chainrule.explorer import explore, explore_problem
    from chainrule.losses import Loss, named_loss
    from chainrule.network import Dense, Network
    from chainrule.numerical import central_differences, complex_step
    from chainrule.optimizers import Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
    from chainrule.problem import Problem
    from chainrule.textbook import read_problem
    from chainrule.training import Run, train

__all__ = [
    "Activation",
    "Adam",
    "AdamW",
    "ChainruleError",
    "Dense",
    "Explanation",
    "GradientDescent",
    "GradientReport",
    "Loss",
    "Momentum",
    "Nesterov",
    "Network",
    "Problem",
    "RMSProp",
    "Run",
    "Verdict",
    "apply_optimizer",
    "assert_gradients",
    "backward_propagation",
    "calculate_loss",
    "central_differences",
    "check",
    "check_gradients",
    "complex_step",
    "explain",
    "explain_problem",
    "explore",
    "explore_problem",
    "forward_propagation",
    "named_activation",
    "named_loss",
    "read_problem",
    "train",
    "train_many",
    "update_weights",
]

_HOMES = {
    "activations": ["Activation", "named_activation"],
    "checking.gradients.gradient_check": ["assert_gradients", "check_gradients"],
    "checking.gradients.gradient_report": ["GradientReport"],
    "checking.request": ["check"],
    "checking.verdict": ["Verdict"],
    "engine.reference": [
        "apply_optimizer",
        "backward_propagation",
        "calculate_loss",
        "forward_propagation",
        "update_weights",
    ],
    "ensemble": ["train_many"],
    "errors": ["ChainruleError"],
    "explanation": ["Explanation", "explain", "explain_problem"],
    "explorer": ["explore", "explore_problem"],
    "losses": ["Loss", "named_loss"],
    "network": ["Dense", "Network"],
    "numerical": ["central_differences", "complex_step"],
    "optimizers": ["Adam", "AdamW", "GradientDescent", "Momentum", "Nesterov", "RMSProp"],
    "problem": ["Problem"],
    "textbook": ["read_problem"],
    "training": ["Run", "train"],
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    return getattr(importlib.import_module(f"chainrule.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
