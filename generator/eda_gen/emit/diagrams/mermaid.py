"""Text for Mermaid: the one escaper through which spec text reaches a diagram.

Mermaid decodes `#59;` in every kind of diagram. What is not plainly harmless is written so, which disarms its separators
(`;`), comments (`%%`), directives, HTML, Markdown, KaTeX (`$$`) and brackets alike.
"""

from __future__ import annotations

import re
import textwrap

__all__ = ["LONGEST", "MOST_EDGES", "MOST_TEXT", "escaped", "label"]

LONGEST = 160
"""Characters of a name or description that a diagram shows."""

MOST_TEXT = 30_000
"""Characters of what a diagram tells. Mermaid itself draws at most 50,000, with all that stands around it."""

MOST_EDGES = 450
"""Edges of a flowchart: Mermaid itself draws at most 500."""

_WIDEST = 64
_HARMLESS = frozenset(" .,/()=+-'!?·…→“”")
_MERMAIDS_OWN = frozenset("ﬂ¶")
"""Mermaid marks decoded entities with these while it works."""

_MARKDOWN = re.compile(r"^\d+(?=\.)|(?<![^\W_])_+|_+(?![^\W_])|^[-+]|-(?=-)|(?<=-)-")
"""A numbered list's first dot is behind the digits; underscores at the edge of a word; dashes that begin a list or a rule."""


def label(*lines: str) -> str:
    """Lines of plain text as one label, each escaped, cut and wrapped; empty ones are left out."""
    wrapped = (piece for line in lines for piece in textwrap.wrap(_cut(_readable(line)), _WIDEST))
    return "<br/>".join(map(escaped, wrapped)) or "·"


def escaped(text: str) -> str:
    """One line of plain text, harmless in every place of a diagram where text may stand."""
    readable = _readable(text)
    dangerous = {place for match in _MARKDOWN.finditer(readable) for place in _places(match)}
    return "".join(_character(each, place in dangerous) for place, each in enumerate(readable)) or "·"


def _places(match: re.Match[str]) -> range:
    """What must be escaped of a match: the dot behind digits, else all of it."""
    return range(match.end(), match.end() + 1) if match[0].isdigit() else range(match.start(), match.end())


def _character(char: str, dangerous: bool) -> str:
    harmless = char in _HARMLESS or char == "_" or (char.isalnum() and char not in _MERMAIDS_OWN)
    return char if harmless and not dangerous else f"#{ord(char)};"


def _readable(text: str) -> str:
    """On one line, and without characters that cannot be seen."""
    return " ".join("".join(_seen(char) for char in text).split())


def _seen(char: str) -> str:
    if char.isspace():
        return " "
    return char if char.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
