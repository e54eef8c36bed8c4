"""How the time of a step grows with the network and the batch."""

import time
from pathlib import Path

import numpy as np

Points = dict[str, dict[str, float]]

SIZES = {
    "width": [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    "depth": [1, 2, 4, 8, 16, 32, 64],
    "batch": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048],
    "samples": [64, 256, 1024, 4096, 16384, 65536],
}
WORDS = {
    "width": "units in each of 2 hidden layers; us a step",
    "depth": "hidden layers of 32 units; us a step",
    "batch": "samples a batch; us a step",
    "samples": "samples of a data set; us an epoch",
}


def measure_costs() -> dict[str, Points]:
    """Microseconds, by engine and size: tanh networks of 16 inputs, batch 32, 2 layers of 32 units but for what varies."""
    return {
        what: {
            engine: {
                str(size): time_of(what, size, engine)
                for size in sizes
                if engine == "native" or size <= 512
            }
            for engine in ("native", "reference")
        }
        for what, sizes in SIZES.items()
    }


def time_of(what: str, size: int, engine: str) -> float:
    from chainrule import Adam, Network, train

    settings = {"width": 32, "depth": 2, "batch": 32, "samples": 0, what: size}
    batch, depth, width = settings["batch"], settings["depth"], settings["width"]
    samples = settings["samples"] or batch
    rng = np.random.default_rng(0)
    network = Network.random(
        [16, *[width] * depth, 1], [*["tanh"] * depth, "identity"], seed=0, dtype=np.float32
    )
    x, t = rng.normal(size=(samples, 16)), rng.normal(size=(samples, 1))
    x, t = x.astype(np.float32), t.astype(np.float32)

    def seconds(epochs: int) -> float:
        start = time.perf_counter()
        train(
            network, x, t, optimizer=Adam(1e-3), epochs=epochs, batch_size=batch, report_every=epochs,
            engine=engine, threads=1,
        )  # type: ignore[arg-type]  # fmt: skip
        return time.perf_counter() - start

    epochs, taken = 2, seconds(2)
    while taken < 0.05:
        epochs *= 4
        taken = seconds(epochs)
    return min(taken, seconds(epochs), seconds(epochs)) / epochs * 1e6


def plot_costs(costs: dict[str, Points], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "chainrule"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9, 7), constrained_layout=True)
    for axis, (what, engines) in zip(axes.flat, costs.items(), strict=True):
        for engine, style in (("native", "o-"), ("reference", "s--")):
            points = engines[engine]
            axis.loglog(
                [int(size) for size in points],
                list(points.values()),
                style,
                label=engine,
                markersize=4,
            )
        axis.set_title(f"{what}: {WORDS[what]}", fontsize=9)
        axis.grid(visible=True, which="both", alpha=0.2)
        axis.legend(fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
