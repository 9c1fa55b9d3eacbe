"""Import lines, in the order that isort and ruff give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["by_kind", "import_lines", "natural"]


def import_lines(names: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """One `from … import …` a module, for names by module. A name may be of the form `X as Y`."""
    return tuple(
        f"from {module} import {', '.join(sorted(set(names[module]), key=by_kind))}"
        for module in sorted(names, key=natural)
    )


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key by which `order2` comes before `order10`."""
    parts = re.findall(r"\d+|\D+", text.lower())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def by_kind(name: str) -> tuple[int, tuple[tuple[int, str], ...]]:
    """A sort key: constants, then classes, then the rest."""
    plain = name.partition(" ")[0]
    kind = 0 if plain.isupper() and len(plain) > 1 else 1 if plain[0].isupper() else 2
    return kind, natural(plain)
