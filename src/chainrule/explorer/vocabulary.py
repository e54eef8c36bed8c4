"""What the page says, taken from where chainrule says it: formulas, meanings, titles, and words for what fails.

The page reads the rules' own text as `formula_text` does, so that it cannot say another formula than `explain`.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.activations import ACTIVATIONS, Activation
from chainrule.arithmetic import FLOAT64
from chainrule.digits import DECIMALS
from chainrule.errors import DivergedError, DomainError
from chainrule.explanation.formulas import SAMPLE_LOSSES
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.sections import (
    IDENTITY_MEANING,
    IDENTITY_WORDS,
    OUTPUT_WORDS,
    Teller,
    tell_phases,
)
from chainrule.explanation.story import (
    AFFINE_LINKS,
    ARRIVING_LINK,
    LOSS_LINK,
    REDUCTION_LINKS,
    SLOPE_LINK,
)
from chainrule.explanation.work import Task, Work, work_in, work_updates
from chainrule.losses import LOSSES, Loss
from chainrule.mistakes import MISTAKES
from chainrule.network import Dense, Network
from chainrule.optimizers import SYMBOLS, GradientDescent, Optimizer
from chainrule.rules import RULES
from chainrule.training import require_finite

# Numbers that stand in a message for those of the page.
EPOCH, RATE, OUTPUT = 86420, 0.97531, -86420.0
FEW = 3


def activations_as_data() -> dict[str, Any]:
    """Every activation with its formula, its slope's formula, and what both mean."""
    found: dict[str, Any] = {}
    for name, activation in ACTIVATIONS.items():
        if name == "identity":
            said = {"symbols": "{0}", "local": "1"}
            said |= {"meaning": IDENTITY_MEANING, "words": IDENTITY_WORDS, "kinks": ""}
        else:
            rule = RULES[name]
            said = {"symbols": rule.symbols, "local": rule.local[0], "kinks": rule.kinks}
            said |= {"meaning": rule.meaning, "words": rule.words}
        found[name] = {**said, **activation.parameters}
    return found


def losses_as_data() -> dict[str, Any]:
    """Every loss with its formula, its slopes by outputs and targets, and its words."""
    found: dict[str, Any] = {}
    for name, loss in LOSSES.items():
        if name in SAMPLE_LOSSES:
            rule = RULES[name]
            said = {"symbols": rule.symbols, "local": list(rule.local), "words": rule.words}
        else:
            said = {"symbols": "sum({0})", "local": ["1", "0"], "words": OUTPUT_WORDS}
        found[name] = {**said, **loss.parameters, "domain": domain_message(loss)}
    return found


def domain_message(loss: Loss) -> str:
    """The words for an output at which a loss is not defined, "{output}" in its number's place."""
    if loss.domain is None:
        return ""
    try:
        loss.domain(np.array([OUTPUT]), np.zeros(1))
    except DomainError as error:
        return str(error).replace(f"{OUTPUT:.8g}", "{output}")
    raise AssertionError(loss.name)


def divergence_message() -> str:
    """The words for a run that diverged, with {epoch}, {name} and {rate} in its place."""
    try:
        require_finite(EPOCH, "{name}", np.array(np.inf), GradientDescent(RATE))
    except DivergedError as error:
        return str(error).replace(str(EPOCH), "{epoch}").replace(f"{RATE:g}", "{rate}")
    raise AssertionError


def optimizer_as_data(optimizer: Optimizer, name: str) -> dict[str, Any]:
    """An optimizer with its settings by the letters of its formulas, which come along."""
    return {
        "name": name,
        "settings": {
            letter: getattr(optimizer, field)
            for letter, field in SYMBOLS.items()
            if hasattr(optimizer, field)
        },
        "keys": {letter: field for letter, field in SYMBOLS.items() if hasattr(optimizer, field)},
        "formulas": [list(formula) for formula in optimizer.formulas],
        "remembers": list(optimizer.remembers),
        "words": optimizer.words,
    }


def links_as_data() -> dict[str, Any]:
    return {
        "affine": list(AFFINE_LINKS),
        "loss": LOSS_LINK,
        **REDUCTION_LINKS,
        "slope": SLOPE_LINK,
        "arriving": ARRIVING_LINK,
    }


def mistakes_as_data(depth: int) -> dict[str, list[str]]:
    """What each mistake does in a network so deep, "{1}" standing for layer 1's activation.

    First where every layer has an f', then where the last is fused with its loss. Empty where it has no place.
    """
    layers = [layer_of(Activation(f"{{{n}}}", np.copy, np.ones_like)) for n in range(1, depth + 1)]
    fused = [*layers[:-1], layer_of(ACTIVATIONS["softmax"])]
    cases = [
        (Network(*layers), LOSSES["half-squared-error"]),
        (Network(*fused), LOSSES["cross-entropy"]),
    ]
    return {
        name: [
            mistake.explain(network, loss) if mistake.places(network, loss) else ""
            for network, loss in cases
        ]
        for name, mistake in MISTAKES.items()
    }


def layer_of(activation: Activation) -> Dense:
    return Dense([[1.0]], activation=activation)


def sections_as_data(task: Task) -> list[dict[str, str]]:
    """The phases and sections of a step in their order, with titles and reasons, as `explain` has them.

    "{n}" stands for the number of samples: words are the same for any batch, so a few samples tell them.
    """
    task = few_samples(replace(task, mistake=None))
    formulas, ledger = work_in(task, FLOAT64)
    work = Work(task, FLOAT64, formulas, ledger, None)
    if task.optimizer is not None:
        with np.errstate(all="ignore"):
            work_updates(task, ledger, FLOAT64)
    row = 0 if task.batch else None
    writer = LineWriter(work, ledger, DECIMALS, row)
    teller = Teller(writer, None, None, None if row is None else (row,))
    return [
        {
            "phase": phase.title,
            "key": section.key,
            "title": section.title,
            "why": section.why.replace(str(len(task.x)), "{n}") if task.batch else section.why,
        }
        for phase in tell_phases(teller)
        for section in phase.sections
    ]


def few_samples(task: Task) -> Task:
    if not task.batch:
        return task
    targets = None if task.targets is None else task.targets[:FEW]
    return replace(task, x=task.x[:FEW], targets=targets)
