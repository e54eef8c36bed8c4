"""Errors of several samples that are added up before they go back, together, through one sample's values.

The way back is linear in the errors, and not in what they meet there: each sample's error belongs with that sample's
activations. A product of both is put right by the sum of such products, one a sample.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from chainrule.checking.anatomy.parameters import PRODUCTS
from chainrule.checking.anatomy.program import Instruction, Program
from chainrule.checking.repairing.edits import Edit, each
from chainrule.checking.repairing.scene import Scene

MOST_SAMPLES = 64


@final
@dataclass
class Samples:
    """The samples of a turn: for each its errors, and what its predictions alone are made with; these in one order for all."""

    errors: list[list[int]]
    private: list[list[int]]

    def owner(self, behind: Collection[int]) -> int | None:
        """The one sample whose values something is made of."""
        owners = [k for k, own in enumerate(self.private) if not set(own).isdisjoint(behind)]
        return owners[0] if len(owners) == 1 else None

    def seen_by(self, sample: int, owner: int, values: Any) -> dict[int, Any]:
        """A sample's own errors, those of others 0; and its values where those of the owner stand."""
        replaced = {
            error: values[error] if k == sample else np.zeros(np.shape(values[error]))
            for k, errors in enumerate(self.errors)
            for error in errors
        }
        pairs = zip(self.private[owner], self.private[sample], strict=True)
        return replaced | {own: values[other] for own, other in pairs}


def summed_errors(scene: Scene) -> Iterator[Edit]:
    """For each product of a sum of several samples' errors with one sample's values the sum of the samples' products."""
    own: dict[int, tuple[Samples, int]] = {}
    turns = {update.turn: update.mixes for update in scene.bad_updates if len(update.mixes) > 1}
    for turn, mixes in turns.items():
        samples = samples_of(scene, mixes)
        if samples is None:
            continue
        updates = [update for update in scene.bad_updates if update.turn == turn]
        behind = scene.behind(updates, to_goals=True) & scene.program.step_of.keys()
        for step in map(scene.program.step_of.__getitem__, sorted(behind)):
            if step.number in scene.suspect_numbers and step.number not in own:
                owner = sample_met(scene, step, samples)
                if owner is not None:
                    own[step.number] = samples, owner
    steps = [scene.program.steps[number] for number in sorted(own)]
    if not steps:
        return
    program, stops = scene.program, scene.case.anatomy.stops

    def change(step: Instruction) -> Instruction:
        samples, owner = own[step.number]
        cone = cone_of(program, step, stops)

        def product(values: Any) -> Any:
            return sum(
                program.rerun(values, {}, cone, (), samples.seen_by(k, owner, values))[step.output]
                for k in range(len(samples.errors))
            )

        return replace(step, compute=product)

    slot = int(scene.is_tainted(steps[0].inputs[0]))
    yield Edit("last-sample-only", steps, each(change), steps[0], slot, how="each sample", cost=2)


def cone_of(program: Program, step: Instruction, stops: Collection[int]) -> list[Instruction]:
    behind = program.ancestors([step.output], stops, begun=[step.output])
    return [one for one in program.steps[: step.number + 1] if one.output in behind]


def sample_met(scene: Scene, step: Instruction, samples: Samples) -> int | None:
    """The sample whose values a step multiplies errors of several samples by, if it does."""
    if step.operation not in PRODUCTS or len(step.inputs) != 2:
        return None
    anatomy = scene.case.anatomy
    tainted = [scene.is_tainted(p) for p in step.inputs]
    if tainted[0] == tainted[1]:
        return None
    error, other = step.inputs if tainted[0] else step.inputs[::-1]
    behind = scene.program.ancestors([error], anatomy.stops)
    together = sum(not behind.isdisjoint(errors) for errors in samples.errors)
    if together < 2:
        return None
    return samples.owner(scene.program.ancestors([other], anatomy.stops))


def samples_of(scene: Scene, mixes: Sequence[int]) -> Samples | None:
    """The samples that some errors belong to, if their forward passes are alike."""
    program, anatomy = scene.program, scene.case.anatomy
    predictions = {n: anatomy.mixes[n].prediction for n in mixes}
    if len(set(predictions.values())) > MOST_SAMPLES:
        return None
    behind = {
        n: program.ancestors([p], anatomy.stops) - anatomy.stops for n, p in predictions.items()
    }
    common = set[int].intersection(*behind.values())
    groups = grouped({n: found - common for n, found in behind.items()}, program.step_of)
    if len(groups) < 2:
        return None
    made = [set().union(*(behind[n] for n in group)) - common for group in groups]
    private = [
        sorted(own - set().union(*(other for other in made if other is not own))) for own in made
    ]
    forms = {tuple(map(scene_place(scene), own)) for own in private}
    if len(forms) != 1 or not private[0]:
        return None
    return Samples([[anatomy.mixes[n].output for n in group] for group in groups], private)


def scene_place(scene: Scene) -> Any:
    """What makes a value: a place in the source, or nothing."""
    step_of = scene.program.step_of
    return lambda p: scene.place_of(step_of[p])[:2] if p in step_of else None


def grouped(behind: Mapping[int, set[int]], made: Collection[int]) -> list[list[int]]:
    """Errors whose predictions share what was computed, each group of them one sample's."""
    groups: list[tuple[list[int], set[int]]] = []
    for number, found in behind.items():
        own, reach = [number], {p for p in found if p in made}
        apart = []
        for members, others in groups:
            if others & reach:
                own, reach = members + own, others | reach
            else:
                apart.append((members, others))
        groups = [*apart, (own, reach)]
    return [sorted(members) for members, _ in groups]
