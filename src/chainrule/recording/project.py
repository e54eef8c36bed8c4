"""What a script belongs to: the folder with the modules and files that it asks for, its own or one above.

project/run/train.py     import layers                    project/layers.py
                         open("../data/iris.csv")         project/data/iris.csv
                         from .losses import squared      project/run/losses.py
                         open("run/data/x.csv")           project/run/data/x.csv, started in project
"""

import importlib.machinery
import re
import sys
from pathlib import Path

MOST_ABOVE = 3  # folders
SOURCES = "src"
IMPORT = re.compile(r"^[\s\"]*(?:from|import)\s+([A-Za-z_]\w*)", re.MULTILINE)
RELATIVE = re.compile(r"^[\s\"]*from\s+(\.+)(\w*)", re.MULTILINE)
PATH = re.compile(
    r"[\"']((?:[\w-]+/)+|[\w-]+\.(?:csv|txt|dat|data|npy|npz|mat|json))[^\"'/]*[\"'{]"
)
PATH_ABOVE = re.compile(r"[\"']((?:\.\./)+)([^\"'*?%{]*)")
JOINED_ABOVE = re.compile(r"(?:[\"']\.\.[\"']|os\.pardir)\s*[,/]\s*[\"']([^\"']+)")
PARENTS = re.compile(r"(?:\.parent){2,}|(?:dirname\((?:os\.path\.)?){2,}")


def project_of(script: Path) -> Path:
    """The nearest folder, from the script's own upwards, in which everything lies that it asks for."""
    return (script.parent, *script.parent.parents)[max(heights_of(script))]


def folder_of_start(script: Path) -> Path:
    """The folder that a script is started in: its own, or one above that the files' names begin at."""
    return (script.parent, *script.parent.parents)[heights_of(script)[1]]


def heights_of(script: Path) -> tuple[int, int]:
    """How many folders up a script's project begins, and how many the folder that it is started in."""
    folder = script.parent
    above = folder.parents[:MOST_ABOVE]
    height, waiting, seen = package_of(script).count("."), [script], {script}
    named: set[str] = set()
    while waiting:
        path = waiting.pop()
        text = read_text(path)
        named |= {name.rpartition("/")[0] or name for name in PATH.findall(text)}
        height = max(height, files_above(text, folder))
        asked = [
            (path, *path.parents)[len(dots)] / f"{name}.py" for dots, name in RELATIVE.findall(text)
        ]
        for name in IMPORT.findall(text):
            place = next((k for k, f in enumerate((folder, *above)) if holding(f, name)), None)
            if place is None or (place and is_installed(name) and not is_named(script, name)):
                continue
            height = max(height, place)
            held = holding((folder, *above)[place], name)
            asked += [held / f"{name}.py"] if held else []
        for module in asked:
            if module not in seen and module.is_file():
                seen.add(module)
                waiting.append(module)
    there = (
        k for k, one in enumerate((folder, *above)) if any((one / name).exists() for name in named)
    )
    return min(height, len(above)), next(there, 0)


def package_of(script: Path) -> str:
    """The package that relative imports of a script start from; "" where it has none of them."""
    dots = [len(found) for found, _ in RELATIVE.findall(read_text(script))]
    parts: list[str] = []
    folder = script.parent
    while dots and (len(parts) < max(dots) or (folder / "__init__.py").exists()):
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def is_named(script: Path, name: str) -> bool:
    """Whether a script calls a folder that it lies in by name, as the package of modules that are there."""
    if package_of(script).split(".")[0] == name:
        return True
    inside = re.findall(
        rf"^[\s\"]*(?:from|import)\s+{name}\.(\w+)", read_text(script), re.MULTILINE
    )
    return any(
        folder.name == name and has_module(folder, module)
        for folder in (script.parent, *script.parents[1 : MOST_ABOVE + 1])
        for module in inside
    )


def files_above(text: str, folder: Path) -> int:
    """How many folders up the highest file lies that a program names, and that is there."""
    named = [(ups, rest) for ups, rest in PATH_ABOVE.findall(text) if rest]
    heights = [len(ups) // 3 for ups, rest in named if (folder / ups / rest).exists()]
    heights += [1 for name in JOINED_ABOVE.findall(text) if (folder.parent / name).exists()]
    heights += [
        max(found.count(".parent"), found.count("dirname")) - 1 for found in PARENTS.findall(text)
    ]
    return max(heights, default=0)


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").replace('\\"', '"')
    except OSError:
        return ""


def holding(folder: Path, name: str) -> Path | None:
    """Where a folder of a project holds a module: itself, or its folder of sources, from which packages are installed."""
    return next((one for one in (folder, folder / SOURCES) if has_module(one, name)), None)


def has_module(folder: Path, name: str) -> bool:
    if (folder / f"{name}.py").is_file():
        return True
    return (folder / name).is_dir() and any((folder / name).rglob("*.py"))


def is_installed(name: str) -> bool:
    """Whether a module is to be had anywhere: what the folder has that chainrule was started in does not count."""
    if name in sys.stdlib_module_names or name in sys.modules:
        return True
    paths = [entry for entry in sys.path if entry and Path(entry) != Path.cwd()]
    return importlib.machinery.PathFinder.find_spec(name, paths) is not None
