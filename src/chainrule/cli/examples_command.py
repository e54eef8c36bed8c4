"""chainrule examples: the textbook library, each figure as printed and as it is."""

import argparse

from chainrule.cli.messages import DONE


def examples_command(options: argparse.Namespace) -> int:
    from chainrule.textbook import example_names, read_example

    columns = ("value", "updates", "printed", "step-rounded", "exact", "printed figure is")
    for name in example_names():
        example = read_example(name)
        rows = [
            (
                figure.value + (f", sample {figure.sample}" if many_samples else ""),
                str(figure.updates),
                figure.printed,
                figure.step_rounded or "",
                figure.exact,
                figure.verdict,
            )
            for many_samples in [any(figure.sample > 1 for figure in example.figures)]
            for figure in example.figures
        ]
        widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
        print(f"{name}\n    {example.problem.title}")
        print(f"    Source:  {example.source}\n    Erratum: {example.erratum}\n")
        for row in (columns, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("    " + "  ".join(cells).rstrip())
        print()
    print("Run one with 'chainrule train NAME'.")
    return DONE
