"""One-token edits of right networks are sorted rightly: into mistakes, others, and those not judged."""

from pathlib import Path

import pytest

from network_mutants import edits_of, is_wrong, keeps_predictions, mutants_of, mutated_networks
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


def test_an_edit_changes_one_token() -> None:
    original = SOURCE.splitlines()
    edits = list(edits_of(SOURCE))
    assert len({source for _, _, source in edits}) == len(edits) > 100
    for line, _, source in edits:
        changed = [k for k, text in enumerate(source.splitlines(), 1) if text != original[k - 1]]
        assert changed == [line]


@pytest.mark.parametrize("path", mutated_networks()[::8], ids=lambda path: path.stem)
def test_mutants_are_the_same_every_time(path: Path) -> None:
    first, again = (list(mutants_of(path, wrong=1, right=0)) for _ in range(2))
    assert first == again
    assert [mutant.wrong for mutant in first] == [True]


@pytest.mark.parametrize("path", mutated_networks(), ids=lambda path: path.stem)
def test_predictions_are_seen_in_the_program_itself(path: Path) -> None:
    assert keeps_predictions(without_edits(path), path.parent)
