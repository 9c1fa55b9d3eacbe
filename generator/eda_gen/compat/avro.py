"""Avro payloads, by Avro's own schema resolution (Apache Avro 1.12 specification, Schema Resolution).

A reader with one schema reads what a writer with another has written. Both ways are followed at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from eda_gen.compat.difference import Difference, Direction, Place, combined
from eda_gen.compat.rules import rule
from eda_gen.model import Json

__all__ = ["compare_avro"]

PROMOTED: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset(("long", "float", "double")),
    "long": frozenset(("float", "double")),
    "float": frozenset(("double",)),
    "string": frozenset(("bytes",)),
    "bytes": frozenset(("string",)),
}
"""What a reader may ask for where the writer wrote this."""

NAMED: Final = ("record", "error", "enum", "fixed")
_Body = Mapping[str, Json]


def compare_avro(old: tuple[Place, Json], new: tuple[Place, Json]) -> tuple[Difference, ...]:
    """What differs between two Avro schemas, given as JSON with the places where they are written."""
    before, after = (_named_types(place, body) for place, body in (old, new))
    comparison = _Comparison(before, after)
    return tuple(dict.fromkeys(comparison.compare(_Type(*old), _Type(*new))))


@dataclass(frozen=True, slots=True)
class _Type:
    place: Place
    body: Json
    owner: str = ""
    """The record and field that it is the type of."""

    @property
    def kind(self) -> str:
        if isinstance(self.body, str):
            return self.body
        if isinstance(self.body, Mapping):
            kind = self.body.get("type")
            return kind if isinstance(kind, str) else _Type(self.place, kind).kind
        return "union"

    @property
    def fields(self) -> _Body:
        return self.body if isinstance(self.body, Mapping) else {}

    @property
    def name(self) -> str:
        """Without its namespace, as records are matched."""
        return str(self.fields.get("name", "")).rpartition(".")[2]

    def branches(self) -> list[_Type]:
        """Of a union; any other type is a union of itself."""
        if not _is_list(self.body):
            return [self]
        return [_Type(self.place.child(index), each, self.owner) for index, each in enumerate(_list(self.body))]

    def inner(self, keyword: str) -> _Type:
        return _Type(self.place.child(keyword), self.fields.get(keyword, "null"), self.owner)

    def texts(self, keyword: str) -> list[str]:
        return [str(each) for each in _list(self.fields.get(keyword))]

    def record_fields(self) -> list[_Type]:
        place = self.place.child("fields")
        found = [_Type(place.child(index), each) for index, each in enumerate(_list(self.fields.get("fields")))]
        return [replace(each, owner=f"{self.name}.{each.name}") for each in found]

    def told(self, what: str) -> str:
        """What happened to it, after the field that it belongs to."""
        return f"{self.owner}: {what}" if self.owner else what

    def answers_to(self, other: _Type) -> bool:
        """Whether a reader of this type takes data under the other's name."""
        known = {self.name, *(alias.rpartition(".")[2] for alias in self.texts("aliases"))}
        return other.name in known


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _named_types(place: Place, body: Json) -> Mapping[str, _Type]:
    """Every record, enum and fixed that is defined anywhere, under its name with and without namespace."""
    found: dict[str, _Type] = {}
    waiting: list[tuple[Place, Json]] = [(place, body)]
    while waiting:
        at, value = waiting.pop()
        if isinstance(value, Mapping):
            if value.get("type") in NAMED and isinstance(value.get("name"), str):
                name = str(value["name"])
                found |= {name: _Type(at, value), name.rpartition(".")[2]: _Type(at, value)}
                found[f"{value.get('namespace', '')}.{name}"] = _Type(at, value)
            waiting += [(at.child(keyword), each) for keyword, each in value.items() if keyword != "default"]
        else:
            waiting += [(at.child(index), each) for index, each in enumerate(_list(value))]
    return found


@dataclass(frozen=True, slots=True)
class _Comparison:
    old: Mapping[str, _Type]
    new: Mapping[str, _Type]
    known: dict[tuple[Place, Place], tuple[Difference, ...]] = field(default_factory=dict)

    def compare(self, old: _Type, new: _Type) -> tuple[Difference, ...]:
        """A pair that is still being compared counts as equal, so that recursive schemas end."""
        old, new = _found(old, self.old), _found(new, self.new)
        key = (old.place, new.place)
        if key not in self.known:
            self.known[key] = ()
            self.known[key] = tuple(self._differences(old, new))
        return self.known[key]

    def _differences(self, old: _Type, new: _Type) -> Iterator[Difference]:
        if _is_list(old.body) or _is_list(new.body):
            yield from self._unions(old, new)
        elif old.kind != new.kind:
            yield from _kinds(old, new)
        else:
            yield from self._same_kind(old, new)
            yield from _logical_types(old, new)

    def _same_kind(self, old: _Type, new: _Type) -> Iterator[Difference]:
        if old.kind in NAMED:
            yield from _names(old, new)
        if old.kind in ("record", "error"):
            yield from self._records(old, new)
        elif old.kind == "enum":
            yield from _enums(old, new)
        elif old.kind == "fixed" and old.fields.get("size") != new.fields.get("size"):
            told = new.told(f"the size {old.fields.get('size')} became {new.fields.get('size')}")
            yield Difference(
                rule("avro-type"), Direction.CHANGES, told, old.place.child("size"), new.place.child("size")
            )
        elif old.kind in ("array", "map"):
            keyword = "items" if old.kind == "array" else "values"
            yield from self.compare(old.inner(keyword), new.inner(keyword))

    def _records(self, old: _Type, new: _Type) -> Iterator[Difference]:
        left = {each.name: each for each in old.record_fields()}
        for now in new.record_fields():
            was = next((left[name] for name in (now.name, *now.texts("aliases")) if name in left), None)
            if was is None:
                direction = Direction.NONE if "default" in now.fields else Direction.NARROWS
                told = f"the field `{now.name}` was added {'with' if 'default' in now.fields else 'without'} a default"
                yield Difference(rule("avro-field"), direction, told, old.place, now.place)
                continue
            del left[was.name]
            yield from _field_names(was, now)
            yield from self.compare(was.inner("type"), now.inner("type"))
        for was in left.values():
            direction = Direction.NONE if "default" in was.fields else Direction.WIDENS
            told = f"the field `{was.name}` was removed{'' if 'default' in was.fields else ', and had no default'}"
            yield Difference(rule("avro-field"), direction, told, was.place, new.place)

    def _unions(self, old: _Type, new: _Type) -> Iterator[Difference]:
        """Each branch that a writer may have written must be read by some branch of the reader."""
        before, after = old.branches(), new.branches()
        for was in before:
            same = next((now for now in after if self._alike(was, now)), None)
            if same is not None:
                yield from self.compare(was, same)
            elif all(Direction.NARROWS in combined(self.compare(was, now)) for now in after):
                told = new.told(f"`{_shown(was, self.old)}` is no longer a branch")
                yield Difference(rule("avro-union"), Direction.NARROWS, told, was.place, new.place)
        for now in after:
            lone = not any(self._alike(was, now) for was in before)
            if lone and all(Direction.WIDENS in combined(self.compare(was, now)) for was in before):
                told = new.told(f"`{_shown(now, self.new)}` is a new branch")
                yield Difference(rule("avro-union"), Direction.WIDENS, told, old.place, now.place)

    def _alike(self, old: _Type, new: _Type) -> bool:
        old, new = _found(old, self.old), _found(new, self.new)
        return old.kind == new.kind and (old.kind not in NAMED or old.name == new.name)


def _found(type_: _Type, named: Mapping[str, _Type]) -> _Type:
    """What a name stands for, and what `{type: {…}}` holds."""
    if isinstance(type_.body, str):
        found = named.get(type_.body) or named.get(type_.body.rpartition(".")[2], type_)
        return replace(found, owner=type_.owner)
    inner = type_.fields.get("type")
    if isinstance(inner, Mapping) or _is_list(inner):
        return _found(type_.inner("type"), named)
    found = named.get(inner, type_) if isinstance(inner, str) and inner not in NAMED else type_
    return replace(found, owner=type_.owner)


def _shown(type_: _Type, named: Mapping[str, _Type]) -> str:
    found = _found(type_, named)
    return found.name or found.kind


def _kinds(old: _Type, new: _Type) -> Iterator[Difference]:
    direction = Direction.NONE
    if new.kind not in PROMOTED.get(old.kind, ()):
        direction |= Direction.NARROWS
    if old.kind not in PROMOTED.get(new.kind, ()):
        direction |= Direction.WIDENS
    told = new.told(f"`{old.kind}` became `{new.kind}`")
    yield Difference(rule("avro-type"), direction, told, old.place, new.place)


def _names(old: _Type, new: _Type) -> Iterator[Difference]:
    if old.name != new.name:
        backward = Direction.NONE if new.answers_to(old) else Direction.NARROWS
        forward = Direction.NONE if old.answers_to(new) else Direction.WIDENS
        told = f"`{old.name}` became `{new.name}`"
        yield Difference(rule("avro-name"), backward | forward, told, old.place, new.place)


def _field_names(old: _Type, new: _Type) -> Iterator[Difference]:
    """A field under a new name with the old one as an alias: old readers do not find it."""
    if old.name != new.name:
        forward = Direction.NONE if old.answers_to(new) or "default" in old.fields else Direction.WIDENS
        told = f"the field `{old.name}` became `{new.name}`, with an alias"
        yield Difference(rule("avro-name"), forward, told, old.place, new.place)


def _enums(old: _Type, new: _Type) -> Iterator[Difference]:
    gone = [each for each in old.texts("symbols") if each not in new.texts("symbols")]
    come = [each for each in new.texts("symbols") if each not in old.texts("symbols")]
    direction = Direction.NARROWS if gone and "default" not in new.fields else Direction.NONE
    direction |= Direction.WIDENS if come and "default" not in old.fields else Direction.NONE
    if gone or come:
        told = "; ".join(
            f"{', '.join(f'`{each}`' for each in symbols)} {what}"
            for symbols, what in ((gone, "no longer a symbol"), (come, "now a symbol"))
            if symbols
        )
        yield Difference(
            rule("avro-symbols"), direction, new.told(told), old.place.child("symbols"), new.place.child("symbols")
        )


def _logical_types(old: _Type, new: _Type) -> Iterator[Difference]:
    before, after = (
        tuple(each.fields.get(key) for key in ("logicalType", "precision", "scale")) for each in (old, new)
    )
    if before != after and (before[0] or after[0]):
        told = new.told(f"the logical type {_logical(before)} became {_logical(after)}")
        yield Difference(rule("avro-logical-type"), Direction.CHANGES, told, old.place, new.place)


def _logical(described: tuple[Json, ...]) -> str:
    name, precision, scale = described
    if name is None:
        return "(none)"
    return f"`{name}({precision}, {scale or 0})`" if precision is not None else f"`{name}`"
