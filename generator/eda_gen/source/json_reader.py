"""JSON to nodes. JSON's own rules differ from YAML's (surrogate pairs, tabs), hence a reader of its own."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from types import MappingProxyType

from eda_gen.diagnostics import Diagnostic, Result, Span
from eda_gen.source.limits import MAX_DEPTH, MAX_FINDINGS
from eda_gen.source.node import Node, Scalar, join
from eda_gen.source.scalars import BadScalar, resolve

__all__ = ["read_json"]

_WORD = re.compile(
    r'[ \t\r\n]*(?P<word>[{}\[\],:]|"(?:[^"\\\x00-\x1f]|\\.)*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?'
    r"|true|false|null)"
)
_BLANK = re.compile(r"[ \t\r\n]*")


def read_json(text: str, file: str, shown: str) -> Result[Node]:
    """Read one JSON text. `file` goes into the nodes, `shown` into their spans."""
    reader = _Reader(text, file, shown)
    try:
        reader.run()
    except _GivenUp as gave_up:
        reader.found.append(Diagnostic(gave_up.code, gave_up.message, reader.span(gave_up.at)))
    return Result(None if reader.found else reader.root, tuple(reader.found))


class _GivenUp(Exception):
    def __init__(self, code: str, message: str, at: int) -> None:
        self.code, self.message, self.at = code, message, at


@dataclass(slots=True)
class _Frame:
    """A collection that is still open, and what may come next in it."""

    at: int
    pointer: str
    is_mapping: bool
    expects: str
    items: list[Node] = field(default_factory=list)
    fields: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)
    key: str = ""
    key_at: int = 0

    def child_pointer(self) -> str:
        return join(self.pointer, self.key) if self.is_mapping else f"{self.pointer}/{len(self.items)}"


class _Reader:
    def __init__(self, text: str, file: str, shown: str) -> None:
        self.text = text
        self.file = file
        self.shown = shown
        self.root: Node | None = None
        self.found: list[Diagnostic] = []
        self._open: list[_Frame] = []
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, at: int) -> Span:
        line = bisect_right(self._lines, at)
        return Span(self.shown, line, at - self._lines[line - 1] + 1)

    def report(self, code: str, message: str, at: int) -> None:
        self.found.append(Diagnostic(code, message, self.span(at)))
        if len(self.found) >= MAX_FINDINGS:
            raise _GivenUp("EDA003", f"more than {MAX_FINDINGS:,} problems", at)

    def run(self) -> None:
        at = 0
        while self.root is None or self._open:
            match = _WORD.match(self.text, at)
            if match is None:
                raise self._unexpected(at)
            self._take(match["word"], match.start("word"))
            at = match.end()
        rest = self._after_blanks(at)
        if rest < len(self.text):
            raise _GivenUp("EDA002", "this is not JSON: text follows after the value", rest)

    def _after_blanks(self, at: int) -> int:
        match = _BLANK.match(self.text, at)
        return match.end() if match else at

    def _unexpected(self, at: int) -> _GivenUp:
        at = self._after_blanks(at)
        if at >= len(self.text):
            return _GivenUp("EDA002", "this is not JSON: the text ends too early", max(0, at - 1))
        return _GivenUp("EDA002", f"this is not JSON: unexpected {self.text[at]!r}", at)

    def _take(self, word: str, at: int) -> None:
        frame = self._open[-1] if self._open else None
        expects = frame.expects if frame else "value"
        if frame and word == ("}" if frame.is_mapping else "]") and expects in ("first", "comma"):
            self._close(frame)
        elif frame and word == "," and expects == "comma":
            frame.expects = "key" if frame.is_mapping else "value"
        elif frame and word == ":" and expects == "colon":
            frame.expects = "value"
        elif frame and frame.is_mapping and expects in ("first", "key") and word[0] == '"':
            self._key(frame, word, at)
        elif expects == "value" or (expects == "first" and frame and not frame.is_mapping):
            self._value(word, at)
        else:
            raise self._unexpected(at)

    def _key(self, frame: _Frame, word: str, at: int) -> None:
        frame.key, frame.key_at, frame.expects = self._string(word, at), at, "colon"
        if frame.key in frame.fields:
            first = frame.keys[frame.key].line
            self.report("EDA004", f"the key `{frame.key}` is there twice; it was first in line {first}", at)

    def _value(self, word: str, at: int) -> None:
        pointer = self._open[-1].child_pointer() if self._open else ""
        if word in "{[":
            if len(self._open) >= MAX_DEPTH:
                raise _GivenUp("EDA003", f"values nested more than {MAX_DEPTH} deep", at)
            self._open.append(_Frame(at, pointer, word == "{", "first"))
        elif word in "}],:":
            raise self._unexpected(at)
        else:
            self._add(Node(self._scalar(word, at), self.span(at), self.file, pointer))

    def _scalar(self, word: str, at: int) -> Scalar:
        if word[0] == '"':
            return self._string(word, at)
        try:
            return resolve(word, None, plain=True)
        except BadScalar as error:
            self.report("EDA007", str(error), at)
            return None

    def _string(self, word: str, at: int) -> str:
        try:
            text = str(json.loads(word))
            text.encode()
        except ValueError:
            raise _GivenUp(
                "EDA002", "this is not JSON: a string with an escape that stands for no character", at
            ) from None
        return text

    def _close(self, frame: _Frame) -> None:
        self._open.pop()
        value = MappingProxyType(frame.fields) if frame.is_mapping else tuple(frame.items)
        self._add(Node(value, self.span(frame.at), self.file, frame.pointer, MappingProxyType(frame.keys)))

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        frame.expects = "comma"
        if frame.is_mapping:
            frame.fields.setdefault(frame.key, node)
            frame.keys.setdefault(frame.key, self.span(frame.key_at))
        else:
            frame.items.append(node)
