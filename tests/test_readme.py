"""What the README shows is what a reader gets. Its Python snippets run as doctests, the rest here."""

import contextlib
import io
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from chainrule.activations import ACTIVATIONS
from chainrule.cli import main
from chainrule.initialisation import INITIALISATIONS
from chainrule.losses import LOSSES
from chainrule.mistakes import MISTAKES
from chainrule.optimizers import OPTIMIZERS
from chainrule.problem.dataset import DATA_KEYS
from chainrule.problem.reader import LAYER_KEYS, TRAINING_KEYS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n\$ chainrule (.*)\n((?:.|\n)*?)```", README)


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command for command, _ in CONSOLE])
def test_commands_print_what_is_shown(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main(shlex.split(command))
    assert out.getvalue() + err.getvalue() == shown


def test_commands_are_shown() -> None:
    assert len(CONSOLE) >= 4


def test_the_problem_that_is_shown_is_the_one_in_examples() -> None:
    (shown,) = re.findall(r"```toml\n((?:.|\n)*?)```", README)
    file = tomllib.loads((ROOT / "examples/iris.toml").read_text(encoding="utf-8"))
    for section, content in tomllib.loads(shown).items():
        if isinstance(content, list):
            assert file[section] == content
        else:
            assert content.items() <= file[section].items()


def test_the_table_names_every_key_and_choice() -> None:
    table = "\n".join(line for line in README.splitlines() if line.startswith("|"))
    names = {*DATA_KEYS, *LAYER_KEYS, *TRAINING_KEYS, *ACTIVATIONS, *LOSSES, *OPTIMIZERS}
    names |= {*INITIALISATIONS, *MISTAKES}
    assert {name for name in names if name not in table} == set()


def test_its_make_targets_and_files_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", README):
        assert (ROOT / link).exists(), link
    for test in re.findall(r"`(tests/\w+\.py)`", README):
        assert (ROOT / test).exists(), test
