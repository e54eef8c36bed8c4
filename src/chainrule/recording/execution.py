"""Running a program so that it is recorded: as `__main__`, its own modules rewritten, nothing blocking.

Plots do not matter here: a plotting package that is missing is stood in for, and no window opens.
"""

import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import os
import random
import sys
import time
import traceback
import types
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, final

import numpy as np

from chainrule.recording.deadline import Deadline, hasten, interrupted_at
from chainrule.recording.former_names import FormerFinder, give_former_names
from chainrule.recording.former_packages import AmendingFinder, amend_what_is_there
from chainrule.recording.looking import Look
from chainrule.recording.loops import Place
from chainrule.recording.project import SOURCES, is_named, package_of, project_of
from chainrule.recording.recorder import Recorder
from chainrule.recording.recording import EnoughError, Recording
from chainrule.recording.rewriting import RECORDER, Site, Sites, rewrite
from chainrule.recording.source import PYTHON_2, Source, UnreadableError, read_script, read_source
from chainrule.recording.stand_ins import MissingFinder, StandIn, StandInFinder
from chainrule.recording.unreached import Frame, unreached_branches, unreached_updates

PASSING_SECONDS = 4.0  # to reach what else a program trains, once its first training is recorded
MOST_PARTS = 4
ANSWERS = 20  # questions that a program may ask before there is nobody to answer


@final
@dataclass
class Run:
    """What happened: the recording, how the program ended, and its files."""

    recording: Recording
    sites: Sites
    sources: list[Source]
    failure: str | None = None
    failed_line: int | None = None
    finished: bool = False
    interrupted: bool = False
    namespace: dict[str, Any] = field(default_factory=dict)
    recorder: Recorder | None = None
    shortened: Collection[Place] = ()  # loops that were left after a few rounds
    later: list["Run"] = field(default_factory=list)  # what it trained after this was complete
    is_later: bool = False  # it is one of those
    unreached: Site | None = None  # the first update that it had not come to when its time was over


@final
class NotebookBars(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asked first: progress bars of a notebook, which want its widgets, are those of a terminal."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        return importlib.machinery.ModuleSpec(name, self) if name == "tqdm.notebook" else None

    def exec_module(self, module: types.ModuleType) -> None:
        bars: Any = importlib.import_module("tqdm.std")
        module.__dict__.update(
            tqdm=bars.tqdm, tqdm_notebook=bars.tqdm, trange=bars.trange, tnrange=bars.trange
        )


@final
class HelperFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules in the program's own project, to be recorded too.

    Asked first, it looks beside the program and where `sys.path` leads within the project; asked last, in
    the folders above the program.
    """

    def __init__(
        self, script: Path, run: Run, recorder: Recorder, changed: Mapping[Path, Source], last: bool
    ) -> None:
        self.script, self.folder, self.project = script, script.parent, project_of(script)
        self.run, self.recorder, self.changed, self.last = run, recorder, changed, last
        self.paths: dict[str, Path] = {}
        self.is_own = cache(partial(is_inside, folder=self.project))

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        parts = name.split(".")
        above = [f for f in (self.folder, *self.folder.parents) if self.is_own(f)]
        named = not path and (self.last or is_named(self.script, parts[0]))
        for folder in above if named else ():
            if parts[0] == folder.name and not (folder / parts[0]).exists():
                # The program's own folder is the package that its modules call by name.
                return self.package(name, folder)
        folders = [Path(entry) for entry in path or ()]
        if not path:
            folders = [self.folder, Path.cwd(), *map(Path, sys.path)]
            if self.last:
                folders = [*above, *(folder / SOURCES for folder in above)]
        for folder in folders:
            if not self.is_own(folder):
                continue
            own, module = folder / parts[-1], folder / f"{parts[-1]}.py"
            if (own / "__init__.py").is_file() or (
                self.last and own.is_dir() and not module.is_file()
            ):
                return self.package(name, own)
            if module.is_file():
                return self.located(name, module)
        return None

    def package(self, name: str, folder: Path) -> importlib.machinery.ModuleSpec:
        own = folder / "__init__.py"
        spec = (
            self.located(name, own)
            if own.is_file()
            else importlib.machinery.ModuleSpec(name, None, is_package=True)
        )
        spec.submodule_search_locations = [str(folder)]
        return spec

    def located(self, name: str, path: Path) -> importlib.machinery.ModuleSpec:
        self.paths[name] = path
        spec = importlib.machinery.ModuleSpec(name, self, origin=str(path))
        spec.has_location = True  # then a module has its __file__
        return spec

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        path = self.paths[module.__name__]
        source = self.changed.get(path) or read_script(path, path.read_bytes())
        code = compile_source(source, self.run)
        module.__dict__[RECORDER] = self.recorder
        exec(code, module.__dict__)


def is_inside(path: Path, folder: Path) -> bool:
    try:
        path.resolve().relative_to(folder.resolve())
    except ValueError:
        return False
    return True


def compile_source(source: Source, run: Run) -> types.CodeType:
    tree = source.parse()  # of what cannot be read nothing is recorded
    number = len(run.sources)
    run.sources.append(source)
    linecache.cache[str(source.path)] = (
        len(source.text), None, [line + "\n" for line in source.text.split("\n")], str(source.path),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the program's own text
        try:
            return compile(rewrite(tree, run.sites, number), str(source.path), "exec")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UnreadableError(source.explain(error)) from None


def run_recorded(
    path: Path,
    watch: Callable[[Recorder], None],
    deadline: Deadline,
    seed: int = 0,
    changed: Mapping[Path, Source] | None = None,
    look: Look | None = None,
    shortened: Collection[Place] = (),
) -> Run:
    """Run a program under a recorder, until it ends, `watch` has enough, or the deadline.

    `changed` has other code for some of its files; `look` is told what the program has at hand at some sites;
    `shortened` loops are left after a few rounds.
    The process is changed for good (modules, signals, random state): it is one that only does this.
    Raises: UnreadableError for a file that is no program of Python 3.
    """
    changed = changed or {}
    source = changed.get(path) or read_source(path)
    forget_helpers()
    run = Run(Recording(), Sites(), [], shortened=shortened)
    recorder = Recorder(run.sites, watch)
    recorder.loop.shortened = shortened
    recorder.loop.is_whole = lambda place: place[1] in run.sources[place[0]].operator_lines
    recorder.look = look
    run.recorder = recorder
    if not changed:  # with another text only what was recorded before is asked for
        recorder.find_awaited = lambda: go_on(run, recorder, deadline)
    code = compile_source(source, run)
    module = types.ModuleType("__main__")
    module.__dict__.update(
        {"__file__": str(path), "__package__": package_of(path) or None, "__builtins__": builtins, RECORDER: recorder, "display": print,
         "get_ipython": lambda: StandIn("IPython")}
    )  # fmt: skip
    run.namespace = module.__dict__
    sys.modules["__main__"] = module
    sys.argv = [str(path)]
    sys.path.insert(0, str(path.parent))
    own = HelperFinder(path, run, recorder, changed, last=False)
    sys.meta_path[:0] = [own, NotebookBars(), AmendingFinder()]
    sys.meta_path += [
        HelperFinder(path, run, recorder, changed, last=True),
        FormerFinder(),
        StandInFinder(),
        MissingFinder(run.sources),
    ]
    sys.dont_write_bytecode = True
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 3000))
    np.random.seed(seed)  # noqa: NPY002  # the generator that programs use
    random.seed(seed)
    answer_questions()
    warnings.simplefilter("ignore")
    give_former_names()
    amend_what_is_there()
    try:
        with interrupted_at(deadline, lambda: stop(recorder)), np.errstate(all="ignore"):
            exec(code, module.__dict__)
        run.finished = True
    except EnoughError:
        run.interrupted = True
    except SystemExit:
        run.finished = True
    except KeyboardInterrupt:
        run.failure = "it interrupted itself"
    except BaseException as error:  # whatever other people's code raises is its ending
        run.failure, run.failed_line = explain_failure(error, run)
    finally:
        divide(run, recorder)
    return run


def go_on(run: Run, recorder: Recorder, deadline: Deadline) -> set[int]:
    """The sites that a program which was recorded well enough goes on to, for a while; none: it may end."""
    if len(recorder.parts) + 1 == MOST_PARTS:
        return set()
    awaited = unreached_updates(run.sources, run.sites, recorder.seen)
    awaited |= unreached_branches(run.sources, run.sites, recorder.seen, running(run))
    if awaited:
        hasten(deadline.within(PASSING_SECONDS))
    return awaited


def running(run: Run) -> list[Frame]:
    """What of the program has not come to its end."""
    files = {str(source.path): number for number, source in enumerate(run.sources)}
    return [
        (files[frame.f_code.co_filename], line, frame.f_code.co_name)
        for frame, line in traceback.walk_stack(sys._getframe())
        if frame.f_code.co_filename in files
    ]


def divide(run: Run, recorder: Recorder) -> None:
    """The parts of a recording: the first is the run's own, each further one is a run by itself."""
    whole = not recorder.off and not recorder.awaited
    recorder.off, recorder.find_awaited = True, set
    parts = list(recorder.parts)
    if run.interrupted and recorder.awaited:
        numbers = unreached_updates(run.sources, run.sites, recorder.seen)
        found = [run.sites[number] for number in numbers]
        run.unreached = min(found, key=lambda site: (site.file, site.line), default=None)
    if not recorder.awaited:  # else nothing came of what is written down since the last part
        parts.append(recorder.recording)
    run.recording = parts[0]
    run.later = [
        replace(run, recording=part, finished=False, failure=None, is_later=True)
        for part in parts[1:]
    ]
    if run.later:
        run.later[-1].finished = whole and run.finished
        run.finished = False


def record_more(
    run: Run,
    action: Callable[[], Any],
    watch: Callable[[Recorder], None],
    deadline: Deadline,
    seed: int = 0,
) -> Run:
    """Record what an action does with the names of a program that has run, as a run of its own."""
    recorder = run.recorder
    assert recorder is not None
    more = replace(
        run,
        recording=recorder.start_anew(watch),  # a later part of it would have other positions
        failure=None,
        failed_line=None,
        finished=False,
        interrupted=False,
    )
    np.random.seed(seed)  # noqa: NPY002  # the generator that programs use
    random.seed(seed)
    try:
        with interrupted_at(deadline, lambda: stop(recorder)), np.errstate(all="ignore"):
            action()
        more.finished = True
    except EnoughError:
        more.interrupted = True
    except BaseException as error:  # as above
        more.failure, more.failed_line = explain_failure(error, run)
    finally:
        recorder.off = True
    return more


def forget_helpers() -> None:
    """Modules of a program that was run before: a program that is run again imports its own anew."""
    helpers = [
        name
        for name, module in sys.modules.items()
        if isinstance(getattr(module, "__loader__", None), HelperFinder)
    ]
    for name in helpers:
        while name:  # and the folders that they lie in, which know them
            sys.modules.pop(name, None)
            name = name.rpartition(".")[0]


def stop(recorder: Recorder) -> None:
    recorder.off = True
    raise EnoughError


def answer_questions() -> None:
    """Nobody is there: what the program asks is answered with 1, a few times; it never waits."""
    asked = 0

    def answer(prompt: object = "") -> str:
        nonlocal asked
        asked += 1
        if asked > ANSWERS:
            raise EOFError("nobody is there to answer")
        return "1"

    builtins.input = answer
    time.sleep = lambda seconds: None
    os.get_terminal_size = lambda *_: os.terminal_size((80, 24))  # there is none to be asked
    os.environ.setdefault("MPLBACKEND", "Agg")


def explain_failure(error: BaseException, run: Run) -> tuple[str, int | None]:
    """What went wrong in a program, in one line, and the line of its main file where it did."""
    frames = traceback.extract_tb(error.__traceback__)
    main = str(run.sources[0].path)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == main), None)
    where = f"line {line}: " if line else ""
    name = type(error).__name__
    if isinstance(error, UnreadableError):
        return f"{where}a module beside it cannot be read: {error}", line
    if isinstance(error, ModuleNotFoundError) and error.name:
        missing = error.name.split(".")[0]
        if missing in PYTHON_2_MODULES:
            return f"{where}it imports {missing!r}, which only Python 2 has", line
        if missing != error.name and missing in sys.modules:
            return f"{where}it needs the module {error.name!r}, which is not there", line
        package = PACKAGES.get(missing, missing)
        if missing in OWN_NAMES:
            return (
                f"{where}it needs the module {missing!r}, which is not there; put it beside the script",
                line,
            )
        what = f"{where}it needs the package {missing!r}, which is not installed"
        return f"{what}; 'pip install {package}' may help, or the missing file beside it", line
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return (
            f"{where}it reads {str(error.filename)!r}, which is not there; put the file beside the script",
            line,
        )
    if PYTHON_2.search(run.sources[0].text) and isinstance(
        error, NameError | TypeError | AttributeError
    ):
        return f"{where}it is written for Python 2 ({name}: {error})", line
    message = " ".join(str(error).split())
    return (
        f"{where}it stops with {name}: {message[:200]}"
        if message
        else f"{where}it stops with {name}",
        line,
    )


PYTHON_2_MODULES = {
    "cPickle",
    "urllib2",
    "ConfigParser",
    "Queue",
    "StringIO",
    "Tkinter",
    "commands",
}
# What people call modules of their own: a package of that name would be another one.
OWN_NAMES = {
    "activation", "activations", "common", "config", "core", "data", "data_loader", "dataset", "datasets", "functions",
    "helper", "helpers", "initializers", "layer", "layers", "lib", "load_data", "loader", "loss", "losses", "metrics",
    "mlp", "mnist_loader", "model", "models", "modules", "network", "neural_network", "nn", "optimizer", "optimizers",
    "plots", "src", "test", "tests", "tools", "train", "util", "utils",
}  # fmt: skip
PACKAGES = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "skimage": "scikit-image",
}
