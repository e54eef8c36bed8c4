"""What can be asked for: the page of a network, or of a problem."""

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike

from chainrule.engine.plan import check_plan
from chainrule.explanation.request import check_task
from chainrule.explorer.content import describe, first_step, recorded_orders
from chainrule.explorer.html import render_page
from chainrule.losses import Loss, named_loss
from chainrule.network import Network
from chainrule.optimizers import GradientDescent, Optimizer
from chainrule.problem import Dataset, Problem, Schedule
from chainrule.rendering.html import framed


@final
@dataclass(frozen=True)
class Explorer:
    """A page to play with: it shows itself in a notebook, and `html` is the file to keep or to mail.

    >>> import chainrule
    >>> page = chainrule.explore_problem(chainrule.read_problem("mazur"))
    >>> page.html.startswith("<!doctype html>")
    True
    """

    title: str
    html: str

    def __repr__(self) -> str:
        return f"Explorer({self.title!r}, {len(self.html):,} characters of HTML)"

    def _repr_html_(self) -> str:
        return framed(self.html, "A training step to play with", 900)


def explore(
    network: Network,
    x: ArrayLike,
    targets: ArrayLike | None = None,
    *,
    loss: str | Loss = "half-squared-error",
    reduction: Literal["mean", "sum"] = "mean",
    optimizer: Optimizer | None = None,
    epochs: int = 1000,
    batch_size: int | Literal["all"] = "all",
    mistake: str | None = None,
    title: str = "A network to play with",
) -> Explorer:
    """A network's training as one page to play with: step, edit any number, train, go back.

        x  ->  z1 -> a1  ->  z2 -> a2  ->  L,  back again, and  w <- update(w, dL/dw),  all of it live

    The page needs no server and no network. It shows itself in a notebook, and `.html` is it as a file. The
    optimizer is plain gradient descent with learning rate 0.1 when left out; `mistake` names a classic mistake
    that the page sets beside the true gradient.
    Shapes: x (N, I) and targets (N, O), or one sample without the N.
    Raises: InputError for what the page cannot compute, such as an activation of one's own; ShapeError.
    Source: Rumelhart, Hinton and Williams, Nature 323 (1986).

    >>> from chainrule import Dense, Network, explore
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> explore(network, [1.0, 2.0], [1.0]).html.count("</script>")
    2
    """
    problem = problem_of(
        network, x, targets, loss, reduction, optimizer or GradientDescent(0.1), epochs, batch_size,
        mistake, title,
    )  # fmt: skip
    return explore_problem(problem)


def problem_of(
    network: Network,
    x: ArrayLike,
    targets: ArrayLike | None,
    loss: str | Loss,
    reduction: Literal["mean", "sum"],
    optimizer: Optimizer,
    epochs: int,
    batch_size: int | Literal["all"],
    mistake: str | None,
    title: str,
) -> Problem:
    """A network with its data and its training as a problem, as a file would have given it."""
    if targets is None and loss == "half-squared-error":
        loss = "output"
    loss = named_loss(loss) if isinstance(loss, str) else loss
    plan = check_plan(network, x, targets, loss, reduction, optimizer, epochs, batch_size, None)
    inputs = np.asarray(plan.x, dtype=np.float64)
    t = None if plan.t is None else np.asarray(plan.t, dtype=np.float64)
    return Problem(
        title=title,
        network=network,
        data=Dataset(inputs, t, None, inputs[:0], None),
        loss=loss,
        reduction=reduction,
        training=Schedule(optimizer, epochs, batch_size, False, 0, None, mistake),
        published={},
    )


def explore_problem(problem: Problem) -> Explorer:
    """A problem as one page to play with, from its starting parameters on.

    Shapes: as the problem's. Raises: as `explore`.

    >>> import chainrule
    >>> chainrule.explore_problem(chainrule.read_problem("mazur")).title
    'Mazur: A Step by Step Backpropagation Example'
    """
    check_task(replace(first_step(problem, recorded_orders(problem)), mistake=None))
    return Explorer(problem.title, render_page(describe(problem)))
