"""Problem files: what they mean, and one line in words for everything that cannot be used."""

from pathlib import Path

import numpy as np
import pytest

from chainrule import read_problem
from chainrule.activations import ACTIVATIONS
from chainrule.initialisation import INITIALISATIONS
from chainrule.losses import LOSSES
from chainrule.mistakes import MISTAKES
from chainrule.optimizers import OPTIMIZERS
from chainrule.problem import parse_problem

from small_problems import CLASSES, PROBLEM, changed, csv_problem, parse

EXAMPLES = Path(__file__).parent.parent / "examples"


# --- what a file means ----------------------------------------------------------------------------


def test_defaults_are_those_of_the_contract() -> None:
    problem = parse(PROBLEM)
    assert problem.title == "A small one"
    assert problem.reduction == "mean"
    assert problem.training is not None
    training = problem.training
    assert (training.batch_size, training.shuffle, training.seed) == ("all", False, 0)
    assert type(training.optimizer).__name__ == "GradientDescent"
    assert training.mistake is None
    np.testing.assert_array_equal(problem.network.parameters["b2"], [0.0])
    assert problem.network.dtype == np.float64


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_every_activation_goes_with_every_loss(activation: str, loss: str) -> None:
    last = "sigmoid" if loss in ("cross-entropy", "binary-cross-entropy") else activation
    text = changed('activation = "sigmoid"\n\n[training]', f'activation = "{last}"\n\n[training]')
    text = text.replace('activation = "sigmoid"', f'activation = "{activation}"', 1)
    run = parse(text.replace("half-squared-error", loss)).train()
    assert run.epochs == 10
    assert np.isfinite(run.final_loss)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_optimizer_lowers_the_loss_in_both_dtypes(optimizer: str, dtype: str) -> None:
    text = changed("epochs = 10", f'epochs = 10\noptimizer = "{optimizer}"\ndtype = "{dtype}"')
    run = parse(text).train()
    assert run.final_loss < run.losses[0]
    assert run.network.dtype == dtype
    assert run.final_output.dtype == dtype


@pytest.mark.parametrize(
    "setting",
    [
        *({"initial": f'"{name}"'} for name in INITIALISATIONS),
        {"initial": "{uniform = 0.5}"},
        {"initial": "{normal = 0.1}"},
    ],
    ids=lambda setting: setting["initial"],
)
def test_every_initialisation_draws_the_same_weights_from_the_same_seed(
    setting: dict[str, str],
) -> None:
    lines = f"units = 3\ninitial = {setting['initial']}"
    text = changed("weights = [[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]]", lines)
    first, again = parse(text), parse(text)
    w = first.network.parameters["w1"]
    np.testing.assert_array_equal(w, again.network.parameters["w1"])
    other = parse(text.replace("epochs = 10", "epochs = 10\nseed = 1")).network.parameters["w1"]
    assert (w != other).any() or setting["initial"] == '"zeros"'


def test_every_setting_reaches_its_place() -> None:
    text = changed(
        "epochs = 10",
        "epochs = 10\noptimizer = 'adamw'\nbeta1 = 0.8\nbeta2 = 0.9\nepsilon = 0.1\n"
        "weight_decay = 0.2\nbatch_size = 1\nshuffle = true\nseed = 7\nreport_every = 3\n"
        "reduction = 'sum'\nmistake = 'updated-weights'",
    )
    text = changed('"half-squared-error"', '"huber"\ndelta = 0.5', text)
    text = changed(
        'biases = [0.1, 0.2, 0.3]\nactivation = "sigmoid"',
        'biases = 0.5\nshare_bias = true\ntrain_biases = false\nbias_sign = "-"\n'
        'activation = "leaky-relu"\nalpha = 0.2',
        text,
    )
    problem = parse(text)
    training, layer = problem.training, problem.network.layers[0]
    assert training is not None
    assert vars(training.optimizer) == {
        "learning_rate": 0.1,
        "beta1": 0.8,
        "beta2": 0.9,
        "epsilon": 0.1,
        "weight_decay": 0.2,
    }
    assert (training.batch_size, training.shuffle, training.seed) == (1, True, 7)
    assert (training.report_every, training.mistake) == (3, "updated-weights")
    assert (problem.reduction, problem.loss.parameters) == ("sum", {"delta": 0.5})
    assert (layer.share_bias, layer.train_biases, layer.bias_sign) == (True, False, "-")
    np.testing.assert_array_equal(layer.biases, [0.5])
    assert layer.activation.parameters == {"alpha": 0.2}
    assert list(problem.train().losses) == [0, 3, 6, 9]


def test_every_mistake_can_be_asked_for() -> None:
    for mistake in MISTAKES:
        run = parse(changed("epochs = 10", f'epochs = 10\nmistake = "{mistake}"')).train()
        assert run.epochs == 10


def test_a_single_sample_needs_no_inner_brackets() -> None:
    text = changed("[[0.9, 0.8], [0.1, 0.2]]", "[0.9, 0.8]").replace("[[1.0], [0.0]]", "[1.0]")
    assert parse(text).data.inputs.shape == (1, 2)
    assert parse(text).train().final_output.shape == (1, 1)


def test_without_a_training_section_the_network_and_data_are_there() -> None:
    problem = parse(PROBLEM[: PROBLEM.index("[training]")])
    assert problem.training is None
    assert problem.loss.name == "half-squared-error"
    no_targets = changed("targets = [[1.0], [0.0]]\n", "", PROBLEM[: PROBLEM.index("[training]")])
    assert parse(no_targets).loss.name == "output"


def test_published_figures_are_kept_and_ignored() -> None:
    problem = parse(PROBLEM + '\n[published]\nsource = "a book"\nanything = [1, 2]\n')
    assert problem.published["source"] == "a book"


def test_one_seed_feeds_independent_streams() -> None:
    """Another number of units changes neither the test split nor the order of the samples."""
    text = (EXAMPLES / "iris.toml").read_text()
    first = parse_problem(text, "iris.toml", EXAMPLES).data
    second = parse_problem(text.replace("units = 8", "units = 5"), "iris.toml", EXAMPLES).data
    np.testing.assert_array_equal(first.test_inputs, second.test_inputs)


# --- classes and CSV ------------------------------------------------------------------------------


def test_class_names_become_columns_in_sorted_order() -> None:
    data = parse(CLASSES).data
    assert data.classes == ("cat", "dog", "emu")
    np.testing.assert_array_equal(data.targets, np.eye(3)[[0, 1, 0, 2]])


@pytest.mark.parametrize(
    ("targets", "classes"),
    [("[0, 1, 0, 2]", ("0", "1", "2")), ("[1, 2, 1, 3]", ("1", "2", "3"))],
)
def test_class_numbers_stand_for_the_outputs_or_are_put_in_order(
    targets: str, classes: tuple[str, ...]
) -> None:
    data = parse(changed('["cat", "dog", "cat", "emu"]', targets, CLASSES)).data
    assert data.classes == classes
    np.testing.assert_array_equal(data.targets, np.eye(3)[[0, 1, 0, 2]])


def test_two_classes_fit_one_output() -> None:
    text = changed('["cat", "dog", "cat", "emu"]', '["no", "yes", "no", "yes"]', CLASSES)
    text = text.replace("units = 3", "units = 1").replace("softmax", "sigmoid")
    problem = parse(text.replace("cross-entropy", "binary-cross-entropy"))
    np.testing.assert_array_equal(problem.data.targets, [[0], [1], [0], [1]])
    assert problem.data.classes == ("no", "yes")


def test_iris_reaches_95_percent_on_samples_it_has_not_seen() -> None:
    problem = read_problem(EXAMPLES / "iris.toml")
    assert len(problem.data.inputs) == 120
    assert len(problem.data.test_inputs) == 30
    hits = problem.accuracy(problem.train().network)
    assert hits is not None
    assert hits[0] / hits[1] >= 0.95


def test_iris_reaches_95_percent_over_several_splits() -> None:
    text = (EXAMPLES / "iris.toml").read_text()
    rates = []
    for seed in range(6):
        problem = parse_problem(text.replace("seed = 3", f"seed = {seed}"), "iris.toml", EXAMPLES)
        hits = problem.accuracy(problem.train().network)
        assert hits is not None
        rates.append(hits[0] / hits[1])
    assert np.mean(rates) >= 0.95


def test_xor_is_learnt() -> None:
    problem = read_problem(EXAMPLES / "xor.toml")
    assert problem.accuracy(problem.train().network) == (4, 4)


def test_the_split_is_by_class_and_standardized_by_the_training_part() -> None:
    data = read_problem(EXAMPLES / "iris.toml").data
    assert data.targets is not None
    assert data.test_targets is not None
    np.testing.assert_array_equal(data.targets.sum(axis=0), [40, 40, 40])
    np.testing.assert_array_equal(data.test_targets.sum(axis=0), [10, 10, 10])
    np.testing.assert_allclose(data.inputs.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(data.inputs.std(axis=0), 1)
    assert np.abs(data.test_inputs.mean(axis=0)).max() > 1e-3


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e200, 5e307])
def test_standardizing_works_at_any_size(scale: float) -> None:
    rows = [[scale, 1.0], [-scale, 2.0], [scale / 2, 6.0]]
    text = changed("[[0.9, 0.8], [0.1, 0.2]]", f"{rows}\nstandardize = true")
    inputs = parse(text.replace("[[1.0], [0.0]]", "[[1.0], [0.0], [0.0]]")).data.inputs
    unit = np.array([1.0, -1.0, 0.5])
    np.testing.assert_allclose(inputs[:, 0], (unit - unit.mean()) / unit.std(), rtol=1e-12)
    np.testing.assert_allclose(inputs.std(axis=0), 1)


def test_a_constant_column_is_centred_and_no_more() -> None:
    text = changed("[[0.9, 0.8], [0.1, 0.2]]", "[[0.1, 1.0], [0.1, 2.0]]\nstandardize = true")
    np.testing.assert_allclose(parse(text).data.inputs, [[0, -1], [0, 1]], atol=1e-15)


@pytest.mark.parametrize(
    "content",
    [
        "a,b,y\n1,2,no\n3,4,yes\n",
        "a,b,y\r\n1,2,no\r\n3,4,yes\r\n",
        b"\xef\xbb\xbfa, b , y\n 1,2, no\n\n3,4,yes",
        'a,b,y\n"1","2","no"\n3,4,yes\n',
        "y,a,b\nno,1,2\nyes,3,4\n",
    ],
)
def test_csv_files_as_people_save_them(tmp_path: Path, content: str | bytes) -> None:
    data = parse(csv_problem(tmp_path, content), tmp_path).data
    np.testing.assert_array_equal(data.inputs, [[1, 2], [3, 4]])
    assert data.classes == ("no", "yes")


def test_a_numeric_target_column_is_a_number_or_a_class_as_the_loss_says(tmp_path: Path) -> None:
    text = csv_problem(tmp_path, "a,y\n1,3\n2,5\n")
    assert parse(text, tmp_path).data.classes == ("3", "5")
    numbers = text.replace("cross-entropy", "squared-error").replace("units = 2", "units = 1")
    data = parse(numbers, tmp_path).data
    assert data.classes is None
    np.testing.assert_array_equal(data.targets, [[3], [5]])
