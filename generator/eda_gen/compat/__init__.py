"""What changed between two catalogs, and whom it breaks."""

from eda_gen.compat.change import Change, Finding, Locate, Mode, User
from eda_gen.compat.compare import compare, merge
from eda_gen.compat.difference import ContentModel, Difference, Direction, Place, Rule
from eda_gen.compat.locate import locator
from eda_gen.compat.rules import RULES

__all__ = [
    "RULES",
    "Change",
    "ContentModel",
    "Difference",
    "Direction",
    "Finding",
    "Locate",
    "Mode",
    "Place",
    "Rule",
    "User",
    "compare",
    "locator",
    "merge",
]
