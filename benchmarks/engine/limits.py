"""The limit of a workload: what its arithmetic takes at the best rates measured on this machine, in this run."""

import subprocess
from pathlib import Path

from workloads import Workload

HERE = Path(__file__).parent
CORE = HERE.parent.parent / "src" / "core"
FLAGS = {
    "avx512": (64, ["-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx512bw", "-mfma", "-mprefer-vector-width=512"]),
    "avx2": (32, ["-mavx2", "-mfma"]),
    "plain": (16, []),
}  # fmt: skip


def compile_limits(folder: Path) -> Path:
    """The program that measures them, compiled for the instructions that the engine uses here."""
    from chainrule.engine import native

    instructions = native.instructions()[-1]
    width, flags = FLAGS[instructions]
    program = folder / "limits"
    subprocess.run(
        [
            "g++", "-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math",
            "-fno-strict-aliasing", "-Wno-ignored-attributes", "-Wno-psabi", *flags,
            f"-DCHAINRULE_INSTRUCTIONS={instructions}", f"-DCHAINRULE_BYTES={width}",
            f"-I{CORE}", str(HERE / "limits.cpp"), "-o", str(program),
        ],
        check=True,
    )  # fmt: skip
    return program


def lower_limits(program: Path, limits: dict[str, float]) -> None:
    """Nanoseconds an operation or element, by name: measured once more, and kept where lower than before."""
    printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    for name, number in map(str.split, printed.splitlines()):
        limits[name] = min(limits.get(name, float("inf")), float(number))


def limit_of(workload: Workload, limits: dict[str, float], threads: int) -> float:
    """Microseconds a step. W1 is a chain in which each operation waits for the one before."""
    if workload.name == "W1":
        # z1 (2: bias and one product, then the other), z2 (3), a - t, times the slope, times w2 and the hidden slope,
        # and the update; two sigmoids. What is known before (w2 times the slope, the rate times x) waits for nobody.
        return (9 * limits["multiply_add_latency"] + 2 * limits["sigmoid_latency"]) / 1e3
    elements = workload.networks * workload.batch
    total = workload.multiplications() * limits["multiply_add_float"]
    for units, activation in zip(workload.sizes[1:], workload.activations, strict=True):
        rate = {"tanh": "tanh_float", "relu": "relu_float", "softmax": "exponential_float"}.get(
            activation
        )
        total += elements * units * limits[rate] if rate else 0.0
    rate = "adam_float" if workload.optimizer == "adam" else "gradient_descent_float"
    total += workload.parameters() * limits[rate]
    # One thread where the work of a batch is too little for two.
    return total / 1e3 / (threads if workload.name in ("W4", "W5") else 1)
