"""The networks that `check` is tested on are what they are said to be, judged without `check`."""

import json
from collections import Counter
from pathlib import Path

import pytest

from network_judge import FAMILY, as_main, disagreement, is_right, losses_that_fit, read_judgement
from network_variants import (
    CONVENTIONS,
    MISTAKES,
    SENSELESS,
    STYLES,
    Variant,
    as_notebook,
    bases,
    driven_bases,
    driven_variants,
    loss_of,
    other_programs,
    outside_networks,
    project_variants,
    projects,
    right_networks,
    source_of,
    variants,
    variants_of,
    without_edits,
)

# What a wrong network must be off by, relative, for a mistake to be one.
NOTICEABLE = 1e-3


def name_of(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("base", [*bases(), *driven_bases()], ids=name_of)
def test_a_base_is_right_and_its_variants_are_wrong(base: Path) -> None:
    for variant in variants_of(base):
        off = disagreement(variant.source, base.parent)
        if variant.mistake:
            assert off > NOTICEABLE, (variant.mistake, variant.lines)
        else:
            assert off < read_judgement(variant.source).tolerance


@pytest.mark.parametrize("base", [*bases(), *driven_bases()], ids=name_of)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_mistake_is_not_the_gradient_of_another_loss(base: Path) -> None:
    for variant in list(variants_of(base))[1::5]:  # all take a minute; all were tried
        off = [disagreement(variant.source, base.parent, loss) for loss in FAMILY]
        assert not any(value < NOTICEABLE for value in off), (variant.mistake, variant.lines)


@pytest.mark.parametrize("project", projects(), ids=name_of)
def test_a_project_is_right_and_its_variants_are_wrong(project: Path, tmp_path: Path) -> None:
    for number, variant in enumerate(project_variants(project)):
        folder = tmp_path / str(number)
        variant.write(folder)
        off = disagreement(variant.files["main.py"], folder)
        assert off > NOTICEABLE if variant.mistake else off < 1e-6, (variant.file, variant.mistake)


@pytest.mark.parametrize("network", [*right_networks(), *outside_networks()], ids=name_of)
def test_a_right_network_is_right(network: Path) -> None:
    assert is_right(source_of(network), network.parent)


def test_every_mistake_has_a_network_in_every_style_and_convention() -> None:
    cells = Counter((v.mistake, v.style, v.convention) for v in variants() if v.mistake)
    assert {mistake for mistake, _, _ in cells} == set(MISTAKES)
    for cell in ((m, s, c) for m in MISTAKES for s in STYLES for c in CONVENTIONS):
        assert (cell in cells) != (cell in SENSELESS), cell


def test_there_are_enough_programs() -> None:
    assert len(right_networks()) >= 70
    assert len(outside_networks()) >= 10
    assert len(other_programs()) >= 15


def test_a_variant_differs_from_its_base_and_from_the_others() -> None:
    for base in (*bases(), *driven_bases()):
        every = list(variants_of(base))
        assert len({v.source for v in every}) == len(every), base


@pytest.mark.parametrize("base", [b for b in bases() if b.stem.startswith("script")], ids=name_of)
def test_a_script_can_be_a_notebook(base: Path, tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.ipynb"
    for variant in variants_of(base):
        notebook.write_text(as_notebook(variant.source), "utf-8")
        assert source_of(notebook) == variant.source.rstrip("\n")
    cells = [
        c for c in json.loads(notebook.read_text("utf-8"))["cells"] if c["cell_type"] == "code"
    ]
    assert len(cells) > 2
    for cell in cells:
        compile("".join(cell["source"]), "cell", "exec")


def test_a_line_to_blame_is_in_the_program() -> None:
    for variant in (*variants(), *driven_variants()):
        assert all(0 < line <= len(variant.source.splitlines()) for line in variant.lines)


def test_a_variant_is_read_from_lines_below_what_they_replace(tmp_path: Path) -> None:
    base = tmp_path / "script_row_example.py"
    base.write_text(
        "# loss: output\n"
        "a = 1\n"
        "#~ wrong-index @ +1: a = 2\n"
        "#~ | a = 3\n"
        "#~ sign-error also: a = -1\n"
        "if a:\n"
        "    b = 4\n"
        "    #~ sign-error @ 0,`a = `: b = -4\n"
        "c = 5\n"
        "#~ update-missing delete @ -1:\n",
        "utf-8",
    )
    right, index, sign, missing = variants_of(base)
    assert right.source == "# loss: output\na = 1\nif a:\n    b = 4\nc = 5\n"
    assert index == Variant(
        base.stem,
        "script",
        "row",
        "wrong-index",
        "# loss: output\na = 2\na = 3\nif a:\n    b = 4\nc = 5\n",
        (3,),
    )
    assert sign.source == "# loss: output\na = -1\nif a:\n    b = -4\nc = 5\n"
    assert (sign.lines, sign.line) == ((4, 2), 4)
    assert missing.source == "# loss: output\na = 1\nif a:\n    b = 4\n"
    assert missing.lines == (4,)


@pytest.mark.parametrize(
    "network", [*bases()[::3], *driven_bases(), *right_networks()], ids=name_of
)
def test_a_network_names_the_losses_that_it_descends(network: Path) -> None:
    source = without_edits(network)
    assert loss_of(source) == losses_that_fit(source, network.parent)


@pytest.mark.parametrize(
    "program",
    [*bases(), *driven_bases(), *right_networks(), *outside_networks(), *other_programs()],
    ids=name_of,
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_program_runs_to_its_end(program: Path) -> None:
    code = compile(source_of(program), str(program), "exec")
    with as_main(program.parent) as module:
        exec(code, module.__dict__)
