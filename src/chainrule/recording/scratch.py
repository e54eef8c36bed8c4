"""A scratch copy of a script's folder: what the script finds and spoils in place of the original."""

import os
import shutil
import stat
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chainrule.recording.project import project_of

LEFT_OUT_FOLDERS = {
    ".cache", ".git", ".hg", ".hypothesis", ".ipynb_checkpoints", ".mypy_cache", ".nox",
    ".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", "__pycache__", "node_modules",
    "site-packages", "venv",
}  # fmt: skip
CODE = {".py", ".ipynb"}
MOST_BYTES = 256 * 1024**2
# A folder with more files than this is no project but a home or a disk: what lies beside the script is copied.
MOST_FILES = 5_000


@dataclass(frozen=True)
class Copy:
    """A script's copy, in a copy of its folder; `left_out` are files of the original that it lacks."""

    script: Path
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    path: Path
    name: str  # within the folder
    depth: int
    size: int
    link: str | None  # what a link within the folder points to

    @property
    def order(self) -> tuple[bool, int, str]:
        """Code before data, small before large."""
        return self.path.suffix not in CODE, self.size, self.name


def copy_folder(script: Path, place: Path) -> Copy:
    """Copy the folder of `script` into the folder `place`, under its own name.

    Where the script asks for what lies above, that folder is copied, with the script's own in it. Left out are version control, environments and caches, links that lead out of the folder, what
    cannot be read, what is no file; and the largest data files, as far as it takes to stay within
    256 MiB. Of a folder with more than 5,000 files only what lies beside the script is copied.
    """
    script.stat()  # where it isn't there, it says so
    script = Path(os.path.abspath(script))  # noqa: PTH100  # links in its path stay as they are
    origin = project_of(script)
    name = str(script.relative_to(origin))
    found, complete, left_out = _list_files(origin, name)
    if not complete and origin != script.parent:
        origin, name = script.parent, script.name
        found, complete, left_out = _list_files(origin, name)
    target = place / (origin.name or "folder")
    target.mkdir()
    if not complete:
        left_out += [f"{file.name}" for file in found if file.depth]
        found = [file for file in found if not file.depth]
    room = MOST_BYTES
    for file in sorted(found, key=lambda file: (file.name != name, file.order)):
        if file.size > room and file.name != name:
            left_out.append(file.name)
            continue
        room -= file.size
        copied = target / file.name
        copied.parent.mkdir(parents=True, exist_ok=True)
        try:
            if file.link is not None:
                copied.symlink_to(file.link)
            else:
                shutil.copyfile(file.path, copied)
                copied.chmod(0o600 | file.path.stat().st_mode & 0o111)
        except OSError:
            if file.name == name:
                raise
            left_out.append(file.name)
    return Copy(target / name, tuple(left_out))


def _list_files(origin: Path, script: str) -> tuple[list[_Found], bool, list[str]]:
    """The files of a folder, nearest first; whether these are all; and what cannot be copied."""
    real = origin.resolve()
    found: list[_Found] = []
    left_out: list[str] = []
    ahead = deque([(origin, "", 0)])
    while ahead:
        folder, prefix, depth = ahead.popleft()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            left_out.append(prefix)
            continue
        for entry in entries:
            name = prefix + entry.name
            path = Path(entry.path)
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                link = None
                if stat.S_ISLNK(status.st_mode):
                    if name == script:
                        status = entry.stat()  # the script itself, wherever it lies
                    else:
                        link = _inner_link(path, real)
                        if link is None:
                            left_out.append(name)
                            continue
                if stat.S_ISDIR(status.st_mode):
                    left = entry.name in LEFT_OUT_FOLDERS or (path / "pyvenv.cfg").exists()
                    if not left or script.startswith(f"{name}/"):
                        ahead.append((path, f"{name}/", depth + 1))
                elif link is not None or stat.S_ISREG(status.st_mode):
                    found.append(_Found(path, name, depth, status.st_size, link))
            if len(found) > MOST_FILES and depth:
                return found, False, left_out
    return found, len(found) <= MOST_FILES, left_out


def _inner_link(link: Path, folder: Path) -> str | None:
    """Where a link points, from its own place, when that is within the folder; loops are nowhere."""
    try:
        pointed = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    if not pointed.is_relative_to(folder):
        return None
    return os.path.relpath(pointed, link.parent.resolve())


def remove_folder(folder: Path) -> None:
    """Remove a folder, whatever permissions it and what lies in it were given."""
    with suppress(OSError):
        folder.chmod(0o700)
    for place, folders, _ in os.walk(folder):
        for inner in (Path(place, name) for name in folders):
            with suppress(OSError):
                if not inner.is_symlink():
                    inner.chmod(0o700)  # before the walk goes into it
    shutil.rmtree(folder, ignore_errors=True)
