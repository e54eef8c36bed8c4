"""The public interface: few names, sorted, and each with a docstring that says everything."""

import inspect

import pytest

import chainrule

# Data and errors: there is no formula to give. Their docstrings have shapes and an example.
WITHOUT_FORMULA = {
    "ChainruleError",
    "Explanation",
    "GradientReport",
    "Problem",
    "Run",
    "Verdict",
    "explore_problem",
    "read_problem",
}


def test_names_are_sorted_few_and_all_there() -> None:
    assert sorted(chainrule.__all__) == chainrule.__all__
    assert len(chainrule.__all__) <= 35
    for name in chainrule.__all__:
        assert getattr(chainrule, name).__name__ == name
    assert set(chainrule.__all__) <= set(dir(chainrule))


def test_every_name_knows_its_home_and_no_other() -> None:
    assert sorted(chainrule._HOME) == chainrule.__all__
    with pytest.raises(AttributeError, match="has no attribute 'sigmoid'"):
        chainrule.sigmoid  # noqa: B018  # the access is the test


@pytest.mark.parametrize("name", chainrule.__all__)
def test_docstring_has_formula_shapes_errors_source_and_example(name: str) -> None:
    docstring = inspect.getdoc(getattr(chainrule, name))
    assert docstring is not None
    lines = docstring.splitlines()
    assert lines[0].endswith((".", ":"))
    assert ">>> " in docstring
    if name in WITHOUT_FORMULA:
        return
    assert any(line.startswith("    ") for line in lines[2:5]), "the formula stands below"
    for part in ("Shapes:", "Raises:", "Source:"):
        assert part in docstring, part
