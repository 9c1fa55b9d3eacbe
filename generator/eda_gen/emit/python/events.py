"""The modules of `events`: classes, their imports, and the contracts of messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from eda_gen.emit.python.classes import ClassSource
from eda_gen.emit.python.conversions import Conversion
from eda_gen.emit.python.imports import import_lines, sorted_exports
from eda_gen.emit.python.layout import RESERVED, EventGroup, EventNames, Layout
from eda_gen.emit.python.naming import Names, pascal
from eda_gen.emit.python.text import literal
from eda_gen.model import Deprecation

__all__ = ["Contract", "EventModule", "event_modules"]


@dataclass(frozen=True, slots=True)
class Contract:
    """A `MessageContract` constant; the arguments are Python source."""

    constant: str
    arguments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EventModule:
    """What the template of a module shows."""

    path: str
    says: str
    imports: tuple[str, ...]
    classes: tuple[str, ...]
    circular: tuple[str, ...]
    exports: tuple[str, ...]
    alias: str = ""
    current: str = ""
    contracts: tuple[Contract, ...] = ()
    conversions: tuple[Conversion, ...] = ()


def event_modules(
    groups: Sequence[EventGroup],
    layout: Layout,
    sources: Mapping[str, ClassSource],
    prefix: str,
    conversions: Sequence[Conversion],
) -> Iterator[EventModule]:
    by_module = {f"events.{group.module}": group for group in groups}
    token = re.compile(rf"\b{prefix}\d+\b")
    for module, keys in layout.modules.items():
        written = tuple(each for each in conversions if module == f"events.{each.made.module}" and not each.by_hand)
        yield _module(module, keys, by_module.get(module), layout, sources, token, written)


def _module(
    module: str,
    keys: tuple[str, ...],
    group: EventGroup | None,
    layout: Layout,
    sources: Mapping[str, ClassSource],
    token: re.Pattern[str],
    conversions: tuple[Conversion, ...],
) -> EventModule:
    own = {key: layout.names[key] for key in keys}
    foreign, lines = _imported_types(module, keys, layout, sources, {*own.values(), group.alias if group else ""})
    local = own | foreign
    exports = [*own.values()]
    if group:
        exports += [group.alias, *(names.constant for names in group.versions), *(each.name for each in conversions)]
    deprecations = {names.cls: names.message.deprecated for names in group.versions} if group else {}
    return EventModule(
        path=f"{module.replace('.', '/')}.py",
        says=_says(group, own),
        imports=(*_library_imports(keys, group, sources, conversions), *(["", *lines] if lines else [])),
        classes=tuple(
            _decorator(deprecations.get(own[key])) + token.sub(lambda match: local[match.group()], sources[key].source)
            for key in keys
        ),
        circular=tuple(own[key] for number, key in enumerate(keys) if set(sources[key].uses) & set(keys[number + 1 :])),
        exports=sorted_exports(exports),
        alias=group.alias if group else "",
        current=group.versions[-1].cls if group else "",
        contracts=tuple(map(_contract, group.versions)) if group else (),
        conversions=conversions,
    )


def _decorator(deprecation: Deprecation | None) -> str:
    """For type checkers and editors; without a category, so that reading a message warns nobody at run time."""
    if deprecation is None:
        return ""
    told = f"deprecated since {deprecation.since}"
    told += f", ends on {deprecation.sunset}" if deprecation.sunset is not None else ""
    told += f": use {deprecation.use}" if deprecation.use is not None else ""
    return f"@deprecated({literal(told)}, category=None)\n"


def _imported_types(
    module: str, keys: tuple[str, ...], layout: Layout, sources: Mapping[str, ClassSource], taken: set[str]
) -> tuple[dict[str, str], list[str]]:
    """The types of other modules that these classes use: their names here, and the lines that import them."""
    used = {use for key in keys for use in sources[key].uses if layout.homes[use] != module}
    names, local, imported = Names(taken | RESERVED), dict[str, str](), dict[str, list[str]]()
    for home, name, key in sorted((layout.homes[key], layout.names[key], key) for key in used):
        local[key] = names.take(name, pascal(home.rsplit(".", 1)[-1]), f"{name}Type")
        renamed = "" if local[key] == name else f" as {local[key]}"
        source = "." if module.startswith("events.types.") else ".types."
        imported.setdefault(source + home.rsplit(".", 1)[-1], []).append(f"{name}{renamed}")
    return local, list(import_lines(imported))


def _library_imports(
    keys: tuple[str, ...],
    group: EventGroup | None,
    sources: Mapping[str, ClassSource],
    conversions: Sequence[Conversion],
) -> list[str]:
    names = {pair for key in keys for pair in sources[key].imports}
    if group:
        names.add(("eda_runtime", "MessageContract"))
        dated = any(names.message.deprecated for names in group.versions)
        names |= {("datetime", "date"), ("typing_extensions", "deprecated")} if dated else set()
        names |= {("eda_runtime", "convert")} if conversions else set()
    library = _by_module(pair for pair in names if pair[0] not in _THIRD_PARTY)
    others = _by_module(pair for pair in names if pair[0] in _THIRD_PARTY)
    return [*library, *([""] if library and others else []), *others]


def _by_module(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    names: dict[str, list[str]] = {}
    for module, name in pairs:
        names.setdefault(module, []).append(name)
    return import_lines(names)


_THIRD_PARTY = frozenset(("eda_runtime", "pydantic", "typing_extensions"))


def _says(group: EventGroup | None, own: Mapping[str, str]) -> str:
    if group is None:
        return f"Types that messages share: {', '.join(sorted(own.values()))}."
    message = group.versions[-1].message
    numbers = [str(names.message.version) for names in group.versions]
    versions = (
        f"Version {numbers[0]}." if len(numbers) == 1 else f"Versions {', '.join(numbers)}; {numbers[-1]} is current."
    )
    said = next((text for text in (message.description, message.title) if text and text != group.name), "")
    return f"{group.name}: {said}\n\n{versions}" if said else f"{group.name}. {versions}"


def _contract(names: EventNames) -> Contract:
    message = names.message
    arguments = [
        ("name", literal(message.name)),
        ("version", str(message.version)),
        ("type", literal(message.type)),
        ("model", names.cls),
        *((name, literal(value)) for name in ("key", "dedupe", "correlation") if (value := getattr(message, name))),
    ]
    if message.content_type != "application/json":
        arguments.append(("content_type", literal(message.content_type)))
    if message.deprecated:
        arguments.append(("deprecated_since", _date(message.deprecated.since)))
    if message.deprecated and message.deprecated.sunset:
        arguments.append(("sunset", _date(message.deprecated.sunset)))
    return Contract(names.constant, tuple(arguments))


def _date(day: date) -> str:
    return f"date({day.year}, {day.month}, {day.day})"
