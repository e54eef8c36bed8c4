"""What a class or function that nobody called may be called with, from the names of its parameters.

Sizes are 4 inputs, 5 hidden units, 3 outputs (or 1), 7 samples, 6 time steps: all different, so that a layout that a
program does not mean makes it fail, and does not make it compute something else.
"""

import inspect
import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, final

import numpy as np

from chainrule.recording.functions import parameters_of
from chainrule.recording.rewriting import Site

INPUTS, HIDDEN, OUTPUTS, SAMPLES, STEPS = 4, 5, 3, 7, 6
PASSES = 8  # repetitions where the program asks for a number of them

NAMES: dict[str, str] = {
    "inputs": r"x|xs|x_?train|train_?x|x_?data|data_?x|x_?batch|batch_?x|xi|inputs?|input_?(data|list|vectors?|vec|array|batch|values|pattern|layer|x)"
    r"|inputs_?list|data|dataset|features?|samples?|images?|training_?(inputs?|x|samples|features)|train_?(inputs?|data|features)|a0|pattern|vector|row|example|x_?inputs?|(all_)?xs|(\w+_)inputs?(_(list|data|vector|values|train|batch|set))?|(datos_?)?entradas?|x_?(valid|val|validation|test|dev)|(valid|val|validation|test|dev)_?x",
    "targets": r"y_?(valid|val|validation|test|dev)|(valid|val|validation|test|dev)_?y|y|ys|t|d|y_?train|train_?y|y_?data|y_?batch|batch_?y|yi|targets?|targets?_?(list|data|vector|values|y|output)|labels?|y_?true|expected(_?(outputs?|values?))?|desired(_?outputs?)?"
    r"|training_?(outputs?|y|labels|targets?)|train_?(outputs?|labels?|targets?)|(ground_?)?truth(_?values?)?|answers?|correct(_?outputs?)?|actual|ideal|(all_)?y_?trues?|(train(ing)?|expected|desired|target|true|correct)(_\w+)?_outputs?|(\w+_)?(targets?|labels?|answers?)(_(list|data|vector|values|train|batch|set|y))?|target_?outputs?|y_?targets?"
    r"|(y|labels?|targets?)(_train|_batch)?_?(one_?hot|ohe|enc(oded)?)|one_?hot(ted|s)?(_?(y|labels?|targets?))?|(salidas?|sa[ií]das?)(_?(desead|esperad|desejad|reai?s?)\w*)?|etiquetas?|objetivos?",
    "predictions": r"actual_outputs?|o|out|outputs?|y_?hat|yhat|y_?pred|pred|preds|predictions?|predicted|a2|al|a_?out|y_?output|final_?outputs?|activations?_?out",
    "n_inputs": r"(n|num|number|no|size|dim|nb)_?(of_?)?(inputs?|in|x|features?|input_?(nodes|neurons|units|features|layer|dim))|in(p|put)?_?(units|neurons|nodes|n)|n_?i|d_?in|in_?(dim|features|size|channels|nodes)|features|ins|in_?(dims|dimensions?)|input_?dimensions?|(n|num|tam|neuronas?)_?(de_?)?entradas?|input_?(size|dim|dims|nodes?|neurons?|units?|layer|layer_?size|layer_?neurons|features|num|count|count|width)|inputs?_?(num|count|number|no|n)|inputnodes|inodes|inputlayer_?size|n_?feat|inputs?_?layers?",
    "n_hidden": r"(nn_)?h_?dim|(n|num|number|no|size|dim|nb)_?(of_?)?(hidden|h|hid|hiddens?|units?|neurons?|hidden_?(nodes|neurons|units|layer|size))|n_?h|hidden|hidden_?(size|dim|dims|nodes?|neurons?|units?|layer|layer_?size|layer_?neurons|num|count|width|no|n)|hiddennodes|hnodes|hiddenlayer_?size|hiddens|units|neurons|(n|num|tam|neuronas?|neuronios?|capa|camada)_?(de_?)?(capas?_?)?(ocult[ao]s?|escondid[ao]s?)",
    "n_outputs": r"outputs|(n|num|number|no|size|dim|nb)_?(of_?)?(outputs?|out|y|class(es)?|labels?|output_?(nodes|neurons|units|layer|dim))|out(p|put)?_?(units|neurons|nodes|n)|n_?o|d_?out|out_?(dim|features|size|channels|nodes)|output_?(size|dim|dims|nodes?|neurons?|units?|layer|layer_?size|layer_?neurons|num|count|width)|outputs?_?(num|count|number|no|n)|outputnodes|onodes|outputlayer_?size|classes|outs|out_?(dims|dimensions?)|output_?dimensions?|(n|num|tam|neuronas?)_?(de_?)?(salidas?|sa[ií]das?|clases)|numero_?de_?clases",
    "sizes": r"layers?|sizes?|dims?|layer_?(sizes?|dims?|dimensions|structure|units|nodes|list|neurons)|layers_?(sizes?|dims?|structure|dimensions|units|list)|dims|dimensions|architecture|topology|structure|shape|network_?(shape|structure|architecture)|nn_?(architecture|structure|shape)|(n|nb|num|number)?_?(of_?)?(units|neurons|nodes)_?per_?layer|arch",
    "hidden_sizes": r"hidden_?((size|dim|layer|unit)_?list|sizes|layers|layer_?sizes|dims|units_?list|layers_?sizes)|hiddens_?list",
    "rate": r"(?!drop|keep|decay|error|mutation)\w+_rate|lr|l_?rate|learning_?rate|learn_?rate|learningrate|alpha|eta|rate|step_?size|learning|lrate|speed|(tasa|taxa)(_?(de_?)?(aprendizaje|aprendizado|aprendizagem))?",
    "passes": r"(n_?|num_?|max_?|number_?of_?|no_?of_?|nb_?)?(epochs?|iters?|iterations?|steps|passes|itr|loops|rounds|times|cycles)|n_?iter|niter|(num_?(de_?)?|n_?)?([eé]pocas|iteraciones|itera[cç][oõ]es)|(iters?|iterations?|epochs?)_?(number|num|count)|train_?(times|steps|epochs)|t_?max",
    "batch": r"(mini_?)?batch_?size|batch|minibatch|mini_?batch_?size",
    "seldom": r"(print|log|display|report|show|eval|plot|verbose)_?(every|interval|freq(uency)?|steps?|period)|every",
    "off": r"verbose|print_?(cost|loss|error|every)?|plot|show|display(_?loss)?|debug|log|animate|visuali[sz]e|show_?plot|graph",
    "on": r"train(ing)?|is_?train(ing)?|initiali[sz]e",
    "small": r"(\w+_)?(reg|regulari[sz]ation)(_\w+)?|l1|lambda_?|lambd|lmbda|l2|l2_?reg|regulari[sz]ation|reg_?lambda|weight_?decay|lamb|momentum|decay|beta|mu|dropout|drop_?(prob|rate|out)|tol(erance)?|precision|((loss|error|stop|cost)_?)?th?reshold(_(loss|error))?",
    "scale": r"eps|epsilon|std|stddev|sigma|scale|weight_?(scale|std)|init_?(scale|std|range|eps|epsilon)",
    "input_shape": r"(input|in|x)_?shape",
    "count_hidden_layers": r"(n|num|number|number_?of)_?hidden_?layers?|hidden_?layers?_?(no|num|count|number)|number_?hidden_?layer",
    "seed": r"seed|random_?(state|seed)|rng_?seed",
    "samples": r"m|n|n_?samples|num_?samples|num_?examples|(train|training|data|data_?set)_?size",
    "errors": r"d_?y|(d|deriv\w*)_?out(put)?s?|d_?output|grad|grads|gradient|grad_?out(put)?|out(put)?_?grad(ient)?s?|delta|error|output_?error|loss_?grad(ient)?"
    r"|d_?a|d_?l.*|upstream.*|error_?grad|dvalues|d_?values|accumulated?_?grad|accum_?grad|e",
    "weights": r"w|(initial_|init_)?(w|weights?|theta|thetas)|coef.*|params?|parameters?",
    "bias": r"b|bias|intercept|w0|b0",
    "labelled": r"train|train_rows|rows",
    "pairs": r"(training|validation|valid|val|test|evaluation)_?(data|set|examples|pairs)|train_?set|mini_?batch|data_?set|patterns|examples|dataset",
}  # fmt: skip
# Of names that fit several kinds, the first of these for a constructor, and for a method.
FOR_CLASSES = (
    "input_shape", "sizes", "hidden_sizes", "count_hidden_layers", "n_inputs", "n_hidden", "n_outputs", "rate",
    "passes", "batch", "seldom", "off", "on", "small", "scale", "seed", "inputs", "targets",
)  # fmt: skip
FOR_METHODS = (
    "rate", "passes", "batch", "seldom", "off", "on", "small", "scale", "seed", "labelled", "pairs", "inputs", "targets", "predictions", "sizes",
    "n_inputs", "n_hidden", "n_outputs", "samples", "errors",
)  # fmt: skip
FOR_FUNCTIONS = (*FOR_METHODS[:-1], "weights", "bias")
SIZES = ("n_inputs", "n_hidden", "n_outputs", "hidden_sizes")
ROLES = {
    "parameters": re.compile(r"param(eter)?s?|weights?|theta|model|net(work)?|nn|layers"),
    "cache": re.compile(r"cache.*|mem.*|forward.*|activations?|store.*|values|states?|outputs?"),
    "grads": re.compile(r"grads?|gradients?|deriv.*|deltas?|nabla.*"),
}


@cache
def pattern_of(kind: str) -> re.Pattern[str]:
    """Made when it is asked for: few programs are driven, and all of them take long to make."""
    return re.compile(f"(?:{NAMES[kind]})")


# Sizes by the words of a name that no pattern knows: neuron_input, hidden_dim1, layers_node_nums. One that says whose
# it is, the first of these that there is; what counts, and what says nothing.
OWNERS = {
    "n_inputs": {"in", "input", "inputs", "prev", "previous", "features", "feature", "src", "source"},
    "n_outputs": {"out", "output", "outputs", "classes", "class", "labels", "categories", "dst", "dest"},
    "n_hidden": {"hidden", "hid", "neurons", "neuron", "units", "unit", "node", "nodes", "perceptrons"},
}  # fmt: skip
COUNTS = {
    "n", "num", "nums", "number", "no", "nb", "amount", "count", "size", "sizes", "dim", "dims", "len", "length", "width",
}  # fmt: skip
FILLERS = {"of", "per", "the", "layer", "layers", "first", "second", "last", "a", "b", ""}

# What asks for a size that is ours to choose.
CHOSEN = {
    "batch": "batch",
    "sizes": "depth",
    "hidden_sizes": "depth",
    "count_hidden_layers": "depth",
}


@final
@dataclass(frozen=True)
class Layout:
    """One form that data may have: `inputs` and `targets`, and how it is called."""

    words: str
    inputs: Any
    targets: Any
    n_inputs: int
    n_outputs: int
    single: bool = False
    own: bool = False

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of inputs; that of a part's own inputs, where the layout was resized."""
        shape = np.shape(self.inputs)
        return tuple(self.n_inputs if size not in (1, SAMPLES) else size for size in shape)

    def of_pass(self, number: int) -> "Layout":
        """Other data of the same form: what goes by those of an earlier pass is not right by chance."""
        if self.own or not number:
            return self
        rng = np.random.default_rng(number)
        along = -1 if self.words.startswith("samples in columns") else 0
        many = np.ndim(self.targets) > 0 and not self.single
        turned = np.roll(np.asarray(self.targets), number, axis=along) if many else self.targets
        if isinstance(self.targets, list) and many:
            turned = turned.tolist()
        return replace(self, inputs=drawn_like(self.inputs, rng), targets=turned)

    def resized(self, n_inputs: int, n_outputs: int) -> "Layout":
        """The same data, for a part of a network."""
        return replace(self, n_inputs=n_inputs, n_outputs=n_outputs)


def layouts(n_inputs: int, n_outputs: int, seed: int = 1) -> Iterator[Layout]:
    """Random data in the forms that programs expect, those of many samples first."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(SAMPLES, n_inputs)), rng.uniform(0.1, 0.9, size=(SAMPLES, n_outputs))
    classes = np.array([number % max(2, n_outputs) for number in range(SAMPLES)])

    def layout(words: str, inputs: Any, targets: Any, single: bool = False) -> Layout:
        return Layout(words, inputs, targets, n_inputs, n_outputs, single)

    yield layout("samples in rows", x, y)
    yield layout("samples in columns", x.T.copy(), y.T.copy())
    if n_outputs == 1:
        yield layout("samples in rows, one target each", x, y[:, 0].copy())
        yield layout("samples in columns, one target each", x.T.copy(), y[:, 0].copy())
    else:
        yield layout("samples in rows, classes by number", x, classes)
        yield layout("samples in rows, one-hot", x, np.eye(n_outputs)[classes])
        yield layout("samples in columns, one-hot", x.T.copy(), np.eye(n_outputs)[classes].T.copy())
        # Some take the largest class number for the number of classes: each must occur.
        every = np.arange(max(SAMPLES, n_outputs + 1)) % n_outputs
        samples = rng.normal(size=(len(every), n_inputs))
        yield layout("samples in columns, classes by number", samples.T.copy(), every)
    yield layout("time steps of samples in rows", rng.normal(size=(STEPS, SAMPLES, n_inputs)), y)
    yield layout("lists of samples", x.tolist(), y.tolist() if n_outputs > 1 else y[:, 0].tolist())
    yield layout("a row", x[:1].copy(), y[:1].copy(), single=True)
    yield layout("a vector", x[0].copy(), y[0].copy(), single=True)
    yield layout("a column", x[:1].T.copy(), y[:1].T.copy(), single=True)
    columns = [x[k].reshape(-1, 1).copy() for k in range(3)]
    yield layout("a list of columns", columns, y[:1].T.copy(), single=True)
    yield layout("a list", x[0].tolist(), y[0].tolist(), single=True)
    if n_outputs == 1:
        yield layout("a vector and a number", x[0].copy(), float(y[0, 0]), single=True)


def drawn_like(values: Any, rng: np.random.Generator) -> Any:
    """Random numbers in an array, or a list, of the same form."""
    if isinstance(values, list):
        return [drawn_like(value, rng) for value in values]
    if isinstance(values, np.ndarray):
        return rng.normal(size=values.shape)
    return float(rng.normal())


def as_pairs(layout: Layout) -> list[tuple[Any, Any]]:
    """Samples as (input, target) pairs; of single layouts a few alike."""
    if not layout.single:
        columns = layout.words.startswith("samples in columns")
        x = layout.inputs.T if columns else layout.inputs
        y = layout.targets.T if columns else layout.targets
        if columns:
            return [
                (a.reshape(-1, 1).copy(), b.reshape(-1, 1).copy())
                for a, b in zip(x, y, strict=True)
            ]
        return list(zip(list(x), list(y), strict=True))
    return [(layout.inputs, layout.targets)]


def as_rows(layout: Layout) -> list[list[Any]]:
    """Samples as rows that end with their class."""
    rows = np.random.default_rng(1).normal(size=(SAMPLES, layout.n_inputs)).tolist()
    return [[*row, number % max(2, layout.n_outputs)] for number, row in enumerate(rows)]


class NoArgumentError(Exception):
    """A parameter that nobody knows a value for."""


@final
@dataclass
class Guess:
    """Values for parameters by their names, from a layout and what earlier calls returned."""

    layout: Layout
    known: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    recorder: Any = None
    error_sites: set[int] = field(default_factory=set)
    shown: dict[str, int] = field(default_factory=dict)  # sites of what was returned
    accepted: bool = False  # whether what is driven takes the layout's data
    names: Callable[[str], list[Any]] | None = None  # what the program knows by a parameter's name
    depth: int = 1  # hidden layers, where they are ours to choose
    chosen: set[str] = field(default_factory=set)  # depth or batch, where they were asked for
    batch: int = SAMPLES
    is_lost: bool = False  # whether what updates return was not handed on to the next pass
    moves: bool = False  # whether a layer takes its steps on its way back
    lacking: set[str] = field(default_factory=set)  # parameters that were given nothing
    stepper: str = ""  # the method of a layer by which it was seen to go down its gradients

    def arguments(self, function: Any, kinds: tuple[str, ...]) -> dict[str, Any]:
        """Keyword arguments for a call. Raises: NoArgumentError."""
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            raise NoArgumentError("it has no signature") from None
        found: dict[str, Any] = {}
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            value = self.value(parameter, kinds, function)
            if value is not inspect.Parameter.empty:
                found[parameter.name] = value
            elif parameter.default is inspect.Parameter.empty:
                raise NoArgumentError(parameter.name)
        return found

    def value(self, parameter: inspect.Parameter, kinds: tuple[str, ...], function: Any) -> Any:
        empty = inspect.Parameter.empty
        name = parameter.name
        if name in self.known:
            return self.known[name]
        for role, pattern in ROLES.items():
            if role in self.known and pattern.fullmatch(plain_name(name)):
                return self.known[role]
        kind = kind_of(name, kinds)
        if kind == "on" and pattern_of("labelled").fullmatch(plain_name(name)):
            kind = "labelled" if is_walked(function, name) else kind
        if kind in ("batch", "labelled") and is_walked(function, name, r"\(?\w+, *\w+\)?"):
            kind = "pairs"
        if kind in ("inputs", "pairs") and ends_with_class(function, name):
            kind = "labelled"
        if kind == "predictions" and "predictions" not in self.known:
            kind = "targets" if lacks_targets(function, kinds) else kind
        has_default = parameter.default is not empty and parameter.default is not None
        is_size = kind in SIZES and is_large(parameter.default)
        if has_default and kind not in ("passes", "off", "batch") and not is_size:
            return empty
        layout = self.layout
        if kind == "inputs" and inspect.isclass(function) and asks_for_ends(function, kinds):
            kind = "n_inputs"
        if kind == "input_shape" and not is_indexed(function, name):
            kind = "n_inputs"
        plural = (
            isinstance(parameter.default, list | tuple)
            or "list" in str(parameter.annotation).lower()
            or name.endswith("s_list")
        )
        if kind == "n_hidden" and (plural or is_listed(function, name)):
            kind = "hidden_sizes" if asks_for_ends(function, kinds) else "sizes"
        samples = 1 if layout.single else SAMPLES
        simple: Mapping[str, Any] = {
            "inputs": layout.inputs, "targets": layout.targets, "n_inputs": layout.n_inputs, "n_hidden": HIDDEN,
            "n_outputs": layout.n_outputs, "sizes": self.sizes, "hidden_sizes": self.sizes[1:-1],
            "rate": 0.01, "passes": PASSES, "batch": min(self.batch, samples), "off": False, "seldom": 1000, "on": True, "small": 0.0, "scale": 0.1,
            "input_shape": layout.input_shape, "count_hidden_layers": self.depth, "seed": 0, "samples": samples,
        }  # fmt: skip
        if kind in CHOSEN:
            self.chosen.add(CHOSEN[kind])
        if kind == "sizes" and (tables := self.layer_tables(function)):
            return tables
        if kind is not None and kind in simple:
            if (
                kind == "off"
                and isinstance(parameter.default, int)
                and not isinstance(parameter.default, bool)
            ):
                return empty
            return simple[kind]
        if kind == "labelled":
            return as_rows(layout)
        if kind == "pairs":
            return as_pairs(layout)
        if kind == "predictions" and "predictions" in self.known:
            return self.known["predictions"]
        if kind == "errors" and "predictions" in self.known:
            return self.known["errors"] if "errors" in self.known else self.error(function)
        if kind in ("weights", "bias"):
            if name not in self.made:
                self.made[name] = self.draw(kind)
            return self.made[name]
        known = self.names(name) if self.names is not None and parameter.default is empty else []
        first = known[0] if known else empty
        if isinstance(first, type) and first is not empty:
            return first(**self.arguments(first, FOR_CLASSES))
        is_unknown = first is empty and parameter.default is empty
        return self.by_use(name, kinds, function) if is_unknown else first

    def by_use(self, name: str, kinds: tuple[str, ...], function: Any) -> Any:
        """A table, where entries are read from it by name; else nothing, which what needs it fails by."""
        plain = plain_name(name)
        keys = keys_read(function, name)
        if keys:
            asked = [inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY) for key in keys]
            table = {one.name: self.value(one, kinds, function) for one in asked}
            is_whole = not any(value is inspect.Parameter.empty for value in table.values())
            return table if is_whole else inspect.Parameter.empty
        has_role = kind_of(name, kinds) or any(one.fullmatch(plain) for one in ROLES.values())
        if has_role or is_compared(function, name):
            return inspect.Parameter.empty
        self.lacking.add(name)
        return None

    def layer_tables(self, function: Any) -> list[dict[str, Any]]:
        """Layers as tables of sizes, {"input_dim": 4, "output_dim": 5, "activation": "relu"}, where such are read."""
        try:
            text = inspect.getsource(inspect.getmodule(function) or function)
        except (OSError, TypeError):
            return []
        keys = dict.fromkeys(re.findall(r"layer\w*\[[\"'](\w+)[\"']\]", text))
        inner = next((key for key in keys if kind_of(key, ("n_inputs",))), None)
        outer = next((key for key in keys if kind_of(key, ("n_outputs", "n_hidden"))), None)
        if inner is None or outer is None:
            return []
        names = ["relu"] * self.depth + ["sigmoid"]
        return [
            {inner: n_in, outer: n_out} | {key: name for key in keys if "activation" in key}
            for (n_in, n_out), name in zip(itertools.pairwise(self.sizes), names, strict=True)
        ]

    @property
    def sizes(self) -> list[int]:
        """Of all layers; hidden ones are alike, so that one in another's place is not known by its size."""
        return [self.layout.n_inputs, *[HIDDEN] * self.depth, self.layout.n_outputs]

    def draw(self, kind: str) -> Any:
        """Starting weights where a function wants them handed: of the inputs' shape, one column an output."""
        if kind == "bias":
            return 0.1
        shape: tuple[int, ...] = (self.layout.n_inputs, self.layout.n_outputs)
        if np.ndim(self.layout.targets) < 2:
            shape = shape[:1]
        return np.random.default_rng(3).normal(size=shape)

    def error(self, function: Any, prediction: Any = None, target: Any = None) -> Any:
        """Prediction less target, written down as if it stood where the function is defined."""
        if prediction is None:
            prediction, target = self.known["predictions"], self.layout.targets
        code = inspect.unwrap(getattr(function, "__func__", function)).__code__
        sites = self.recorder.table.sites
        sites.append(
            Site(
                len(sites), 0, code.co_firstlineno, code.co_firstlineno, 0, 0, "Sub", (False, False)
            )
        )
        self.recorder.current_site = len(sites) - 1
        self.error_sites.add(len(sites) - 1)
        value = prediction - target
        return self.recorder.record_call(operator.sub, "subtract", (prediction, target), {}, value)


def is_large(default: Any) -> bool:
    """Whether a size that is given by default is one of real data: such as are made here are as good."""
    if isinstance(default, list | tuple):
        return all(map(is_large, default))
    return isinstance(default, int) and not isinstance(default, bool) and default > 1


def is_indexed(function: Any, name: str) -> bool:
    """Whether a class reads entries of what its constructor is given, as of a shape."""
    return f"{name}[" in source_of(function)


def is_listed(function: Any, name: str) -> bool:
    """Whether a class takes a parameter for several sizes: its constructor counts them, or goes over them, or it does so later."""
    own = r"(\blen\(@\)|\bin (enumerate\(|zip\()?@(?!\w)|(?<!\w)@\[)"
    constructor = source_of(getattr(function, "__init__", function))
    later = own.replace("@", rf"self\.{name}")
    return bool(
        re.search(own.replace("@", name), constructor) or re.search(later, source_of(function))
    )


def keys_read(function: Any, name: str) -> list[str]:
    """The names of the entries that a function, or a class, reads from what it is given."""
    found = re.findall(rf"\b{name}(?:\.get\(|\[)\s*[\"'](\w+)[\"']", source_of(function))
    return list(dict.fromkeys(found))


def is_compared(function: Any, name: str) -> bool:
    """Whether what a function, or a class, does depends on which of several things it is given."""
    own = rf"(self\.)?_*{name}\b"
    asks = rf"\b{own}[\w.()]* *(==|!=|<|>|in\b|is\b|not in\b)|(==|!=|<=?|>=?|\bin|\bis|\bnot|\bmatch) +{own}"
    return re.search(asks, source_of(function)) is not None


def source_of(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def asks_for_ends(function: Any, kinds: tuple[str, ...]) -> bool:
    """Whether the numbers of inputs and outputs are asked for by themselves."""
    asked = {kind_of(name, kinds) for name in parameters_of(function)}
    return bool({"n_inputs", "n_outputs", "input_shape"} & asked)


def is_walked(function: Any, name: str, into: str = "") -> bool:
    """Whether a function goes over what it is given, as over rows of data; perhaps taking each apart."""
    return re.search(rf"{into} ?\bin {name}\b", source_of(function)) is not None


def ends_with_class(function: Any, name: str) -> bool:
    """Whether a function goes over rows that it takes apart into what is given, and a last entry."""
    rows = re.findall(rf"\bfor (\w+) in {name}\b", source_of(function))
    return any(f"{row}[:-1]" in source_of(function) for row in rows)


def lacks_targets(function: Any, kinds: tuple[str, ...]) -> bool:
    """Whether a function asks for inputs and for no targets: fit(inputs, outputs)."""
    asked = {kind_of(name, kinds) for name in parameters_of(function)}
    return "inputs" in asked and "targets" not in asked


def kind_of(name: str, kinds: tuple[str, ...]) -> str | None:
    plain = plain_name(name)
    found = next((kind for kind in kinds if pattern_of(kind).fullmatch(plain)), None)
    spoken = size_by_words(plain)
    if spoken not in kinds:
        return found
    if found is None:
        return spoken if COUNTS & words_of(plain) else None
    is_data = found in ("inputs", "targets")  # of a constructor rather the number of its inputs
    return spoken if is_data and kinds.index(spoken) < kinds.index(found) else found


def words_of(plain: str) -> set[str]:
    return {word.rstrip("0123456789") for word in plain.split("_")}


def size_by_words(plain: str) -> str | None:
    """Which size a name of several words counts, if all of them are of sizes."""
    words = words_of(plain)
    owned = set().union(*OWNERS.values())
    if words - COUNTS - FILLERS - owned or len(words & (COUNTS | owned)) < 2:
        return None
    return next((kind for kind, own in OWNERS.items() if own & words), None)


def plain_name(name: str) -> str:
    """input_layer_size, for inputLayerSize too."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_")
