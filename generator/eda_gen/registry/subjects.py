"""Which subjects of a registry the messages of a catalog belong to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from eda_gen.compat.usage import usage
from eda_gen.diagnostics import Diagnostic, Result, Severity, sorted_diagnostics
from eda_gen.emit.broker_names import topic_name
from eda_gen.model import Catalog, Channel, Message, MessageId
from eda_gen.registry.schemas import SchemaText, schema_text

__all__ = ["Candidate", "Naming", "Subject", "subjects"]

_VERSION = re.compile(r"\.v\d+$")
_IMPORT = re.compile(r"""^\s*import\s+(?:public\s+|weak\s+)?["'](?!google/protobuf/)([^"']+)""", re.MULTILINE)


class Naming(Enum):
    """What a subject is named after, as Confluent's subject name strategies do it."""

    TOPIC = "topic"
    RECORD = "record"
    TOPIC_RECORD = "topic-record"

    def subject(self, address: str, record: str) -> str:
        """`record` is the CloudEvents type without its version, so that all versions of a message are one subject."""
        return {"topic": f"{address}-value", "record": record}.get(self.value, f"{address}-{record}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One version of a message, as the registry is to hold it."""

    message: Message
    schema: SchemaText

    def __str__(self) -> str:
        return f"version {self.message.version} of {self.message.name}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject with what belongs there, oldest version first."""

    name: str
    candidates: tuple[Candidate, ...]


def subjects(catalog: Catalog, naming: Naming, services: Iterable[str] = ()) -> Result[tuple[Subject, ...]]:
    """The subjects of the messages on the channels of `services`, or of all; what has none is told."""
    channels = _channels(catalog, frozenset(services))
    problems = list(_without_subject(channels)) if naming is not Naming.RECORD else []
    found: dict[str, dict[MessageId, Message]] = {}
    for channel in channels:
        for message in (catalog.messages[each] for each in channel.messages):
            if _has_subject(channel) or naming is Naming.RECORD:
                name = naming.subject(_topic(channel), _record(message))
                found.setdefault(name, {})[message.id] = message
    messages = {message.id: message for each in found.values() for message in each.values()}
    texts = {id: _text(catalog, message, problems) for id, message in messages.items()}
    sent = usage(catalog).senders
    made = []
    for name, members in sorted(found.items()):
        candidates = [Candidate(each, text) for id, each in members.items() if (text := texts[id]) is not None]
        result = _subject(name, candidates, lambda each: each.message.id in sent)
        problems += result.diagnostics
        made += [result.value] if result.value is not None else []
    return Result(tuple(made), sorted_diagnostics(problems))


def _channels(catalog: Catalog, services: frozenset[str]) -> list[Channel]:
    chosen = [each for each in catalog.services if not services or each.name in services]
    used = {channel.id for service in chosen for channel in service.channels}
    return [each for id, each in catalog.channels.items() if id in used or not services]


def _record(message: Message) -> str:
    return _VERSION.sub("", message.type)


def _topic(channel: Channel) -> str:
    return topic_name(channel.bindings) or channel.address or ""


def _has_subject(channel: Channel) -> bool:
    return channel.address is not None and "{" not in channel.address


def _without_subject(channels: Iterable[Channel]) -> Iterator[Diagnostic]:
    for channel in channels:
        if channel.messages and not _has_subject(channel):
            told = f"the channel `{channel.name}` has no one address that a subject could be named after"
            yield Diagnostic("EDA032", told, channel.span, "name subjects after messages: `--naming record`")


def _text(catalog: Catalog, message: Message, problems: list[Diagnostic]) -> SchemaText | None:
    text = schema_text(catalog, message)
    if text is None:
        format = catalog.schemas[message.payload].format if message.payload is not None else None
        what = "has no payload schema" if format is None else "has a schema in a language that registries do not know"
        help = "describe its payload in JSON Schema, Avro or Protobuf"
        problems.append(Diagnostic("EDA033", f"{message.name} {what}", message.span, help, Severity.WARNING))
    elif text.type == "PROTOBUF" and (imported := _IMPORT.search(text.text)) is not None:
        told = f"the Protobuf schema of {message.name} imports `{imported[1]}`, which is not pushed with it"
        help = "write the imported messages into the schema, or register them by hand"
        problems.append(Diagnostic("EDA033", told, message.span, help, Severity.WARNING))
    return text


def _subject(name: str, candidates: list[Candidate], sent: Callable[[Candidate], bool]) -> Result[Subject]:
    """One subject holds the versions of one message; where several describe a version, those who send it count."""
    names = sorted({_record(each.message) for each in candidates})
    if len(names) > 1:
        told = f"the subject `{name}` would hold different messages: {', '.join(names)}"
        help = "give each a subject of its own: `--naming topic-record`"
        return Result(None, (Diagnostic("EDA031", told, candidates[0].message.span, help),))
    ordered = sorted(candidates, key=lambda each: each.message.version)
    versions = [_authors(list(each), sent) for _, each in groupby(ordered, lambda each: each.message.version)]
    told_twice = [one for one, *others in versions if any(not one.schema.same_as(each.schema) for each in others)]
    if told_twice:
        return Result(None, tuple(_two_schemas(name, each) for each in told_twice))
    return Result(Subject(name, tuple(each[0] for each in versions)) if versions else None)


def _authors(candidates: list[Candidate], sent: Callable[[Candidate], bool]) -> list[Candidate]:
    return [each for each in candidates if sent(each)] or candidates


def _two_schemas(subject: str, candidate: Candidate) -> Diagnostic:
    told = f"two documents describe {candidate} for the subject `{subject}`, and not in the same way"
    return Diagnostic("EDA031", told, candidate.message.span, "let one document refer to the other by `$ref`")
