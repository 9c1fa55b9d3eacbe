"""A sequence diagram under construction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eda_gen.emit.diagrams.mermaid import MOST_TEXT, label
from eda_gen.emit.diagrams.render import render

__all__ = ["Sequence"]


class Sequence:
    """Collects participants in the order of their first appearance, and what happens between them.

    A diagram that would grow past what Mermaid draws is cut, and says so.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._participants: dict[str, tuple[str, str]] = {}
        self._lines: list[str] = []
        self._depth = 1
        self._size = 0
        self._left_out = 0

    def participant(self, key: str, *lines: str) -> str:
        """The id of a participant, which is new or known by `key`."""
        if key not in self._participants:
            self._participants[key] = (f"p{len(self._participants) + 1}", label(*lines))
        return self._participants[key][0]

    def message(self, sender: str, receiver: str, *lines: str, dashed: bool = False) -> None:
        self._add(f"{sender}{'-->>' if dashed else '->>'}{receiver}: {label(*lines)}")

    def note(self, over: str, *lines: str) -> None:
        self._add(f"Note over {over}: {label(*lines)}")

    @contextmanager
    def block(self, kind: str, *lines: str) -> Iterator[None]:
        """An `alt`, `opt`, `par` or `loop`; `branch` begins its next part."""
        self._add(f"{kind} {label(*lines)}", must=True)
        self._depth += 1
        yield
        self._depth -= 1
        self._add("end", must=True)

    def branch(self, kind: str, *lines: str) -> None:
        """An `else` of an `alt`, an `and` of a `par`."""
        self._depth -= 1
        self._add(f"{kind} {label(*lines)}", must=True)
        self._depth += 1

    @property
    def full(self) -> bool:
        return self._size > MOST_TEXT * 2 // 3

    def text(self) -> str:
        if self._left_out:
            self._lines.append(f"    Note over p1: {label(f'{self._left_out} more lines are left out')}")
        return render("sequence.mmd", title=self._title, participants=self._participants.values(), lines=self._lines)

    def _add(self, line: str, must: bool = False) -> None:
        if self.full and not must:
            self._left_out += 1
            return
        self._lines.append("    " * self._depth + line)
        self._size += len(line) + 4 * self._depth + 1
