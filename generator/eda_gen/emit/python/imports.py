"""Import lines, in the order that isort and ruff give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["import_lines", "sorted_exports"]


def import_lines(names: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """One `from … import …` a module, for names by module. A name may be of the form `X as Y`."""
    return tuple(
        f"from {module} import {', '.join(sorted(set(names[module]), key=_by_kind))}"
        for module in sorted(names, key=lambda module: _natural(module.lower()))
    )


def sorted_exports(names: Iterable[str]) -> tuple[str, ...]:
    """The names of `__all__`."""
    return tuple(sorted(names, key=lambda name: (_kind(name), _natural(name))))


def _by_kind(name: str) -> tuple[int, tuple[tuple[int, str], ...]]:
    plain = name.partition(" ")[0]
    return _kind(plain), _natural(plain.lower())


def _kind(name: str) -> int:
    """Constants, then classes, then the rest."""
    return 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key by which `order2` comes before `order10`."""
    parts = re.findall(r"\d+|\D+", text)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
