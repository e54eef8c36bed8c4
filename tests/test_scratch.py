"""The scratch copy has what a script needs, and is bounded."""

import os
from pathlib import Path

import pytest

from chainrule.recording import scratch
from chainrule.recording.project import folder_of_start, project_of
from chainrule.recording.scratch import copy_folder, remove_folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "package" / "data").mkdir(parents=True)
    (project / "script.py").write_text("import package")
    (project / "package" / "__init__.py").write_text("")
    (project / "package" / "data" / "small.csv").write_text("1" * 10)
    (project / "large.csv").write_text("2" * 1000)
    (tmp_path / "scratch").mkdir()
    return project


def copied(project: Path) -> tuple[list[str], tuple[str, ...]]:
    """Which files are copied, and which are not."""
    place = project.parent / "scratch"
    copy = copy_folder(project / "script.py", place)
    assert copy.script == place / "project" / "script.py"
    files = [path for path in (place / "project").rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(place / "project")) for path in files), copy.left_out


ALL = ["large.csv", "package/__init__.py", "package/data/small.csv", "script.py"]


def test_everything_is_copied(project: Path) -> None:
    assert copied(project) == (ALL, ())


def test_what_no_script_needs_is_not(project: Path) -> None:
    for name in (".git", "venv", "node_modules", "package/__pycache__", "environment"):
        (project / name).mkdir()
        (project / name / "file").write_text("")
    (project / "environment" / "pyvenv.cfg").write_text("")
    os.mkfifo(project / "pipe")
    assert copied(project) == (ALL, ())


def test_the_largest_data_is_left_out_when_there_is_too_much(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MOST_BYTES", 500)
    assert copied(project) == (ALL[1:], ("large.csv",))


def test_code_goes_before_data(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "helper.py").write_text("#" * 500)
    monkeypatch.setattr(scratch, "MOST_BYTES", 520)
    files, left_out = copied(project)
    assert files == ["helper.py", "package/__init__.py", "script.py"]
    assert left_out == ("package/data/small.csv", "large.csv")


def test_of_a_huge_folder_only_what_lies_beside_the_script_is_copied(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        (project / "package" / f"{number}.txt").write_text("")
    monkeypatch.setattr(scratch, "MOST_FILES", 20)
    files, left_out = copied(project)
    assert files == ["large.csv", "script.py"]
    assert "package/0.txt" in left_out


def test_the_project_of_a_script_does_not_depend_on_where_chainrule_was_started(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "examples").mkdir()
    (project / "examples" / "script.py").write_text("from package import network")
    for folder in (project.parent, project):
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(str(folder))
        assert project_of(project / "examples" / "script.py") == project


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('open("package/data/small.csv")', "project"),
        ('f"package/data/small-{1}.csv"', "project"),
        ('"large.csv"', "project"),
        ('"data/small.csv"', "project/package"),
        ('"package/data/small.csv", "data/small.csv"', "project/package"),
        ('"nowhere/small.csv"', "project/package"),
    ],
)
def test_a_script_is_started_where_its_files_are_to_be_found(
    project: Path, text: str, start: str
) -> None:
    script = project / "package" / "script.py"
    script.write_text(text)
    assert folder_of_start(script) == project.parent / start


def test_a_script_that_is_a_link_is_copied_as_what_it_is(project: Path) -> None:
    (project / "script.py").rename(project.parent / "elsewhere.py")
    (project / "script.py").symlink_to(project.parent / "elsewhere.py")
    assert copied(project) == (ALL, ())
    copy = project.parent / "scratch" / "project" / "script.py"
    assert not copy.is_symlink()
    assert copy.read_text() == "import package"


def test_a_read_only_file_has_a_copy_that_can_be_written(project: Path) -> None:
    (project / "large.csv").chmod(0o444)
    copied(project)
    (project.parent / "scratch" / "project" / "large.csv").write_text("")


def test_a_folder_is_removed_whatever_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "file").write_text("")
    (tmp_path / "folder" / "away").symlink_to("/")
    (tmp_path / "folder" / "deep").chmod(0)
    (tmp_path / "folder").chmod(0)
    remove_folder(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_a_script_in_a_folder_that_is_left_out_is_copied_all_the_same(project: Path) -> None:
    (project / ".ipynb_checkpoints").mkdir()
    script = project / ".ipynb_checkpoints" / "script-checkpoint.py"
    script.write_text("from package import network")
    copy = copy_folder(script, project.parent / "scratch")
    assert copy.script.read_text() == script.read_text()
