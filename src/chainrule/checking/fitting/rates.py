"""Numbers that updates are multiplied by last, and parameters that decay."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.anatomy.updates import Anatomy, Update

SHAPES = {"gather", "reshape", "concatenate", "stack"}
FEW = 4  # updates of a parameter that are looked at
MOST_ASKED = 40  # where they move an entry each
MOST_USES = 1000  # of one version that are looked at
RATE_WORDS = ("rate", "lr", "eta", "alpha", "learn", "step")


def is_rate_name(name: str | None) -> bool:
    """Whether that is what people call a learning rate."""
    return name is not None and any(word in name.lower() for word in RATE_WORDS)


def rate_of(
    anatomy: Anatomy, step: Instruction, slot: int, written: bool = False
) -> tuple[str, float] | None:
    """A number with a name that a step multiplies by, or an entry of what the source calls rates; with its name.

    Where it is `written` there, as 0.1 is, it needs none.
    """
    program, position, site = anatomy.program, step.inputs[slot], anatomy.program.site(step)
    text = site.operands[slot] if slot < len(site.operands) else None
    entry = is_rate_name(text) and text is not None and text.endswith("]")
    name, value = program.name(position), program.given.get(position)
    if value is None and (entry or name) and not anatomy.masks[position]:
        value = program.recorded[position]
    if value is None or np.size(value) != 1 or anatomy.error_masks[position]:
        return None
    if entry or name is None:
        name = text if is_rate_name(text) else None
    if name is None and written and slot < len(site.literal) and site.literal[slot]:
        name = ""
    return None if name is None else (name, float(np.reshape(value, -1)[0]))


def find_step_sizes(anatomy: Anatomy) -> set[int]:
    """Positions of given numbers by which an update is multiplied last."""
    found: set[int] = set()
    program = anatomy.program
    for update in anatomy.updates:
        link = program.step_of.get(update.after)
        for position in link.inputs if link is not None else ():
            step = program.step_of.get(position)
            for _ in range(3):
                if step is None or step.operation not in ("multiply", "negate", "reshape"):
                    break
                sizes = (p for p in step.inputs if not anatomy.error_masks[p])
                found |= {number for p in sizes for number in numerators(program, p)}
                tainted = (p for p in step.inputs if anatomy.error_masks[p])
                step = next((program.step_of.get(p) for p in tainted), None)
    return found


def find_schedules(anatomy: Anatomy) -> list[dict[tuple[int, int], float]]:
    """The same for every loss: looked for once."""
    if anatomy.schedules is None:
        anatomy.schedules = list(look_for_schedules(anatomy))
    return anatomy.schedules


def look_for_schedules(anatomy: Anatomy) -> Iterator[dict[tuple[int, int], float]]:
    """For each place that computes a rate anew as time goes on, its number behind the updates of (chain, turn).

    A number that neither errors nor parameters go into, which errors are multiplied by; and what it begins with, of the
    same name or as one of its factors. Where it counts updates, as in rate / (1 + decay * count), that of one layer is another than that of the next.
    """
    program = anatomy.program
    places: dict[int, set[int]] = {}
    starts: dict[str | None, set[int]] = {}
    for step in program.steps:
        if step.operation in ("multiply", "divide") and anatomy.error_masks[step.output]:
            for position in step.inputs:
                made = program.step_of.get(position)
                while made is not None and made.operation == "negate":
                    position = made.inputs[0]
                    made = program.step_of.get(position)
                reached = anatomy.masks[position] or anatomy.error_masks[position]
                if made is not None and not reached and np.size(program.recorded[position]) == 1:
                    site = places.setdefault(program.recording.sites[made.number], set())
                    site.add(position)
                    site.update(p for p in made.inputs if np.size(program.given.get(p, ())) > 0)
                elif made is None and np.size(program.given.get(position, ())) == 1:
                    starts.setdefault(program.name(position), set()).add(position)
    for computed in places.values():
        names = {program.name(position) for position in computed} - {None}
        positions = computed.union(*(starts.get(name, ()) for name in names))
        numbers = {p: float(np.reshape(program.recorded[p], -1)[0]) for p in positions}
        if len(set(numbers.values())) < 2:
            continue
        last = latest_behind(anatomy, positions)
        behind = {
            (u.chain, u.turn): numbers[last[u.after]] for u in anatomy.updates if u.after in last
        }
        if len(behind) == len({(u.chain, u.turn) for u in anatomy.updates}) and all(
            len({number for (chain, _), number in behind.items() if chain == u.chain}) > 1
            for u in anatomy.updates
        ):
            yield behind


def latest_behind(anatomy: Anatomy, positions: Collection[int]) -> dict[int, int]:
    """For each new version of a parameter the latest of some positions that it is made from, other versions not passed."""
    stops, seen = anatomy.stops, {position: position for position in positions}
    found = {}
    for step in anatomy.program.steps:
        latest = max((seen[p] for p in step.inputs if p in seen), default=None)
        if latest is None:
            continue
        if step.output in stops:
            found[step.output] = latest
        else:
            seen.setdefault(step.output, latest)
    return found


def numerators(program: Program, position: int, depth: int = 3) -> set[int]:
    """The given numbers that a number is a product of, divisors left out: rate in rate / samples."""
    if position in program.given:
        return {position} if np.size(program.given[position]) == 1 else set()
    step = program.step_of.get(position)
    if step is None or not depth or step.operation not in ("multiply", "divide"):
        return set()
    factors = step.inputs[:1] if step.operation == "divide" else step.inputs
    return {number for factor in factors for number in numerators(program, factor, depth - 1)}


def find_decaying(anatomy: Anatomy, forward: Collection[int]) -> set[int]:
    """Parameters of which a multiple goes into their own update, beside the version that goes on."""
    program, found = anatomy.program, set()
    for number, chain in enumerate(anatomy.chains):
        for version in chain.versions[:3]:
            for step in uses_of_entries(program, version):
                scaled = step.operation in ("multiply", "divide") and step.output not in forward
                if (
                    scaled
                    and not anatomy.error_masks[step.output]
                    and step.output not in chain.versions
                ):
                    found.add(number)
    return found


def drawn_entries(anatomy: Anatomy) -> dict[int, Any]:
    """Of parameters that decay in part, as all but a column of biases does, which entries: 1 there, 0 elsewhere.

    Of a table the rows that are looked up decay: others in each update.
    """
    if anatomy.drawn is None:
        anatomy.drawn = {}
        first: dict[int, list[Update]] = {}
        for update in anatomy.updates:
            first.setdefault(update.chain, []).append(update)
        used = {number for update in anatomy.updates for number in update.mixes}
        forward = anatomy.program.ancestors(
            (anatomy.mixes[number].prediction for number in used), anatomy.stops
        )
        values = anatomy.program.recorded
        for number in sorted(find_decaying(anatomy, forward) & first.keys()):
            if np.size(values[anatomy.chains[number].root]) == 1:
                continue
            drawn = entries_drawn(anatomy, first[number])
            if drawn is not None and np.any(drawn) and not np.all(drawn):
                anatomy.drawn[number] = np.asarray(drawn, dtype=float)
    return anatomy.drawn


def entries_drawn(anatomy: Anatomy, updates: Sequence[Update]) -> Any:
    """Which entries move where no prediction is off, in the first updates alike; None where they differ.

    An entry that is 0, as at the start, is not drawn by any decay, and one that an update leaves alone, as where
    entries have updates of their own, is not asked: they tell nothing.
    """
    values = anatomy.program.recorded
    drawn, told = [], []
    for update in updates[:MOST_ASKED]:
        before, after = np.asarray(values[update.before]), np.asarray(values[update.after])
        if not before.shape == after.shape == np.shape(values[updates[0].before]):
            return None
        moves = step_at_rest(anatomy, update) != 0
        told.append(moves | ((before != 0) & (before != after)))
        drawn.append(moves)
        if len(told) > FEW and np.all(np.any(told, axis=0)):
            break
    once = np.any(drawn, axis=0)
    alike = all(np.array_equal(mask, once & known) for mask, known in zip(drawn, told, strict=True))
    return once if alike and np.all(np.any(told, axis=0)) else None


def step_at_rest(anatomy: Anatomy, update: Update) -> Any:
    """What an update does where no prediction is off."""
    program, values = anatomy.program, anatomy.program.recorded
    errors = {anatomy.mixes[number].output for number in update.mixes}
    versions = anatomy.chains[update.chain].versions
    own = {p for p in versions if update.before < p <= update.after}  # an entry after the other
    fixed = anatomy.stops - own
    reach = program.ancestors([update.after], fixed | errors)
    cone = [step for step in program.steps if step.output in reach and step.output not in fixed]
    zeros = {p: np.zeros(np.shape(values[p])) for p in errors}
    new = program.rerun(values, {}, cone, fixed, zeros)
    after = np.asarray(new.get(update.after, values[update.after]), dtype=float)
    before = np.asarray(values[update.before], dtype=float)
    return after - before if after.shape == before.shape else np.zeros(before.shape)


def uses_of_entries(program: Program, position: int) -> list[Instruction]:
    """Where a value is used, its entries and their entries included, in whatever shape and company."""
    uses = list(program.consumers.get(position, ()))
    seen = {position}
    for step in uses:  # grows as it goes
        if step.operation in SHAPES and step.output not in seen and len(uses) < MOST_USES:
            seen.add(step.output)
            uses += program.consumers.get(step.output, ())
    return uses
