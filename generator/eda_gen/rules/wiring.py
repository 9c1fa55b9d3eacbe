"""52x to 53x: what is sent and not received, received and not sent, promised and not kept."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.diagnostics import Severity
from eda_gen.model import Kind, MessageId
from eda_gen.model.flow import Sender, Taker
from eda_gen.passes.flow_graph import meets
from eda_gen.passes.flows import cycles
from eda_gen.rules.frame import Finding, Subject, operations_of, rule
from eda_gen.rules.words import called, listed, named

_ORDERS = (Kind.COMMAND, Kind.QUERY)


@rule("EDA520")
def command_without_handler(subject: Subject) -> Iterator[Finding]:
    """A command or query is sent, and no service of the workspace receives it.

    It waits in its channel for ever. A workspace of one service is not judged: the handler may be elsewhere. A saga's own
    commands are judged by EDA604.
    """
    for message, senders in _sent(subject):
        if subject.catalog.messages[message].kind in _ORDERS and not _met(subject, message, senders):
            verb = f"`{senders[0].service}` sends {named(subject.catalog, message)}"
            yield Finding(senders[0].span, f"{verb}, which no service receives", "add a receive operation for it")


@rule("EDA521", severity=Severity.ERROR)
def command_with_two_handlers(subject: Subject) -> Iterator[Finding]:
    """A command or query is received by two consumers, or by one and a saga that it starts.

    Both carry it out: the payment is taken twice. What several may react to is an event.
    """
    for message, takers in subject.graph.takers.items():
        handlers = tuple(each for each in takers if each.group is not None or each.causes)
        if subject.catalog.messages[message].kind in _ORDERS and len({(e.service, e.name) for e in handlers}) > 1:
            names = listed(tuple(f"`{each.service}.{each.name}`" for each in handlers))
            told = f"{named(subject.catalog, message)} is carried out by {names}"
            yield Finding(handlers[1].span, told, "leave it to one, or make it an event")


@rule("EDA522")
def event_without_consumer(subject: Subject) -> Iterator[Finding]:
    """An event is sent, and no service of the workspace receives it.

    Either somebody forgot to react, or it is not needed. The ends of sagas are spared, and so is a workspace of one service.
    """
    ends = {
        subject.graph.same[each]
        for service in subject.catalog.services
        for saga in service.sagas
        for each in (*saga.starts, *saga.completes, *saga.fails)
    }
    for message, senders in _sent(subject):
        if (
            subject.catalog.messages[message].kind is Kind.EVENT
            and message not in ends
            and not _met(subject, message, senders)
        ):
            told = f"`{senders[0].service}` sends {named(subject.catalog, message)}, which nobody receives"
            yield Finding(senders[0].span, told, "receive it somewhere, or stop sending it")


@rule("EDA523")
def message_that_nobody_sends(subject: Subject) -> Iterator[Finding]:
    """A message is received, and no service of the workspace sends it there.

    Often a version that nobody sends any more, or another channel than the sender's. A workspace of one service is not
    judged.
    """
    for message, takers in subject.graph.takers.items():
        operations = tuple(each for each in takers if each.group is not None)
        if len(subject.graph.services) == 1 or not operations or _sent_to(subject, message, operations[0]):
            continue
        told = f"`{operations[0].name}` receives {named(subject.catalog, message)}, which no service sends there"
        yield Finding(operations[0].span, told, _near_miss(subject, message))


@rule("EDA524", severity=Severity.ERROR)
def emits_without_send_operation(subject: Subject) -> Iterator[Finding]:
    """A receive operation `emits` a message that its service has no send operation for.

    The flow would tell of a message that the generated code cannot send.
    """
    for service in subject.catalog.services:
        sends = {each.message for each in _all_senders(subject) if each.service == service.name}
        for receive in service.receives:
            for each in receive.emits:
                if subject.graph.same[each] not in sends:
                    told = f"`{receive.id}` emits {named(subject.catalog, each)}, but `{service.name}` has no operation that sends it"
                    yield Finding(receive.span, told, "add a send operation, or take it out of `emits`")


@rule("EDA525")
def cycle_of_messages(subject: Subject) -> Iterator[Finding]:
    """Messages cause one another in a circle.

    If every handler emits each time, the circle never ends and fills the broker. A circle of commands is EDA623.
    """
    for circle in cycles(subject.graph):
        kinds = [subject.catalog.messages[each].kind for each in circle]
        if not any(kind in _ORDERS for kind in kinds):
            at = subject.graph.takers[circle[0]][0].span
            yield Finding(at, _told(subject, circle), "make sure that some handler on the way emits nothing in the end")


def _told(subject: Subject, circle: tuple[MessageId, ...]) -> str:
    names = [named(subject.catalog, each) for each in (*circle, circle[0])]
    return f"messages go round in a circle: {' → '.join(names)}"


def _sent(subject: Subject) -> Iterator[tuple[MessageId, tuple[Sender, ...]]]:
    """What send operations send, in a workspace of several services."""
    operations = {each.id for service in subject.catalog.services for each in operations_of(service)}
    for message, senders in subject.graph.senders.items():
        own = tuple(each for each in senders if each.name in operations)
        if own and len(subject.graph.services) > 1:
            yield message, own


def _met(subject: Subject, message: MessageId, senders: tuple[Sender, ...]) -> bool:
    return any(meets(sender, taker) for sender in senders for taker in subject.graph.takers.get(message, ()))


def _sent_to(subject: Subject, message: MessageId, taker: Taker) -> bool:
    return any(meets(each, taker) for each in subject.graph.senders.get(message, ()))


def _all_senders(subject: Subject) -> Iterator[Sender]:
    return (each for senders in subject.graph.senders.values() for each in senders)


def _near_miss(subject: Subject, message: MessageId) -> str:
    """The version of it that is sent, if one is."""
    wanted = subject.catalog.messages[message]
    others = (subject.catalog.messages[each] for each in subject.graph.senders)
    near = next((each for each in others if each.name == wanted.name and each.id != wanted.id), None)
    return f"{called(near)} is sent" if near is not None else "add its sender's document, or take the operation out"
