"""Every format: its golden file, and a real reader for each, LaTeX and Typst among them."""

import ast
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chainrule import explain_problem, read_problem
from chainrule.document import Document
from chainrule.errors import ChainruleError
from chainrule.rendering import FORMATS
from chainrule.rendering.notation import NOTATIONS
from chainrule.rendering.pdf import write_typst
from chainrule.textbook import example_names

from documents import HOSTILE, explanations

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {"terminal": "txt", "markdown": "md", "latex": "tex", "html": "html", "json": "json"}
NAMES = list(explanations())


def text_of(name: str, chosen: str, notation: str | None = None) -> str:
    return str(explanations()[name].render(chosen, notation))


# --- golden files ---------------------------------------------------------------------------------


def golden_texts() -> dict[str, str]:
    """What the golden files hold: `make golden` writes them, and their difference is to be read."""
    texts = {
        f"numeric-example.{suffix}": text_of("numeric-example", chosen)
        for chosen, suffix in SUFFIXES.items()
    }
    # The fonts are bytes of others; what is ours is the page around them.
    page = texts["numeric-example.html"]
    texts["numeric-example.html"] = re.sub(r"base64,[A-Za-z0-9+/=]+", "base64,...", page)
    texts["numeric-example.typ"] = write_typst(
        explanations()["numeric-example"].document, NOTATIONS["superscript"]
    )
    texts["story.txt"] = text_of("story", "terminal")
    texts["by-hand.txt"] = text_of("by hand", "terminal")
    texts["superscript.txt"] = text_of("numeric-example", "terminal", "superscript")
    texts["notebook.tex"] = text_of("numeric-example", "latex", "notebook")
    return texts


@pytest.mark.parametrize("file", sorted(golden_texts()))
def test_each_format_is_as_in_its_golden_file(file: str) -> None:
    text = golden_texts()[file]
    if os.environ.get("CHAINRULE_WRITE_GOLDEN"):
        (GOLDEN / file).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / file).read_text(encoding="utf-8"), "make golden writes them anew"


# --- what all formats share -----------------------------------------------------------------------


def digits_shown(document: Document) -> set[str]:
    return {str(line.value.digits) for line in document.lines()}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("chosen", ["terminal", "markdown", "latex", "html"])
def test_every_result_stands_in_every_format(name: str, chosen: str) -> None:
    text = text_of(name, chosen).replace("−", "-")
    for digits in digits_shown(explanations()[name].document):
        mantissa, _, exponent = digits.partition("e")
        assert mantissa in text
        if exponent:
            shown = {
                "terminal": digits,
                "html": f"<mn>{mantissa}</mn>",
            }.get(chosen, f"{mantissa} \\cdot 10^{{{exponent}}}")
            assert shown in text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("notation", sorted(NOTATIONS))
def test_every_document_renders_in_every_notation(name: str, notation: str) -> None:
    for chosen in FORMATS:
        assert explanations()[name].render(chosen, notation)


def test_a_format_or_notation_that_does_not_exist_is_answered_with_the_nearest() -> None:
    explanation = explanations()["story"]
    with pytest.raises(ChainruleError, match="unknown format 'htm'; did you mean 'html'"):
        explanation.render("htm")
    with pytest.raises(ChainruleError, match="unknown notation 'super'"):
        explanation.render("html", "super")


def test_json_is_one_object_on_one_line() -> None:
    text = text_of("numeric-example", "json")
    assert text.count("\n") == 1
    assert set(json.loads(text)) == {"values", "loss", "updates"}


# --- terminal -------------------------------------------------------------------------------------

ENTRY = r"(?:dL/d)?(?:mhat_|shat_|[vsm]_)?(?:losses|[xwbzat])\d*(?:_new)?\[[\d,]+\]"


def worked_rows(text: str) -> list[tuple[str, list[str]]]:
    """The lines of single entries, with rows that were broken put together again."""
    rows: list[tuple[str, list[str]]] = []
    for row in text.splitlines():
        start = re.match(rf" +(?:mistaken: )?({ENTRY}|loss) (=|<-) (.*)", row)
        if start:
            rows.append((start[1], start[3].split("  <--")[0].split(" = ")))
        elif (more := re.match(r" {6,}(=|\+|-|\*) (\S.*)", row)) and rows:
            if more[1] == "=":
                rows[-1][1].extend(more[2].split("  <--")[0].split(" = "))
            else:
                first, *others = f"{more[1]} {more[2]}".split(" = ")
                rows[-1][1][-1] += " " + first
                rows[-1][1].extend(others)
    return rows


@pytest.mark.parametrize("name", [name for name in NAMES if name != "large"])
def test_python_reads_each_displayed_substitution_and_finds_the_displayed_result(name: str) -> None:
    """The text is parsed as a reader would, with what its rounding allows."""
    from test_explanation import half_unit
    from text_intervals import evaluate_text

    by_hand = name == "by hand"
    rows = worked_rows(text_of(name, "terminal"))
    checked = 0
    for result, steps in rows:
        if len(steps) < 2 or by_hand:
            continue
        *_, numbers, value = steps
        if re.search(r"[a-zA-Z_]+\d*\[", numbers):
            continue  # a value that equals another: dL/db2[1] = dL/dz2[1]
        left, right = evaluate_text(numbers), half_unit(value)
        assert left.a <= right.b, (result, steps)
        assert right.a <= left.b, (result, steps)
        checked += 1
    assert by_hand or checked >= len(rows) / 2


@pytest.mark.parametrize("name", NAMES)
def test_no_row_is_wider_than_a_page(name: str) -> None:
    for row in text_of(name, "terminal").splitlines():
        assert len(row) <= 100 or "<--" in row, row
        assert row == row.rstrip()


def test_terminal_text_is_plain_unless_it_is_a_terminal() -> None:
    assert "\x1b" not in text_of("numeric-example", "terminal")


# --- titles of others -----------------------------------------------------------------------------


def with_title(title: str) -> Any:
    explanation = explain_problem(read_problem("cs231n-neuron"))
    return replace(explanation, document=replace(explanation.document, title=title))


def test_a_title_with_markup_is_text_in_a_page_and_in_markdown() -> None:
    page = with_title(HOSTILE).render("html")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; " in page
    first = with_title(HOSTILE).render("markdown").splitlines()[0]
    assert first.startswith("# \\<script\\>alert(1)\\</script\\> & ")
    assert "\\[x\\](y) \\`z\\`" in first


# --- LaTeX ----------------------------------------------------------------------------------------

LATEX = shutil.which("pdflatex")
REQUIRED = os.environ.get("CHAINRULE_REQUIRE_ALL")
needs_latex = pytest.mark.skipif(
    LATEX is None and not REQUIRED, reason="no LaTeX here; .ci/run installs one"
)


def compile_latex(text: str, folder: Path) -> str:
    assert LATEX is not None, "CHAINRULE_REQUIRE_ALL is set, and there is no pdflatex"
    (folder / "step.tex").write_text(text, encoding="utf-8")
    command = [LATEX, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "step.tex"]
    result = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    log = result.stdout.decode(errors="replace")
    assert result.returncode == 0, log[-3000:]
    assert (folder / "step.pdf").read_bytes().startswith(b"%PDF")
    return log


@needs_latex
@pytest.mark.parametrize("name", NAMES)
def test_latex_compiles_and_fits_its_page(name: str, tmp_path: Path) -> None:
    log = compile_latex(text_of(name, "latex"), tmp_path)
    assert [line for line in log.splitlines() if line.startswith("Overfull \\hbox")] == []


@needs_latex
def test_latex_in_the_notebooks_notation_compiles(tmp_path: Path) -> None:
    compile_latex(text_of("numeric-example", "latex", "notebook"), tmp_path)


@needs_latex
def test_a_title_with_commands_compiles_as_text(tmp_path: Path) -> None:
    compile_latex(with_title(HOSTILE).render("latex"), tmp_path)


@needs_latex
def test_the_formulas_of_markdown_compile(tmp_path: Path) -> None:
    for number, name in enumerate([*example_names(), "classes", "elu"]):
        formulas = re.findall(r"\$\$\n((?:.|\n)*?)\n\$\$", text_of(name, "markdown"))
        assert len(formulas) > 5
        body = "\n\n".join(f"\\[{formula}\\]" for formula in formulas)
        folder = tmp_path / str(number)
        folder.mkdir()
        compile_latex(
            "\\documentclass{article}\\usepackage{amsmath,amssymb}\\allowdisplaybreaks"
            f"\\begin{{document}}{body}\\end{{document}}",
            folder,
        )


# --- PDF ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_pdf_is_set_with_all_its_pages(name: str) -> None:
    pdf = explanations()[name].render("pdf")
    assert isinstance(pdf, bytes)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 1


def test_a_pdfs_title_is_text(tmp_path: Path) -> None:
    assert with_title(HOSTILE).render("pdf").startswith(b"%PDF")


def test_without_the_extra_a_pdf_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(ChainruleError, match="a PDF needs the extra 'pdf': pip install"):
        explanations()["story"].render("pdf")


def test_the_notebooks_formulas_are_python() -> None:
    for _, steps in worked_rows(text_of("numeric-example", "terminal")):
        ast.parse(steps[-2] if len(steps) > 1 else steps[-1], mode="eval")
