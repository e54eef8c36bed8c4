"""A problem's own training step: its updates against the gradients of its graph, and against slopes.

Three derivations meet here: the engine's, with the problem's mistake if it makes one; the sweep over the graph;
and slopes measured from the loss alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, final

import numpy as np

from chainrule.arithmetic import FLOAT64, Arithmetic, fifty_digits
from chainrule.arrays import Array
from chainrule.checking.gradients.gradient_check import check_gradients
from chainrule.checking.verdict import Finding, ParameterVerdict, Verdict, undecided
from chainrule.engine import reference
from chainrule.errors import ChainruleError, InputError
from chainrule.explanation.lines import LineWriter
from chainrule.explanation.work import (
    EXACT_PARAMETERS,
    Task,
    Work,
    as_floats,
    work_step,
)
from chainrule.expression import Symbol
from chainrule.formula_text import write
from chainrule.gradients import differentiate
from chainrule.mistakes import MISTAKES, Mistake
from chainrule.network import Network
from chainrule.optimizers import State
from chainrule.problem import Problem
from chainrule.training import TrainingStep, training_steps
from chainrule.worked_step import work_forward_pass, work_update

UPDATES = 3  # of a run: some mistakes hide at the starting weights
# How far right gradients may lie apart, of each tensor's largest entry.
AGREEMENT = {"float64": 1e-12, "float32": 1e-4}


@final
@dataclass(frozen=True)
class CheckedStep:
    """One update: the gradients that it follows, the right ones by the engine, and the graph's.

    `least` is the size below which a gradient is rounding error alone: what is 0 by symmetry is left with it.
    """

    step: TrainingStep
    made: dict[str, Array]
    right: dict[str, Array]
    true: dict[str, Array]
    least: float

    def off(self, gradients: dict[str, Array], name: str) -> float:
        """How far gradients lie from the graph's, of the tensor's largest entry."""
        true, found = self.true[name], np.asarray(gradients[name], dtype=np.float64)
        difference = float(np.abs(found - true).max())
        size = max(float(np.abs(true).max()), float(np.abs(found).max()), self.least)
        return difference / size if difference else 0.0


def check_problem(name: str, problem: Problem) -> Verdict:
    """The verdict on the first updates of a problem's run; without training, on its gradients.

    Raises: InputError, naming the problem, where its run overflows or cannot be worked.
    """
    try:
        with np.errstate(all="ignore"):  # what is not finite is told in words
            return judge_steps(name, problem, list(work_steps(problem)))
    except ChainruleError as error:
        raise InputError(f"{name}: {error}") from None


def judge_steps(name: str, problem: Problem, steps: list[CheckedStep]) -> Verdict:
    network = problem.network
    tolerance = AGREEMENT[np.dtype(network.dtype).name]
    trained = network.trained_parameters if problem.training else list(network.parameters)
    unproved = [
        (step, parameter)
        for step in steps
        for parameter in network.parameters
        if step.off(step.right, parameter) > tolerance
    ]
    if unproved:
        return undecided(
            name,
            f"the two derivations of dL/d{unproved[0][1]} agree to "
            f"{unproved[0][0].off(unproved[0][0].right, unproved[0][1]):.1e} only, which is too little to decide",
            loss=problem.loss.name,
        )
    notes, doubt = compare_with_slopes(problem, steps[0])
    if doubt:
        return undecided(name, doubt, loss=problem.loss.name)
    wrong = {
        parameter: step
        for step in reversed(steps)
        for parameter in trained
        if step.off(step.made, parameter) > tolerance
    }
    rows = [
        row_of(parameter, parameter in trained, wrong.get(parameter), steps[0])
        for parameter in network.parameters
    ]
    if not wrong:
        require_right_updates(problem, steps, tolerance)
        what = "update follows the gradient" if problem.training else "gradient is right"
        if made_mistake(problem) is not None:
            notes.append("the problem's mistake makes no difference here")
        return Verdict(
            name, "right", f"every {what}", loss=problem.loss.name,
            factor=1.0, parameters=rows, notes=notes,
        )  # fmt: skip
    mistake = made_mistake(problem)
    assert mistake is not None
    return Verdict(
        name, "wrong", mistake.explain(network, problem.loss), loss=problem.loss.name,
        parameters=rows, notes=notes,
        findings=find_mistake(name, problem, mistake, next(iter(wrong.values())), list(wrong)),
        agreement=max(step.off(step.right, parameter) for step in steps for parameter in trained),
    )  # fmt: skip


def made_mistake(problem: Problem) -> Mistake | None:
    schedule = problem.training
    return None if schedule is None or schedule.mistake is None else MISTAKES[schedule.mistake]


def work_steps(problem: Problem) -> Iterator[CheckedStep]:
    """The first updates of the problem's run; without training, its starting point."""
    x, t, schedule = problem.data.inputs, problem.data.targets, problem.training
    if schedule is None:
        yield work_one(problem, TrainingStep(0, np.arange(len(x)), problem.network, {}))
        return
    run = training_steps(
        problem.network, x, t, schedule.optimizer, min(UPDATES, schedule.epochs), problem.loss,
        problem.reduction, schedule.batch_size, schedule.shuffle, problem.order_of_samples(),
        made_mistake(problem),
    )  # fmt: skip
    for step in islice(run, UPDATES):
        if len(step.rows):
            yield work_one(problem, step)


def work_one(problem: Problem, step: TrainingStep) -> CheckedStep:
    x, t = batch_of(problem, step)
    network, loss, reduction = step.network, problem.loss, problem.reduction
    forward = reference.forward_propagation(network, x)
    right = reference.backward_propagation(network, forward, t, loss, reduction)
    made, mistake = right, made_mistake(problem)
    if mistake is not None:
        assert problem.training is not None
        made = mistake.gradients(
            network, forward, t, loss, reduction, problem.training.optimizer, step.states
        )
    done = CheckedStep(
        step, made, right, sweep(problem, step, FLOAT64), least_size(network, forward, right)
    )
    if max(done.off(right, name) for name in network.parameters) > AGREEMENT["float64"]:
        # The graph's losses go through dL/da, which costs digits near 0 and 1: more of them settle it.
        parameters = sum(array.size for array in network.parameters.values())
        if parameters <= EXACT_PARAMETERS:
            done = replace(done, true=sweep(problem, step, fifty_digits()))
    return done


def least_size(
    network: Network, forward: Mapping[str, Array], gradients: Mapping[str, Array]
) -> float:
    """The size of a gradient whose rounding error, 64 eps of the largest terms, is as large as AGREEMENT allows."""
    terms = [gradients[name] for name in gradients if name[0] in "zwb"]
    # Those of softmax's own sum, which may cancel in each of its rows.
    terms += [
        gradients[f"a{number}"] * forward[f"a{number}"]
        for number, layer in enumerate(network.layers, start=1)
        if layer.activation.name == "softmax"
    ]
    largest = max(float(np.abs(term).max()) for term in terms)
    dtype = np.dtype(network.dtype)
    return largest * 64 * float(np.finfo(dtype).eps) / AGREEMENT[dtype.name]


def sweep(problem: Problem, step: TrainingStep, m: Arithmetic) -> dict[str, Array]:
    """The gradients of every parameter by the graph."""
    x, t = batch_of(problem, step)
    network = step.network.astype(np.float64)
    graph = work_forward_pass(network, x, t, problem.loss, problem.reduction, m)
    gradients = differentiate(graph, "loss", m).by_position
    return {
        name: as_floats(gradients[graph.value(name).position])
        if graph.value(name).position in gradients
        else np.zeros_like(parameter)
        for name, parameter in network.parameters.items()
    }


def batch_of(problem: Problem, step: TrainingStep) -> tuple[Array, Array | None]:
    x, t = problem.data.inputs, problem.data.targets
    return x[step.rows], None if t is None else t[step.rows]


def compare_with_slopes(problem: Problem, step: CheckedStep) -> tuple[list[str], str]:
    """The graph's gradients against slopes of the loss: what is to be noted, and why not to decide."""
    network = step.step.network.astype(np.float64)
    parameters = network.parameters
    if sum(array.size for array in parameters.values()) > EXACT_PARAMETERS:
        return ["it is too large to be compared with slopes too"], ""
    x, t = batch_of(problem, step.step)
    # A shared bias is one number, which a file may give as equal ones; so it moves as one.
    given = [one_for_all(network, name, parameters[name]) for name in parameters]
    gradients = tuple(one_for_all(network, name, step.true[name]) for name in parameters)

    def loss(*arrays: Array) -> float:
        moved = network.with_parameters(
            {
                name: np.broadcast_to(array, parameters[name].shape)
                for name, array in zip(parameters, arrays, strict=True)
            }
        )
        return reference.calculate_loss(
            moved, reference.forward_propagation(moved, x), t, problem.loss, problem.reduction
        )

    report = check_gradients(loss, gradients, *given)
    notes = []
    for name, argument in zip(parameters, report.arguments, strict=True):
        if argument.verdict == "wrong":
            return [], f"slopes of the loss and dL/d{name} do not agree: {argument.reason}"
        if argument.verdict == "undecided":
            notes.append(f"dL/d{name}: {argument.reason}")
    return notes, ""


def one_for_all(network: Network, name: str, array: Array) -> Array:
    layer = network.layers[int(name[1:]) - 1]
    return array[:1] if name.startswith("b") and layer.share_bias else array


def row_of(
    name: str, trained: bool, wrong: CheckedStep | None, first: CheckedStep
) -> ParameterVerdict:
    step = first if wrong is None else wrong
    true, made = step.true[name].ravel(), np.asarray(step.made[name], dtype=np.float64).ravel()
    lengths = float(np.linalg.norm(true)), float(np.linalg.norm(made))
    ratio = lengths[1] / lengths[0] if lengths[0] else None
    cosine = float(true @ made) / (lengths[0] * lengths[1]) if all(lengths) else None
    if cosine is not None:
        cosine = max(-1.0, min(1.0, cosine))
    ruling: Any = "never-updated" if not trained else "right" if wrong is None else "wrong"
    if not trained:
        cosine = ratio = None
    return ParameterVerdict(name, ruling, cosine, ratio, step.true[name].shape)


def require_right_updates(problem: Problem, steps: list[CheckedStep], tolerance: float) -> None:
    """Each update is what the optimizer's own formulas make of the gradient."""
    schedule = problem.training
    if schedule is None:
        return
    for step in steps:
        before, states = step.step.network, step.step.states
        after, _ = reference.apply_optimizer(before, step.made, schedule.optimizer, states)
        for name in before.trained_parameters:
            w, g = (
                np.asarray(a, dtype=np.float64) for a in (before.parameters[name], step.made[name])
            )
            state: State = states.get(
                name, schedule.optimizer.initial_state(before.parameters[name])
            )
            worked = work_update(schedule.optimizer, w, g, state)["w"]
            size = max(float(np.abs(worked).max()), 1e-300)
            if float(np.abs(after.parameters[name] - worked).max()) > 10 * tolerance * size:
                raise AssertionError(f"the update of {name} is not what its formulas give")


# --- a mistake that is made on purpose ------------------------------------------------------------


def find_mistake(
    name: str, problem: Problem, mistake: Mistake, wrong: CheckedStep, parameters: list[str]
) -> list[Finding]:
    """The links of the chain rule that the mistake gets wrong, last layer first.

    Proved, since the same step without them was compared with the graph and with slopes.
    """
    work = work_mistake(problem, mistake, wrong)
    assert work.mistaken is not None
    right, mistaken = (LineWriter(work, ledger, 8) for ledger in (work.ledger, work.mistaken))
    findings = []
    for value, _ in reversed(list(work.graph.named())):
        if value[0] not in "az" or not value[1:].isdigit():
            continue
        whole = Symbol(value[0], int(value[1:]), gradient=True)
        found, expected = (as_floats(ledger[whole]) for ledger in (work.mistaken, work.ledger))
        place = np.unravel_index(np.argmax(np.abs(found - expected)), found.shape)
        if found[place] == expected[place]:
            continue  # nothing flows through it
        symbol = replace(whole, index=tuple(int(k) + 1 for k in place))
        wrong_line, right_line = mistaken.mistaken_line(symbol), right.gradient_line(symbol)
        if wrong_line.formula == right_line.formula:
            continue  # the link is right; only what flows through it is not
        texts = [f"{symbol} = {write(line.formula)}" for line in (wrong_line, right_line)]
        findings.append(
            Finding(
                file=name, line=None, mistake=mistake.name,
                found=write(wrong_line.formula), expected=write(right_line.formula), fix=texts[1],
                proved=True, step=str(whole), source=texts[0], columns=differing_columns(*texts),
                parameters=[p for p in parameters if int(p[1:]) <= int(value[1:])],
                numbers=(str(symbol), float(found[place]), float(expected[place])),
            )
        )  # fmt: skip
    return findings


def differing_columns(found: str, expected: str) -> tuple[int, int]:
    """The columns of a formula from the first word that another has not to the last.

    >>> differing_columns("z = a * f(a) + b", "z = a * f(z) + b")
    (8, 12)
    """
    words, others = found.split(" "), expected.split(" ")
    fewest = min(len(words), len(others))
    first = next((k for k in range(fewest) if words[k] != others[k]), fewest)
    last = next((k for k in range(fewest - first) if words[-1 - k] != others[-1 - k]), 0)
    start = len(" ".join([*words[:first], ""]))
    return start, max(start, len(" ".join(words[: len(words) - last])))


def work_mistake(problem: Problem, mistake: Mistake, wrong: CheckedStep) -> Work:
    assert problem.training is not None
    x, t = batch_of(problem, wrong.step)
    alone = len(x) == 1
    return work_step(
        Task(
            wrong.step.network.astype(np.float64),
            x[0] if alone else x,
            t if t is None or not alone else t[0],
            problem.loss,
            problem.reduction,
            problem.training.optimizer,
            wrong.step.states,
            mistake,
        )
    )
