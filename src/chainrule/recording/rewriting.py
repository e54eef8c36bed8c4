"""A program rewritten so that each of its operations goes through a recorder; its values stay plain.

    a @ b       becomes   __chainrule__.binary(7, a, b)         7 is the number of the site
    a[i] = v    becomes   __chainrule__.set_item(8, v, a, i)
    f(x)        becomes   __chainrule__.call(9, f, x)

What a program can observe stays as it was: the order of evaluation, names and scopes, line numbers in
its own tracebacks. Left alone are what looks at its caller's frame (super, locals, eval ...), patterns
of match, annotations, and functions that a decorator compiles.
"""

import ast
import importlib.util
import re
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, TypeGuard, TypeVar, final

from chainrule.recording.source import has_operators

RECORDER = "__chainrule__"
FRAME_READERS = {"super", "locals", "globals", "vars", "dir", "eval", "exec", "breakpoint"}
# A method of an engine's numbers that moves them: an update like any other.
UPDATES = re.compile("step|updat|descen|optimi|learn|train|adjust|nudge", re.IGNORECASE)
COMPILERS = {"njit", "jit", "vectorize", "guvectorize", "numba"}
WITHOUT_EFFECT = {"dot", "einsum", "matmul", "outer", "sum"}  # calls that change nothing
COMPUTED = {"T", "A", "A1", "real"}  # attributes of arrays that are steps
COMPARISONS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq)


@final
@dataclass(frozen=True)
class Site:
    """A place in the source where something is computed, from column to column as `ast` counts them.

    `literal` tells for each operand whether the source has a constant there, `names` what an assignment
    calls its value, `kind` the operation: a name of `ast`, "call", or a method's or attribute's name. `operands` has of
    an operator those that are read from somewhere, as the source has them.
    `function` is the name of the function around it, or ""; `of_operators` tells that a class around it says what + and *
    are, unless it is there to take steps.
    """

    number: int
    file: int
    line: int
    end_line: int
    column: int
    end_column: int
    kind: str
    literal: tuple[bool, ...] = ()
    names: tuple[str | None, ...] = ()
    operands: tuple[str | None, ...] = ()
    function: str = ""
    of_operators: bool = False


@final
@dataclass
class Sites:
    """All sites of all files of a program."""

    sites: list[Site] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)  # that have any

    @property
    def have_operators(self) -> bool:
        """Whether the program says itself what + and * are, as an engine does."""
        return {"__add__", "__mul__"} <= self.functions

    def __getitem__(self, number: int) -> Site:
        return self.sites[number]

    def add(self, site_of: Any, file: int, kind: str, **details: Any) -> int:
        number = len(self.sites)
        self.functions.add(details.get("function", ""))
        self.sites.append(
            Site(
                number,
                file,
                site_of.lineno,
                site_of.end_lineno or site_of.lineno,
                site_of.col_offset,
                site_of.end_col_offset or 0,
                kind,
                **details,
            )
        )
        return number


Node = TypeVar("Node", bound=ast.AST)


def rewrite(tree: ast.Module, sites: Sites, file: int) -> ast.Module:
    """The tree with every operation handed to the recorder; the sites are added to `sites`."""
    rewritten = Rewriter(sites, file).visit(tree)
    return ast.fix_missing_locations(rewritten)


def is_compiler(decorator: ast.expr) -> bool:
    """numba.njit(...) and its kin, where it is there; np.vectorize calls its function as it is."""
    parts = [part for part in ast.walk(decorator) if isinstance(part, ast.Name | ast.Attribute)]
    names = {part.id if isinstance(part, ast.Name) else part.attr for part in parts}
    compiles = bool(names & COMPILERS) and not names & {"np", "numpy"}
    return compiles and importlib.util.find_spec("numba") is not None


def is_sum(node: ast.expr) -> TypeGuard[ast.BinOp]:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def has_no_effect(node: ast.expr) -> bool:
    """Whether an operand may be computed before the terms on its left are added up."""
    return all(
        not isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom)
        and (not isinstance(part, ast.Call) or spoken_name(part.func) in WITHOUT_EFFECT)
        for part in ast.walk(node)
    )


def is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def is_pattern(target: ast.expr) -> bool:
    return isinstance(target, ast.Tuple | ast.List)


def holds_item(target: ast.expr) -> bool:
    """Whether something is written into an entry by an assignment to this target, or to a part of it."""
    if isinstance(target, ast.Starred):
        return holds_item(target.value)
    if isinstance(target, ast.Tuple | ast.List):
        return any(map(holds_item, target.elts))
    return isinstance(target, ast.Subscript)


def spoken_name(target: ast.AST) -> str | None:
    """What a person calls a target: w1, for self.w1 and params["w1"] too."""
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript):
        if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            return target.slice.value
        return spoken_name(target.value)
    return None


def text_of(operand: ast.AST) -> str | None:
    """An operand that is read from somewhere, as the source has it: self.rates[k]."""
    read = isinstance(operand, ast.Name | ast.Attribute | ast.Subscript)
    return ast.unparse(operand) if read else None


@final
class Rewriter(ast.NodeTransformer):
    def __init__(self, sites: Sites, file: int) -> None:
        self.sites, self.file = sites, file
        self.classes: list[ast.ClassDef] = []
        self.functions: list[str] = []

    # --- pieces -----------------------------------------------------------------------------------

    def site(self, node: Any, kind: str, **details: Any) -> ast.expr:
        function = self.functions[-1] if self.functions else ""
        own = any(map(has_operators, self.classes)) and not UPDATES.search(function)
        if own and "names" in details:  # an engine's words, such as data, name nothing
            details["names"] = (None,) * len(details["names"])
        number = self.sites.add(
            node, self.file, kind, function=function, of_operators=own, **details
        )
        return ast.Constant(number)

    def hook(self, node: ast.AST, name: str, *arguments: ast.expr) -> ast.expr:
        function = ast.Attribute(ast.Name(RECORDER, ast.Load()), name, ast.Load())
        return ast.copy_location(ast.Call(function, list(arguments), []), node)

    def attribute_name(self, name: str) -> ast.expr:
        """A private name in a class is mangled by the compiler; as text we do it ourselves."""
        if self.classes and name.startswith("__") and not name.endswith("__"):
            stripped = self.classes[-1].name.lstrip("_")
            name = f"_{stripped}{name}" if stripped else name
        return ast.Constant(name)

    def statements(self, nodes: list[ast.stmt]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for node in nodes:
            visited = self.visit(node)
            found += visited if isinstance(visited, list) else [visited]
        return found

    def expression(self, node: Any) -> Any:
        return None if node is None else self.visit(node)

    # --- scopes -----------------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.classes.append(node)
        node.body = self.statements(node.body)
        self.classes.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self.function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.function(node)

    def function(self, node: Any) -> ast.AST:
        if any(map(is_compiler, node.decorator_list)):
            return node
        arguments = node.args
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        arguments.kw_defaults = [self.expression(default) for default in arguments.kw_defaults]
        self.functions.append(node.name)
        node.body = self.statements(node.body)
        self.functions.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args.defaults = [self.visit(default) for default in node.args.defaults]
        node.body = self.visit(node.body)
        return node

    def visit_Match(self, node: Any) -> ast.AST:
        node.subject = self.visit(node.subject)
        for case in node.cases:
            case.guard = self.expression(case.guard)
            case.body = self.statements(case.body)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                value.value = self.visit(value.value)
        return node

    # --- expressions ------------------------------------------------------------------------------

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if type(node.value) is float:
            return self.hook(node, "literal", ast.Constant(node.value))
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if isinstance(node.op, ast.Not):
            node.operand = self.visit(node.operand)
            return node
        if is_literal(node):
            constant = node.operand
            assert isinstance(constant, ast.Constant)
            if type(constant.value) is float and isinstance(node.op, ast.USub):
                return self.hook(node, "literal", ast.Constant(-constant.value))
            return self.visit(constant) if isinstance(node.op, ast.UAdd) else node
        site = self.site(node, type(node.op).__name__)
        return self.hook(node, "unary", site, self.visit(node.operand))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        first, sums = node, [self.binary_site(node)]
        while is_sum(first) and is_sum(first.left) and has_no_effect(first.right):
            first = first.left
            sums.insert(0, self.binary_site(first))
        operands = [first.left, *(one.right for one, _ in sums)]
        values = map(self.visit, operands)
        if len(sums) == 1:
            return self.hook(node, "binary", sums[0][1], *values)
        sites = ast.Tuple([site for _, site in sums], ast.Load())
        return self.hook(node, "sums", sites, *values)

    def binary_site(self, node: ast.BinOp) -> tuple[ast.BinOp, ast.expr]:
        literal = (is_literal(node.left), is_literal(node.right))
        operands = (text_of(node.left), text_of(node.right))
        kind = type(node.op).__name__
        return node, self.site(node, kind, literal=literal, operands=operands)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        operands = [node.left, *node.comparators]
        if len(operands) == 2 and isinstance(node.ops[0], COMPARISONS):
            literal = (is_literal(node.left), is_literal(node.comparators[0]))
            site = self.site(node, type(node.ops[0]).__name__, literal=literal)
            return self.hook(node, "compare", site, *map(self.visit, operands))
        node.left = self.visit(node.left)
        node.comparators = [self.visit(operand) for operand in node.comparators]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load) and node.attr in COMPUTED:
            site = self.site(node, node.attr)
            return self.hook(node, "attribute", site, node.value, self.attribute_name(node.attr))
        return node

    def visit_Slice(self, node: ast.Slice) -> ast.AST:
        parts = [
            self.expression(part) or ast.Constant(None)
            for part in (node.lower, node.upper, node.step)
        ]
        return self.hook(node, "slice", *parts)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)
        if isinstance(node.ctx, ast.Load):
            site = self.site(node, "item")
            return self.hook(node, "item", site, node.value, self.visit(node.slice))
        if isinstance(node.ctx, ast.Store):
            # A target inside a tuple or a loop: stored by Python, and seen when it is read.
            node.slice = self.visit_plain_index(node.slice)
            return node
        node.slice = self.visit_plain_index(node.slice)
        return node

    def visit_plain_index(self, node: ast.expr) -> ast.expr:
        return (
            node
            if any(isinstance(part, ast.Slice) for part in ast.walk(node))
            else self.visit(node)
        )

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in FRAME_READERS:
            node.args = [self.visit(argument) for argument in node.args]
            for keyword in node.keywords:
                keyword.value = self.visit(keyword.value)
            return node
        literal = tuple(is_literal(argument) for argument in node.args)
        if isinstance(node.func, ast.Attribute):
            if (
                isinstance(node.func.value, ast.Call)
                and getattr(node.func.value.func, "id", "") == "super"
            ):
                owner: ast.expr = self.visit(node.func.value)
            else:
                owner = self.visit(node.func.value)
            site = self.site(node, node.func.attr, literal=literal)
            name = self.attribute_name(node.func.attr)
            call = self.hook(node, "method", site, owner, name)
        else:
            kind = node.func.id if isinstance(node.func, ast.Name) else "call"
            site = self.site(node, kind, literal=literal)
            call = self.hook(node, "call", site, self.visit(node.func))
        assert isinstance(call, ast.Call)
        call.args += [self.visit(argument) for argument in node.args]
        call.keywords = node.keywords
        for keyword in call.keywords:
            keyword.value = self.visit(keyword.value)
        return call

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return self.visit_rounds(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return self.visit_rounds(node)

    def visit_rounds(self, node: ast.ListComp | ast.GeneratorExp) -> ast.AST:
        """A comprehension that calls something may take as long as a loop does."""
        calls = any(isinstance(part, ast.Call) for part in ast.walk(node.elt))
        generators = [self.visit(one) for one in node.generators]
        first = generators[0].iter
        if calls:
            first.func.attr = "loop"
        node.generators = generators
        node.elt = self.visit(node.elt)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = self.hook(
            node.iter, "iterate", self.site(node.iter, "iterate"), self.visit(node.iter)
        )
        node.ifs = [self.visit(condition) for condition in node.ifs]
        return node

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        site = self.site(node, "assign", names=(spoken_name(node.target),))
        node.value = self.hook(node, "named", site, self.visit(node.value))
        return node

    # --- statements -------------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> Any:
        if len(node.targets) > 1 and is_literal(node.value):
            # a = b = 0.0 would be one object with two names, and each becomes a parameter of its own.
            alone = [
                ast.copy_location(ast.Assign([target], deepcopy(node.value)), node)
                for target in node.targets
            ]
            return [self.visit_Assign(statement) for statement in alone]
        if (len(node.targets) > 1 or is_pattern(node.targets[0])) and any(
            map(holds_item, node.targets)
        ):
            return self.one_by_one(node)
        names = tuple(spoken_name(target) for target in node.targets)
        value = self.visit(node.value)
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
            target = node.targets[0]
            site = self.site(node, "set_item", names=names, literal=(is_literal(node.value),))
            call = self.hook(
                node, "set_item", site, value, self.visit(target.value), self.visit(target.slice)
            )
            return ast.copy_location(ast.Expr(call), node)
        pattern = next((t for t in node.targets if is_pattern(t)), None)
        node.value = self.handed_on(node, names, value, pattern)
        node.targets = [self.visit(target) for target in node.targets]
        return node

    def handed_on(
        self, node: ast.Assign, names: tuple[str | None, ...], value: ast.expr, pattern: Any
    ) -> ast.expr:
        """The value of an assignment, after the recorder was told by which names it goes."""
        if pattern is None:
            return self.hook(node, "named", self.site(node, "assign", names=names), value)
        parts = tuple(spoken_name(element) for element in pattern.elts)
        return self.hook(node, "unpacked", self.site(node, "assign", names=parts), value)

    def one_by_one(self, node: ast.Assign) -> list[ast.stmt]:
        """a[i], b = v, or a[i] = b = v, as an assignment for each target, in order: entries are written to arrays."""
        pattern = node.targets[0] if len(node.targets) == 1 else None
        targets = pattern.elts if isinstance(pattern, ast.Tuple | ast.List) else node.targets
        own = f"__chainrule_{len(self.sites.sites)}_"
        held = [f"{own}{k if pattern is not None else 0}__" for k in range(len(targets))]
        holders: list[ast.expr] = [
            ast.Starred(ast.Name(name, ast.Store()), ast.Store())
            if isinstance(target, ast.Starred)
            else ast.Name(name, ast.Store())
            for name, target in zip(held, targets, strict=True)
        ]
        names = tuple(spoken_name(target) for target in targets)
        value = self.handed_on(node, names, self.visit(node.value), pattern)
        taken = holders[0] if pattern is None else ast.Tuple(holders, ast.Store())
        statements: list[Any] = [ast.copy_location(ast.Assign([taken], value), node)]
        for name, target in zip(held, targets, strict=True):
            place = target.value if isinstance(target, ast.Starred) else target
            alone = ast.Assign([place], ast.Name(name, ast.Load()))
            made = self.visit_Assign(ast.fix_missing_locations(ast.copy_location(alone, node)))
            statements += made if isinstance(made, list) else [made]
        spent = [ast.Name(name, ast.Del()) for name in dict.fromkeys(held)]
        return [*statements, ast.copy_location(ast.Delete(list(spent)), node)]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        if node.value is not None:
            site = self.site(node, "assign", names=(spoken_name(node.target),))
            node.value = self.hook(node, "named", site, self.visit(node.value))
        node.target = self.visit(node.target)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        target = node.target
        literal = (False, is_literal(node.value))
        site = self.site(
            node, type(node.op).__name__, names=(spoken_name(target),), literal=literal,
            operands=(None, text_of(node.value)),
        )  # fmt: skip
        value = self.visit(node.value)
        if isinstance(target, ast.Name):
            read = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            call = self.hook(node, "augment", site, read, value)
            return ast.copy_location(ast.Assign([target], call), node)
        if isinstance(target, ast.Attribute):
            name = self.attribute_name(target.attr)
            call = self.hook(node, "augment_attribute", site, self.visit(target.value), name, value)
        else:
            assert isinstance(target, ast.Subscript)
            owner, index = self.visit(target.value), self.visit(target.slice)
            call = self.hook(node, "augment_item", site, owner, index, value)
        return ast.copy_location(ast.Expr(call), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        node.iter = self.hook(
            node.iter, "loop", self.site(node.iter, "iterate"), self.visit(node.iter)
        )
        node.target = self.visit(node.target)
        node.body = self.statements(node.body)
        node.orelse = self.statements(node.orelse)
        return node
