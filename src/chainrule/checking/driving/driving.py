"""Driving a program that only defines its network: making one, and training it on random data.

The class is constructed and its methods are called by what their parameters' names say. Data is tried in
the forms that programs expect, until every update follows its gradient. Where none does, the form that the
program accepts and that explains most is what is judged; one that it computes something else with is none.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chainrule.checking.anatomy.parameters import find_chains
from chainrule.checking.anatomy.program import build_program
from chainrule.checking.anatomy.updates import Update
from chainrule.checking.driving.arguments import kind_of
from chainrule.checking.driving.attempts import Alone, Driven, judged, try_layouts
from chainrule.checking.driving.claims import read_claims
from chainrule.checking.driving.discarded import LARGEST, find_discarded, find_repeated
from chainrule.checking.driving.engines import BINARY, TWICE, EnginePlan
from chainrule.checking.driving.kept_claims import stored_values
from chainrule.checking.driving.layer_operations import LayerPlan
from chainrule.checking.driving.operation_pairs import OperationPlan
from chainrule.checking.driving.plans import (
    FunctionsPlan,
    ObjectPlan,
    Plan,
    makes_batches,
    other_activations,
    plans_of,
)
from chainrule.checking.driving.slopes import SlopePlan
from chainrule.checking.driving.uncovered import covers, uncovered
from chainrule.checking.fitting.case import Case, fit_anatomy
from chainrule.checking.repairing.any_loss import follows_no_loss
from chainrule.checking.repairing.other_errors import update_with
from chainrule.recording.deadline import Deadline
from chainrule.recording.execution import Run
from chainrule.recording.functions import parameters_of

COMPUTED_SECONDS = 10.0
# What is right for the first size may be right for that alone: 4 samples of 7, 2 hidden layers.
OTHER_SIZES = (("batch", 4, "all samples at once"), ("depth", 2, "one hidden layer"))


def judge_untrained(run: Run, deadline: Deadline) -> tuple[list[Driven], list[str]]:
    """What can be judged of a program that trains nothing: gradients that it computed, or what it defines.

    And the functions that go back and cannot be judged.
    """
    discarded = find_discarded(run)
    if discarded is not None:
        return [Driven(discarded.case, run, "", right=False, discarded=discarded)], []
    computed = judge_computed(run, deadline.within(COMPUTED_SECONDS))
    if computed is not None:
        if computed.right:
            computed.discarded = find_repeated(run, computed.case)
        return [computed], []
    return drive(run, deadline)


def judge_computed(run: Run, deadline: Deadline) -> Driven | None:
    """Gradients that a program computed and did not apply."""
    size = len(run.recording.graph.values)
    if run.failure or not run.recording.graph.steps or run.recorder is None or size > LARGEST:
        return None
    chains, _ = find_chains(build_program(run.recording, run.sites))
    if chains:  # something goes on as another value: it is no gradient, and what is, is not known
        return None
    names = {name: value for name, value in run.namespace.items() if not name.startswith("__")}
    anatomy = read_claims(run, deadline, stored=stored_values(run, names))
    if anatomy is None or not anatomy.updates:
        return None
    words = "the gradients that it computes are taken for its updates"
    return judged(fit_anatomy(anatomy), run, words)


def left_to_choose(run: Run, name: str) -> bool:
    """Whether a caller may give a parameter its value: what a driver leaves out, others may have fixed.

    Not so where the program itself calls what asks for it, and gives it.
    """
    return any(
        argument.arg.lower().endswith(name.lower()) and not is_given(run, owner, argument, place)
        for source in run.sources
        for owner in source.nodes
        if isinstance(owner, ast.FunctionDef)
        for place, argument in enumerate((*owner.args.args, *owner.args.kwonlyargs))
    )


def is_given(run: Run, owner: ast.FunctionDef, argument: ast.arg, place: int) -> bool:
    """Whether every call of a function in the program, or of the class that it makes objects of, has that argument."""
    is_maker = owner.name == "__init__"
    names = [
        node.name
        for source in run.sources
        for node in source.nodes
        if isinstance(node, ast.ClassDef) and owner in node.body
    ] if is_maker else [owner.name]  # fmt: skip
    calls = [
        node
        for source in run.sources
        for node in source.nodes
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", None)) in names
    ]
    before = bool(names and owner.args.args and owner.args.args[0].arg == "self")
    return bool(calls) and all(
        len(call.args) > place - before
        or any(keyword.arg in (argument.arg, None) for keyword in call.keywords)
        for call in calls
    )


def drive(run: Run, deadline: Deadline) -> tuple[list[Driven], list[str]]:
    """Train what a program defines, in some form that it accepts; and what goes back and cannot be judged.

    Of each class, and of the functions, the first plan that can be judged counts, then those by which something goes
    back that was not seen yet. Right is right in all. Operations and layers are looked at one by one where no
    network is made of them; and so is what a layer hands on, which a network of it alone does not show.
    """
    found: dict[str, Driven] = {}
    options: dict[str, list[Driven]] = {}
    alone: dict[str, Driven | None] = {}
    doubtful = False
    for plan in plans_of(run):
        is_operation = isinstance(plan, Alone)
        is_part = plan.group == "layers" or (isinstance(plan, ObjectPlan) and plan.alone)
        if is_part and (found or any(alone.values())):
            continue
        if (plan.group in found or (is_operation and found)) and not shows_more(run, plan, found):
            continue
        if doubtful and isinstance(plan, ObjectPlan) and plan.alone:
            continue
        try:
            best, accepted = judge_plan(run, plan, found, alone, deadline)
            if best is None and not accepted and (smallest := one_by_one(plan)) is not None:
                best, accepted = judge_plan(run, smallest, found, alone, deadline)
                plan = plan if best is None else smallest
        except (ValueError, TypeError):  # what nobody can call has no signature
            continue
        if best is not None:
            best.part = is_part or isinstance(plan, LayerPlan)
            best.in_parts = isinstance(plan, ObjectPlan) and plan.in_parts
            best.given = plan.given if isinstance(plan, LayerPlan) else ""
        doubtful = doubtful or (isinstance(plan, LayerPlan) and accepted and best is None)
        if isinstance(plan, Alone):
            if best is not None:
                best.operation, best.engine = plan.name, isinstance(plan, EnginePlan)
            before = alone.setdefault(plan.words, best)
            if best is not None and (before is None or best.right):
                alone[plan.words] = best
        elif best is not None:
            is_first = plan.group not in found
            found[plan.group if is_first else plan.words] = best
            for size, number, seen in OTHER_SIZES:
                if not (isinstance(plan, ObjectPlan | FunctionsPlan) and best.right):
                    break
                # Who is told a size of batches beside its error divides by it.
                if size not in best.chosen or (size == "batch" and not makes_batches(plan)):
                    continue
                other = (
                    replace(plan, batch=number) if size == "batch" else replace(plan, depth=number)
                )
                also, _ = try_layouts(run, other, deadline)
                if also is None:
                    best.remark = f"{plan.words} was seen with {seen} alone"
                    continue
                found[plan.group if is_first and also.right else other.words] = also
                best, plan = also, other
            if isinstance(plan, ObjectPlan) and best.right and is_first:
                options[plan.group] = with_other_activations(run, plan, deadline)
        if deadline.over:
            break
    wrong = [driven for driven in found.values() if not driven.right]
    if wrong:
        return [max(wrong, key=lambda driven: driven.score)], []
    operations = [driven for driven in alone.values() if driven is not None]
    unjudged = [words for words, driven in alone.items() if driven is None]
    if found and not (doubtful and found.keys() == {"layers"}):
        first = next(iter(found))
        left = uncovered(run, [one.run for one in (*found.values(), *operations)])
        return [found[first], *options.get(first, []), *operations], [way.name for way in left]
    if operations:
        unjudged += [way.name for way in uncovered(run, [one.run for one in operations])]
    return operations, list(dict.fromkeys(unjudged))


def one_by_one(plan: Plan) -> Plan | None:
    """The same in batches of one sample, where a batch has no more unless it is told so: more may need more."""
    if isinstance(plan, ObjectPlan) and makes_batches(plan):
        methods = [getattr(plan.owner, name) for name in plan.methods]
        asked: Sequence[Callable[..., Any]] = [plan.owner, *methods]
    elif isinstance(plan, FunctionsPlan) and makes_batches(plan):
        asked = plan.functions
    else:
        return None
    sizes = [p for one in asked for p in parameters_of(one).values()]
    single = any(kind_of(p.name, ("batch",)) and p.default == 1 for p in sizes)
    return replace(plan, batch=1) if single else None


def judge_engine_operation(run: Run, plan: EnginePlan, deadline: Deadline) -> Driven | None:
    """An operation by itself, where it gives back what is no gradient."""
    try:
        best, _ = judge_plan(run, plan, {}, {}, deadline)
    except (ValueError, TypeError):  # what nobody can call has no signature
        return None
    if best is None or best.right:
        return None
    best.operation, best.engine = plan.name, True
    return best


def shows_more(run: Run, plan: Plan, found: Mapping[str, Driven]) -> bool:
    """Whether, beside what was judged, a plan goes back by something else, or shows what a layer hands on."""
    if not all(driven.right for driven in found.values()):
        return False
    if isinstance(plan, LayerPlan) and plan.name in found:
        return True
    left = uncovered(run, [driven.run for driven in found.values()])
    return any(covers(function, left) for function in functions_driven(plan))


def functions_driven(plan: Plan) -> Sequence[Callable[..., Any]]:
    """What a plan is there to judge."""
    if isinstance(plan, ObjectPlan):
        return [getattr(plan.owner, method) for method in plan.methods]
    if isinstance(plan, FunctionsPlan):
        return plan.functions
    if isinstance(plan, LayerPlan):
        return [getattr(plan.owner, plan.backward)]
    if isinstance(plan, OperationPlan):
        return [plan.backward]
    if isinstance(plan, EnginePlan):
        method = getattr(plan.owner, plan.operation, None)
        return [getattr(method, "fget", method)] if method is not None else []
    if isinstance(plan, SlopePlan):
        last = plan.slope or plan.value
        return [getattr(plan.owner, last) if isinstance(last, str) else last]
    return []


def judge_plan(
    run: Run,
    plan: Plan,
    found: Mapping[str, Driven],
    alone: Mapping[str, Driven | None],
    deadline: Deadline,
) -> tuple[Driven | None, bool]:
    """What a plan shows, and whether it takes any data; None where it may be meant otherwise.

    Raises: ValueError where nobody can call it, or where it can tell no more than what is wrong already.
    """
    best, accepted = try_layouts(run, plan, deadline)
    if best is None or not best.right:
        if isinstance(plan, OperationPlan | SlopePlan) and best is not None:
            other, _ = try_layouts(run, replace(plan, of_output=True), deadline)
            best = other if other is not None and other.right else best
        if isinstance(plan, SlopePlan) and plan.is_loss and (best is None or not best.right):
            best = of_scores(run, plan, deadline) or best
    if best is None or best.right:
        return best, accepted
    if isinstance(plan, EnginePlan):
        sums = alone.get(f"{plan.owner.__name__}.__add__")
        if sums is not None and not sums.right:
            if plan.operation == TWICE:
                raise ValueError("it is made of sums")
            best, _ = try_layouts(run, replace(plan, bare=True), deadline)
        elif plan.operation not in (*BINARY, TWICE):
            best = used_once(run, plan, deadline) or best
    if isinstance(plan, SlopePlan):
        best = None  # it may be the slope of something else
    if isinstance(plan, LayerPlan) and best is not None and plan.name not in found:
        # It takes steps by itself: those are judged, if in a row.
        best = None if plan.has_rate() or best.moves else best
    return best, accepted


def used_once(run: Run, plan: EnginePlan, deadline: Deadline) -> Driven | None:
    """An operation that is right where its result is used once, if the way back takes what is used twice wrongly.

    That is then no fault of the operation's.
    """
    best, _ = try_layouts(run, replace(plan, once=True), deadline)
    if best is None or not best.right:
        return None
    twice, _ = try_layouts(run, replace(plan, operation=TWICE), deadline)
    return best if twice is not None and not twice.right else None


def of_scores(run: Run, plan: SlopePlan, deadline: Deadline) -> Driven | None:
    """A loss of probabilities whose slope is right by the scores that they are made of: the two belong together.

    Where the program has the slope of what makes them, too, it would be taken twice.
    """
    defined = " ".join(name for name, value in run.namespace.items() if callable(value)).lower()
    for through in ("softmax", "sigmoid"):
        if through in defined:
            continue
        best, _ = try_layouts(run, replace(plan, through=through), deadline)
        if best is not None and best.right:
            best.remark = f"{plan.words} gives the gradient by what a {through} is given"
            return best
    return None


def with_other_activations(run: Run, plan: ObjectPlan, deadline: Deadline) -> list[Driven]:
    found = []
    for other in other_activations(run, plan):
        best, _ = try_layouts(run, other, deadline)
        if best is not None and not best.right:
            best.option = not follows_no_loss(best.case, partial(moved, best.case))
            best.remark = f"why {other.words} is not right by any loss is not known"
            found.append(best)
    return found


def moved(case: Case, number: int, update: Update, errors: Mapping[int, Any]) -> Any:
    return update_with(case, update, errors)
