"""Small problem files that tests vary."""

from pathlib import Path

from chainrule import Problem
from chainrule.problem import parse_problem

PROBLEM = """
title = "A small one"

[data]
inputs = [[0.9, 0.8], [0.1, 0.2]]
targets = [[1.0], [0.0]]

[[layers]]
weights = [[0.2, 0.3], [0.4, 0.5], [0.6, 0.7]]
biases = [0.1, 0.2, 0.3]
activation = "sigmoid"

[[layers]]
weights = [[0.4, 0.5, 0.6]]
activation = "sigmoid"

[training]
loss = "half-squared-error"
learning_rate = 0.1
epochs = 10
"""

CLASSES = """
[data]
inputs = [[0.0], [1.0], [2.0], [3.0]]
targets = ["cat", "dog", "cat", "emu"]
[[layers]]
units = 3
activation = "softmax"
[training]
loss = "cross-entropy"
learning_rate = 0.1
epochs = 1
"""


def parse(text: str, folder: Path = Path()) -> Problem:
    return parse_problem(text, "p.toml", folder)


def changed(old: str, new: str, text: str = PROBLEM) -> str:
    assert old in text
    return text.replace(old, new)


def csv_problem(tmp_path: Path, content: str | bytes, more: str = "") -> str:
    data = content.encode() if isinstance(content, str) else content
    (tmp_path / "d.csv").write_bytes(data)
    return f"""
[data]
file = "d.csv"
target = "y"
{more}
[[layers]]
units = 2
activation = "softmax"
[training]
loss = "cross-entropy"
learning_rate = 0.1
epochs = 1
"""
