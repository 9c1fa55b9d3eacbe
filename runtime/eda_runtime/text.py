"""Text of other people, as databases can keep it."""

from __future__ import annotations

import hashlib
import re

__all__ = ["indexed", "is_storable", "storable"]

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL keeps no NUL, SQLite's JSON functions end a text at one, and UTF-8 has no lone surrogates."""
MOST_INDEXED = 1000
KEPT = 100
"""Characters of a longer text that stay readable."""


def is_storable(text: str) -> bool:
    return UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    r"""`text` with what no database keeps written as `\u0000`."""
    return UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def indexed(text: str, most: int = MOST_INDEXED) -> str:
    """`text` as a value that an index can hold (PostgreSQL: 2,704 bytes a row): longer than `most` bytes, escaped as ASCII,
    it becomes its beginning and its SHA-256."""
    written = storable(text)
    if len(written) * 10 <= most or len(written.encode("ascii", "backslashreplace")) <= most:
        return written
    return f"{written[:KEPT]}… sha256:{hashlib.sha256(written.encode()).hexdigest()}"
