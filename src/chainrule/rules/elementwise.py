"""Operations entry by entry: arithmetic, functions of one variable, and activations.

They broadcast as NumPy does. Formulas are chosen to keep their digits in float64 too, without the
branches that the engine takes for speed.
"""

import numpy as np

from chainrule.arithmetic import Arithmetic, Numbers
from chainrule.expression import ROOT_OF_HALF, ROOT_OF_TWO_PI_INVERSE
from chainrule.rules.rule import Rule

# --- two operands ---------------------------------------------------------------------------------

ADD = Rule(
    "add",
    forward=lambda m, p, q: p + q,
    backward=lambda m, dL_dy, y, p, q: (dL_dy, dL_dy),
    symbols="{0} + {1}",
    local=("1", "1"),
    words="A sum passes its gradient on unchanged, to both terms.",
)
SUBTRACT = Rule(
    "subtract",
    forward=lambda m, p, q: p - q,
    backward=lambda m, dL_dy, y, p, q: (dL_dy, -dL_dy),
    symbols="{0} - {1}",
    local=("1", "-1"),
    words="A difference passes its gradient on, with the other sign to what is taken away.",
)
MULTIPLY = Rule(
    "multiply",
    forward=lambda m, p, q: p * q,
    backward=lambda m, dL_dy, y, p, q: (dL_dy * q, dL_dy * p),
    symbols="{0} * {1}",
    local=("{1}", "{0}"),
    words="Each factor receives the gradient times the other factor.",
)
DIVIDE = Rule(
    "divide",
    forward=lambda m, p, q: p / q,
    backward=lambda m, dL_dy, y, p, q: (dL_dy / q, -dL_dy * y / q),
    symbols="{0} / {1}",
    local=("1 / {1}", "-{y} / {1}"),
    words="The numerator receives the gradient over the denominator; the denominator, minus y times that.",
    kinks="{1} = 0",
)
POWER = Rule(
    "power",
    forward=lambda m, p, *, exponent: m.power(p, exponent),
    backward=lambda m, dL_dy, y, p, *, exponent: (
        dL_dy * m.number(exponent) * m.power(p, exponent - 1) if exponent != 0 else 0 * dL_dy,
    ),
    symbols="{0} ** {exponent}",
    local=("{exponent} * {0} ** ({exponent} - 1)",),
    words="The exponent comes down as a factor, and is one less.",
    kinks="{0} = 0, for exponents below 1",
)
MAXIMUM = Rule(
    "maximum",
    forward=lambda m, p, q: np.maximum(p, q),
    backward=lambda m, dL_dy, y, p, q: (
        m.where(p > q, dL_dy, 0 * dL_dy),
        m.where(p > q, 0 * dL_dy, dL_dy),
    ),
    symbols="max({0}, {1})",
    local=("1 if {0} > {1} else 0", "1 if {0} <= {1} else 0"),
    words="The gradient goes to the larger one alone; of equals, to the second, so max(z, 0) has slope 0 at 0.",
    kinks="{0} = {1}",
)
MINIMUM = Rule(
    "minimum",
    forward=lambda m, p, q: np.minimum(p, q),
    backward=lambda m, dL_dy, y, p, q: (
        m.where(p < q, dL_dy, 0 * dL_dy),
        m.where(p < q, 0 * dL_dy, dL_dy),
    ),
    symbols="min({0}, {1})",
    local=("1 if {0} < {1} else 0", "1 if {0} >= {1} else 0"),
    words="The gradient goes to the smaller one alone; of equals, to the second.",
    kinks="{0} = {1}",
)

# --- one operand ----------------------------------------------------------------------------------

NEGATE = Rule(
    "negate",
    forward=lambda m, p: -p,
    backward=lambda m, dL_dy, y, p: (-dL_dy,),
    symbols="-{0}",
    local=("-1",),
    words="The sign changes, and so does the gradient's.",
)
SQUARE = Rule(
    "square",
    forward=lambda m, p: p * p,
    backward=lambda m, dL_dy, y, p: (2 * p * dL_dy,),
    symbols="{0} ** 2",
    local=("2 * {0}",),
    words="A square's slope is twice its root.",
)
SQRT = Rule(
    "sqrt",
    forward=lambda m, p: m.sqrt(p),
    backward=lambda m, dL_dy, y, p: (dL_dy / (2 * y),),
    symbols="sqrt({0})",
    local=("1 / (2 * {y})",),
    words="A root's slope is one over twice the root.",
    kinks="{0} = 0",
)
ABSOLUTE = Rule(
    "absolute",
    forward=lambda m, p: m.abs(p),
    backward=lambda m, dL_dy, y, p: (dL_dy * sign(m, p),),
    symbols="abs({0})",
    local=("1 if {0} > 0 else (-1 if {0} < 0 else 0)",),
    words="The gradient keeps its sign for positive entries and changes it for negative ones.",
    kinks="{0} = 0",
)
EXP = Rule(
    "exp",
    forward=lambda m, p: m.exp(p),
    backward=lambda m, dL_dy, y, p: (dL_dy * y,),
    symbols="exp({0})",
    local=("{y}",),
    words="The exponential is its own derivative.",
)
EXPM1 = Rule(
    "expm1",
    forward=lambda m, p: m.expm1(p),
    backward=lambda m, dL_dy, y, p: (dL_dy * m.exp(p),),
    symbols="exp({0}) - 1",
    local=("exp({0})",),
    words="The derivative of exp(p) - 1 is exp(p).",
)
LOG = Rule(
    "log",
    forward=lambda m, p: m.log(p),
    backward=lambda m, dL_dy, y, p: (dL_dy / p,),
    symbols="log({0})",
    local=("1 / {0}",),
    words="The slope of a logarithm is one over its argument.",
    kinks="{0} = 0",
)
LOG1P = Rule(
    "log1p",
    forward=lambda m, p: m.log1p(p),
    backward=lambda m, dL_dy, y, p: (dL_dy / (1 + p),),
    symbols="log(1 + {0})",
    local=("1 / (1 + {0})",),
    words="The slope of log(1 + p) is one over 1 + p.",
    kinks="{0} = -1",
)
SIN = Rule(
    "sin",
    forward=lambda m, p: m.sin(p),
    backward=lambda m, dL_dy, y, p: (dL_dy * m.cos(p),),
    symbols="sin({0})",
    local=("cos({0})",),
    words="The slope of the sine is the cosine.",
)
COS = Rule(
    "cos",
    forward=lambda m, p: m.cos(p),
    backward=lambda m, dL_dy, y, p: (-dL_dy * m.sin(p),),
    symbols="cos({0})",
    local=("-sin({0})",),
    words="The slope of the cosine is minus the sine.",
)
SINH = Rule(
    "sinh",
    forward=lambda m, p: m.sinh(p),
    backward=lambda m, dL_dy, y, p: (dL_dy * m.cosh(p),),
    symbols="sinh({0})",
    local=("cosh({0})",),
    words="The slope of the hyperbolic sine is the hyperbolic cosine.",
)
COSH = Rule(
    "cosh",
    forward=lambda m, p: m.cosh(p),
    backward=lambda m, dL_dy, y, p: (dL_dy * m.sinh(p),),
    symbols="cosh({0})",
    local=("sinh({0})",),
    words="The slope of the hyperbolic cosine is the hyperbolic sine.",
)
TANH = Rule(
    "tanh",
    forward=lambda m, p: m.tanh(p),
    backward=lambda m, dL_dy, y, p: (dL_dy * hyperbolic_secant(m, p) ** 2,),
    symbols="tanh({0})",
    local=("1 - {y} ** 2",),
    words="The slope of tanh is one minus the square of its value.",
    meaning="The hyperbolic tangent squashes every sum into the interval from -1 to 1.",
)

# --- activations ----------------------------------------------------------------------------------

SIGMOID = Rule(
    "sigmoid",
    forward=lambda m, p: logistic(m, p),
    backward=lambda m, dL_dy, y, p: (dL_dy * y * logistic(m, -p),),
    symbols="1 / (1 + exp(-{0}))",
    local=("{y} * (1 - {y})",),
    words="The slope of the sigmoid is its value times what is missing to 1.",
    meaning="The sigmoid squashes every sum into the interval from 0 to 1.",
)
RELU = Rule(
    "relu",
    forward=lambda m, p: np.maximum(p, 0 * p),
    backward=lambda m, dL_dy, y, p: (m.where(p > 0, dL_dy, 0 * dL_dy),),
    symbols="max({0}, 0)",
    local=("1 if {0} > 0 else 0",),
    words="The gradient passes where z is positive, and stops elsewhere.",
    kinks="{0} = 0",
    meaning="What is positive stays, and the rest becomes 0.",
)
LEAKY_RELU = Rule(
    "leaky-relu",
    forward=lambda m, p, *, alpha: m.where(p > 0, p, m.number(alpha) * p),
    backward=lambda m, dL_dy, y, p, *, alpha: (m.where(p > 0, dL_dy, m.number(alpha) * dL_dy),),
    symbols="{0} if {0} > 0 else {alpha} * {0}",
    local=("1 if {0} > 0 else {alpha}",),
    words="The gradient passes where z is positive, and shrinks by alpha elsewhere.",
    kinks="{0} = 0",
    meaning="What is positive stays, and the rest shrinks by alpha.",
)
ELU = Rule(
    "elu",
    forward=lambda m, p, *, alpha: m.where(
        p > 0, p, m.number(alpha) * m.expm1(np.minimum(p, 0 * p))
    ),
    backward=lambda m, dL_dy, y, p, *, alpha: (
        m.where(p > 0, dL_dy, dL_dy * m.number(alpha) * m.exp(np.minimum(p, 0 * p))),
    ),
    symbols="{0} if {0} > 0 else {alpha} * (exp({0}) - 1)",
    local=("1 if {0} > 0 else {alpha} * exp({0})",),
    words="The gradient passes where z is positive, and shrinks exponentially elsewhere.",
    kinks="{0} = 0, unless alpha is 1",
    meaning="What is positive stays, and the rest levels off at -alpha.",
)
GELU = Rule(
    "gelu",
    forward=lambda m, p: p * normal_distribution(m, p),
    backward=lambda m, dL_dy, y, p: (
        dL_dy
        * (normal_distribution(m, p) + p * m.constant(ROOT_OF_TWO_PI_INVERSE) * m.exp(-p * p / 2)),
    ),
    symbols="{0} * Phi({0})",
    local=("Phi({0}) + {0} * phi({0})",),
    words="The product rule: the normal distribution function, plus z times its density.",
    meaning="Each sum is weighed by the share of a normal distribution that lies below it.",
)
SILU = Rule(
    "silu",
    forward=lambda m, p: p * logistic(m, p),
    backward=lambda m, dL_dy, y, p: (dL_dy * logistic(m, p) * (1 + p * logistic(m, -p)),),
    symbols="{0} * sigmoid({0})",
    local=("sigmoid({0}) * (1 + {0} * (1 - sigmoid({0})))",),
    words="The product rule: the sigmoid, plus z times its slope.",
    meaning="Each sum is weighed by its own sigmoid.",
)
SOFTPLUS = Rule(
    "softplus",
    forward=lambda m, p: np.maximum(p, 0 * p) + m.log1p(m.exp(-m.abs(p))),
    backward=lambda m, dL_dy, y, p: (dL_dy * logistic(m, p),),
    symbols="log(1 + exp({0}))",
    local=("sigmoid({0})",),
    words="The slope of softplus is the sigmoid.",
    meaning="A smooth form of max(z, 0): always positive, and nearly z for large z.",
)


def sign(m: Arithmetic, p: Numbers) -> Numbers:
    return m.where(p > 0, 1, m.where(p < 0, -1, 0))


def hyperbolic_secant(m: Arithmetic, p: Numbers) -> Numbers:
    """1 / cosh(p), whose square is 1 - tanh(p)^2 without the cancellation."""
    small = m.exp(-m.abs(p))
    return 2 * small / (1 + small * small)


def logistic(m: Arithmetic, p: Numbers) -> Numbers:
    """1 / (1 + exp(-p)), without an exponential that overflows."""
    small = m.exp(-m.abs(p))
    return m.where(p < 0, small, 1 + 0 * small) / (1 + small)


def normal_distribution(m: Arithmetic, p: Numbers) -> Numbers:
    """Phi(p) = erfc(-p / sqrt(2)) / 2"""
    return m.erfc(-p * m.constant(ROOT_OF_HALF)) / 2
