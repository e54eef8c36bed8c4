"""What can be asked for: one training step of a network, or of a problem at an epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import ArrayLike

from chainrule.digits import DECIMALS
from chainrule.document import Document
from chainrule.engine.plan import targets_by_sample
from chainrule.errors import DomainError, InputError
from chainrule.explanation.by_hand import ALL_DECIMALS, Rounding, work_by_hand
from chainrule.explanation.composition import compose, compose_story, fed_entries
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.record import record_story, record_work
from chainrule.explanation.sections import Teller
from chainrule.explanation.story import read_value
from chainrule.explanation.work import Task, work_step
from chainrule.losses import Loss, named_loss
from chainrule.mistakes import Mistake, named_mistake
from chainrule.network import Network
from chainrule.optimizers import Optimizer, State
from chainrule.problem import Problem
from chainrule.rendering import render
from chainrule.rendering.html import framed
from chainrule.training import training_steps

# Beyond, 50 digits are not enough to round from.
MOST_DIGITS = 30
# A batch that fits is worked whole; of a larger one, one sample, and what it adds to the sums.
WHOLE_BATCH = 8


@final
@dataclass(frozen=True)
class Explanation:
    """One training step, worked: a document that shows itself in notebooks, and its numbers.

    `document` is the explanation as data; `record` has the values, the loss and the updates at full
    precision, ready for JSON. Printing it gives the worked lines as text.

    >>> import chainrule
    >>> explanation = chainrule.explain_problem(chainrule.read_problem("numeric-example"))
    >>> print(round(explanation.record["loss"], 8))
    0.0168109
    """

    document: Document
    record: Mapping[str, Any]

    def render(
        self,
        format: str = "terminal",  # noqa: A002  # the word that pandas and others use
        notation: str | None = None,
    ) -> str | bytes:
        """The explanation as text of a format, or as the bytes of a PDF.

        `format` is one of terminal, markdown, latex, html, pdf, json; `notation` "notebook" (w1, z1,
        a1) or "superscript" (layers in brackets above, and delta); each format has its own default.
        Raises: InputError for a format or notation that does not exist, or a PDF without its extra.

        >>> import chainrule
        >>> explanation = chainrule.explain_problem(chainrule.read_problem("numeric-example"))
        >>> explanation.render("markdown").splitlines()[0]
        '# Numeric example of backpropagation'
        """
        return render(self.document, self.record, format, notation)

    def __str__(self) -> str:
        return str(self.render("terminal"))

    def _repr_html_(self) -> str:
        return framed(str(self.render("html")), "A worked training step", 720)


def explain(
    network: Network,
    x: ArrayLike,
    targets: ArrayLike | None = None,
    *,
    loss: str | Loss = "half-squared-error",
    reduction: Literal["mean", "sum"] = "mean",
    optimizer: Optimizer | None = None,
    mistake: str | None = None,
    value: str | None = None,
    digits: int = DECIMALS,
    round_each_step: int | tuple[int, int] | None = None,
) -> Explanation:
    """Work every number of one training step: forward, loss, backward and, with an optimizer, update.

        symbol = formula = numbers = result,  for every entry

    Shapes: x (N, I) and targets (N, O), or one sample without the N. `value`, such as "w1[2,1]", tells
    the story of that one number alone. `digits` is the number of decimals shown; `round_each_step`
    computes as by hand, rounding half up at every line (one number, or forward and backward).
    Raises: InputError for what cannot be worked, such as an activation of one's own; ShapeError.
    Source: Rumelhart, Hinton and Williams, Nature 323 (1986).

    >>> from chainrule import Dense, GradientDescent, Network, explain
    >>> network = Network(Dense([[0.4, -0.2]], [0.1], activation="sigmoid"))
    >>> explanation = explain(network, [1.0, 2.0], [1.0], optimizer=GradientDescent(0.1))
    >>> np.array(explanation.record["updates"][0]["after"])
    array([[ 0.41184588, -0.17630824]])
    >>> print(next(iter(explanation.document.lines())).value.digits)
    0.1
    """
    inputs = network.as_inputs(x)
    t = None
    if targets is not None:
        t = targets_by_sample(targets, len(np.atleast_2d(inputs)), network)
        t = t[0] if inputs.ndim == 1 else t
    loss = named_loss(loss) if isinstance(loss, str) else loss
    made = made_mistake(mistake, network, loss, optimizer)
    task = Task(network, inputs, t, loss, reduction, optimizer, {}, made)
    title = "One step of backpropagation, every number worked"
    row = 0 if task.batch and len(inputs) > WHOLE_BATCH else None
    notes = () if row is None else (note_on_batch(len(inputs), 1, 1),)
    return explain_task(task, title, notes, row, value, digits, round_each_step, given=True)


def explain_problem(
    problem: Problem,
    *,
    epoch: int = 0,
    sample: int | None = None,
    value: str | None = None,
    digits: int = DECIMALS,
    round_each_step: int | tuple[int, int] | None = None,
) -> Explanation:
    """Work one training step of a problem: the first update of an epoch of its own run.

        w <- update(w, dL/dw),  with every number of it

    `sample`, counted from 1, chooses the update that this training sample takes part in, and works its
    numbers. Otherwise as `explain`.
    Shapes: as the problem's; a step of a single sample has no sample axis.
    Raises: InputError for an epoch or a sample that does not exist; DivergedError where the run diverges
    before that epoch. Source: as `explain`.

    >>> import chainrule
    >>> explanation = chainrule.explain_problem(chainrule.read_problem("numeric-example"), epoch=100)
    >>> round(explanation.record["loss"], 8)
    0.00464662
    """
    x, schedule = problem.data.inputs, problem.training
    if sample is not None and not 1 <= sample <= len(x):
        raise InputError(f"there is no sample {sample}: the training samples are 1 to {len(x)}")
    network, states, rows = problem.network, dict[str, State](), np.arange(len(x))
    notes: list[str] = []
    if schedule is None:
        if epoch != 0:
            raise InputError(
                f"there is no epoch {epoch}: the problem has no [training] section, so 0 is the only one"
            )
    else:
        if not 0 <= epoch < schedule.epochs:
            raise InputError(
                f"there is no epoch {epoch}: the run's epochs are 0 to {schedule.epochs - 1}"
            )
        network, states, rows = step_of_run(problem, epoch, sample)
        if epoch > 0:
            made = "" if schedule.mistake is None else ", mistake included"
            notes.append(
                f"The parameters are those at epoch {epoch} of the problem's own run{made}, which is computed in "
                f"{np.dtype(network.dtype).name}."
            )
    if len(rows) < len(x):
        which = f"sample {rows[0] + 1}" if len(rows) == 1 else f"{len(rows)} samples"
        notes.append(f"This update takes {which} of {len(x)}.")
    task = task_of(problem, network, rows, states)
    row = None if sample is None or len(rows) == 1 else int(np.flatnonzero(rows == sample - 1)[0])
    if row is None and len(rows) > WHOLE_BATCH:
        row = 0
    if row is not None:
        notes.append(note_on_batch(len(rows), int(rows[row]) + 1, row + 1))
    given = (epoch == 0 and schedule is not None and rows[0] == 0) or schedule is None
    return explain_task(
        task, problem.title, tuple(notes), row, value, digits, round_each_step, given,
        epoch if schedule is not None else None, only=sample is not None,
    )  # fmt: skip


def task_of(
    problem: Problem, network: Network, rows: Any, states: Mapping[str, State] | None = None
) -> Task:
    """The step of a problem that takes these rows of its data; a single one loses its axis."""
    x, t, schedule = problem.data.inputs[rows], problem.data.targets, problem.training
    targets, alone = None if t is None else t[rows], len(rows) == 1
    optimizer = None if schedule is None else schedule.optimizer
    mistake = None if schedule is None else schedule.mistake
    return Task(
        network,
        x[0] if alone else x,
        None if targets is None else targets[0] if alone else targets,
        problem.loss,
        problem.reduction,
        optimizer,
        states or {},
        made_mistake(mistake, network, problem.loss, optimizer),
    )


def note_on_batch(count: int, sample: int, place: int) -> str:
    return (
        f"The batch has {count} samples. Worked here are the numbers of sample {sample}; the gradients of "
        "the parameters take all of them, and in values of samples the first index is the place in the "
        f"batch, here {place}."
    )


def step_of_run(
    problem: Problem, epoch: int, sample: int | None
) -> tuple[Network, dict[str, State], Any]:
    """The network, its optimizer's states and the rows of an epoch's first update, or a sample's."""
    schedule = problem.training
    assert schedule is not None
    with np.errstate(all="ignore"):  # a run that diverges is told so in words
        for step in training_steps(
            problem.network,
            problem.data.inputs,
            problem.data.targets,
            schedule.optimizer,
            epoch + 1,
            problem.loss,
            problem.reduction,
            schedule.batch_size,
            schedule.shuffle,
            problem.order_of_samples(),
            made_mistake(schedule.mistake, problem.network, problem.loss, schedule.optimizer),
        ):
            if step.epoch == epoch and (sample is None or sample - 1 in step.rows):
                return step.network, dict(step.states), step.rows
    raise AssertionError(f"no update of epoch {epoch} has sample {sample}")


def explain_task(
    task: Task,
    title: str,
    notes: tuple[str, ...],
    row: int | None,
    value: str | None,
    digits: int,
    round_each_step: int | tuple[int, int] | None,
    given: bool,
    epoch: int | None = None,
    only: bool = False,
) -> Explanation:
    if type(digits) is not int or not 0 <= digits <= MOST_DIGITS:
        raise InputError(f"digits must be a whole number from 0 to {MOST_DIGITS}, got {digits!r}")
    rounding = as_rounding(round_each_step)
    check_task(task)
    work = work_step(task)
    samples = None if row is None else (row,)
    writer = LineWriter(work, work.ledger, digits, row)
    if rounding is None:
        mistaken = (
            LineWriter(work, work.mistaken, digits, row) if work.mistaken is not None else None
        )
        teller = Teller(writer, None, mistaken, samples)
    else:
        by_hand = LineWriter(work, work_by_hand(work, rounding, given), ALL_DECIMALS, row)
        teller = Teller(by_hand, writer, None, samples)
    record = record_work(teller, row if only else None)
    if value is not None:
        symbol = read_value(value, work)
        teller = teller.focused_on({symbol, *(entry for entry, _ in fed_entries(teller, symbol))})
        document = compose_story(teller, symbol, title, notes, rounding, epoch)
        return Explanation(document, {**record, "story": record_story(teller, symbol)})
    return Explanation(compose(teller, title, notes, rounding, epoch), record)


def as_rounding(decimals: int | tuple[int, int] | None) -> Rounding | None:
    if decimals is None:
        return None
    given: object = (decimals, decimals) if isinstance(decimals, int) else decimals
    match given:
        case (int(forward), int(backward)) if (
            min(forward, backward) >= 0 and max(forward, backward) <= ALL_DECIMALS
        ):
            return Rounding(forward, backward)
    raise InputError(
        f"round_each_step takes decimals from 0 to {ALL_DECIMALS}, one number or forward and backward, "
        f"got {decimals!r}"
    )


def check_task(task: Task) -> None:
    """Raise what the engine would: shapes, missing targets, outputs outside the loss's domain."""
    from chainrule.engine.reference import calculate_loss, forward_propagation

    with np.errstate(all="ignore"):
        forward = forward_propagation(task.network, task.x)
        loss = calculate_loss(task.network, forward, task.targets, task.loss, task.reduction)
    for name, values in {**forward, "the loss": np.array(loss)}.items():
        if not np.isfinite(values).all():
            raise DomainError(f"{name} is not finite in float64, so this step cannot be shown")


def made_mistake(
    name: str | None, network: Network, loss: Loss, optimizer: Optimizer | None
) -> Mistake | None:
    if name is None:
        return None
    mistake = named_mistake(name)
    if not mistake.places(network, loss):
        raise InputError(f"the mistake {name!r} cannot happen in this network")
    if mistake.of_update and optimizer is None:
        raise InputError(f"the mistake {name!r} needs an optimizer: without one nothing is updated")
    return mistake
