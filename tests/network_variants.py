"""The networks that `check` is tested on: right ones, wrong ones, and programs that learn otherwise.

They are data, in `tests/networks`, and no module of the tests imports them:

- `right/` trains by backpropagation that is right. The first line names the loss, `# loss: ...`.
- `bases/` is right too, and carries variants that are wrong, on lines of their own below the line of
  code that they replace:

      d1 = (d2 @ w2.T) * sigmoid_prime(z1)
      #~ missing-derivative: d1 = d2 @ w2.T

  `#~ NAME: code` blames its own line. `#~ NAME @ 0,+2,`b1 =`: code` lists the lines that deserve the
  blame equally, counted from there or given by their beginning. `#~ NAME also: code` changes a line
  that is not to blame, `#~ NAME delete: ` takes a line away (the blame falls on what moves up), and
  `#~ | code` continues a replacement. Edits of one name are one variant; `NAME/2` is a second one.
- `outside/` is right too, but its loss is none that `check` knows: it may be undecided, never wrong.
- `other/` descends no single loss by backpropagation: undecided.
- `driven/` has bases that only define a network, or compute gradients once: somebody has to drive
  them, and lines `#> ...` at their end, which `check` does not read, do so for the judge.
- `projects/` has bases of several files, a folder each, that start in `main.py`.

Every right network and base ends in lines `#? ...` that tell `network_judge` how to judge it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NETWORKS = Path(__file__).parent / "networks"

STYLES = ("script", "functions", "class", "layers", "lists")
CONVENTIONS = ("row", "column")

MISTAKES = (
    "derivative-at-activation",
    "missing-derivative",
    "raw-error-backpropagated",
    "relu-derivative-at-output",
    "dropout-mask",
    "updated-weights",
    "last-sample-only",
    "no-flow-through-time",
    "bias-not-summed",
    "bias-summed-over-all",
    "wrong-transpose",
    "wrong-layer-input",
    "wrong-index",
    "wrong-variable",
    "wrong-operator",
    "sign-error",
    "decay-sign",
    "learning-rate-twice",
    "parameter-mis-scaled",
    "target-unused",
    "update-missing",
    "parameter-never-updated",
)

# Cells of mistake x style x convention that make no sense.
SENSELESS = {
    (
        "bias-not-summed",
        "lists",
        convention,
    ): "lists do not broadcast: a bias that is not summed over "
    "samples has the last one's gradient, which is last-sample-only"
    for convention in CONVENTIONS
}


@dataclass(frozen=True)
class Variant:
    """A program, what is wrong with it (nothing: ""), and the lines that deserve the blame, best first."""

    base: str
    style: str
    convention: str
    mistake: str
    source: str
    lines: tuple[int, ...]

    @property
    def line(self) -> int:
        return self.lines[0]


@dataclass(frozen=True)
class ProjectVariant:
    """The files of a project, by their paths; what is wrong, in which file, and at which lines."""

    project: str
    files: dict[str, str]
    mistake: str
    file: str
    lines: tuple[int, ...]

    def write(self, folder: Path) -> None:
        for name, source in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(source, "utf-8")


@dataclass(frozen=True)
class Edit:
    """A replacement of one line of code, by `None` where it is taken away."""

    variant: str
    kind: str
    places: str
    code: tuple[str, ...]


EDIT = re.compile(
    r"#~ (?P<variant>[\w/-]+)(?: (?P<kind>also|delete))?(?: @ (?P<places>(?:`[^`]*`|[^:`])+))?:(?: (?P<code>.*))?"
)


def read_edits(text: str) -> tuple[list[str], dict[int, list[Edit]]]:
    """The lines of code of a base, and the edits of each by its number from 0."""
    code: list[str] = []
    edits: dict[int, list[Edit]] = {}
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("#~ | "):
            last = edits[len(code) - 1].pop()
            continued = (*last.code, stripped.removeprefix("#~ | "))
            edits[len(code) - 1].append(Edit(last.variant, last.kind, last.places, continued))
        elif stripped.startswith("#~"):
            match = EDIT.fullmatch(stripped)
            assert match, f"not an edit: {stripped}"
            kind = match["kind"] or ""
            replacement = () if kind == "delete" else (match["code"],)
            edit = Edit(match["variant"], kind, match["places"] or "0", replacement)
            edits.setdefault(len(code) - 1, []).append(edit)
        else:
            code.append(line)
    return code, edits


def apply_edits(
    code: list[str], edits: dict[int, list[Edit]], variant: str
) -> tuple[str, tuple[int, ...]]:
    """The source of a variant, and the lines to blame in it."""
    result: list[str] = []
    blamed: list[tuple[int, str]] = []
    for number, line in enumerate(code):
        edit = next((e for e in edits.get(number, ()) if e.variant == variant), None)
        if edit is None:
            result.append(line)
            continue
        if edit.kind != "also":
            blamed.append((len(result) + 1, edit.places))
        indent = line[: len(line) - len(line.lstrip())]
        result += [indent + replacement for replacement in edit.code]
    lines: list[int] = []
    for at, places in blamed:
        for place in re.findall(r"`[^`]+`|[+-]?\d+", places):
            if place.startswith("`"):
                found = [
                    n for n, text in enumerate(result, 1) if text.strip().startswith(place[1:-1])
                ]
                assert found, f"{variant}: no line begins with {place}"
                lines += found
            else:
                lines.append(at + int(place))
    return "\n".join(result) + "\n", tuple(lines)


def bases() -> list[Path]:
    return sorted((NETWORKS / "bases").glob("*.py"))


def driven_bases() -> list[Path]:
    return sorted((NETWORKS / "driven").glob("*.py"))


def projects() -> list[Path]:
    return sorted((NETWORKS / "projects").iterdir())


def right_networks() -> list[Path]:
    return sorted(p for p in (NETWORKS / "right").iterdir() if p.suffix in (".py", ".ipynb"))


def outside_networks() -> list[Path]:
    return sorted((NETWORKS / "outside").glob("*.py"))


def other_programs() -> list[Path]:
    return sorted((NETWORKS / "other").glob("*.py"))


def variants_of(base: Path) -> Iterator[Variant]:
    """The base itself, then its wrong variants."""
    style, convention, _ = base.stem.split("_", 2)
    code, edits = read_edits(base.read_text("utf-8"))
    names = dict.fromkeys(edit.variant for at in edits.values() for edit in at)
    for name in ("", *names):
        source, lines = apply_edits(code, edits, name)
        assert lines or not name, f"{base.name}: {name} blames no line"
        yield Variant(base.stem, style, convention, name.partition("/")[0], source, lines)


def variants() -> Iterator[Variant]:
    """Every base and every wrong variant."""
    for base in bases():
        yield from variants_of(base)


def driven_variants() -> Iterator[Variant]:
    """The same of networks that have to be driven."""
    for base in driven_bases():
        yield from variants_of(base)


def source_of(path: Path) -> str:
    """A script, or a notebook's code cells joined by newlines, magics turned into comments."""
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join("".join(cell["source"]) for cell in cells).split("\n")
    return "\n".join("#" + line if line.startswith(("%", "!")) else line for line in lines)


def project_variants(folder: Path) -> Iterator[ProjectVariant]:
    """The project itself, then its wrong variants: each is wrong in one file."""
    paths = sorted(folder.rglob("*.py"))
    files = {str(path.relative_to(folder)): without_edits(path) for path in paths}
    yield ProjectVariant(folder.name, files, "", "", ())
    for name in files:
        code, edits = read_edits((folder / name).read_text("utf-8"))
        for variant in dict.fromkeys(edit.variant for at in edits.values() for edit in at):
            source, lines = apply_edits(code, edits, variant)
            changed = {**files, name: source}
            yield ProjectVariant(folder.name, changed, variant.partition("/")[0], name, lines)


def as_notebook(source: str) -> str:
    """A script as a notebook, cut where a blank line stands before a statement; line numbers stay."""
    cells: list[list[str]] = [[]]
    for line in source.rstrip("\n").split("\n"):
        if cells[-1][-1:] == [""] and line[:1] not in ("", " ", ")", "]", "}"):
            cells.append([])
        cells[-1].append(line)
    code: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": "\n".join(cell).splitlines(keepends=True),
        }
        for cell in cells
    ]
    title: dict[str, object] = {"cell_type": "markdown", "metadata": {}, "source": ["# A network"]}
    return json.dumps({"cells": [title, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def without_edits(path: Path) -> str:
    """A program as its author has it: a base without its variants."""
    return "\n".join(read_edits(source_of(path))[0]) + "\n"


def loss_of(source: str) -> frozenset[str]:
    """The losses that a network may be said to descend: they differ by a common factor."""
    first = source.lstrip().splitlines()[0]
    assert first.startswith("# loss: "), first
    return frozenset(first.removeprefix("# loss: ").split("|"))
