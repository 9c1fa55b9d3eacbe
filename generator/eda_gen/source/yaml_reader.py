"""YAML to nodes. Built on the parser's events, not on its composer, so that depth and aliases stay in our hands."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from eda_gen.diagnostics import Diagnostic, Result, Span
from eda_gen.source.limits import MAX_ALIASED, MAX_DEPTH, MAX_FINDINGS
from eda_gen.source.node import Node, join
from eda_gen.source.scalars import ALLOWED_TAGS, BadScalar, resolve

__all__ = ["read_yaml"]

Loader: TypeAlias = "type[yaml.SafeLoader | yaml.CSafeLoader]"

FASTEST: Final[Loader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, where PyYAML was built with it."""


def read_yaml(text: str, file: str, shown: str, loader: Loader = FASTEST) -> Result[Node]:
    """Read one YAML document. `file` goes into the nodes, `shown` into their spans."""
    builder = _Builder(file, shown)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except _GivenUp:
        pass
    except yaml.MarkedYAMLError as error:
        builder.report_syntax(error)
    except yaml.reader.ReaderError as error:
        builder.report(
            "EDA002", f"the character {error.character!r} is not allowed in YAML", _position(text, error, shown)
        )
    return Result(builder.root if not builder.broken else None, tuple(builder.found))


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias repeats: how many values, and how deep."""

    node: Node
    size: int
    height: int


class _GivenUp(Exception):
    """Reading on makes no sense; what was found says why."""


@dataclass(slots=True)
class _Frame:
    """A collection that is still open."""

    span: Span
    pointer: str
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    fields: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)
    key: str | None = None
    key_span: Span | None = None
    size: int = 1
    height: int = 1

    def child_pointer(self) -> str:
        return join(self.pointer, self.key or "") if self.is_mapping else f"{self.pointer}/{len(self.items)}"


class _Mark(Protocol):
    """A place as both of PyYAML's parsers give it, counted from zero."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


class _Builder:
    def __init__(self, file: str, shown: str) -> None:
        self.file = file
        self.shown = shown
        self.root: Node | None = None
        self.found: list[Diagnostic] = []
        self.broken = False
        self._open: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._started: set[str] = set()
        self._aliased = 0
        self._documents = 0
        self._skipping = 0

    def span(self, mark: _Mark | None) -> Span:
        return Span(self.shown) if mark is None else Span(self.shown, mark.line + 1, mark.column + 1)

    def report(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        self.broken = True
        self.found.append(Diagnostic(code, message, span, help))
        if len(self.found) >= MAX_FINDINGS:
            raise _GivenUp

    def report_syntax(self, error: yaml.MarkedYAMLError) -> None:
        span = self.span(error.problem_mark or error.context_mark)
        if error.problem is not None and "nesting depth" in error.problem:
            self.report("EDA003", f"values nested more than {MAX_DEPTH} deep", span)
        else:
            self.report("EDA002", _problem(error), span)

    def take(self, event: Event) -> None:
        if isinstance(event, ScalarEvent):  # most events are
            if not self._skipping:
                self._scalar(event)
        elif isinstance(event, DocumentStartEvent):
            self._start_document(event)
        elif self._skipping:
            self._skip(event)
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, CollectionStartEvent):
            self._start(event)
        elif isinstance(event, CollectionEndEvent):
            self._end()

    def _start_document(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self.report(
                "EDA005",
                "a second YAML document starts here",
                self.span(event.start_mark),
                "put each into its own file",
            )
            raise _GivenUp

    def _skip(self, event: Event) -> None:
        """Pass over a collection that stands where a key should."""
        if isinstance(event, CollectionStartEvent):
            self._skipping += 1
        elif isinstance(event, CollectionEndEvent):
            self._skipping -= 1

    def _awaits_key(self) -> bool:
        return bool(self._open) and self._open[-1].is_mapping and self._open[-1].key is None

    def _scalar(self, event: ScalarEvent) -> None:
        span = self.span(event.start_mark)
        self._check_tag(event, span)
        if self._awaits_key():
            self._key(event, span)
            return
        plain = event.implicit[0] and not event.style
        try:
            value = resolve(event.value, event.tag if event.tag in ALLOWED_TAGS else None, plain)
        except BadScalar as error:
            self.report("EDA007", str(error), span)
            value = None
        pointer = self._open[-1].child_pointer() if self._open else ""
        self._add(_Anchored(Node(value, span, self.file, pointer), 1, 1), event.anchor)

    def _key(self, event: ScalarEvent, span: Span) -> None:
        """Keys are text by YAML's failsafe schema (AsyncAPI 3.1, Format): `200` is "200"."""
        frame = self._open[-1]
        self._take_key(event.value, span)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(Node(event.value, span, self.file, frame.child_pointer()), 1, 1)
        if event.tag not in (None, "!", "tag:yaml.org,2002:str") or (event.value == "" and not event.style):
            self.report("EDA006", "a key that is not text", span, "write it as a string")
        elif event.value == "<<" and not event.style:
            self.report(
                "EDA006", "a merge key `<<`, which YAML 1.2 does not have", span, "use `$ref`, or write the fields out"
            )

    def _take_key(self, key: str, span: Span) -> None:
        frame = self._open[-1]
        frame.key, frame.key_span = key, span
        if key in frame.fields:
            first = frame.keys[key]
            self.report("EDA004", f"the key `{key[:60]}` is there twice; it was first in line {first.line}", span)

    def _start(self, event: CollectionStartEvent) -> None:
        span = self.span(event.start_mark)
        self._check_tag(event, span)
        if self._awaits_key():
            self.report("EDA006", "a key that is not text", span, "write it as a string")
            self._open[-1].key, self._open[-1].key_span = f"\0{len(self._open[-1].fields)}", span
            self._skipping = 1
            return
        if len(self._open) >= MAX_DEPTH:
            self.report("EDA003", f"values nested more than {MAX_DEPTH} deep", span)
            raise _GivenUp
        pointer = self._open[-1].child_pointer() if self._open else ""
        if event.anchor:
            self._started.add(event.anchor)
        self._open.append(_Frame(span, pointer, event.anchor, isinstance(event, MappingStartEvent)))

    def _end(self) -> None:
        frame = self._open.pop()
        value = MappingProxyType(frame.fields) if frame.is_mapping else tuple(frame.items)
        node = Node(value, frame.span, self.file, frame.pointer, MappingProxyType(frame.keys))
        self._add(_Anchored(node, frame.size, frame.height), frame.anchor)

    def _alias(self, event: AliasEvent) -> None:
        span = self.span(event.start_mark)
        name = event.anchor or ""
        if name not in self._anchors:
            what = "stands inside of what it repeats" if name in self._started else "has no anchor before it"
            self.report("EDA008", f"the alias `*{name}` {what}", span)
            raise _GivenUp
        anchored = self._anchors[name]
        self._aliased += anchored.size
        if self._aliased > MAX_ALIASED:
            self.report("EDA003", f"aliases that repeat more than {MAX_ALIASED:,} values", span, "use `$ref`")
            raise _GivenUp
        if self._awaits_key():
            self._take_key(anchored.node.text or "", span)
            return
        if len(self._open) + anchored.height > MAX_DEPTH:
            self.report("EDA003", f"values nested more than {MAX_DEPTH} deep, by aliases", span)
            raise _GivenUp
        self._add(anchored, None)

    def _add(self, value: _Anchored, anchor: str | None) -> None:
        node = value.node
        if anchor:
            self._anchors[anchor] = value
        if not self._open:
            self.root = node
            return
        frame = self._open[-1]
        frame.size += value.size
        frame.height = max(frame.height, value.height + 1)
        if not frame.is_mapping:
            frame.items.append(node)
            return
        key, frame.key = frame.key or "", None
        frame.fields.setdefault(key, node)
        frame.keys.setdefault(key, frame.key_span or frame.span)

    def _check_tag(self, event: NodeEvent, span: Span) -> None:
        tag: str | None = getattr(event, "tag", None)
        if tag is not None and tag not in ALLOWED_TAGS:
            self.report(
                "EDA007", f"the YAML tag `{tag}` has no meaning in a spec", span, "only JSON's types can be written"
            )


def _problem(error: yaml.MarkedYAMLError) -> str:
    parts = (error.problem, error.context)
    return "this is not YAML: " + ", ".join(part for part in parts if part)


def _position(text: str, error: yaml.reader.ReaderError, shown: str) -> Span:
    before = text[: error.position]
    return Span(shown, before.count("\n") + 1, len(before) - before.rfind("\n"))
