"""9xx: personal data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from eda_gen.diagnostics import Severity
from eda_gen.model import Catalog, Message, Server, Service
from eda_gen.rules.frame import Finding, Subject, operations_of, rule
from eda_gen.rules.payload import Presence, presence, properties
from eda_gen.rules.words import called, span_of_time

_PERSONAL = re.compile(
    r"(?i)^(e-?mail(_?address)?|phone(_?number)?|mobile(_?number)?|ssn|social_?security_?number|iban|passport(_?number)?|"
    r"(date_?of_?birth|birth_?date|birthday)|credit_?card(_?number)?|card_?number|(first|last|given|family|full)_?name|"
    r"(home|postal|street)_?address|ip_?address)$"
)
_PLAIN_PROTOCOLS = frozenset(("kafka", "amqp", "mqtt", "mqtt5", "ws", "http", "stomp", "redis", "nats", "jms", "ibmmq"))
_LONGEST = timedelta(days=366)


@rule("EDA901", severity=Severity.ERROR)
def personal_data_unknown(subject: Subject) -> Iterator[Finding]:
    """`pii` points at a field that the message does not have.

    What is meant to be protected under that name is not.
    """
    for message in subject.catalog.messages.values():
        for each in message.pii:
            if presence(subject.catalog, message, each) is Presence.NEVER:
                told = f"`pii` of {called(message)} names `{each}`, which is no field of it"
                yield Finding(message.span, told, "point at the field as it is called now, or take the entry out")


@rule("EDA902")
def personal_data_not_declared(subject: Subject) -> Iterator[Finding]:
    """A field looks like personal data, and `pii` does not list it.

    Only what is listed is kept out of logs, catalogs and examples.
    """
    for message in subject.catalog.messages.values():
        for pointer in properties(subject.catalog, message):
            if _PERSONAL.match(pointer.rpartition("/")[2]) and not _covered(message, f"$message.payload#{pointer}"):
                told = f"`{pointer}` of {called(message)} looks like personal data"
                yield Finding(message.span, told, f"add `$message.payload#{pointer}` to `pii`, or ignore this rule")


@rule("EDA903")
def personal_data_in_a_key(subject: Subject) -> Iterator[Finding]:
    """A partition key, dedupe key or correlation is personal data.

    Keys are copied into headers, logs, indexes, metrics and dead letters, where nobody deletes them.
    """
    for message in subject.catalog.messages.values():
        for name, value in (("key", message.key), ("dedupe key", message.dedupe), ("correlation", message.correlation)):
            if value is not None and _covered(message, value):
                told = f"the {name} of {called(message)} is personal data: `{value}`"
                yield Finding(message.span, told, "take an identifier that means nothing by itself")


@rule("EDA904")
def personal_data_kept_for_long(subject: Subject) -> Iterator[Finding]:
    """A channel keeps personal data for more than a year.

    What a log keeps, nobody can delete for one person.
    """
    for channel in subject.catalog.channels.values():
        messages = tuple(each for each in channel.messages if subject.catalog.messages[each].pii)
        if messages and channel.retention > _LONGEST:
            told = f"`{channel.address or channel.name}` keeps {called(subject.catalog.messages[messages[0]])}, with personal data, "
            yield Finding(
                channel.span, f"{told}for {span_of_time(channel.retention)}", "shorten `retention`, or send a reference"
            )


@rule("EDA905")
def personal_data_in_the_open(subject: Subject) -> Iterator[Finding]:
    """Personal data travels over a server without encryption or sign-in.

    The protocol is one without TLS, and the server names no security scheme.
    """
    for service in subject.catalog.services:
        message = next((each for each in _travelling(subject.catalog, service) if each.pii), None)
        for server in service.servers:
            if message is not None and _is_open(server):
                told = (
                    f"{called(message)} has personal data, and the server `{server.name}` ({server.protocol}) is open"
                )
                yield Finding(server.span, told, "use the protocol over TLS, and name a scheme under `security`")


def _covered(message: Message, expression: str) -> bool:
    return any(expression == each or expression.startswith(f"{each}/") for each in message.pii)


def _is_open(server: Server) -> bool:
    return server.protocol.lower() in _PLAIN_PROTOCOLS and not server.security


def _travelling(catalog: Catalog, service: Service) -> Iterator[Message]:
    used = dict.fromkeys(found for operation in operations_of(service) for found in operation.messages)
    return (catalog.messages[each] for each in used)
