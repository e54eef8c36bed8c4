"""What check says of parameters that no update touches: findings, with the missing statement, and rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.checking.anatomy.parameters import UPDATE_KINDS
from chainrule.checking.finding.frozen import Frozen
from chainrule.checking.fitting.case import Case
from chainrule.checking.fitting.fitting import Fit, norm
from chainrule.checking.verdict import Finding, ParameterVerdict
from chainrule.recording.execution import Run


def update_text(case: Case, fit: Fit, name: str, gradient: Any) -> str | None:
    """The missing statement, made from a value that the first pass computes and names: b -= rate * sum(d)."""
    anatomy, program = case.anatomy, case.program
    turns = sorted({update.turn for update in anatomy.updates})
    end = max(update.after for update in anatomy.updates if update.turn == turns[0])
    eta = fit.rate.get(turns[0])
    if not eta:
        return None
    best = None
    for position in range(end):
        spoken = program.name(position)
        if not spoken or not anatomy.error_masks[position] or position in anatomy.stops:
            continue
        value = np.asarray(case.values[position], dtype=float)
        forms = [(value, spoken)]
        if value.ndim == 2:
            keep = np.ndim(gradient) == 2
            forms += [
                (
                    value.sum(axis=axis, keepdims=keep),
                    f"{spoken}.sum(axis={axis}{', keepdims=True' if keep else ''})",
                )
                for axis in (0, 1)
                if value.shape[axis] > 1
            ]
        for numbers, text in forms:
            if np.shape(numbers) != np.shape(gradient) or not norm(numbers) > 0:
                continue
            factor = float(np.sum(numbers * gradient)) / norm(gradient) ** 2
            if norm(numbers - factor * gradient) <= 1e-8 * norm(numbers) and np.size(gradient) > 1:
                best = f"{name} {'-=' if factor > 0 else '+='} {rate_text(case, eta / abs(factor))}{text}"
    return best


def rate_text(case: Case, rate: float) -> str:
    """The rate by the name that the source has for it."""
    if abs(rate - 1) < 1e-9:
        return ""
    for position, number in case.program.given.items():
        name = case.program.name(position)
        if (
            name
            and np.size(number) == 1
            and abs(float(np.reshape(number, -1)[0]) - rate) <= 1e-9 * rate
        ):
            return f"{name} * "
    return f"{rate:.6g} * "


def frozen_findings(case: Case, fit: Fit, frozen: Sequence[Frozen], run: Run) -> list[Finding]:
    """A finding for each place where updates are missing."""
    places: dict[tuple[int, int, str], list[Frozen]] = {}
    for one in frozen:
        site = one.site or one.born
        if not one.intended and site is not None:
            places.setdefault((site.file, site.line, one.name), []).append(one)
    findings = []
    for (file, line, name), members in places.items():
        source = run.sources[file]
        one = members[0]
        index = np.unravel_index(int(np.argmax(np.abs(one.gradient))), np.shape(one.gradient))
        cell, cell_line = source.cell_of(line)
        where = f"[{','.join(map(str, index))}]" if index else ""
        slope = float(np.asarray(one.gradient)[index])
        born = f" (line {one.born.line})" if one.born and one.site else ""
        start = f"which starts {'random' if np.any(one.start) else 'at zero'}{born}"
        update = f"no update of {name}, {start}"
        if one.adds_0:
            update = f"an update of {name} that is 0 in every pass"
        wanted = (
            f"one against the loss's gradient with respect to {name}, which is not 0 (at {name}{where} it is "
            f"{slope:.6g}): a step against it lowers the loss, as the computation shows when it is run again"
        )
        if one.whole:
            update += (
                f", since {name} holds whole numbers and what is written into it is cut to one"
            )
        if one.anew:
            update = f"{name} anew in every pass, so that its updates are lost"
            wanted = f"{name} once, before the first pass"
        # At a call the statement is there already, in what is called.
        elsewhere = one.site is not None and one.site.kind not in UPDATE_KINDS
        told = one.anew or one.whole or elsewhere
        findings.append(
            Finding(
                str(source.path), line, "parameter-never-updated", update, wanted,
                None if told else update_text(case, fit, name, one.gradient),
                proved=True, cell=cell, cell_line=cell_line,
                source=source.shown[line - 1] if line <= len(source.shown) else "",
                parameters=[name],
                numbers=None if one.anew else (f"the gradient of {name}{where}", 0.0, slope),
            )
        )  # fmt: skip
    return findings


def frozen_rows(frozen: Sequence[Frozen]) -> list[ParameterVerdict]:
    """A row for each, numbers of one name together."""
    rows: dict[tuple[str, int], ParameterVerdict] = {}
    for number, one in enumerate(frozen):
        row = ParameterVerdict(one.name, "never-updated", None, None, one.shape)
        rows.setdefault((one.name, number if one.shape and not one.anew else -1), row)
    return list(rows.values())
