"""A problem's own step: right where it makes no mistake, and where it makes one, the links that are wrong."""

import json

import numpy as np
import pytest

from chainrule import check, read_problem
from chainrule.arrays import Array
from chainrule.checking import problem_step
from chainrule.checking.problem_step import check_problem
from chainrule.checking.verdict import Verdict
from chainrule.cli import main
from chainrule.engine import reference
from chainrule.errors import InputError
from chainrule.mistakes import MISTAKES
from chainrule.optimizers import OPTIMIZERS, named_optimizer
from chainrule.problem import Problem
from chainrule.problem.dataset import Dataset
from chainrule.problem.reader import Schedule
from chainrule.textbook import example_names

from random_networks import random_case
from small_problems import CLASSES, PROBLEM, changed, parse

WRONG_EXAMPLES = {"numeric-example": ["dL/dz2", "dL/dz1"], "mazur": ["dL/da1"]}

PUBLISHED = """\
numeric-example: wrong

dL/dz2 and dL/dz1 use sigmoid'(a2) and sigmoid'(a1) where the chain rule has sigmoid'(z2) and
sigmoid'(z1).

numeric-example, dL/dz2: derivative-at-activation
       | dL/dz2[1] = dL/da2[1] * sigmoid(a2[1]) * (1 - sigmoid(a2[1]))
       |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
dL/dz2[1] is -0.0389735477, and -0.0274568235 would be right.
Corrected:
       | dL/dz2[1] = dL/da2[1] * a2[1] * (1 - a2[1])

numeric-example, dL/dz1: derivative-at-activation
       | dL/dz1[3] = dL/da1[3] * sigmoid(a1[3]) * (1 - sigmoid(a1[3]))
       |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
dL/dz1[3] is -0.00499793792, and -0.00261418994 would be right.
Corrected:
       | dL/dz1[3] = dL/da1[3] * a1[3] * (1 - a1[3])

With these 2 steps changed, all 4 gradients agree to 1e-12.
"""


def random_problem(seed: int, mistake: str | None) -> Problem:
    """A problem over all options; one that the mistake can be made in."""
    rng = np.random.default_rng([seed, 77])
    case = random_case(rng)
    while mistake is not None and not MISTAKES[mistake].places(case.network, case.loss):
        case = random_case(rng)
    inputs, targets = (
        np.atleast_2d(np.asarray(array, dtype=np.float64)) for array in (case.inputs, case.targets)
    )
    schedule = Schedule(
        optimizer=named_optimizer(sorted(OPTIMIZERS)[seed % len(OPTIMIZERS)], 0.01),
        epochs=3,
        batch_size="all" if rng.random() < 0.5 else int(rng.integers(1, 4)),
        shuffle=bool(rng.random() < 0.3),
        seed=seed,
        report_every=None,
        mistake=mistake,
    )
    data = Dataset(inputs, targets, None, inputs[:0], None)
    return Problem("", case.network, data, case.loss, case.reduction, schedule, {})


def test_a_bare_check_finds_the_published_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (PUBLISHED, "")


def test_its_json_has_the_step_in_place_of_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["file"], found["verdict"], found["driven"]) == ("numeric-example", "wrong", False)
    assert [row["verdict"] for row in found["parameters"]] == ["wrong"] * 4
    first = found["findings"][0]
    assert first == {
        "file": "numeric-example",
        "line": None,
        "cell": None,
        "cell_line": None,
        "mistake": "derivative-at-activation",
        "found": "dL/da2[1] * sigmoid(a2[1]) * (1 - sigmoid(a2[1]))",
        "expected": "dL/da2[1] * a2[1] * (1 - a2[1])",
        "fix": "dL/dz2[1] = dL/da2[1] * a2[1] * (1 - a2[1])",
        "proved": True,
        "step": "dL/dz2",
    }


@pytest.mark.parametrize("name", example_names())
def test_every_textbook_example_is_judged(name: str) -> None:
    verdict = check(name)
    steps = WRONG_EXAMPLES.get(name, [])
    assert verdict.verdict == ("wrong" if steps else "right")
    assert [finding.step for finding in verdict.findings] == steps
    assert all(finding.proved for finding in verdict.findings)


def test_without_its_mistake_the_published_example_is_right() -> None:
    problem = read_problem("numeric-example").with_training(mistake=None)
    verdict = check_problem("p", problem)
    assert (verdict.verdict, verdict.factor) == ("right", 1.0)
    assert [row.cosine for row in verdict.parameters] == pytest.approx([1.0] * 4, rel=1e-12)


def test_frozen_biases_are_never_updated_and_no_finding() -> None:
    verdict = check_problem("mazur", read_problem("mazur").with_training(mistake=None))
    rulings = {row.name: row.verdict for row in verdict.parameters}
    assert rulings == {
        "w1": "right",
        "b1": "never-updated",
        "w2": "right",
        "b2": "never-updated",
    }
    assert verdict.verdict == "right"


def test_a_problem_without_training_has_its_gradients_checked() -> None:
    verdict = check("cs231n-neuron")
    assert verdict.reason == "every gradient is right"
    assert verdict.loss == "output"


def test_batches_classes_and_float32_are_checked_too() -> None:
    for text in (
        CLASSES,
        changed("epochs = 10", "epochs = 10\nbatch_size = 1\nshuffle = true"),
        changed("epochs = 10", 'epochs = 10\ndtype = "float32"'),
        changed("epochs = 10", 'epochs = 10\noptimizer = "adamw"'),
    ):
        assert check_problem("p", parse(text)).verdict == "right"
    mistaken = 'epochs = 10\ndtype = "float32"\nmistake = "derivative-at-activation"'
    assert check_problem("p", parse(changed("epochs = 10", mistaken))).verdict == "wrong"


@pytest.mark.parametrize("mistake", [None, *MISTAKES])
@pytest.mark.parametrize("seed", range(10))
def test_random_problems_are_right_unless_they_make_a_mistake(
    seed: int, mistake: str | None
) -> None:
    verdict = check_problem("p", random_problem(seed, mistake))
    if verdict.verdict == "wrong":
        assert mistake is not None
        assert {finding.mistake for finding in verdict.findings} == {mistake}
        for finding in verdict.findings:
            assert finding.numbers is not None
            assert finding.numbers[1] != finding.numbers[2]
            assert finding.found != finding.expected
    else:
        assert verdict.verdict == "right"
        assert mistake is None or "makes no difference here" in verdict.notes[-1]


def test_a_wrong_gradient_of_the_engine_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reference.backward_propagation

    def nearly_right(*arguments: object) -> object:
        gradients = right(*arguments)  # type: ignore[arg-type]
        return {**gradients, "w1": gradients["w1"] * (1 + 1e-9)}

    monkeypatch.setattr(reference, "backward_propagation", nearly_right)
    verdict: Verdict = check_problem("p", parse(PROBLEM))
    assert verdict.verdict == "undecided"
    assert "the two derivations of dL/dw1 agree to 1.0e-09 only" in verdict.reason


def test_a_wrong_graph_would_be_noticed_by_the_slopes(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubled(gradients: dict[str, Array]) -> dict[str, Array]:
        return {name: 2 * gradient for name, gradient in gradients.items()}

    sweep, backward = problem_step.sweep, reference.backward_propagation
    monkeypatch.setattr(problem_step, "sweep", lambda *given: doubled(sweep(*given)))
    monkeypatch.setattr(reference, "backward_propagation", lambda *given: doubled(backward(*given)))
    verdict = check_problem("p", parse(PROBLEM))
    assert verdict.verdict == "undecided"
    assert "slopes of the loss and dL/dw1 do not agree" in verdict.reason


def test_a_problem_that_overflows_is_unusable(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    text = changed("targets = [[1.0], [0.0]]", "targets = [[1e300], [0.0]]")
    with pytest.raises(InputError, match="p: "):
        check_problem("p", parse(text))
    file = tmp_path_factory.mktemp("problems") / "huge.toml"
    file.write_text(text)
    assert main(["check", str(file)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"chainrule: {file}: ")
    assert printed.err.count("\n") == 1


def test_a_problem_file_that_is_no_problem_is_unusable(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path_factory.mktemp("problems") / "p.toml"
    file.write_text("title = 3\n")
    assert main(["check", str(file)]) == 2
    assert f"{file}: " in capsys.readouterr().err
