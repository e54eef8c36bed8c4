"""The results as Markdown."""

from collections.abc import Iterable
from typing import Any

from workloads import WORKLOADS

# What the engine is meant to reach, by threads: see docs/speed.md for where it does not, and why.
AIMS = {
    "1": {
        "the best of JAX": {"W1": 1.8, "W2": 3, "W3": 2.2, "W4": 1.2, "W5": 3.2},
        "the best of PyTorch": {"W1": 4000, "W2": 85, "W3": 23, "W4": 1.5, "W5": 10},
        "share of the limit": {"W1": 75, "W2": 80, "W3": 80, "W4": 90, "W5": 90},
    },
    "2": {
        "the best of JAX": {"W4": 1.35, "W5": 4.5},
        "the best of PyTorch": {"W4": 1.95},
        "share of the limit": {"W4": 80, "W5": 88},
    },
}

WHAT_THE_LIMIT_LEAVES_OUT = (
    "The aims are those that the engine was built for; where a share of the limit stays below, it is for what the limit",
    "leaves out, since it counts arithmetic alone:",
    "",
    "- W1: a store and a load between any two layers, and what an epoch of one sample has around it.",
    "- W2, W3: turning values from rows of units to rows of samples and back, the passes of activations and updates through",
    "  the first cache, and the column that the biases are in every matrix of weights.",
    "- W4: weights and Adam's two states are read and written in every step, 2.8 MB, more than a processor's own cache; and",
    "  the losses of the first and the last epoch, over all samples, are two forward passes within 200 steps.",
    "- W5: the samples' numbers, which are loaded again for each block of networks, and reading 1,000 networks from Python.",
)


def as_markdown(results: dict[str, Any]) -> str:
    lines = [
        "# Speed",
        "",
        "Written by `make bench`; figures are medians of interleaved rounds on one machine.",
        "",
    ]
    lines += [f"- Machine: {results['machine']}"]
    lines += [f"- {name} {version}" for name, version in results["versions"].items()]
    lines += ["", "## Microseconds a step", ""]
    for threads, workloads in results["microseconds_a_step"].items():
        lines += [
            f"### {threads} thread{'s' * (threads != '1')}",
            "",
            *table_of(threads, workloads, results),
            "",
        ]
    lines += [
        "Workloads (each contender's parameters after 3 steps were compared with float64):",
        "",
    ]
    lines += [f"- {name}: {workload.title}" for name, workload in WORKLOADS.items()]
    lines += [
        "",
        "The limit is what the arithmetic takes at the best rates of this machine: multiply-adds in registers, plus",
        "activations, exponentials and optimizer elements in the first cache; for W1 the latency of its chain of operations",
        "(two sigmoids and nine multiply-adds). They are measured before each round, and the least of all counts.",
        "",
        "| measured best | ns |",
        "|---|---|",
        *(
            f"| {name.replace('_', ' ')} | {ns:.3g} |"
            for name, ns in results["limits_in_ns"].items()
        ),
        "",
        *WHAT_THE_LIMIT_LEAVES_OUT,
        "",
        "## A fresh process that imports and trains",
        "",
        "| | chainrule, s | NumPy alone, s | ratio |",
        "|---|---|---|---|",
    ]
    for name, times in results["process_in_seconds"].items():
        ours, numpy = times["chainrule"], times["numpy"]
        lines += [f"| {name} | {ours:.3f} | {numpy:.3f} | {ours / numpy:.2f} |"]
    lines += [
        "",
        "## Memory that a fit adds",
        "",
        "Allowed: parameters x (optimizer states + 2), one batch's activations, and 16 MiB.",
        "",
        "| | MiB | allowed |",
        "|---|---|---|",
    ]
    for name, bytes_ in results["memory_in_bytes"].items():
        lines += [f"| {name} | {bytes_['grown'] / 2**20:.1f} | {bytes_['allowed'] / 2**20:.1f} |"]
    lines += [
        "",
        "## Growth",
        "",
        "![time of a step against width, depth, batch and samples](costs.svg)",
        "",
    ]
    return "\n".join(lines)


def table_of(threads: str, workloads: dict[str, Any], results: dict[str, Any]) -> list[str]:
    contenders = list(dict.fromkeys(c for times in workloads.values() for c in times))
    lines = [f"| | {' | '.join(workloads)} |", "|---" * (len(workloads) + 1) + "|"]
    for contender in contenders:
        cells = [
            show(times[contender]["median"]) if contender in times else "-"
            for times in workloads.values()
        ]
        lines += [f"| {contender} | {' | '.join(cells)} |"]
    limits = results["limit_in_microseconds"][threads]
    lines += [f"| limit | {' | '.join(show(limits[name]) for name in workloads)} |"]
    for rival, prefix in (
        ("the best of JAX", "jax"),
        ("the best of PyTorch", "torch"),
        ("NumPy", "numpy"),
        ("scikit-learn", "scikit"),
    ):
        cells = []
        for times in workloads.values():
            theirs = [t["median"] for contender, t in times.items() if contender.startswith(prefix)]
            cells += [f"{min(theirs) / times['chainrule']['median']:.3g}x" if theirs else "-"]
        lines += [f"| **faster than {rival}** | {' | '.join(cells)} |"]
        lines += aim_row(AIMS[threads].get(rival, {}), workloads, "x")
    shares = [
        f"{100 * limits[name] / times['chainrule']['median']:.0f} %"
        for name, times in workloads.items()
    ]
    lines += [f"| **share of the limit** | {' | '.join(shares)} |"]
    return lines + aim_row(AIMS[threads]["share of the limit"], workloads, " %")


def aim_row(aims: dict[str, float], workloads: Iterable[str], unit: str) -> list[str]:
    cells = [f"{aims[name]:g}{unit}" if name in aims else "-" for name in workloads]
    return [f"| aim | {' | '.join(cells)} |"] if aims else []


def show(microseconds: float) -> str:
    return f"{microseconds:.3g}" if microseconds < 1000 else f"{microseconds:.0f}"
