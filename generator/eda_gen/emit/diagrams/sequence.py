"""A sequence diagram under construction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from eda_gen.emit.diagrams.mermaid import MOST_TEXT, label
from eda_gen.emit.diagrams.render import render

__all__ = ["Sequence"]


_DEEPEST = 8
"""Levels of indentation; blocks deeper inside are not moved further to the right."""


class Sequence:
    """Collects participants in the order of their first appearance, and what happens between them.

    A diagram that would grow past what Mermaid draws is cut, and says so.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._ids: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._order: list[str] = []
        self._lines: list[str] = []
        self._depth = 1
        self._size = 0
        self._left_out = 0

    def participant(self, key: str, *lines: str, owner: str | None = None, after: str | None = None) -> str:
        """The id of a participant, which is new or known by `key`.

        `owner` is the service that it is part of, where its key does not say so. `after` places a new one.
        """
        if key not in self._ids:
            self._ids[key] = name = f"p{len(self._ids) + 1}"
            self._owners[name] = owner or key
            self._order.insert(self._order.index(after) + 1 if after is not None else len(self._order), name)
            self._labels[name] = label(*lines)
            self._size += len(self._labels[name])
        return self._ids[key]

    def owner(self, participant: str) -> str:
        return self._owners[participant]

    def message(self, sender: str, receiver: str, *lines: str, dashed: bool = False) -> None:
        self._add(f"{sender}{'-->>' if dashed else '->>'}{receiver}: {label(*lines)}")

    def note(self, over: str, *lines: str) -> None:
        self._add(f"Note over {over}: {label(*lines)}")

    @contextmanager
    def block(self, kind: str, *lines: str) -> Iterator[None]:
        """An `alt`, `opt`, `par` or `loop`; `branch` begins its next part."""
        shown = self._add(f"{kind} {label(*lines)}")
        self._depth += shown
        yield
        self._depth -= shown
        if shown:
            self._write("end")

    def branch(self, kind: str, *lines: str) -> None:
        """An `else` of an `alt`, an `and` of a `par`."""
        self._depth -= 1
        self._add(f"{kind} {label(*lines)}")
        self._depth += 1

    def text(self) -> str:
        if self._left_out:
            self._lines.append(f"    Note over p1: {label(f'{self._left_out} more lines are left out')}")
        participants = [(name, self._labels[name]) for name in self._order]
        return render("sequence.mmd", title=self._title, participants=participants, lines=self._lines)

    def _add(self, line: str) -> bool:
        """Write a line while there is room; once there is none, everything is left out."""
        if self._size > MOST_TEXT:
            self._left_out += 1
            return False
        self._write(line)
        return True

    def _write(self, line: str) -> None:
        self._lines.append("    " * min(self._depth, _DEEPEST) + line)
        self._size += len(self._lines[-1]) + 1
