"""A displayed formula read by Python's own grammar, with an interval for every number in it."""

import ast
from typing import Any

from mpmath import iv

from test_explanation import INTERVALS, as_interval, density, half_unit, monotone

FUNCTIONS = {"exp": iv.exp, "log": iv.log, "abs": abs, **vars(INTERVALS)}


def evaluate_text(text: str) -> Any:
    """What the formula can be, each number being anything that rounds to its digits."""
    import mpmath

    iv.dps = 40

    def build(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value):
                segment = ast.get_source_segment(text, node)
                assert segment is not None
                # A whole number in a formula, such as the 2 of a square, is exactly that.
                return iv.mpf(value) if type(value) is int else half_unit(segment)
            case ast.UnaryOp(ast.USub(), operand):
                return -build(operand)
            case ast.BinOp(left, ast.Pow(), ast.Constant(exponent)):
                base = build(left)
                return abs(base) ** exponent if exponent == 2 else base**exponent
            case ast.BinOp(left, kind, right):
                p, q = build(left), build(right)
                match kind:
                    case ast.Add():
                        return p + q
                    case ast.Sub():
                        return p - q
                    case ast.Mult():
                        return p * q
                    case ast.Div():
                        return p / q
            case ast.Call(ast.Name("sigmoid"), [argument]):
                return 1 / (1 + iv.exp(-build(argument)))
            case ast.Call(ast.Name("Phi"), [argument]):
                return monotone(mpmath.ncdf)(build(argument))
            case ast.Call(ast.Name("phi"), [argument]):
                return density(build(argument))
            case ast.Call(ast.Name("max"), [first, second]):
                p, q = build(first), build(second)
                return iv.mpf([max(p.a, q.a), max(p.b, q.b)])
            case ast.Call(ast.Name(name), [argument]):
                return FUNCTIONS[name](build(argument))
            case ast.IfExp(ast.Compare(left, [kind], [right]), yes, no):
                p, q = build(left), build(right)
                above, below = p.a > q.b, p.b <= q.a
                if isinstance(kind, ast.LtE):
                    above, below = below, above
                sides = [build(yes)] if above else [build(no)] if below else [build(yes), build(no)]
                return iv.mpf([min(s.a for s in sides), max(s.b for s in sides)])
        raise AssertionError(ast.dump(node))

    return as_interval(build(ast.parse(text, mode="eval").body))
