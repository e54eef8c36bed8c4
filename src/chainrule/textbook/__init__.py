"""The published examples, one problem file each, and the library that reads them."""

from chainrule.textbook.library import Example, Figure, example_names, read_example, read_problem

__all__ = ["Example", "Figure", "example_names", "read_example", "read_problem"]
