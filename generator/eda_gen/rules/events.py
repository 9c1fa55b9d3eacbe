"""2xx: events and their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eda_gen.asyncapi.values import split_version
from eda_gen.diagnostics import Severity
from eda_gen.model import Kind, Message, SchemaFormat
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.same import same_schema
from eda_gen.rules.words import called, command_verb, is_past_tense


@rule("EDA201")
def event_named_like_a_command(subject: Subject) -> Iterator[Finding]:
    """An event's name gives an order.

    An event says what has happened, and whoever cares reacts. A name such as `SendInvoice` tells readers that somebody
    must act, which is what a command is for: one handler, and a reply.
    """
    for message in subject.catalog.messages.values():
        verb = command_verb(message.name)
        if message.kind is Kind.EVENT and verb is not None and not is_past_tense(message.name):
            help = "name what has happened (`InvoiceSent`), or say `kind: command`"
            yield Finding(message.span, f"the event {called(message)} is named like a command: “{verb}”", help)


@rule("EDA202")
def command_named_like_an_event(subject: Subject) -> Iterator[Finding]:
    """A command's name says that something has already happened.

    A command can be refused; `InvoiceSent` cannot. Readers take such a name for an event and react twice.
    """
    for message in subject.catalog.messages.values():
        if message.kind is Kind.COMMAND and command_verb(message.name) is None and is_past_tense(message.name):
            help = "name what is to be done (`SendInvoice`), or say `kind: event`"
            yield Finding(message.span, f"the command {called(message)} is named like an event", help)


@rule("EDA203")
def name_and_version_disagree(subject: Subject) -> Iterator[Finding]:
    """A message's name ends in one version while its `x-eda` says another.

    The CloudEvents type would carry both (`OrderPlaced.v1.v2`), and readers choose by type.
    """
    for message in subject.catalog.messages.values():
        base, suffix = split_version(message.name)
        if suffix is not None:
            told = f"`{message.name}` says version {suffix}, its `x-eda` version {message.version}"
            yield Finding(message.span, told, f"name it `{base}`, and let `version` say the rest")


@rule("EDA204", severity=Severity.ERROR)
def type_means_two_things(subject: Subject) -> Iterator[Finding]:
    """Two messages with one CloudEvents type have different payloads.

    A reader knows a message by its type and decodes what it does not expect.
    """
    first: dict[str, Message] = {}
    for message in subject.catalog.messages.values():
        other = first.setdefault(message.type, message)
        if other is not message and not same_schema(subject.catalog, other.payload, message.payload):
            told = f"`{message.type}` is also written at {other.span}, with another payload"
            yield Finding(
                message.span, told, "refer to one message by `$ref`, or give one of them another name or version"
            )


@rule("EDA205")
def payload_missing(subject: Subject) -> Iterator[Finding]:
    """A message has no payload schema.

    Every value is then allowed, nothing is checked, and no reader knows what to expect.
    """
    for message in subject.catalog.messages.values():
        if message.payload is None:
            yield Finding(
                message.span, f"{called(message)} has no payload", "describe it: `payload: {type: object, …}`"
            )


@rule("EDA206")
def payload_is_no_object(subject: Subject) -> Iterator[Finding]:
    """An event's payload is a bare value or a list.

    Nothing can ever be added to it without breaking its readers: an object takes new fields, a number does not.
    """
    for message in subject.catalog.messages.values():
        schema = subject.catalog.schemas.get(message.payload) if message.payload is not None else None
        if schema is None or schema.format is not SchemaFormat.JSON_SCHEMA or not isinstance(schema.body, Mapping):
            continue
        stated = schema.body.get("type")
        if isinstance(stated, str) and stated != "object":
            told = f"the payload of {called(message)} is of type `{stated}`: no field can be added later"
            yield Finding(message.span, told, "put the value into a field of an object")
