"""Messages: their payload and headers, and what the spec says about them."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.compat.change import Finding, User
from eda_gen.compat.difference import Difference, Direction, Place, combined
from eda_gen.compat.matching import Matched, message_name
from eda_gen.compat.payloads import Schemas
from eda_gen.compat.rules import rule
from eda_gen.compat.usage import Usage
from eda_gen.model import Catalog, Message, SchemaId

__all__ = ["compare_message_schemas", "compare_messages"]


def compare_messages(
    matched: Matched[Message], schemas: Schemas, before: Usage, after: Usage, old: Catalog
) -> Iterator[Finding]:
    for was, now in matched.pairs:
        readers = after.receiving([now.id]), before.receiving([was.id])
        for each in (*compare_message_schemas(schemas, was, now), *_what_is_said(was, now)):
            yield Finding(message_name(now), each, *readers)
    for message in matched.removed:
        yield _removed(message, matched, before)
    for message in matched.added:
        yield from _version_added(message, old, schemas)


def compare_message_schemas(schemas: Schemas, old: Message, new: Message) -> Iterator[Difference]:
    yield from _compare_schema(schemas, old, new, "payload", old.payload, new.payload)
    yield from _compare_schema(schemas, old, new, "headers", old.headers, new.headers)


def _compare_schema(
    schemas: Schemas, old: Message, new: Message, field: str, was: SchemaId | None, now: SchemaId | None
) -> Iterator[Difference]:
    if was is not None and now is not None:
        yield from schemas.compare(was, now)
    elif was is not now:
        direction = Direction.NARROWS if now is not None else Direction.WIDENS
        message = f"a schema for the {field} was {'added' if now is not None else 'removed'}"
        places = (Place.of(each.id).child(field) for each in (old, new))
        yield Difference(rule("payload"), direction, message, *places)


def _what_is_said(old: Message, new: Message) -> Iterator[Difference]:
    was, now = Place.of(old.id), Place.of(new.id)
    if old.content_type != new.content_type:
        message = f"the content type `{old.content_type}` became `{new.content_type}`"
        places = was.child("contentType"), now.child("contentType")
        yield Difference(rule("schema-format"), Direction.CHANGES, message, *places)
    if old.type != new.type:
        message = f"the type `{old.type}` became `{new.type}`"
        yield Difference(rule("message-type"), Direction.CHANGES, message, was, now)
    for name, path, before, after in (
        ("key", ("x-eda", "key"), old.key, new.key),
        ("dedupe", ("x-eda", "dedupe"), old.dedupe, new.dedupe),
        ("correlation", ("correlationId",), old.correlation, new.correlation),
    ):
        if before != after:
            harmless = before is None and name != "dedupe"
            message = f"`{name}` {_shown(before)} became {_shown(after)}"
            direction = Direction.NONE if harmless else Direction.CHANGES
            yield Difference(rule(name), direction, message, was.child(*path), now.child(*path))


def _shown(value: str | None) -> str:
    return "(none)" if value is None else f"`{value}`"


def _removed(message: Message, matched: Matched[Message], before: Usage) -> Finding:
    beside = [each for _, each in matched.pairs if each.name == message.name] + [
        each for each in matched.added if each.name == message.name
    ]
    told = f"{message_name(message)} was removed"
    told += f"; {', '.join(map(message_name, beside))} {'stays' if len(beside) == 1 else 'stay'}" if beside else ""
    place = Place.of(message.id)
    hurt: tuple[User, ...] = before.receiving([message.id])
    return Finding(
        message_name(message), Difference(rule("message-removed"), Direction.CHANGES, told, place, place), hurt, hurt
    )


def _version_added(message: Message, old: Catalog, schemas: Schemas) -> Iterator[Finding]:
    """Told where the message was known before; whether its data can be read as the version before is told with it."""
    earlier = [each for each in old.messages.values() if each.name == message.name and each.version < message.version]
    if not earlier:
        return
    last = max(earlier, key=lambda each: each.version)
    direction = combined(compare_message_schemas(schemas, last, message))
    told = f"version {message.version} was added beside {last.version}; {_readable(direction, last, message)}"
    difference = Difference(rule("version-added"), Direction.NONE, told, Place.of(last.id), Place.of(message.id))
    yield Finding(message_name(message), difference)


def _readable(direction: Direction, last: Message, message: Message) -> str:
    if Direction.NARROWS not in direction:
        return f"data of version {last.version} reads as version {message.version}"
    if message.upcast is not None and message.upcast.source_version == last.version:
        return f"an upcast from version {last.version} is declared"
    return f"data of version {last.version} needs an upcaster"
