"""4xx: versions and deprecation. Numbers from 420 on are kinds of change, which `eda-gen breaking` reports."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.asyncapi.values import split_version
from eda_gen.diagnostics import Severity, Span
from eda_gen.model import Catalog, Deprecation, Message, MessageId
from eda_gen.passes.lineage import Lineage
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.words import called


@rule("EDA401")
def deprecated_message_in_use(subject: Subject) -> Iterator[Finding]:
    """A deprecated message is still sent or received.

    Until its sunset this is a reminder; after it, EDA402 takes over.
    """
    for message, deprecation in _deprecated(subject.catalog):
        if deprecation.sunset is None or deprecation.sunset >= subject.today:
            until = f" until {deprecation.sunset}" if deprecation.sunset is not None else ""
            for service, verb, span in _uses(subject, message.id):
                told = f"`{service}` still {verb} {called(message)}, deprecated since {deprecation.since}{until}"
                yield Finding(span, told, _way_out(deprecation))


@rule("EDA402", severity=Severity.ERROR)
def sunset_passed(subject: Subject) -> Iterator[Finding]:
    """A message is still sent or received after its sunset.

    From that day on its owner may stop sending, or take the schema away.
    """
    for message, deprecation in _deprecated(subject.catalog):
        if deprecation.sunset is not None and deprecation.sunset < subject.today:
            for service, verb, span in _uses(subject, message.id):
                told = f"`{service}` still {verb} {called(message)}, whose sunset was {deprecation.sunset}"
                yield Finding(span, told, _way_out(deprecation))


@rule("EDA403", severity=Severity.ERROR)
def successor_unknown(subject: Subject) -> Iterator[Finding]:
    """`deprecated.use` names a message that is not there.

    Whoever follows it finds nothing to move to.
    """
    known = {(each.name, each.version) for each in subject.catalog.messages.values()}
    for message, deprecation in _deprecated(subject.catalog):
        if deprecation.use is None:
            continue
        name, version = split_version(deprecation.use)
        if not any(each == (name, version) or (version is None and each[0] == name) for each in known):
            told = f"{called(message)} is to be replaced by `{deprecation.use}`, which is not there"
            yield Finding(message.span, told, "name a message of the workspace, such as `OrderPlaced.v2`")


@rule("EDA404", severity=Severity.ERROR)
def sunset_before_deprecation(subject: Subject) -> Iterator[Finding]:
    """A message's sunset lies before the day on which it is deprecated."""
    for message, deprecation in _deprecated(subject.catalog):
        if deprecation.sunset is not None and deprecation.sunset < deprecation.since:
            told = f"{called(message)} is deprecated since {deprecation.since}, after its sunset {deprecation.sunset}"
            yield Finding(message.span, told, "set a later `sunset`")


@rule("EDA405")
def successor_missing(subject: Subject) -> Iterator[Finding]:
    """A deprecated message has a sunset, and names nothing to use instead.

    Its readers know when to be gone, and not where to.
    """
    for message, deprecation in _deprecated(subject.catalog):
        if deprecation.sunset is not None and deprecation.use is None:
            yield Finding(
                message.span, f"{called(message)} ends on {deprecation.sunset}, with no successor", "add `use: …`"
            )


@rule("EDA406", severity=Severity.ERROR)
def upcast_from_unknown_version(subject: Subject) -> Iterator[Finding]:
    """A message upcasts from a version that is not there, or not older.

    An upcaster leads from an older version of the same message to this one.
    """
    yield from _upcast_problems(subject, "EDA406")


@rule("EDA407", severity=Severity.ERROR)
def upcast_field_unknown(subject: Subject) -> Iterator[Finding]:
    """An upcast fills a field that the new version does not have, or takes one that the old version never had."""
    yield from _upcast_problems(subject, "EDA407")


@rule("EDA408", severity=Severity.ERROR)
def upcast_insufficient(subject: Subject) -> Iterator[Finding]:
    """An upcast's `map` yields payloads that the new version refuses.

    A required field is not filled, or one that is kept allows what it no longer may. A map has to say all of it:
    what it cannot say is written by hand, and then there is none.
    """
    yield from _upcast_problems(subject, "EDA408")


@rule("EDA409", severity=Severity.ERROR)
def upcast_skips_version(subject: Subject) -> Iterator[Finding]:
    """An upcast leads past a version that is there.

    Upcasters are chained, one version after the other; data of the version between could not be read.
    """
    yield from _upcast_problems(subject, "EDA409")


@rule("EDA410", severity=Severity.ERROR)
def published_version_missing(subject: Subject) -> Iterator[Finding]:
    """`publishes` names a version that the channel does not describe, or leaves out the one that is sent.

    Messages are made in the newest version, and the older ones beside it are derived from that.
    """
    lineage = Lineage(subject.catalog)
    for service in subject.catalog.services:
        for operation in service.sends:
            for each in lineage.problems_of_send(operation):
                yield Finding(each.span, each.message, each.help)


def _upcast_problems(subject: Subject, code: str) -> Iterator[Finding]:
    for each in Lineage(subject.catalog).problems():
        if each.code == code:
            yield Finding(each.span, each.message, each.help)


def _deprecated(catalog: Catalog) -> Iterator[tuple[Message, Deprecation]]:
    return ((each, each.deprecated) for each in catalog.messages.values() if each.deprecated is not None)


def _uses(subject: Subject, message: MessageId) -> Iterator[tuple[str, str, Span]]:
    yield from ((each.service, "sends", each.span) for each in subject.graph.senders.get(message, ()))
    yield from ((each.service, "receives", each.span) for each in subject.graph.takers.get(message, ()))


def _way_out(deprecation: Deprecation) -> str | None:
    return f"move to `{deprecation.use}`" if deprecation.use is not None else None
