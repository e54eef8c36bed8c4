"""How long it takes to explain one step of a 784-256-128-10 network, and of a batch of 128 samples.

    python benchmarks/explain_step.py

Prints medians of five runs as a Markdown table: the document alone, the document with each format, and a
fresh process of the command from its start to its end.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from chainrule import Adam, Network, explain

RUNS = 5
PROBLEM = """\
[data]
inputs = {inputs}
targets = {targets}
[[layers]]
units = 256
initial = "he-uniform"
activation = "relu"
[[layers]]
units = 128
initial = "he-uniform"
activation = "relu"
[[layers]]
units = 10
initial = "glorot-uniform"
activation = "softmax"
[training]
loss = "cross-entropy"
optimizer = "adam"
learning_rate = 0.001
epochs = 1
"""


def median_seconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    rng = np.random.default_rng(0)
    network = Network.random([784, 256, 128, 10], ["relu", "relu", "softmax"], seed=0)
    print(f"| seconds, median of {RUNS} | one sample | batch of 128 |\n|---|---|---|")
    rows: dict[str, list[float]] = {}
    for samples in (1, 128):
        x = rng.random((samples, 784)).round(4)
        t = np.eye(10)[rng.integers(0, 10, samples)]
        x, t = (x[0], t[0]) if samples == 1 else (x, t)

        def work(form: str | None, x: np.ndarray = x, t: np.ndarray = t) -> None:
            explanation = explain(network, x, t, loss="cross-entropy", optimizer=Adam(0.001))
            if form is not None:
                explanation.render(form)

        for form in (None, "terminal", "html", "latex", "json"):
            name = "document" if form is None else f"document and {form}"
            rows.setdefault(name, []).append(median_seconds(lambda form=form: work(form)))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "wide.toml"
            inputs, targets = np.atleast_2d(x).tolist(), np.atleast_2d(t).tolist()
            file.write_text(PROBLEM.format(inputs=inputs, targets=targets))
            command = [sys.executable, "-m", "chainrule", "explain", str(file)]
            rows.setdefault("`chainrule explain`, a fresh process", []).append(
                median_seconds(lambda c=command: subprocess.run(c, check=True, capture_output=True))
            )
    for name, seconds in rows.items():
        print(f"| {name} | {seconds[0]:.2f} | {seconds[1]:.2f} |")


if __name__ == "__main__":
    main()
