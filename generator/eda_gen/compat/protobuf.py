"""Protobuf payloads, by the rules for updating a message type (Protocol Buffers language guide).

The binary form knows numbers and wire types. Integers of one wire type are read as one another, so that what counts is
whether each value of the one is a value of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.proto_reader import NotProtobuf, ProtoEnum, ProtoField, ProtoFile, ProtoMessage, read_proto
from eda_gen.compat.rules import rule
from eda_gen.model import Json

__all__ = ["compare_protobuf"]

INTEGERS: Final[Mapping[str, tuple[str, int, int]]] = {
    "bool": ("varint", 0, 1),
    "int32": ("varint", -(2**31), 2**31 - 1),
    "int64": ("varint", -(2**63), 2**63 - 1),
    "uint32": ("varint", 0, 2**32 - 1),
    "uint64": ("varint", 0, 2**64 - 1),
    "sint32": ("zigzag", -(2**31), 2**31 - 1),
    "sint64": ("zigzag", -(2**63), 2**63 - 1),
    "fixed32": ("fixed32", 0, 2**32 - 1),
    "sfixed32": ("fixed32", -(2**31), 2**31 - 1),
    "fixed64": ("fixed64", 0, 2**64 - 1),
    "sfixed64": ("fixed64", -(2**63), 2**63 - 1),
}
"""Each integer type's encoding, smallest and largest value."""


def compare_protobuf(old: tuple[Place, Json], new: tuple[Place, Json]) -> tuple[Difference, ...]:
    """What differs between two `.proto` texts, given with the places where they are written."""
    if old[1] == new[1]:
        return ()
    try:
        before, after = (read_proto(body if isinstance(body, str) else "") for _, body in (old, new))
    except NotProtobuf as error:
        told = f"the schema changed and cannot be read: {error}"
        return (Difference(rule("not-comparable"), Direction.CHANGES, told, old[0], new[0]),)
    return tuple(_Comparison(old[0], new[0], before, after).differences())


@dataclass(frozen=True, slots=True)
class _Comparison:
    was: Place
    now: Place
    old: ProtoFile
    new: ProtoFile

    def differences(self) -> Iterator[Difference]:
        for name, message in self.old.messages.items():
            if name in self.new.messages:
                yield from self._messages(message, self.new.messages[name])
            else:
                yield self._at("proto-message", Direction.CHANGES, f"the message `{name}` was removed", message.line, 0)
        for name, enum in self.old.enums.items():
            if name in self.new.enums:
                yield from self._enums(enum, self.new.enums[name])

    def _at(self, name: str, direction: Direction, told: str, old: int, new: int) -> Difference:
        places = Place(self.was.document, self.was.pointer, old), Place(self.now.document, self.now.pointer, new)
        return Difference(rule(name), direction, told, *places)

    def _messages(self, old: ProtoMessage, new: ProtoMessage) -> Iterator[Difference]:
        left = {each.number: each for each in new.fields}
        names = {each.name: each for each in new.fields}
        for was in old.fields:
            now = left.get(was.number)
            renumbered = names.get(was.name)
            if now is None and renumbered is not None and renumbered.number not in {each.number for each in old.fields}:
                told = f"`{old.name}.{was.name}` had the number {was.number} and now has {renumbered.number}"
                left.pop(renumbered.number, None)
                yield self._at("proto-number", Direction.CHANGES, told, was.line, renumbered.line)
            elif now is None:
                yield self._removed(old, new, was)
            else:
                del left[was.number]
                yield from self._fields(old.name, was, now, _members(new, now.oneof))
        for now in left.values():
            yield from self._added(old, new, now)

    def _removed(self, old: ProtoMessage, new: ProtoMessage, field: ProtoField) -> Difference:
        told = f"`{old.name}.{field.name}` (number {field.number}) was removed"
        if field.label == "required":
            return self._at("proto-required", Direction.WIDENS, told, field.line, new.line)
        if new.reserved.has(field.number, ""):
            return self._at("proto-removed", Direction.NONE, f"{told}, its number reserved", field.line, new.line)
        return self._at("proto-unreserved", Direction.NONE, f"{told}, its number not reserved", field.line, new.line)

    def _added(self, old: ProtoMessage, new: ProtoMessage, field: ProtoField) -> Iterator[Difference]:
        told = f"`{new.name}.{field.name}` (number {field.number})"
        if old.reserved.has(field.number, field.name):
            yield self._at("proto-reserved", Direction.CHANGES, f"{told} takes what was reserved", old.line, field.line)
        elif field.label == "required":
            yield self._at("proto-required", Direction.NARROWS, f"{told} was added as required", old.line, field.line)

    def _fields(self, message: str, old: ProtoField, new: ProtoField, group: int) -> Iterator[Difference]:
        name = f"`{message}.{old.name}`"
        if old.name != new.name:
            yield self._at("proto-name", Direction.NONE, f"{name} became `{new.name}`", old.line, new.line)
        if "required" in (old.label, new.label) and old.label != new.label and "repeated" not in (old.label, new.label):
            direction = Direction.NARROWS if new.label == "required" else Direction.WIDENS
            yield self._at("proto-required", direction, f"{name}: {old.label} became {new.label}", old.line, new.line)
        elif old.label != new.label:
            told = f"{name}: {old.label} became {new.label}"
            yield self._at("proto-label", Direction.CHANGES, told, old.line, new.line)
        if old.type != new.type and (old.label == new.label or "map" not in (old.label, new.label)):
            direction = self._types(old.type, new.type)
            if direction is not Direction.NONE or old.type.split(".")[-1] != new.type.split(".")[-1]:
                yield self._at("proto-type", direction, f"{name}: {old.type} became {new.type}", old.line, new.line)
        if old.oneof != new.oneof and not (old.oneof is None and group == 1):
            told = f"{name} moved {_between(old.oneof, new.oneof)}"
            yield self._at("proto-oneof", Direction.CHANGES, told, old.line, new.line)

    def _types(self, old: str, new: str) -> Direction:
        if "," in old + new:
            pairs = zip(old.split(","), new.split(","), strict=False)
            direction = Direction.NONE
            for was, now in pairs:
                direction |= Direction.NONE if was == now else self._types(was, now)
            return direction
        one, other = self._integer(old, self.old), self._integer(new, self.new)
        if one is not None and other is not None and one[0] == other[0]:
            narrows = Direction.NONE if other[1] <= one[1] and one[2] <= other[2] else Direction.NARROWS
            widens = Direction.NONE if one[1] <= other[1] and other[2] <= one[2] else Direction.WIDENS
            return narrows | widens
        if {old, new} == {"string", "bytes"}:
            return Direction.WIDENS if new == "bytes" else Direction.NARROWS
        same = old.rpartition(".")[2] == new.rpartition(".")[2] and one is None and other is None
        return Direction.NONE if same else Direction.CHANGES

    def _integer(self, type_: str, file: ProtoFile) -> tuple[str, int, int] | None:
        short = type_.rpartition(".")[2]
        enum = any(name == short or name.endswith(f".{short}") for name in file.enums)
        return INTEGERS["int32"] if enum else INTEGERS.get(type_)

    def _enums(self, old: ProtoEnum, new: ProtoEnum) -> Iterator[Difference]:
        """An open enum (proto3) keeps numbers that it does not know; a closed one (proto2) drops them."""
        for number, (name, line) in old.values.items():
            if number not in new.values:
                direction = Direction.NARROWS if self.new.closed_enums else Direction.NONE
                told = f"`{old.name}.{name}` (number {number}) was removed"
                yield self._at("proto-enum", direction, told, line, new.line)
            elif new.values[number][0] != name:
                told = f"`{old.name}.{name}` became `{new.values[number][0]}`"
                yield self._at("proto-name", Direction.NONE, told, line, new.values[number][1])
        for number, (name, line) in new.values.items():
            if number not in old.values and self.old.closed_enums:
                told = f"`{new.name}.{name}` (number {number}) was added"
                yield self._at("proto-enum", Direction.WIDENS, told, old.line, line)


def _members(message: ProtoMessage, oneof: str | None) -> int:
    """How many fields share a `oneof`: one that moves alone into a new one is safe."""
    return sum(each.oneof == oneof for each in message.fields) if oneof is not None else 0


def _between(old: str | None, new: str | None) -> str:
    if old is None:
        return f"into the oneof `{new}`"
    return f"out of the oneof `{old}`" if new is None else f"from the oneof `{old}` to `{new}`"
