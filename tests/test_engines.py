"""Engines that differentiate are judged operation by operation, with numbers or matrices made up."""

import pytest

from checked import verdict_on

VALUES = """
import math

class Value:
    def __init__(self, data, _children=()):
        self.data, self.grad, self._prev = data, 0.0, set(_children)
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __pow__(self, other):
        out = Value(self.data**other, (self,))
        def _backward():
            self.grad += other * self.data ** (other - 1) * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,))
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def log(self):
        out = Value(math.log(self.data), (self,))
        def _backward():
            self.grad += out.grad / self.data
        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()
        def build(v):
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    build(child)
                order.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + other * -1

    def __truediv__(self, other):
        return self * other**-1
"""
TENSORS = """
import numpy as np

def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    return grad

class Tensor:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self.parents, self.grad_fn = parents, lambda: None

    def __add__(self, other):
        out = Tensor(self.data + other.data, (self, other))
        def grad_fn():
            self.grad += unbroadcast(out.grad, self.data.shape)
            other.grad += unbroadcast(out.grad, other.data.shape)
        out.grad_fn = grad_fn
        return out

    def __mul__(self, other):
        out = Tensor(self.data * other.data, (self, other))
        def grad_fn():
            self.grad += unbroadcast(other.data * out.grad, self.data.shape)
            other.grad += unbroadcast(self.data * out.grad, other.data.shape)
        out.grad_fn = grad_fn
        return out

    def __matmul__(self, other):
        out = Tensor(self.data @ other.data, (self, other))
        def grad_fn():
            self.grad += out.grad @ other.data.T
            other.grad += self.data.T @ out.grad
        out.grad_fn = grad_fn
        return out

    def tanh(self):
        out = Tensor(np.tanh(self.data), (self,))
        def grad_fn():
            self.grad += (1 - out.data**2) * out.grad
        out.grad_fn = grad_fn
        return out

    def sum(self):
        out = Tensor(self.data.sum(), (self,))
        def grad_fn():
            self.grad += np.ones_like(self.data) * out.grad
        out.grad_fn = grad_fn
        return out

    def backward(self):
        order, seen = [], set()
        def build(t):
            if id(t) not in seen:
                seen.add(id(t))
                for parent in t.parents:
                    build(parent)
                order.append(t)
        build(self)
        self.grad = np.ones_like(self.data)
        for t in reversed(order):
            t.grad_fn()
"""


@pytest.mark.parametrize("code", [VALUES, TENSORS])
def test_a_right_engine_is_right(code: str) -> None:
    verdict = verdict_on(code)
    assert (verdict["verdict"], verdict["driven"]) == ("right", True), verdict["reason"]


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (VALUES, "self.grad += out.grad\n            other", "self.grad = out.grad\n            other"),
        (VALUES, "self.grad += other.data * out.grad", "self.grad += self.data * out.grad"),
        (VALUES, "self.grad += other.data * out.grad", "self.grad += other.data"),
        (VALUES, "other * self.data ** (other - 1)", "self.data ** (other - 1)"),
        (VALUES, "(out.data > 0) * out.grad", "out.grad"),
        (VALUES, "out.grad / self.data", "out.grad / out.data"),
        (VALUES, "reversed(order)", "order"),
        (TENSORS, "self.grad += out.grad @ other.data.T", "self.grad += out.grad @ other.data.T * 2"),
        (TENSORS, "(1 - out.data**2) * out.grad", "(1 - self.data**2) * out.grad"),
        (TENSORS, "(1 - out.data**2) * out.grad", "(1 - out.data**2)"),
        (TENSORS, "np.ones_like(self.data) * out.grad", "np.ones_like(self.data) * 2 * out.grad"),
        (TENSORS, "self.grad += unbroadcast(other.data", "self.grad -= unbroadcast(other.data"),
    ],
)  # fmt: skip
def test_a_wrong_operation_of_an_engine_is_not_right(code: str, right: str, wrong: str) -> None:
    assert right in code
    verdict = verdict_on(code.replace(right, wrong, 1))
    assert verdict["verdict"] != "right"
    assert verdict["verdict"] == "undecided" or verdict["findings"][0]["proved"]


def test_an_operation_that_nobody_drove_keeps_an_engine_from_being_right() -> None:
    wave = """
    def wave(self):
        out = Value(math.sin(self.data), (self,))
        def _backward():
            self.grad += self.data * out.grad
        out._backward = _backward
        return out
"""
    verdict = verdict_on(VALUES + wave)
    assert verdict["verdict"] == "undecided"
    assert "wave" in verdict["reason"]


@pytest.mark.parametrize(("operator", "verdict"), [("+=", "right"), ("=", "undecided")])
def test_whatever_holds_a_way_back_is_driven_and_its_operand_used_beside_it(
    operator: str, verdict: str
) -> None:
    linear = f"""
    def linear(self):
        out = Value(self.data, (self,))
        def _backward():
            self.grad {operator} out.grad
        out._backward = _backward
        return out
"""
    found = verdict_on(VALUES + linear)
    assert found["verdict"] == verdict
    assert verdict == "right" or "Value.linear" in found["reason"]


@pytest.mark.parametrize(("factor", "verdict"), [("2", "right"), ("3", "wrong")])
def test_so_are_operations_of_two_operands_and_properties(factor: str, verdict: str) -> None:
    more = f"""
    def squared_error(self, other):
        out = Value((self.data - other.data) ** 2, (self, other))
        def _backward():
            self.grad += 2 * (self.data - other.data) * out.grad
            other.grad -= {factor} * (self.data - other.data) * out.grad
        out._backward = _backward
        return out

    @property
    def negated(self):
        out = Value(-self.data, (self,))
        def _backward():
            self.grad -= out.grad
        out._backward = _backward
        return out
"""
    found = verdict_on(VALUES + more)
    assert found["verdict"] == verdict
    names = {row["name"] for row in found["parameters"]}
    assert verdict == "wrong" or {"Value.squared_error(c)", "Value.negated(a)"} <= names


def test_an_operation_without_its_way_back_is_told_at_its_own_line() -> None:
    hollow = VALUES.replace("self.grad += out.grad / self.data", "pass")
    assert verdict_on(hollow)["verdict"] != "right"
    without = VALUES.replace("        out = Value(math.log", "        return Value(math.log")
    verdict = verdict_on(without)
    (finding,) = verdict["findings"]
    assert (verdict["verdict"], finding["mistake"]) == ("wrong", "missing-derivative")
    assert "def log" in without.splitlines()[finding["line"] - 1]


def test_a_result_that_knows_nothing_of_its_operand_may_be_meant_as_a_constant() -> None:
    detached = "\n    def square(self):\n        return Value(self.data ** 2)\n"
    verdict = verdict_on(VALUES + detached)
    assert (verdict["verdict"], "Value.square" in verdict["reason"]) == ("undecided", True)


def test_a_way_back_that_comes_twice_to_what_is_used_twice_is_one_mistake() -> None:
    """Each operation was blamed, as its result was used twice in the expression that it was tried in."""
    start = VALUES.index("    def backward(self):")
    queue = """    def backward(self):
        self.grad, queue = 1.0, [self]
        while queue:
            value = queue.pop(0)
            value._backward()
            queue += value._prev
"""
    verdict = verdict_on(VALUES[:start] + queue)
    (finding,) = verdict["findings"]
    assert (verdict["verdict"], finding["mistake"], finding["proved"]) == (
        "wrong",
        "wrong-order",
        True,
    )
    assert "while queue" in (VALUES[:start] + queue).splitlines()[finding["line"] - 1]
