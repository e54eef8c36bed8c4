"""The structure is the one that ARCHITECTURE.md draws: imports point only upwards in its list."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "chainrule"


def drawn_modules() -> list[str]:
    """The modules in the order of the drawing, packages as prefixes: "engine.reference"."""
    drawing = re.findall(r"```\n((?:.|\n)*?)```", (ROOT / "ARCHITECTURE.md").read_text("utf-8"))[0]
    modules: list[str] = []
    packages: list[str] = []
    for line in drawing.splitlines()[1:]:
        depth, name = (len(line) - len(line.lstrip())) // 2 - 1, line.split()[0]
        packages = packages[:depth]
        if name.endswith("/"):
            packages.append(name.removesuffix("/"))
        else:
            modules.append(".".join([*packages, Path(name).stem]))
    return modules


MODULES = drawn_modules()


def path_of(module: str) -> Path:
    path = SOURCE / f"{module.replace('.', '/')}.py"
    return path if path.exists() else path.with_suffix(".pyi")  # the types of compiled code


def imported_modules(path: Path) -> set[str]:
    """What a file imports of chainrule, lazily or not, as module names below chainrule."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("chainrule")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("chainrule"):
            assert node.level == 0
            if node.module == "chainrule":
                assert [alias.name for alias in node.names] == ["__version__"], path
            else:
                found.add(str(node.module))
    return {name.removeprefix("chainrule.") for name in found}


def test_every_module_is_drawn() -> None:
    files = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for path in SOURCE.rglob("*.py*")
        if path.suffix in (".py", ".pyi")
        if path.name != "__init__.py"
    }
    assert sorted(MODULES) == sorted(files)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_modules_above_it(module: str) -> None:
    above = set(MODULES[: MODULES.index(module)])
    packages = {package for name in above for package in packages_of(name)}
    allowed = above | (packages - packages_of(module))
    assert imported_modules(path_of(module)) <= allowed


def packages_of(module: str) -> set[str]:
    parts = module.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts))}


def test_a_package_only_gathers_its_own_modules() -> None:
    for path in SOURCE.rglob("*/__init__.py"):
        package = ".".join(path.parent.relative_to(SOURCE).parts)
        for name in imported_modules(path):
            assert name == package or name.startswith(f"{package}."), path


def test_every_module_of_the_page_is_drawn_after_those_that_it_imports() -> None:
    drawing = re.findall(
        r"```\npage/\n((?:.|\n)*?)```", (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    )
    drawn = re.findall(r"(\w+)\.js", drawing[0])
    page = SOURCE / "explorer" / "page"
    assert sorted(drawn) == sorted(path.stem for path in page.glob("*.js"))
    for module in drawn:
        source = (page / f"{module}.js").read_text("utf-8")
        for needed in re.findall(r'from "\./(\w+)\.js"', source):
            assert drawn.index(needed) < drawn.index(module), (module, needed)


def test_no_file_is_too_long_to_read() -> None:
    pages = (SOURCE / "explorer").rglob("*.js")
    for path in [*SOURCE.rglob("*.py"), *pages, *(ROOT / "tests").glob("*.py")]:
        assert len(path.read_text("utf-8").splitlines()) <= 500, path
