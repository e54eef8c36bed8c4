"""Parameters, found in a recorded computation by what happens to them, and their updates.

A parameter is a value that goes on as another: b = a + d or a - d, where d was made with the help of a.
Such values form a *chain*, V0 -> V1 -> V2 ...; entries that are written one by one into an array are
steps of the array's chain. Values of one place in the source belong together, as the weights of a layer
that is a list of numbers do.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias, final
from weakref import WeakKeyDictionary

import numpy as np

from chainrule.checking.anatomy.program import Instruction, Program, Spot

LINKS = {"add", "subtract"}
PRODUCTS = {"multiply", "matmul", "outer", "einsum"}
FEW, LASTING = 3, 0.5  # updates, and the part of a recording that they must go on through
MOST_PLACES = 200_000  # entries of an array whose indices are compared one by one
LINKING = LINKS | {"scatter"}
UPDATE_KINDS = {
    "Add",
    "Sub",
    "add",
    "subtract",
    "sub",
    "iadd",
    "isub",
    "at",
}  # written as such in the source


@final
@dataclass
class Chain:
    """The versions of one parameter, in order, as positions; each but the first with the step that made it."""

    root: int
    versions: list[int] = field(default_factory=list)
    steps: list[Instruction] = field(default_factory=list)

    def name(self, program: Program) -> str | None:
        for position in (*self.versions[1:], self.root):
            name = program.recording.names.get(position)
            if name is not None:
                return name
        return None


Parents: TypeAlias = list[tuple[int, list[int]]]


@final
class Links:
    """What may be linked in a program whatever is banned: found once, and asked for in every round.

    `often` are spots and values that are added to there again and again: a bias at each time step, say.
    """

    known: ClassVar["WeakKeyDictionary[Program, Links]"] = WeakKeyDictionary()

    def __init__(self, program: Program) -> None:
        # A site that makes one version makes versions always, also by an update that happens to be 0.
        # What an engine adds up is no update.
        self.steps = [
            step
            for step in program.steps
            if step.operation in LINKING and not program.site(step).of_operators
        ]
        self.sites = {program.spot(step) for step in self.steps}
        self.often = added_to_often(program)
        self.parents = {step.output: parents_of(program, step) for step in self.steps}

    @classmethod
    def of(cls, program: Program) -> "Links":
        if program not in cls.known:
            cls.known[program] = Links(program)
        return cls.known[program]


Moved: TypeAlias = tuple[Spot, int]  # where a value is updated, and its first version


def find_chains(
    program: Program,
    banned: Collection[int] = (),
    no_links: Collection[Spot] = (),
    moved: Collection[Moved] = (),
) -> tuple[list[Chain], list[int]]:
    """All chains, and for each position the set (as bits) of chains that it depends on.

    Dependence ends at a chain's version, which depends on its own chain alone. A root in `banned` is
    taken for no parameter, a step at a site in `no_links` for no update; what is `moved` goes on whatever its updates depend on.
    """
    everywhere = Links.of(program).sites
    chains, _ = link_chains(program, banned, no_links, everywhere, at_known_sites=False)
    sites = {program.spot(step) for chain in chains for step in chain.steps}
    peers = {
        (program.spot(chain.steps[0]), born)
        for chain in chains
        if (born := birthplace(program, chain.root)) is not None
    }
    sites |= {spot for spot, _ in moved}
    return link_chains(program, banned, no_links, sites, True, peers, moved)


def birthplace(program: Program, position: int) -> int | None:
    """Where the source makes a number that is given, such as an entry of a list of weights."""
    if position not in program.given or np.size(program.given[position]) != 1:
        return None
    return program.recording.birthplaces.get(position)


def link_chains(
    program: Program,
    banned: Collection[int],
    no_links: Collection[Spot],
    sites: Collection[Spot],
    at_known_sites: bool,
    peers: Collection[tuple[Spot, int]] = (),
    moved: Collection[Moved] = (),
) -> tuple[list[Chain], list[int]]:
    """Chains that are linked at some sites; at known ones also where an update is 0.

    There `peers`, numbers from the same line as parameters that are updated there, are parameters whatever
    their updates are made of: those of w[k][j] with the gradients of w[j][k] are made without its help.
    """
    links = Links.of(program)
    masks = [0] * program.size
    chain_of: dict[int, int] = {}  # position -> number of its chain or candidate
    roots: list[int] = []
    chains: dict[int, Chain] = {}

    def candidate(position: int) -> int | None:
        """The chain that a value is a version of, or may be the first version of."""
        known = chain_of.get(position)
        if known is not None:
            return known
        if position in banned or not used_twice(program, position):
            return None
        number = len(roots)
        roots.append(position)
        chain_of[position] = number
        masks[position] |= 1 << number
        return number

    # Values that may be parents must have their bit before anything is made from them.
    possible: dict[int, Parents] = {}
    for step in links.steps:
        if program.spot(step) in sites:
            possible[step.output] = links.parents[step.output]
            for parent, _ in possible[step.output]:
                candidate(parent)
    for step in program.steps:
        mask = masks[step.output]
        for position in step.inputs:
            mask |= masks[position]
        masks[step.output] = mask
        for parent, others in possible.get(step.output, ()):
            number = chain_of.get(parent)
            if number is None or roots[number] in banned:
                continue
            site = program.spot(step)
            if site in no_links or (site, parent) in links.often or outlives(program, parent, step):
                continue
            depends = 0
            for other in others:
                depends |= masks[other]
            continues = number in chains and same_statement(program, chains[number], step, parent)
            # An update that a dead unit makes 0 depends on none of its weights.
            usual = number in chains and program.spot(chains[number].steps[-1]) == site
            born = birthplace(program, parent)
            usual = usual or (born is not None and (site, born) in peers)
            usual = usual or (site, parent) in moved
            again = at_known_sites and (depends == 0 or usual) and step.operation in LINKS
            if depends >> number & 1 or continues or again:
                chain = chains.setdefault(number, Chain(roots[number], [roots[number]]))
                if parent not in chain.versions and step.operation != "scatter":
                    continue
                chain.versions.append(step.output)
                chain.steps.append(step)
                own = chain_of.get(step.output)
                if own is not None and own != number:
                    mask &= ~(1 << own)
                chain_of[step.output] = number
                masks[step.output] = 1 << number
                break
    numbers = sorted(chains)
    if not at_known_sites or len(numbers) == len(roots):
        return [chains[number] for number in numbers], masks
    # Candidates that came to nothing may be very many, and most values depend on the same chains.
    renumbered = {number: 1 << k for k, number in enumerate(numbers)}
    every = sum(1 << number for number in numbers)
    kept = [mask & every for mask in masks]
    new = {mask: sum(renumbered[number] for number in bits(mask)) for mask in set(kept)}
    return [chains[number] for number in numbers], [new[mask] for mask in kept]


def begins_as_number(program: Program, chain: Chain) -> bool:
    """Whether a chain's first value is an update already, of a plain number: such a 0 is one object for many parameters."""
    maker = program.step_of.get(chain.root)
    if maker is None:
        return False
    number = maker.inputs[0]
    return (
        number in program.given
        and len(program.consumers[number]) == 1
        and program.spot(maker) == program.spot(chain.steps[0])
    )


def moved_by_others(program: Program, known: Collection[int], masks: Sequence[int]) -> set[Moved]:
    """Values that one statement changes all along by what is made of parameters, though of none of their own: w8 -= d1 * h2.

    None that are `known` as versions of parameters; `masks` has those that each position depends on.
    """
    links = Links.of(program)
    places: dict[
        int, tuple[Moved, int, int]
    ] = {}  # of versions, with their number and the first one
    found = set()
    for step in links.steps:
        if step.output in known or step.operation == "scatter":
            continue
        for parent, others in links.parents[step.output]:
            spot = program.spot(step)
            moved, count, first = places.get(parent, ((spot, parent), 0, step.output))
            if moved[0] == spot and any(masks[position] for position in others):
                places[step.output] = moved, count + 1, first
                if count + 1 >= FEW and step.output - first >= LASTING * (program.size - first):
                    found.add(moved)
                break
    return found


def added_to_often(program: Program) -> set[tuple[Spot, int]]:
    """Spots and values that are added to there more than once, to be used on."""
    seen: set[tuple[Spot, int]] = set()
    often = set()
    for step in program.steps:
        if step.operation in LINKS and program.consumers.get(step.output):
            for position in set(step.inputs):
                key = (program.spot(step), position)
                if key in seen:
                    often.add(key)
                seen.add(key)
    return often


def origins(program: Program, chains: Sequence[Chain]) -> dict[int, int]:
    """What parameters began as, where that is used on beside their versions, with the numbers of their chains.

    Such a value is no version of its chain, since what is used on is not updated.
    """
    found = {}
    parents = Links.of(program).parents
    for number, chain in enumerate(chains):
        maker = program.step_of.get(chain.root)
        if maker is None or not chain.steps or program.spot(maker) != program.spot(chain.steps[0]):
            continue
        shape = np.shape(program.recorded[chain.root])
        for parent, _ in parents.get(maker.output, ()):
            if np.shape(program.recorded[parent]) == shape and outlives(program, parent, maker):
                found[parent] = number
                break
    return found


def outlives(program: Program, parent: int, step: Instruction) -> bool:
    """Whether a value is used on after what is made from it was used: x + f(x) is no update of x."""
    uses = program.consumers.get(step.output, ())
    if not uses or step.operation == "scatter":
        return False
    # Both are in order, and a value that is used everywhere has very many uses.
    return program.consumers[parent][-1].output > uses[0].output


def used_twice(program: Program, position: int) -> bool:
    """What goes into an update alone, such as a partial sum, is no parameter."""
    return len(program.consumers.get(position, ())) > 1


def parents_of(program: Program, step: Instruction, written: bool = False) -> Parents:
    """The values that a step may be a new version of, each with what is added to it; `written` into an array, it goes on."""
    if step.operation in LINKS and program.site(step).kind in UPDATE_KINDS:
        left, right = (original(program, position) for position in step.inputs)
        found = [(left, [right])]
        if step.operation == "add":
            found.append((right, [left]))
        result = []
        for parent, others in found:
            result.append((parent, others))
            scaled = scaled_value(program, parent)
            # g + c w is a gradient with decay, and goes into one update; (1 - c) w - g goes on.
            if scaled is not None and (written or used_twice(program, step.output)):
                result.append((scaled, others))
        result += first_of_sum(program, step)
        return result
    if step.operation == "scatter":
        before, entries = step.inputs
        maker = program.step_of.get(entries)
        while maker is not None and maker.operation.startswith(("reshape", "call:trunc")):
            maker = program.step_of.get(maker.inputs[0])
        if (
            maker is None or maker.operation not in LINKING
        ):  # w[i][j] is written into w[i], and that into w
            return []
        for parent, others in parents_of(program, maker, written=True):
            source = program.step_of.get(parent)
            if (
                source is not None
                and source.operation == "gather"
                and same_entries(program, source, step)
            ):
                return [(before, others)]
    return []


def original(program: Program, position: int) -> int:
    """What a value is a copy of, where the copy is made to be updated and serves nothing else."""
    step = program.step_of.get(position)
    while step is not None and step.operation == "reshape" and not used_twice(program, position):
        source = step.inputs[0]
        if np.shape(program.recorded[source]) != np.shape(program.recorded[position]):
            break
        position, step = source, program.step_of.get(source)
    return position


def first_of_sum(program: Program, step: Instruction) -> Parents:
    """w of w - rate + gradient: a sum in one line, nothing of which goes anywhere else."""
    left, right = step.inputs
    maker = program.step_of.get(left)
    if maker is None or maker.operation not in LINKS or used_twice(program, left):
        return []
    if program.site(maker).line != program.site(step).line:
        return []
    return [(maker.inputs[0], [maker.inputs[1], right])]


def scaled_value(program: Program, position: int) -> int | None:
    """a, where the value is c a with one number c."""
    step = program.step_of.get(position)
    if step is None or step.operation != "multiply":
        return None
    values = program.recorded
    for own, other in (step.inputs, step.inputs[::-1]):
        if np.size(values[other]) == 1 and not (np.size(values[own]) == 1 and own in program.given):
            return int(own)
    return None


def same_entries(program: Program, gather: Instruction, scatter: Instruction) -> bool:
    """Whether entries are read and written at the same places, however their indices are spelt."""
    read, written = gather.parameters["indices"], scatter.parameters["indices"]
    if equal_indices(read, written):
        return True
    values = program.recorded
    shape = np.shape(values[scatter.inputs[0]])
    if np.shape(values[gather.inputs[0]]) != shape or np.prod(shape) > MOST_PLACES:
        return False
    places = np.arange(int(np.prod(shape))).reshape(shape)
    try:
        return np.array_equal(np.ravel(places[read]), np.ravel(places[written]))
    except (IndexError, TypeError):
        return False


def equal_indices(left: object, right: object) -> bool:
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(equal_indices, left, right))
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        return np.array_equal(np.asarray(left), np.asarray(right))
    return bool(left == right)


def same_statement(program: Program, chain: Chain, step: Instruction, parent: int) -> bool:
    """w - a - b is one update in two steps."""
    if chain.versions[-1] != parent or parent == chain.root or used_twice(program, parent):
        return False
    before, now = program.site(chain.steps[-1]), program.site(step)
    return before.file == now.file and before.line >= now.line and before.end_line <= now.end_line


def bits(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def spread(program: Program, marked: Sequence[int], stops: Collection[int]) -> list[int]:
    """Bits carried forward: what each value depends on; nothing goes on through a stop."""
    masks = list(marked)
    for step in program.steps:
        if step.output in stops:
            continue
        mask = masks[step.output]
        for position in step.inputs:
            mask |= masks[position]
        masks[step.output] = mask
    return masks
