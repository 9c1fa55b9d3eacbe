"""Reads what matters of a `.proto` file: messages, fields, enums, what is reserved (proto2, proto3, editions).

Services, options and extensions carry nothing that a payload's reader depends on, and are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["NotProtobuf", "ProtoEnum", "ProtoField", "ProtoFile", "ProtoMessage", "read_proto"]

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>[A-Za-z_.][\w.]*|[-+]?\d[\w.+]*)|(?P<sign>[{}\[\]()<>=;,:/-])""",
    re.DOTALL,
)
LABELS = ("optional", "required", "repeated")
LAST_NUMBER = 2**29 - 1


class NotProtobuf(ValueError):
    """A text that is not a `.proto` file; the message says at which line."""


@dataclass(frozen=True, slots=True)
class ProtoField:
    name: str
    number: int
    type: str
    label: str
    """`optional` (also where nothing is written), `required`, `repeated` or `map`."""
    oneof: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Reserved:
    numbers: tuple[tuple[int, int], ...] = ()
    names: frozenset[str] = frozenset()

    def has(self, number: int, name: str) -> bool:
        return name in self.names or any(first <= number <= last for first, last in self.numbers)


@dataclass(frozen=True, slots=True)
class ProtoEnum:
    name: str
    line: int
    values: dict[int, tuple[str, int]]
    """The first name of each number, and its line."""
    reserved: Reserved


@dataclass(frozen=True, slots=True)
class ProtoMessage:
    name: str
    line: int
    fields: tuple[ProtoField, ...]
    reserved: Reserved


@dataclass(slots=True)
class ProtoFile:
    """All messages and enums by their full name within the file, without the package."""

    closed_enums: bool = True
    messages: dict[str, ProtoMessage] = field(default_factory=dict)
    enums: dict[str, ProtoEnum] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: int


def read_proto(text: str) -> ProtoFile:
    """Raises `NotProtobuf`."""
    return _Reader(list(_tokens(text))).file()


def _tokens(text: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotProtobuf(f"line {line}: unexpected {text[at]!r}")
        if match["skip"] is None:
            yield _Token(match[0], line)
        line += match[0].count("\n")
        at = match.end()


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._file = ProtoFile()

    def file(self) -> ProtoFile:
        while self._at < len(self._tokens):
            token = self._take()
            if token.text in ("syntax", "edition"):
                self._take("=")
                self._file.closed_enums = self._take().text.strip("\"'") == "proto2"
                self._take(";")
            elif token.text == "message":
                self._message("")
            elif token.text == "enum":
                self._enum("")
            elif token.text != ";":
                self._pass_over()
        return self._file

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _take(self, wanted: str | None = None) -> _Token:
        if self._at >= len(self._tokens):
            raise NotProtobuf("the text ends too early")
        token = self._tokens[self._at]
        if wanted is not None and token.text != wanted:
            raise NotProtobuf(f"line {token.line}: {wanted!r} is expected, not {token.text!r}")
        self._at += 1
        return token

    def _pass_over(self, ends: tuple[str, ...] = (";", "}")) -> None:
        """The rest of a statement, or of a block with all in it."""
        depth = 0
        while True:
            text = self._take().text
            depth += (text == "{") - (text == "}")
            if depth <= 0 and text in ends:
                return

    def _message(self, outer: str) -> None:
        token = self._take()
        name = f"{outer}{token.text}"
        fields, reserved = self._body(name)
        self._file.messages[name] = ProtoMessage(name, token.line, tuple(fields), reserved)

    def _body(self, name: str) -> tuple[list[ProtoField], Reserved]:
        fields: list[ProtoField] = []
        reserved = Reserved()
        self._take("{")
        while self._peek() != "}":
            start = self._at
            word = self._take().text
            following = self._peek()
            if word == "message" and self._opens():
                self._message(f"{name}.")
            elif word == "enum" and self._opens():
                self._enum(f"{name}.")
            elif word == "oneof" and self._opens():
                fields += self._oneof()
            elif word == "reserved" and following != "=":
                reserved = self._reserved(reserved)
            elif word in ("option", "extensions", "extend"):
                self._pass_over()
            elif word != ";":
                self._at = start
                fields.append(self._field(name, None))
        self._take("}")
        return fields, reserved

    def _opens(self) -> bool:
        """Whether a name and a block follow: `message` and `enum` may also name a field's type."""
        return self._at + 1 < len(self._tokens) and self._tokens[self._at + 1].text == "{"

    def _oneof(self) -> list[ProtoField]:
        group = self._take().text
        self._take("{")
        fields: list[ProtoField] = []
        while self._peek() != "}":
            if self._peek() == "option":
                self._pass_over()
            else:
                fields.append(self._field("", group))
        self._take("}")
        return fields

    def _field(self, message: str, oneof: str | None) -> ProtoField:
        label = self._take().text if self._peek() in LABELS else "optional"
        kind = self._take()
        if kind.text == "map" and self._peek() == "<":
            self._take("<")
            key, _, value = self._take().text, self._take(","), self._take().text
            self._take(">")
            label, written = "map", f"{key},{value}"
        else:
            written = kind.text
        name = self._take()
        self._take("=")
        number = self._number()
        if written == "group":
            written = f"{message}.{name.text}".lstrip(".")
            fields, reserved = self._body(written)
            self._file.messages[written] = ProtoMessage(written, name.line, tuple(fields), reserved)
        else:
            self._pass_over((";",))
        return ProtoField(name.text, number, written, label, oneof, name.line)

    def _number(self) -> int:
        token = self._take()
        sign = -1 if token.text == "-" else 1
        if token.text == "-":
            token = self._take()
        if token.text == "max":
            return LAST_NUMBER
        try:
            return sign * int(token.text, 0)
        except ValueError:
            raise NotProtobuf(f"line {token.line}: a number is expected, not {token.text!r}") from None

    def _reserved(self, known: Reserved) -> Reserved:
        numbers, names = list(known.numbers), set(known.names)
        while True:
            text = self._peek()
            if text[:1] in "\"'" or (text[:1].isalpha() and text != "max"):
                names.add(self._take().text.strip("\"'"))
            else:
                first = last = self._number()
                if self._peek() == "to":
                    self._take("to")
                    last = self._number()
                numbers.append((first, last))
            if self._take().text == ";":
                return Reserved(tuple(numbers), frozenset(names))

    def _enum(self, outer: str) -> None:
        token = self._take()
        name = f"{outer}{token.text}"
        values: dict[int, tuple[str, int]] = {}
        reserved = Reserved()
        self._take("{")
        while self._peek() != "}":
            word = self._take()
            if word.text == "reserved" and self._peek() != "=":
                reserved = self._reserved(reserved)
            elif word.text == "option" and self._peek() != "=":
                self._pass_over()
            elif word.text != ";":
                self._take("=")
                values.setdefault(self._number(), (word.text, word.line))
                self._pass_over((";",))
        self._take("}")
        self._file.enums[name] = ProtoEnum(name, token.line, values, reserved)
