"""How fast the engine is, as ratios against named rivals in one run on this machine.

    make bench                                      # everything: table, JSON and plots into docs/
    python benchmarks/engine/run.py --rounds 3      # fewer rounds

Each contender runs in a process of its own, held to 1 and then 2 processors; rounds are interleaved, and a figure is
the median of its rounds. Before, each contender's parameters after 3 steps are compared with float64.
"""

import argparse
import importlib.metadata
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from contenders import CONTENDERS, chainrule
from costs import measure_costs, plot_costs
from limits import compile_limits, limit_of, lower_limits
from processes import measure_memory, measure_processes
from report import as_markdown
from workloads import WORKLOADS

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs"
# Of the way that the parameters went, as lengths: single entries may differ by more in float32, since Adam's first
# steps have the length of the learning rate however small a gradient is.
TOLERANCE = {"float32": 5e-3, "float64": 1e-9}


class Worker:
    def __init__(self, contender: str, threads: int) -> None:
        self.contender, self.threads = contender, threads
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(HERE / "worker.py"), contender, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> Any:
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.contender} ended: {self.process.wait()}")
        return json.loads(line)


def measure(
    threads: int, rounds: int, before_each_round: Callable[[], None]
) -> dict[str, dict[str, dict[str, float]]]:
    """Microseconds a step: for each workload and contender the median, lowest and highest of the rounds."""
    workers = [Worker(contender, threads) for contender in CONTENDERS]
    steps = {worker.contender: worker.answer() for worker in workers}
    for worker in workers:
        for name in steps[worker.contender]:
            check(worker, name)
    times: dict[str, dict[str, list[float]]] = {name: {} for name in WORKLOADS}
    for number in range(rounds):
        before_each_round()
        print(f"{threads} threads, round {number + 1} of {rounds}", file=sys.stderr)
        for name in WORKLOADS:
            for worker in workers:
                if name not in steps[worker.contender]:
                    continue
                seconds = worker.ask(f" {name}")
                taken = times[name].setdefault(worker.contender, [])
                taken.append(seconds / steps[worker.contender][name] * 1e6)
                time.sleep(0.02)  # threads of the one that ran go to sleep
    for worker in workers:
        worker.process.terminate()
    return {
        name: {
            contender: {"median": statistics.median(t), "lowest": min(t), "highest": max(t)}
            for contender, t in contenders.items()
        }
        for name, contenders in times.items()
    }


def check(worker: Worker, name: str) -> None:
    """The parameters after 3 steps are those of the reference engine in float64."""
    workload = WORKLOADS[name]
    arrays = {key: array.astype(np.float64) for key, array in workload.arrays().items()}
    if worker.contender == "notebook":
        expected = mistaken_steps(arrays)
    else:
        expected = chainrule(workload, arrays, 1, engine="reference")(3)
    found = worker.ask(f"check {name}")
    for key, array in expected.items():
        moved = np.linalg.norm(array - arrays[key])
        error = np.linalg.norm(np.array(found[key]) - array) / moved
        tolerance = TOLERANCE[workload.dtype]
        if worker.contender == "scikit-learn":
            tolerance *= (
                10  # its epsilon is not scaled by the bias correction, which small gradients feel
            )
        if not error <= tolerance:
            raise SystemExit(
                f"{worker.contender}, {name}: {key} is off by {error:.3g} of its way after 3 steps"
            )


def mistaken_steps(arrays: dict[str, Any]) -> dict[str, Any]:
    from chainrule import read_problem

    run = read_problem("numeric-example").with_training(epochs=3).train()
    return dict(run.network.parameters)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    limits: dict[str, float] = {}
    folder = tempfile.TemporaryDirectory()
    program = compile_limits(Path(folder.name))
    results: dict[str, Any] = {
        "machine": processor(),
        "versions": versions(),
        "limits_in_ns": limits,
        "microseconds_a_step": {},
    }
    for threads in (1, 2):
        results["microseconds_a_step"][str(threads)] = measure(
            threads, options.rounds, lambda: lower_limits(program, limits)
        )
    folder.cleanup()
    results["limit_in_microseconds"] = {
        str(threads): {
            name: limit_of(workload, limits, threads) for name, workload in WORKLOADS.items()
        }
        for threads in (1, 2)
    }
    results["process_in_seconds"] = measure_processes(options.rounds)
    results["memory_in_bytes"] = measure_memory()
    results["costs"] = measure_costs()
    DOCS.mkdir(exist_ok=True)
    (DOCS / "speed.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (DOCS / "speed.md").write_text(as_markdown(results), encoding="utf-8")
    plot_costs(results["costs"], DOCS / "costs.svg")
    print(as_markdown(results))


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    name, family, model = (fields.get(key, "?") for key in ("model name", "cpu family", "model"))
    from chainrule.engine import native

    return f"{name}, family {family} model {model}, {native.instructions()[-1]}"


def versions() -> dict[str, str]:
    packages = ("chainrule", "numpy", "scikit-learn", "torch", "jax")
    found = {package: importlib.metadata.version(package) for package in packages}
    compiler = subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True)
    return {"python": platform.python_version(), **found, "g++": compiler.stdout.splitlines()[0]}


if __name__ == "__main__":
    main()
