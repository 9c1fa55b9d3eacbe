"""Where each class goes and what it is called there.

Both follow from a class's own owner (its message, or its schema), so that no event's arrival renames or moves another's.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eda_gen.emit.python.classes import ClassSource
from eda_gen.emit.python.graph import components
from eda_gen.emit.python.naming import Names, constant_name, module_name, pascal
from eda_gen.emit.python.shapes import Definition, Owner
from eda_gen.model import Message, MessageId, Schema, SchemaId, Service

__all__ = ["EventGroup", "EventNames", "Layout", "event_groups", "place_classes"]

RESERVED = frozenset(
    (
        *("Event", "MessageContract", "Annotated", "Any", "Literal", "Field", "RootModel", "ConfigDict"),
        *("AwareDatetime", "UUID", "Decimal", "Enum", "IntEnum", "StrEnum"),
    )
)
"""What a module of events may import."""

_COMPONENT = re.compile(r"(/components)?/(schemas|definitions|\$defs)/[^/]+|")


@dataclass(frozen=True, slots=True)
class EventNames:
    """What one version of a message is called: `OrderPlacedV2` and `ORDER_PLACED_V2`, in a module of `events`."""

    message: Message
    module: str
    cls: str
    constant: str


@dataclass(frozen=True, slots=True)
class EventGroup:
    """A domain message with its versions, the oldest first: one module. `alias` stands for the current version."""

    name: str
    module: str
    alias: str
    versions: tuple[EventNames, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Modules by their dotted path in the package; and for each class its module and its name there."""

    modules: Mapping[str, tuple[str, ...]]
    homes: Mapping[str, str]
    names: Mapping[str, str]


def event_groups(service: Service) -> tuple[EventGroup, ...]:
    """The messages of a service by name. Two messages of one name and version are two groups."""
    groups: dict[tuple[str, int], dict[int, Message]] = {}
    for message in service.messages:
        twin = next(n for n in itertools.count() if message.version not in groups.get((message.name, n), {}))
        groups.setdefault((message.name, twin), {})[message.version] = message
    taken: set[str] = set()
    ordered = sorted(groups.items(), key=lambda item: (pascal(item[0][0]) != item[0][0], item[0]))
    named = {key: _group(key[0], versions, taken) for key, versions in ordered}
    return tuple(named[key] for key in groups)


def _group(name: str, versions: Mapping[int, Message], taken: set[str]) -> EventGroup:
    suffixes = ("", *(str(number) for number in range(2, len(taken) + 3)))
    wishes = (
        (pascal(name, "Message") + each, constant_name(name, "message") + each, _event_module(name) + each)
        for each in suffixes
    )
    cls, constant, module = next(wish for wish in wishes if taken.isdisjoint(wish))
    taken.update((cls, constant, module))
    named = (
        EventNames(message, module, f"{cls}V{version}", f"{constant}_V{version}")
        for version, message in sorted(versions.items())
    )
    return EventGroup(name, module, f"{cls}Message" if cls in RESERVED else cls, tuple(named))


def _event_module(name: str) -> str:
    module = module_name(name, "message")
    return "types_" if module == "types" else module


def place_classes(
    groups: Sequence[EventGroup],
    definitions: Mapping[str, Definition],
    sources: Mapping[str, ClassSource],
    schemas: Mapping[SchemaId, Schema],
    home: str,
) -> Layout:
    """Give every class its module and its name. `home` is the path of the service's own document."""
    owned: dict[Owner, list[str]] = {}
    for key in sources:
        owned.setdefault(definitions[key].place.owner, []).append(key)
    roots = {Owner("message", names.message.id): names.cls for group in groups for names in group.versions}
    modules = {
        f"events.{group.module}": [Owner("message", each.message.id) for each in group.versions] for group in groups
    }
    aliases = {f"events.{group.module}": group.alias for group in groups}
    modules |= _type_modules(owned, definitions, sources, schemas, home)
    placed: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    for module, owners in modules.items():
        keys = [key for owner in owners for key in owned.get(owner, ())]
        names |= _class_names(keys, definitions, roots, schemas, RESERVED | {aliases.get(module, "")})
        placed[module] = _in_order(keys, definitions, sources)
    homes = {key: module for module, keys in placed.items() for key in keys}
    return Layout(placed, homes, names)


def _type_modules(
    owned: Mapping[Owner, list[str]],
    definitions: Mapping[str, Definition],
    sources: Mapping[str, ClassSource],
    schemas: Mapping[SchemaId, Schema],
    home: str,
) -> dict[str, list[Owner]]:
    """A module for each schema that others refer to; schemas that refer to one another in a circle share one."""
    edges = {
        owner: [other for key in keys for use in sources[key].uses if (other := definitions[use].place.owner) != owner]
        for owner, keys in sorted(owned.items(), key=lambda item: item[0].id)
        if owner.kind == "schema"
    }
    taken = Names(("__init__",))
    circles = sorted(
        (sorted(circle, key=_by_prominence) for circle in components(edges)), key=lambda c: _by_prominence(c[0])
    )
    return {
        f"events.types.{taken.take(*_module_wishes(schemas[SchemaId(circle[0].id)], home))}": circle
        for circle in circles
    }


def _by_prominence(owner: Owner) -> tuple[bool, str]:
    return _COMPONENT.fullmatch(owner.id.partition("#")[2]) is None, owner.id


def _module_wishes(schema: Schema, home: str) -> tuple[str, str]:
    """The schema's name; for one of another document, that document's name too."""
    document, _, pointer = schema.id.partition("#")
    folder = posixpath.dirname(home) or "."
    origin = "" if document == home else posixpath.splitext(posixpath.relpath(document, folder))[0]
    name = module_name(f"{origin} {schema.name}")
    return name, module_name(f"{origin} {pointer}")


def _class_names(
    keys: Iterable[str],
    definitions: Mapping[str, Definition],
    roots: Mapping[Owner, str],
    schemas: Mapping[SchemaId, Schema],
    reserved: Iterable[str],
) -> dict[str, str]:
    """Roots get their own names first, then what is inside them is called by the way to it."""
    taken, names = Names(reserved), dict[str, str]()
    tops: dict[Owner, str] = {}
    for key in sorted(keys, key=lambda key: len(definitions[key].place.path)):
        place = definitions[key].place
        top = tops.get(place.owner) or roots.get(place.owner) or pascal(schemas[SchemaId(place.owner.id)].name)
        wish = top + "".join(pascal(step, "") for step in place.path)
        names[key] = taken.take(wish, f"{wish}Type")
        if not place.path:
            tops[place.owner] = names[key]
    return names


def _in_order(
    keys: Sequence[str], definitions: Mapping[str, Definition], sources: Mapping[str, ClassSource]
) -> tuple[str, ...]:
    """What a class uses stands before it, as far as circles allow."""
    ordered: dict[str, None] = {}
    waiting: set[str] = set()

    def visit(key: str) -> None:
        if key in ordered or key in waiting or key not in known:
            return
        waiting.add(key)
        for use in sources[key].uses:
            visit(use)
        ordered[key] = None

    known = set(keys)
    for key in sorted(keys, key=lambda key: definitions[key].place.path):
        visit(key)
    return tuple(ordered)


def message_names(groups: Iterable[EventGroup]) -> dict[MessageId, EventNames]:
    return {names.message.id: names for group in groups for names in group.versions}
