"""Holds a document against a grammar. Every problem is reported; a place is visited once for each type that it must be."""

from __future__ import annotations

import difflib
import re

from eda_gen.asyncapi.grammar.types import (
    Anything,
    Boolean,
    Choice,
    Entries,
    Group,
    Items,
    Number,
    Object,
    Reference,
    RefOr,
    Switch,
    Text,
    Type,
)
from eda_gen.diagnostics import Diagnostic, Severity, Span
from eda_gen.source import Node, Workspace
from eda_gen.source.limits import MAX_FINDINGS

__all__ = ["Checker"]

EXTENSION = re.compile(r"x-[\w.-]+")
"""Names of specification extensions (every version, Specification Extensions)."""

_PLAIN_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", type(None): "nothing"}


class _Enough(Exception):
    """So much is wrong that more of it helps nobody."""


class Checker:
    """Works through places and the types that they must be of, without recursion: references may chain without end."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.found: list[Diagnostic] = []
        self.visited: dict[tuple[str, int], tuple[Node, Type]] = {}
        self._waiting: list[tuple[Node, Type, Group]] = []
        self._group = Group()

    def report(
        self, code: str, message: str, span: Span, help: str | None = None, severity: Severity = Severity.ERROR
    ) -> None:
        """Report under a whole code, or under a number in the group of the object at hand."""
        whole = code if code.startswith("EDA") else self._group.code(code)
        self.found.append(Diagnostic(whole, message, span, help, severity))
        if len(self.found) >= MAX_FINDINGS:
            raise _Enough

    def check(self, node: Node, kind: Type) -> None:
        self._waiting.append((node, kind, self._group))
        try:
            while self._waiting:
                node, kind, self._group = self._waiting.pop()
                self._visit(node, kind)
        except _Enough:
            message = f"more than {MAX_FINDINGS:,} problems in one document: only these are told"
            self.found.append(Diagnostic("EDA003", message, self.found[-1].span))
        self._group = Group()

    def _later(self, node: Node, kind: Type, group: Group | None = None) -> None:
        self._waiting.append((node, kind, group or self._group))

    def _visit(self, node: Node, kind: Type) -> None:
        match kind:
            case Anything():
                return
            case Boolean() | Text() | Number() | Choice():
                self._scalar(node, kind)
            case Switch():
                self._later(node, kind.choose(node))
            case RefOr():
                self._ref_or(node, kind)
            case Reference():
                self._reference(node, kind)
            case Items() | Entries() | Object():
                self._once(node, kind)

    def _once(self, node: Node, kind: Items | Entries | Object) -> None:
        place = (node.id, id(kind))
        if place in self.visited:
            return
        self.visited[place] = (node, kind)
        match kind:
            case Items():
                self._items(node, kind)
            case Entries():
                self._entries(node, kind)
            case Object():
                self._object(node, kind)

    def _scalar(self, node: Node, kind: Boolean | Text | Number | Choice) -> None:
        match kind:
            case Boolean() if not isinstance(node.value, bool):
                self._wrong_type(node, "true or false")
            case Text():
                self._text(node, kind)
            case Number():
                self._number(node, kind)
            case Choice() if not _is_choice(node, kind):
                self._not_among(node, kind)
            case _:
                return

    def _text(self, node: Node, kind: Text) -> None:
        text = node.text
        if text is None:
            if not (kind.nullable and node.value is None):
                self._wrong_type(node, "text")
        elif kind.format is not None and not kind.format.accepts(text):
            self.report("05", f"`{_short(text)}` is not {kind.format.name}", node.span)
        elif kind.longest is not None and len(text) > kind.longest:
            self.report("04", f"a text of {len(text)} characters; at most {kind.longest} are allowed", node.span)

    def _number(self, node: Node, kind: Number) -> None:
        value = node.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int if kind.integer else int | float):
            self._wrong_type(node, "a whole number" if kind.integer else "a number")
        elif kind.minimum is not None and value < kind.minimum:
            self.report("04", f"{value} is less than {kind.minimum:g}", node.span)
        elif kind.maximum is not None and value > kind.maximum:
            self.report("04", f"{value} is more than {kind.maximum:g}", node.span)

    def _not_among(self, node: Node, kind: Choice) -> None:
        if node.is_mapping or isinstance(node.value, tuple):
            self._wrong_type(node, "one of " + _listed(kind.values))
            return
        near = difflib.get_close_matches(str(node.value), [str(value) for value in kind.values], 1)
        help = f"did you mean `{near[0]}`?" if near else None
        self.report("04", f"`{_short(str(node.value))}` is not one of {_listed(kind.values)}", node.span, help)

    def _ref_or(self, node: Node, kind: RefOr) -> None:
        if "$ref" not in node.fields:
            self._later(node, kind.of)
        elif node.ref is None:
            self._wrong_type(node.fields["$ref"], "text")
        else:
            target = self.workspace.resolve(node)
            if target is not None:
                self._later(target, kind.of)

    def _reference(self, node: Node, kind: Reference) -> None:
        if node.ref is None:
            self.report("08", "a `$ref` must stand here", node.span, "write `$ref: '#/…'`")
            return
        pointer = (node.ref.text or "").partition("#")[2]
        if kind.below and not pointer.startswith("".join(f"/{step}" for step in kind.below) + "/"):
            wanted = "/".join(("#", *kind.below, "…"))
            self.report("08", f"`{node.ref.text}` does not lead to `{wanted}`", node.ref.span)
        self._ref_or(node, RefOr(kind.of))

    def _items(self, node: Node, kind: Items) -> None:
        if not isinstance(node.value, tuple):
            self._wrong_type(node, "a list")
            return
        if len(node.items) < kind.least:
            self.report("04", f"a list of at least {kind.least} must stand here", node.span)
        if kind.unique:
            self._unique(node)
        for item in node.items:
            self._later(item, kind.of)
        for rule in kind.rules:
            rule(node, self)

    def _unique(self, node: Node) -> None:
        seen: set[str] = set()
        for item in node.items:
            key = repr(item.plain())
            if key in seen:
                self.report("07", f"`{_short(str(item.plain()))}` is in the list twice", item.span)
            seen.add(key)

    def _entries(self, node: Node, kind: Entries) -> None:
        if not node.is_mapping:
            self._wrong_type(node, "a mapping")
            return
        for name, value in node.fields.items():
            if kind.extensible and EXTENSION.fullmatch(name):
                continue
            if kind.key is not None and not kind.key.fullmatch(name):
                self.report("06", f"the key `{_short(name)}` is not {kind.key_is}", node.key_span(name))
            self._later(value, kind.of)
        for rule in kind.rules:
            rule(node, self)

    def _object(self, node: Node, kind: Object) -> None:
        self._group = kind.group
        if not node.is_mapping:
            self._wrong_type(node, f"{_article(kind.name)} {kind.name} (a mapping)")
            return
        for name in kind.required:
            if name not in node.fields:
                self.report("01", f"{_article(kind.name)} {kind.name} needs a field `{name}`", node.span)
        for name, value in node.fields.items():
            known = kind.fields.get(name)
            if known is not None:
                self._later(value, known)
            elif not kind.open and not (kind.extensible and EXTENSION.fullmatch(name)):
                self._unknown(node, name, kind)
        for rule in kind.rules:
            rule(node, self)

    def _unknown(self, node: Node, name: str, kind: Object) -> None:
        near = difflib.get_close_matches(name, kind.fields, 1) or [
            each for each in kind.fields if each.lower() == name.lower()
        ]
        help = (
            f"did you mean `{near[0]}`?"
            if near
            else f"known are {_listed(tuple(kind.fields))}" if len(kind.fields) < 12 else None
        )
        self.report("02", f"{_article(kind.name)} {kind.name} has no field `{_short(name)}`", node.key_span(name), help)

    def _wrong_type(self, node: Node, wanted: str) -> None:
        if node.is_mapping:
            is_now = "a mapping"
        elif isinstance(node.value, tuple):
            is_now = "a list"
        else:
            is_now = _PLAIN_NAMES[type(node.value)]
        quoted = wanted == "text" and isinstance(node.value, (bool, int, float))
        self.report("03", f"{wanted} must stand here, not {is_now}", node.span, "put it in quotes" if quoted else None)


def _is_choice(node: Node, kind: Choice) -> bool:
    return any(type(value) is type(node.value) and value == node.value for value in kind.values)


def _listed(values: tuple[str | int, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _article(name: str) -> str:
    return "an" if name.lstrip("`")[0] in "aeiouxAEIO" else "a"
