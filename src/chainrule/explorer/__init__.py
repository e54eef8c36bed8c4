"""The page to play with: `explore` makes it, and `page/` is what it is made of."""

from chainrule.explorer.request import Explorer, explore, explore_problem

__all__ = ["Explorer", "explore", "explore_problem"]
