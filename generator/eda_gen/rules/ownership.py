"""3xx: who answers for what."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.model import Kind
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.words import called, listed


@rule("EDA302")
def owners_missing(subject: Subject) -> Iterator[Finding]:
    """A service names no owners.

    When its dead letters grow or its contract must change, nobody knows whom to ask.
    """
    told: set[str] = set()
    for service in subject.catalog.services:
        if not service.owners and service.document.path not in told:
            told.add(service.document.path)
            help = "add `owners: [{team: …, email: …}]` to `info.x-eda`"
            yield Finding(service.span, f"the service `{service.name}` names no owners", help)


@rule("EDA303")
def event_of_two_services(subject: Subject) -> Iterator[Finding]:
    """Two services send the same event.

    An event has one owner, who keeps its meaning, its order and its versions. With two senders, order by key is lost
    and neither can change it alone.
    """
    for message_id, senders in subject.graph.senders.items():
        message = subject.catalog.messages[message_id]
        services = tuple(dict.fromkeys(each.service for each in senders))
        if message.kind is Kind.EVENT and len(services) > 1:
            second = next(each for each in senders if each.service != services[0])
            told = f"the event {called(message)} is sent by {listed(services)}"
            yield Finding(second.span, told, "let one service own it, or give each its own event")


@rule("EDA304")
def event_of_another_domain(subject: Subject) -> Iterator[Finding]:
    """A service sends an event that another service's document defines and does not send.

    Whoever defines an event decides how it changes; here that is not the service that fills it in.
    """
    documents = {service.name: service.document.path for service in subject.catalog.services}
    owners = {service.document.path: service for service in subject.catalog.services}
    for message_id, senders in subject.graph.senders.items():
        message = subject.catalog.messages[message_id]
        owner = owners.get(message_id.partition("#")[0])
        if message.kind is not Kind.EVENT or owner is None:
            continue
        if all(documents[each.service] != owner.document.path for each in senders):
            told = f"{senders[0].service} sends the event {called(message)}, which the document of {owner.name} defines"
            yield Finding(senders[0].span, told, "move the message to its sender's document, and refer to it there")
