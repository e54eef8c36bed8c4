"""Models of one program that have nothing to do with each other: each descends a loss of its own."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from chainrule.checking.anatomy.parameters import bits
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.case import Case, fit_anatomy, right_losses
from chainrule.checking.verdict import Finding, Verdict

MOST_MODELS = 12


def models_of(case: Case) -> list[Case]:
    """The case itself where one loss explains it, or where all of it hangs together; else its models."""
    groups = list(groups_of(case.anatomy.updates))
    if len(groups) > 1 and right_losses(case):
        # Of one network's outputs each may look like a model, where what lies behind them hears of one error alone.
        whole = joined_passes(case.anatomy)
        joined = list(groups_of(whole.updates))
        parts = [replace(case, anatomy=part_of(case.anatomy, updates)) for updates in groups]
        if len(joined) == len(groups) or cut_off(parts) is None:
            return [case]
        models = [fit_anatomy(part_of(whole, updates)) for updates in joined[:MOST_MODELS]]
        return [case] if all(right_losses(model) for model in models) else models
    if not 1 < len(groups) <= MOST_MODELS:
        return [case]
    models = [fit_anatomy(part_of(case.anatomy, updates)) for updates in groups]
    if all(right_losses(model) for model in models):
        return models
    # Outputs of one network are no models, though some update forgets all errors but one.
    whole = joined_passes(case.anatomy)
    joined = list(groups_of(whole.updates))
    if len(joined) == len(groups):
        return models
    return [fit_anatomy(part_of(whole, updates)) for updates in joined]


def joined_passes(anatomy: Anatomy) -> Anatomy:
    """The same with one loss of all errors that stand in one place, in one pass, of predictions that share parameters."""
    program, mixes, masks = anatomy.program, anatomy.mixes, anatomy.masks
    afters = sorted(update.after for update in anatomy.updates)
    passes: dict[
        tuple[int, int], list[tuple[int, int]]
    ] = {}  # mixes and parameters of each, as bits
    for number in sorted({number for update in anatomy.updates for number in update.mixes}):
        mix = mixes[number]
        site = program.recording.sites[mix.step.number]
        groups = passes.setdefault((site, bisect_left(afters, mix.prediction)), [])
        errors, parameters = 1 << number, masks[mix.prediction]
        apart = []
        for group in groups:
            if group[1] & parameters:
                errors, parameters = errors | group[0], parameters | group[1]
            else:
                apart.append(group)
        groups[:] = [*apart, (errors, parameters)]
    whole_of = {
        n: errors for groups in passes.values() for errors, _ in groups for n in bits(errors)
    }
    updates = []
    for update in anatomy.updates:
        errors = 0
        for number in update.mixes:
            errors |= whole_of[number]
        own = tuple(bits(errors & anatomy.reached.get(update.before, 0)))
        # An update that none is due at has no errors of its own.
        updates.append(replace(update, mixes=own, turn=min(bits(errors))) if own else update)
    return replace(anatomy, updates=updates)


def groups_of(updates: Sequence[Update]) -> Iterator[list[Update]]:
    """Updates that share a parameter or an error, in order."""
    groups: list[tuple[set[int], set[int], list[int]]] = []
    for place, update in enumerate(updates):
        chains, mixes, places = {update.chain}, set(update.mixes), [place]
        apart = []
        for group in groups:
            if group[0] & chains or group[1] & mixes:
                chains, mixes, places = chains | group[0], mixes | group[1], places + group[2]
            else:
                apart.append(group)
        groups = [*apart, (chains, mixes, places)]
    yield from ([updates[place] for place in sorted(places)] for _, _, places in groups)


def part_of(anatomy: Anatomy, updates: list[Update]) -> Anatomy:
    made_of = anatomy.program.ancestors(
        anatomy.mixes[number].prediction for update in updates for number in update.mixes
    )
    forward = {p for p in made_of if anatomy.masks[p] or p in anatomy.stops}
    return replace(anatomy, updates=updates, forward=forward)


def cut_off(models: Sequence[Case]) -> str | None:
    """The name of a parameter that makes another model's predictions, time and again anew, and moves by none of its errors.

    Of two players each makes the other's predictions. But a loss that ends where its gradient should go on looks
    like a model of its own.
    """
    chains = [{update.chain for update in model.anatomy.updates} for model in models]
    for model, own in zip(models, chains, strict=True):
        anatomy = model.anatomy
        errors = sum(1 << n for n in {n for update in anatomy.updates for n in update.mixes})
        for number, chain in enumerate(anatomy.chains):
            used = [v for v in chain.versions if anatomy.reached.get(v, 0) & errors]
            if number in own or len(used) < 2:
                continue
            for other, others in zip(models, chains, strict=True):
                if number in others and not predicts_with(other, own):
                    return chain.name(anatomy.program) or "a parameter"
    return None


def predicts_with(model: Case, chains: Collection[int]) -> bool:
    """Whether predictions of a model are made with some of these parameters."""
    anatomy = model.anatomy
    errors = sum(1 << n for n in {n for update in anatomy.updates for n in update.mixes})
    return any(
        anatomy.reached.get(version, 0) & errors
        for number in chains
        for version in anatomy.chains[number].versions
    )


def joined_verdict(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict for a program of several models: right if all are, wrong if any is."""
    order = ("wrong", "undecided", "right")
    worst = min(verdicts, key=lambda verdict: order.index(verdict.verdict))
    worst.parameters = [row for verdict in verdicts for row in verdict.parameters]
    worst.findings = without_repeats([one for verdict in verdicts for one in verdict.findings])
    if len(verdicts) > 1:
        losses = [loss for verdict in verdicts for loss in (verdict.loss or "").split("|") if loss]
        worst.loss = "|".join(dict.fromkeys(losses)) or None
        worst.factor = None
    return worst


def without_repeats(findings: Sequence[Finding]) -> list[Finding]:
    """A layer that two models have in common is wrong once; of parameters that one line draws each is never updated."""
    found: dict[tuple[object, ...], Finding] = {}
    for one in findings:
        each = one.found if one.mistake == "parameter-never-updated" else ""
        known = found.setdefault((one.file, one.line, one.mistake, each), one)
        known.parameters = sorted({*known.parameters, *one.parameters})
    return list(found.values())
