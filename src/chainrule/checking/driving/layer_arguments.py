"""What a layer class may be constructed with, and what its ways take beside data, by the names of parameters."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.checking.driving.arguments import FOR_CLASSES, kind_of, plain_name
from chainrule.checking.driving.operation_pairs import OUTPUTS, Family, kind_of_operand

FLAG = re.compile(r"(is_?)?train(ing|able)?(_mode|_phase)?|save_?cache|cache|keep|store|mode")
GENERATOR = re.compile(r"rng|generator|random_?(state|generator)|np_?rng|key")
DRAWING = re.compile(r"(\w+_)?init(iali[sz](er|ation))?(_?(fn|func|function|method))?")
SLOPING = re.compile(r"act\w*|f|fn|func|function|\w*activation\w*")
SLOPED = re.compile(r"\w*(prime|deriv\w*|_grad\w*|_back\w*)|d_?(f|act\w*|func\w*)|grad\w*")
SHARE = re.compile(r"p|q|prob\w*|keep\w*|drop\w*|\w*rate|\w*prob(ability)?")
PENALTY = re.compile(r"\w*(reg|regulari[sz]er|regulari[sz]ation|lambda|l1|l2|decay|penalty)\w*")
DROPPED = 0.4
SIZES: Mapping[str, re.Pattern[str]] = {
    "kernel": re.compile(r"(kernel|filter|field|pool|pooling|window)(_?(size|shape|dim|height|width|h|w))?|[kf]|k_?size|pool"),
    "stride": re.compile(r"strides?|s"),
    "padding": re.compile(r"pad(ding)?|p"),
    "n_outputs": re.compile(r"(n|num|number)?_?(of_)?(outputs?|filters?|kernels?|out_?channels?|f|c_?out)|out_?(f|c|ch)|filters|depth|(dim|n|size)_?2|channels?_?out|fan_?out|(cur(rent)?|next)(_\w+)?|(len|n|num|size|dim)_?(dst|dest)"),
    "n_inputs": re.compile(r"(n|num)?_?in_?(f|c|ch|channels?|put_?channels?)|inputs?|dim|size|n|d|num_?features|n_?dims?|(num_?)?channels|normali[sz]ed_?shape|(dim|n|size)_?1|channels?_?in|fan_?in|prev(ious)?(_\w+)?|(len|n|num|size|dim)_?src"),
    "input_shape": re.compile(r"(image|img|inputs?|in|x)_?(shape|dims?)|shape(_in)?"),
    "name": re.compile(r"(layer_?)?(name|id|tag|label)"),
}  # fmt: skip


def choices_for(name: str, family: Family, drops: bool = False) -> Sequence[Any]:
    """What a constructor's parameter may be: a size by its name, or an array. Raises: ValueError."""
    plain = plain_name(name)
    if GENERATOR.fullmatch(plain):
        return [np.random.default_rng(0)]
    if SLOPED.fullmatch(plain):
        return [np.cos]
    if DRAWING.fullmatch(plain):
        return [drawn]
    if SLOPING.fullmatch(plain):
        return [np.sin]
    if drops and (SHARE.fullmatch(plain) or kind_of(name, ("rate", "small"))):
        return [DROPPED]
    if PENALTY.fullmatch(plain):
        return [0.0, (0.0, 0.0), None]
    images = len(family.data[0]) == 4
    channels_last = images and family.data[0][1] == family.data[0][2]
    n_in = family.data[0][0] if family.words.endswith("columns") else family.data[0][-1]
    if images and not channels_last:
        n_in = family.data[0][1]
    whole = [family.data[0][1:], family.data[0][1:3]] if images else []
    by_kind: Mapping[str, Sequence[Any]] = {
        "n_inputs": [n_in, *whole], "inputs": [n_in], "n_hidden": [OUTPUTS], "n_outputs": [OUTPUTS],
        "input_shape": [family.data[0][1:], family.data[0], (n_in, 1), n_in], "rate": [1.0, DROPPED], "small": [0.0], "scale": [0.1],
        "seed": [0], "on": [True], "off": [False], "kernel": [3, (3, 3), 2, (2, 2)], "stride": [1, (1, 1), 2, (2, 2)],
        "padding": [0, 1, "same", "valid", (0, 0)], "name": ["layer"], "sizes": [(n_in, OUTPUTS), n_in],
        "weights": family.weights, "bias": family.bias, "gain": family.scale,
    }  # fmt: skip
    operand = kind_of_operand(name)
    kind = next((kind for kind, pattern in SIZES.items() if pattern.fullmatch(plain)), None)
    if operand in ("weights", "bias") and kind is None:
        kind = operand
    elif operand == "scale" and plain in ("gamma", "beta"):
        kind = "gain"
    kind = kind or kind_of(name, FOR_CLASSES)
    if kind is None or kind not in by_kind:
        raise ValueError(f"{name} is not known")
    return [
        np.random.default_rng(4).normal(size=choice)
        if kind in ("weights", "bias", "gain")
        else choice
        for choice in by_kind[kind]
    ]


def drawn(*shape: Any) -> Any:
    """What weights are drawn with, given their shape as one argument or as several."""
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    return np.random.default_rng(4).normal(size=sizes)


def settings_of(parameters: Sequence[inspect.Parameter]) -> dict[str, Any]:
    """Flags that a way has beside its data. Raises: ValueError for what is none."""
    found: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        name = plain_name(parameter.name)
        if FLAG.fullmatch(name):
            found[parameter.name] = True
        elif parameter.default is inspect.Parameter.empty:
            raise ValueError(f"{name} is not known")
    return found
