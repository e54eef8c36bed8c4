"""One-token edits of right networks are sorted rightly: into mistakes, others, and those not judged."""

from pathlib import Path

import pytest

from network_mutants import edits_of, is_wrong, keeps_predictions, mutants, mutated_networks
from network_variants import NETWORKS, without_edits

FOLDER = NETWORKS / "bases"
SOURCE = without_edits(FOLDER / "script_row_online.py")


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("(d2 @ w2.T) * sigmoid_prime(z1)", "(d2 @ w2.T) + sigmoid_prime(z1)", True),
        ("(d2 @ w2.T) * sigmoid_prime(z1)", "(d2 @ w2.T) * sigmoid_prime(a1)", True),
        ("w1 -= rate", "w1 += rate", True),
        ("error * sigmoid_prime(z2)", "error", False),  # binary cross-entropy
        ("rate = 0.4", "rate = 0.2", False),
        ("default_rng(11)", "default_rng(12)", False),
        ("z2 = a1 @ w2 + b2", "z2 = a1 @ w2 - b2", None),  # another network
        ("d2 = error", "d2 = eror", None),  # stops
    ],
)
def test_an_edit_is_judged(old: str, new: str, wrong: bool | None) -> None:
    assert SOURCE.count(old) == 1
    assert is_wrong(SOURCE.replace(old, new), FOLDER) is wrong


def test_an_edit_is_judged_by_what_comes_before_numbers_overflow() -> None:
    network = NETWORKS / "right" / "rate_decay.py"
    source = without_edits(network)
    assert source.count("/ Y.size") == 1
    assert is_wrong(source.replace("/ Y.size", "* Y.size"), network.parent) is False


def test_an_edit_changes_one_token() -> None:
    original = SOURCE.splitlines()
    edits = edits_of(SOURCE)
    assert len(set(edits)) == len(edits) > 100
    for edit in edits:
        changed = edit.apply(SOURCE).splitlines()
        assert [k for k, text in enumerate(changed, 1) if text != original[k - 1]] == [edit.line]


def test_sorted_mutants_are_as_sorted() -> None:
    every = list(mutants())
    assert len({(m.network, m.edit) for m in every}) == len(every)
    assert sum(m.wrong for m in every) >= 500
    assert sum(not m.wrong for m in every) >= 150
    for mutant in every[::37]:
        assert is_wrong(mutant.source, mutant.network.parent) is mutant.wrong


@pytest.mark.parametrize("path", mutated_networks(), ids=lambda path: path.stem)
def test_predictions_are_seen_in_the_program_itself(path: Path) -> None:
    assert keeps_predictions(without_edits(path), path.parent)
