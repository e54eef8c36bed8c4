"""What a user waits for and pays: a fresh process that imports and trains, and the memory that a fit adds."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent

PROGRAM = """
import sys
sys.path.insert(0, {here!r})
import contenders, workloads
w = workloads.WORKLOADS[{name!r}]
contenders.{contender}(w, w.arrays(), 1)({steps})
"""
STEPS = {"W1": 1000, "W2": 320}

# The highest use is set back first: importing and preparing reached higher than a fit adds.
MEMORY = """
import json, sys
from pathlib import Path
sys.path.insert(0, {here!r})
import contenders, workloads
w = workloads.WORKLOADS[{name!r}]
run = contenders.chainrule(w, w.arrays(), 1)
import numpy as np, chainrule.training, chainrule.engine.native

def read_kilobytes(field):
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))

Path("/proc/self/clear_refs").write_text("5", "ascii")
before = read_kilobytes("VmRSS")
run(w.steps_an_epoch)
print(json.dumps((read_kilobytes("VmHWM") - before) * 1024))
"""


def measure_processes(rounds: int) -> dict[str, dict[str, float]]:
    """Seconds from start to end, medians: chainrule, and NumPy alone, training the same."""
    times: dict[str, dict[str, list[float]]] = {}
    for _ in range(rounds):
        for name, steps in STEPS.items():
            for contender in ("chainrule", "numpy"):
                program = PROGRAM.format(
                    here=str(HERE), name=name, contender=contender, steps=steps
                )
                start = time.perf_counter()
                subprocess.run([sys.executable, "-c", program], check=True)
                taken = times.setdefault(name, {}).setdefault(contender, [])
                taken.append(time.perf_counter() - start)
    return {
        name: {contender: statistics.median(t) for contender, t in of_each.items()}
        for name, of_each in times.items()
    }


def measure_memory() -> dict[str, dict[str, int]]:
    """By how much a fit raises the highest memory use, and what it may: see docs/speed.md."""
    from workloads import WORKLOADS

    found = {}
    for name in ("W2", "W3", "W4"):
        workload = WORKLOADS[name]
        program = MEMORY.format(here=str(HERE), name=name)
        printed = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        )
        allowed = (
            workload.parameters() * 4 * (2 + 2)
            + workload.batch * sum(workload.sizes) * 4
            + 16 * 2**20
        )
        found[name] = {"grown": json.loads(printed.stdout), "allowed": allowed}
    return found
