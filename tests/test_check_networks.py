"""`check` on the networks of `tests/networks`: wrong ones are found, right ones never called wrong.

Of the variants every seventh is tried, all mistakes and styles among them: all take 12 minutes. Of these 71 all are
found, 69 at their lines (0.97) and 68 by their names (0.96); of all 497 489, 481 and 482. The floors lie just below,
for slower machines, and rise with what is reached; the aims are detection 1, lines 0.95 and names 0.9.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from chainrule.checking.request import check_paths
from chainrule.checking.verdict import Verdict

from checked import verdict_on
from network_variants import (
    Variant,
    bases,
    other_programs,
    outside_networks,
    right_networks,
    variants,
    without_edits,
)

SECONDS = 40.0
DETECTED, RIGHT_LINE, RIGHT_NAME = 0.97, 0.94, 0.91


NETWORKS = [*right_networks(), *outside_networks(), *other_programs(), *bases()]


def verdicts_of(paths: Sequence[Path]) -> list[Verdict]:
    """Each program is checked as the command does, in a process of its own, two at a time."""
    answers = list(check_paths([str(path) for path in paths], SECONDS, jobs=2))
    verdicts = [answer for answer in answers if isinstance(answer, Verdict)]
    assert len(verdicts) == len(answers), [a for a in answers if not isinstance(a, Verdict)]
    return verdicts


def write(sources: Sequence[str], folder: Path) -> list[Path]:
    paths = []
    for number, source in enumerate(sources):
        path = folder / str(number) / "network.py"
        path.parent.mkdir()
        path.write_text(source, "utf-8")
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Variant, Verdict]]:
    sample = [variant for variant in variants() if variant.mistake][::14]
    paths = write([variant.source for variant in sample], tmp_path_factory.mktemp("variants"))
    return list(zip(sample, verdicts_of(paths), strict=True))


def share(marks: Sequence[bool]) -> float:
    return sum(marks) / len(marks)


def test_wrong_networks_are_found(tried: list[tuple[Variant, Verdict]]) -> None:
    missed = [
        (v.base, v.mistake, verdict.reason) for v, verdict in tried if verdict.verdict != "wrong"
    ]
    assert share([verdict.verdict == "wrong" for _, verdict in tried]) >= DETECTED, missed


def test_mistakes_are_found_at_their_lines(tried: list[tuple[Variant, Verdict]]) -> None:
    marks = [any(f.line in variant.lines for f in verdict.findings) for variant, verdict in tried]
    assert share(marks) >= RIGHT_LINE


def test_mistakes_are_named(tried: list[tuple[Variant, Verdict]]) -> None:
    marks = [
        any(f.mistake == variant.mistake for f in verdict.findings) for variant, verdict in tried
    ]
    assert share(marks) >= RIGHT_NAME


@pytest.mark.parametrize("network", NETWORKS, ids=lambda path: path.stem)
def test_no_network_is_called_wrong_that_is_right(network: Path) -> None:
    program = without_edits(network) if network in bases() else network
    verdict = verdict_on(program, SECONDS / 4)
    assert verdict["verdict"] != "wrong", verdict["findings"]
