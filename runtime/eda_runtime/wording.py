"""How messages for people are worded."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 message`, `2 messages`; `many` where an `s` does not make the plural."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
