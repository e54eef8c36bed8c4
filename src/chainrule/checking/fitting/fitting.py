"""Whether updates follow gradients: u = -eta g, one eta for all parameters of a pass.

Forms are tried from the plain to the general: one rate; rates that differ by named constants; momentum
and decay, u = -eta g + beta u_before - lambda V, with constant numbers. Right updates agree to about
1e-11, and mistakes were seen from 1e-5 upwards; what lies between is nobody's.
"""

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, final

import numpy as np

from chainrule.checking.anatomy.parameters import begins_as_number
from chainrule.checking.anatomy.program import Instruction, Program, calls_of
from chainrule.checking.anatomy.updates import Anatomy, Update
from chainrule.checking.fitting.rates import drawn_entries, find_schedules, rate_of

NOISY = 1e-3  # an update that is rounding errors alone agrees with any rate
EXACT = 1e-8  # relative: from here down an update follows its gradient
CLEAR = 1e-5  # from here up it does not
RATE = 1e-6  # by how much two rates may differ and be one


@final
@dataclass
class Fit:
    """How well the updates of one loss fit: for each chain whether it does, and the rate of each pass.

    `good`, `bad` and `silent` are numbers of chains; silent ones had neither gradient nor update.
    `ratio` and `cosine` of each chain are against the common rate. `momentum` and `decay` are those of
    the general form, where it was needed. `rates` has for each chain its own constant factor on the
    common rate. `apart` is how far the updates that follow lie from it at the most, relative to their
    length, where one common rate is the form. `made` has for each chain that an optimizer moves the
    hand-made gradients of its first updates. `decays` tells that a decay was needed, and
    `schedule` by which rate of the program's own, by turn; with a decay `within` it, by this rate as well.
    """

    loss: str
    good: set[int] = field(default_factory=set)
    bad: set[int] = field(default_factory=set)
    silent: set[int] = field(default_factory=set)
    rate: dict[int, float] = field(default_factory=dict)
    ratio: dict[int, float] = field(default_factory=dict)
    cosine: dict[int, float] = field(default_factory=dict)
    rates: dict[int, float] = field(default_factory=dict)
    form: str = "gradient-descent"
    clear: bool = True
    apart: float | None = None
    made: dict[int, tuple[int, ...]] = field(default_factory=dict)
    decays: bool = False
    schedule: Mapping[int, float] = field(default_factory=dict)
    within: bool = False

    @property
    def is_right(self) -> bool:
        climbs = self.form != "adaptive" and any(rate < 0 for rate in self.rate.values())
        return bool(self.good) and not self.bad and not climbs


# Of an update in its turn: chain, which of its updates, rate, residual, noise, entries.
Row: TypeAlias = tuple[int, int, float, float, float, int]


@final
@dataclass
class Trace:
    """One chain's updates, steps and gradients, in order, those of all worlds joined to one vector.

    Joined, because what depends on the parameters' values is no learning rate: one eta must do for all
    worlds. `first` has steps, gradients and versions of the first world in their own shape; None stands
    for a step that has not its gradient's shape. `befores` are 0 where no decay draws a parameter that decays.
    `late`: there was an update before the first one here, whose gradient is not known.
    """

    updates: list[Update]
    steps: list[Any]
    gradients: list[Any]
    befores: list[Any]
    first: list[tuple[Any, Any, Any]]
    late: bool = False


def traces_of(
    anatomy: Anatomy, worlds: Sequence[tuple[Any, Sequence[Any], Sequence[Any]]]
) -> dict[int, Trace]:
    """Traces from the worlds: each its values, its gradients and its steps, one an update."""
    traces: dict[int, Trace] = {}
    drawn = drawn_entries(anatomy)
    for place, update in enumerate(anatomy.updates):
        late = begins_as_number(anatomy.program, anatomy.chains[update.chain])
        trace = traces.setdefault(update.chain, Trace([], [], [], [], [], late))
        rows = [
            (steps[place], gradients[place], np.asarray(values[update.before], dtype=float))
            for values, gradients, steps in worlds
        ]
        fits = all(np.shape(u) == np.shape(g) for u, g, _ in rows)
        trace.updates.append(update)
        trace.steps.append(join([u for u, _, _ in rows]) if fits else None)
        trace.gradients.append(join([g for _, g, _ in rows]))
        trace.befores.append(join([b * drawn.get(update.chain, 1.0) for _, _, b in rows]))
        trace.first.append(rows[0])
    return traces


def join(arrays: Sequence[Any]) -> Any:
    return np.concatenate([np.reshape(array, -1) for array in arrays])


def noise_of(before: Any, step: Any, gradient: Any) -> float:
    """What rounding leaves in V' - V, relative to the step: eps |V| sqrt(n) / |u|."""
    size = float(np.sqrt(np.sum(step**2)))
    if size == 0:
        return 0.0
    return float(8 * np.finfo(float).eps * np.sqrt(np.sum(before**2)) / size)


def norm(values: Any) -> float:
    flat = np.asarray(values, dtype=float)
    return math.sqrt(np.vdot(flat, flat))


def fit_plain(anatomy: Anatomy, traces: Mapping[int, Trace], loss: str) -> Fit:
    """u = -eta g, eta common to all parameters of a pass and free from pass to pass."""
    fit = Fit(loss)
    largest: dict[int, float] = {}
    by_turn: dict[int, list[Row]] = {}
    for number, trace in traces.items():
        for k, update in enumerate(trace.updates):
            u, g = trace.steps[k], trace.gradients[k]
            if u is None:
                by_turn.setdefault(update.turn, []).append(
                    (number, k, np.nan, np.inf, 0.0, np.size(g))
                )
                continue
            size_g, size_u = norm(g), norm(u)
            if not (np.isfinite(size_g) and np.isfinite(size_u)):
                continue
            rate = -float(np.sum(u * g)) / size_g**2 if size_g > 0 else np.nan
            residual = norm(u + rate * g) / size_u if size_g > 0 and size_u > 0 else np.nan
            noise = noise_of(trace.befores[k], u, g)
            by_turn.setdefault(update.turn, []).append(
                (number, k, rate, residual, noise, np.size(u))
            )
            largest[update.turn] = max(largest.get(update.turn, 0.0), size_g)
    seen: dict[int, list[bool]] = {number: [] for number in traces}
    ratios: dict[int, list[float]] = {number: [] for number in traces}
    depth = {number: last_layer_order(anatomy, trace) for number, trace in traces.items()}
    starts = pass_starts(anatomy, by_turn)
    beside: dict[int, list[Row]] = {}
    for turn, rows in by_turn.items():
        beside.setdefault(starts[turn], []).extend(rows)
    for turn, rows in by_turn.items():
        eta = common_rate(rows, depth, beside[starts[turn]])
        if eta is not None:
            fit.rate[turn] = eta
        for number, k, rate, _, noise, _ in rows:
            trace = traces[number]
            u, g = trace.steps[k], trace.gradients[k]
            if u is None:
                seen[number].append(False)
                continue
            expected = norm(g) * abs(eta or 0.0)
            floor = 1e-13 * largest.get(turn, 0.0) * abs(eta or 0.0) + 4e-16 * norm(
                trace.befores[k]
            )
            if expected <= floor and norm(u) <= floor:
                continue
            if eta is None:
                seen[number].append(False)
                continue
            off = norm(u + eta * g) / max(expected, norm(u))
            allowed = EXACT + 4 * noise * norm(u) / max(expected, norm(u))
            seen[number].append(off <= allowed)
            if off <= allowed:
                fit.apart = max(off, fit.apart or 0.0)
            fit.clear = fit.clear and not (allowed < off < CLEAR)
            if np.isfinite(rate) and eta:
                ratios[number].append(rate / eta)
    for number, marks in seen.items():
        (fit.silent if not marks else fit.good if all(marks) else fit.bad).add(number)
        trace = traces[number]
        fit.ratio[number] = float(np.median(ratios[number])) if ratios[number] else 0.0
        cosine = overall_cosine(trace)
        # Each of its passes goes straight, at another rate maybe: a smaller batch has a smaller one.
        fit.cosine[number] = float(np.sign(cosine)) if number in fit.good else cosine
    return fit


def overall_cosine(trace: Trace) -> float:
    pairs = [
        (u.reshape(-1), g.reshape(-1))
        for u, g in zip(trace.steps, trace.gradients, strict=True)
        if u is not None
    ]
    if not pairs:
        return 0.0
    u, g = (scaled_to_1(np.concatenate([pair[side] for pair in pairs])) for side in (0, 1))
    size = norm(u) * norm(g)
    return float(-np.sum(u * g) / size) if size > 0 and np.isfinite(size) else 0.0


def scaled_to_1(values: Any) -> Any:
    """The same direction with a largest entry of 1: squares of what diverges are beyond all numbers."""
    largest = float(np.max(np.abs(values), initial=0.0))
    return values / largest if 0 < largest < np.inf else values


def pass_starts(anatomy: Anatomy, turns: Iterable[int]) -> dict[int, int]:
    """For each turn the last update before its prediction: those of one pass have one, each output's its own turn."""
    afters = sorted({update.after for update in anatomy.updates})
    return {turn: bisect_left(afters, anatomy.mixes[turn].prediction) for turn in turns}


def common_rate(
    rows: Sequence[Row], depth: Mapping[int, int], beside: Sequence[Row]
) -> float | None:
    """The rate that most entries agree on, those of the whole pass `beside` included; of equals the one nearest to the loss."""

    def exact_ones(rows: Sequence[Row]) -> list[tuple[float, int, float, int]]:
        return [
            (rate, size, noise, depth[number])
            for number, _, rate, residual, noise, size in rows
            if np.isfinite(rate) and rate != 0 and (residual <= EXACT + 4 * noise) and noise < NOISY
        ]

    exact, in_pass = exact_ones(rows), exact_ones(beside)
    if len(exact) == 1 and exact[0][1] == 1 and len(rows) > 1:
        return None  # a number alone agrees with itself
    best, best_score = None, (-1, 0)
    for rate, _, noise, _ in exact:
        if best is not None and abs(rate - best) <= RATE * abs(rate):
            continue
        near = [
            row
            for row in in_pass
            if abs(row[0] - rate) <= (RATE + 8 * max(noise, row[2])) * abs(rate)
        ]
        # A number alone fits any gradient: it counts less than an array, whose entries agree.
        weight = sum(min(row[1], 50) * (10 if row[1] > 1 else 1) for row in near)
        score = (weight, max(row[3] for row in near))
        if score > best_score:
            best, best_score = rate, score
    if best_score[0] == 1 and len(rows) > 1:
        return None
    return best


def last_layer_order(anatomy: Anatomy, trace: Trace) -> int:
    """Larger for parameters that are used later, nearer to the loss."""
    program = anatomy.program
    uses = [
        step.output
        for step in program.consumers.get(trace.updates[-1].before, ())
        if step.output in anatomy.forward
    ]
    return max(uses, default=0)


# --- rates that differ by named constants ---------------------------------------------------------


def fit_with_rates(anatomy: Anatomy, traces: Mapping[int, Trace], plain: Fit) -> Fit | None:
    """u = -eta c g with a number c of each parameter's own, which the source names, or computes as time goes on.

    Each named factor must be the step size of that parameter's update; or each has a number in the source there. Where
    nothing else differs all is right; else those that do are seen by the rates of their own.
    """
    for written, asked in (False, plain.bad), (True, traces.keys()):
        factors = {number: named_rate(anatomy, t, written) for number, t in traces.items()}
        if any(factors[number] is None for number in asked):
            continue
        own = {n: factors[n] or [1.0] * len(trace.steps) for n, trace in traces.items()}
        fit = fit_plain(anatomy, divided(traces, own), plain.loss)
        if fit.is_right or len(fit.good) > len(plain.good):
            fit.rates = {number: numbers[0] for number, numbers in own.items()}
            first = next(iter(fit.rates.values()))
            fit.rate = {turn: rate * first for turn, rate in fit.rate.items()}
            return fit
    for schedule in find_schedules(anatomy) if plain.good else ():
        own = {n: [schedule[n, u.turn] for u in trace.updates] for n, trace in traces.items()}
        fit = fit_plain(anatomy, divided(traces, own), plain.loss)
        if fit.is_right:
            return fit
    return None


def divided(
    traces: Mapping[int, Trace], numbers: Mapping[int, Sequence[float]]
) -> dict[int, Trace]:
    """The traces of updates that are divided by numbers."""
    return {
        n: replace(
            trace,
            steps=[u if u is None else u / c for u, c in zip(trace.steps, numbers[n], strict=True)],
            befores=[b / c for b, c in zip(trace.befores, numbers[n], strict=True)],
        )
        for n, trace in traces.items()
    }


def named_rate(anatomy: Anatomy, trace: Trace, written: bool = False) -> list[float] | None:
    """The named scalar that multiplies each update of a chain, where one name does; or one that is `written` there."""
    values = []
    for update in trace.updates:
        found = named_factors(anatomy, update, written)
        if len(found) != 1 or found[0][1] == 0:
            return None
        values.append(abs(found[0][1]))  # whether it goes down is the step's affair
    return values


def named_factors(
    anatomy: Anatomy, update: Update, written: bool = False
) -> list[tuple[str, float]]:
    """Scalars with a name by which an update is multiplied last, outermost first."""
    program: Program = anatomy.program
    chain = anatomy.chains[update.chain]
    first, last = chain.versions.index(update.before), chain.versions.index(update.after)
    found: list[tuple[str, float]] = []
    for step in chain.steps[first:last][:1]:
        link = program.step_of.get(step.inputs[1]) if step.operation == "scatter" else step
        if link is None:
            continue
        waiting = [p for p in link.inputs if anatomy.error_masks[p] and p not in anatomy.stops]
        while waiting:
            made = program.step_of.get(waiting.pop())
            if made is not None and made.operation in ("matmul", "outer"):
                found += factors_inside(anatomy, made, written)  # (rate * x.T) @ delta
                break
            if made is None or made.operation not in ("multiply", "negate", "reshape", "divide"):
                break
            for slot, position in enumerate(made.inputs):
                if anatomy.error_masks[position]:
                    waiting.append(position)
                elif made.operation == "multiply":
                    rate = rate_of(anatomy, made, slot, written)
                    # What is computed further in, as 1 / samples is, belongs to the gradient.
                    found += [rate] if rate and (not found or position in program.given) else []
            if len(waiting) > 1:
                break
    return found


def factors_inside(
    anatomy: Anatomy, product: Instruction, written: bool
) -> list[tuple[str, float]]:
    """Scalars with a name that an untainted factor of a product was multiplied by."""
    program = anatomy.program
    found = []
    for position in product.inputs:
        made = program.step_of.get(position)
        if anatomy.error_masks[position] or made is None or made.operation != "multiply":
            continue
        rates = (rate_of(anatomy, made, slot, written) for slot in range(len(made.inputs)))
        found += [rate for rate in rates if rate]
    return found


def stands_still(trace: Trace, rate: float) -> bool:
    """Whether a parameter does not move, though by its gradients it clearly should."""
    return any(
        u is not None
        and rate * norm(g) > CLEAR * norm(before)
        and norm(u) <= EXACT * rate * norm(g)
        for u, g, before in zip(trace.steps, trace.gradients, trace.befores, strict=True)
    )


def stand_still(
    traces: Mapping[int, Trace], silent: Collection[int], moving: Collection[int]
) -> set[int]:
    """The silent chains that have a gradient where others move: an optimizer would move them, too."""
    largest: dict[int, float] = {}
    for trace in traces.values():
        for update, gradient in zip(trace.updates, trace.gradients, strict=True):
            largest[update.turn] = max(largest.get(update.turn, 0.0), norm(gradient))
    return {
        number
        for number in silent
        if any(
            update.turn in moving and norm(gradient) > CLEAR * largest[update.turn]
            for update, gradient in zip(
                traces[number].updates, traces[number].gradients, strict=True
            )
        )
    }


def update_line(anatomy: Anatomy, number: int) -> tuple[Any, ...]:
    """What parameters have in common that are numbers of one list: their name, and the line that updates them."""
    chain = anatomy.chains[number]
    site, call = anatomy.program.site(chain.steps[-1]), anatomy.program.call(chain.steps[-1])
    return chain.name(anatomy.program), site.file, site.line, calls_of(call)


def common_factor(anatomy: Anatomy, fit: Fit) -> float | None:
    """eta over the one named learning rate that multiplies every update; None without one."""
    if not fit.rate:
        return None
    found = []
    for update in anatomy.updates:
        factors = named_factors(anatomy, update)
        if len(factors) != 1:
            return None
        found.append(factors[0])
    if len({name for name, _ in found}) != 1:
        return None
    ratios = [
        fit.rate[update.turn] / rate
        for update, (_, rate) in zip(anatomy.updates, found, strict=True)
        if update.turn in fit.rate and rate
    ]
    if not ratios or np.ptp(ratios) > 1e-6 * abs(ratios[0]):
        return None
    return float(ratios[0])
