"""Spec text on its way into Python source: every piece of it passes through here or through `repr`."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping

from eda_gen.model import Json

__all__ = ["clean", "comment", "description_of", "docstring", "literal", "one_line"]

_WIDTH = 80


def clean(text: str) -> str:
    """Printable text in lines of a readable length: no control characters, no lone surrogates, no direction marks."""
    visible = "".join(char for char in text.expandtabs(4) if char == "\n" or unicodedata.category(char)[0] != "C")
    lines = (wrapped for line in visible.split("\n") for wrapped in _wrapped(line) or [""])
    return "\n".join(line.rstrip() for line in lines).strip()


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def description_of(schema: Json) -> str:
    """What a schema says to people, empty where it says nothing."""
    if not isinstance(schema, Mapping):
        return ""
    said = next((text for name in ("description", "title") if isinstance(text := schema.get(name), str) and text), "")
    return clean(said)


def docstring(text: str) -> str:
    """The inside of a triple-quoted string that reads as `text`."""
    escaped = clean(text).replace("\\", "\\\\")
    return re.sub(r'"{3,}|"\Z', lambda found: r"\"" * len(found[0]), escaped)


def comment(text: str) -> str:
    """Text that stays within its comment line."""
    return one_line(text)


def literal(value: object) -> str:
    """A Python literal, with double quotes where that needs no escape. `repr` escapes all that is not printable."""
    written = repr(value)
    if isinstance(value, str) and written.startswith("'") and '"' not in value:
        return f'"{written[1:-1]}"'
    return written
