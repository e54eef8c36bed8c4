"""Every operation that chainrule knows, by name: forward, backward, symbols and words in one place."""

from chainrule.rules import comparisons, elementwise, linear, losses, reductions, shaping
from chainrule.rules.rule import Rule

RULES: dict[str, Rule] = {
    rule.name: rule
    for module in (elementwise, linear, reductions, shaping, comparisons, losses)
    for rule in vars(module).values()
    if isinstance(rule, Rule)
}

__all__ = ["RULES", "Rule"]
