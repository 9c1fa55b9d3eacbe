"""Names of a spec as Python names: safe, and told apart where two become one."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["Names", "constant_name", "module_name", "pascal", "snake", "words"]

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(text: str) -> list[str]:
    """The words of a name in whatever case it is written: `orderPlaced`, `order-placed` and `OrderPlaced` are alike."""
    plain = unicodedata.normalize("NFKC", text)
    safe = "".join(char if ("a" + char).isidentifier() and char != "_" else " " for char in plain)
    return [word for part in safe.split() for word in _BOUNDARY.split(part) if word]


def snake(text: str, fallback: str = "unnamed") -> str:
    """A name for a method, a parameter or a variable."""
    name = _identifier("_".join(word.lower() for word in words(text)), fallback)
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) else name


def pascal(text: str, fallback: str = "Unnamed") -> str:
    """A name for a class."""
    name = _identifier("".join(word[:1].upper() + word[1:] for word in words(text)), fallback)
    return f"{name}_" if keyword.iskeyword(name) else name


def constant_name(text: str, fallback: str = "unnamed") -> str:
    return snake(text, fallback).rstrip("_").upper()


def module_name(text: str, fallback: str = "unnamed") -> str:
    """A name for a module, in ASCII: it is a file's name too."""
    plain = unicodedata.normalize("NFKD", " ".join(words(text)).casefold())
    return snake("".join(char for char in plain if char.isascii()), fallback)


def _identifier(name: str, fallback: str) -> str:
    if not name:
        return fallback
    name = unicodedata.normalize("NFKC", name)
    return name if name.isidentifier() else f"{fallback}{name}"


class Names:
    """The names taken in one scope."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, *wishes: str) -> str:
        """The first wish that is free, else the last one with a number."""
        candidates = [*wishes, *(f"{wishes[-1]}_{number}" for number in range(2, len(self._taken) + 3))]
        name = next(each for each in candidates if each not in self._taken)
        self._taken.add(name)
        return name
