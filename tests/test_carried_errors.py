"""Errors that are carried from time step to time step, and that begin as no error does."""

from checked import verdict_on

RECURRENT = """\
import numpy as np

rng = np.random.default_rng(1)
words = rng.integers(0, 4, size=61)
w, u, v = rng.normal(size=(5, 4)) / 5, rng.normal(size=(5, 5)) / 5, rng.normal(size=(4, 5)) / 5
b, c = np.zeros((5, 1)), np.zeros((4, 1))


def forward(inputs, before):
    xs, hs, ps = {}, {-1: np.copy(before)}, {}
    for t in range(len(inputs)):
        xs[t] = np.zeros((4, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(w, xs[t]) + np.dot(u, hs[t - 1]) + b)
        y = np.dot(v, hs[t]) + c
        ps[t] = np.exp(y) / np.sum(np.exp(y))
    return xs, hs, ps


def backward(xs, hs, ps, targets):
    dw, du, dv, db, dc = (np.zeros_like(one) for one in (w, u, v, b, c))
    later = np.zeros_like(hs[0])
    for t in reversed(range(len(targets))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dv += np.dot(dy, hs[t].T)
        dc += dy
        raw = (1 - hs[t] * hs[t]) * (np.dot(v.T, dy) + later)
        db += raw
        dw += np.dot(raw, xs[t].T)
        du += np.dot(raw, hs[t - 1].T)
        later = np.dot(u.T, raw)
    for one in (dw, du, dv, db, dc):
        np.clip(one, -5, 5, out=one)
    return dw, du, dv, db, dc


state = np.zeros((5, 1))
for start in range(0, 60, 6):
    inputs, targets = words[start : start + 6], words[start + 1 : start + 7]
    xs, hs, ps = forward(inputs, state)
    for one, step in zip((w, u, v, b, c), backward(xs, hs, ps, targets)):
        one -= 0.1 * step
    state = hs[5]
"""


def test_an_error_that_begins_as_ones_is_never_right() -> None:
    """The search of what is left out through time came upon an error that no state of its own time has."""
    assert verdict_on(RECURRENT)["verdict"] == "right"
    changed = RECURRENT.replace("later = np.zeros_like", "later = np.ones_like")
    assert verdict_on(changed)["verdict"] in ("wrong", "undecided")
