"""Names that say whose gradient something is: dW1, grad_w1, nabla_b[0], w1_gradient."""

import functools
import re

GRADIENT = re.compile(
    r"(d|dj|dl|dc|de|dloss|dcost|derror|grad|grads|gradient|gradients|delta|del|nabla|change|changes"
    r"|g|update|step|of|in|wrt|avg|mean|total|sum)*"
)
SHORT = re.compile(r"(?P<w>w)eights?(?=\d*$)|(?P<b>b)ias(es)?(?=\d*$)")


@functools.lru_cache(maxsize=100_000)
def is_gradient_name(name: str, parameter: str) -> bool:
    """dW1, grad_w1, w1_gradient, dJdW1 ... for W1; and dW1 for weights1, nabla_b for biases."""
    name, parameter = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (name, parameter))
    short = SHORT.sub(lambda found: str(found["w"] or found["b"]), parameter)
    return is_around(name, parameter) or (short != parameter and is_around(name, short))


def is_around(name: str, parameter: str) -> bool:
    if not parameter or parameter not in name or name == parameter:
        return False
    before, _, after = name.rpartition(parameter)
    return bool(GRADIENT.fullmatch(before) and GRADIENT.fullmatch(after))
