"""Who sends and who takes each message, read from operations, their answers, `emits`, and orchestrated sagas.

A saga needs no operations of its own: it sends the commands of its steps, takes their replies, and sends its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from eda_gen.model import Catalog, MessageId, Operation, ReceiveOperation, Saga, SagaStyle, Service
from eda_gen.model.flow import FlowGraph, Sender, Taker
from eda_gen.passes.sagas import steps_of_saga

__all__ = ["flow_graph", "meets", "receivers", "sent_by_saga", "taken_by_saga"]

End = TypeVar("End", Sender, Taker)


def flow_graph(catalog: Catalog) -> FlowGraph:
    """The graph of a whole catalog, in the order of its documents."""
    same_channel = _same_channels(catalog)
    same = _same_messages(catalog, same_channel)
    senders = [each for service in catalog.services for each in _senders(service)]
    takers = [each for service in catalog.services for each in _takers(service)]
    return FlowGraph(
        senders=_by_message((_known_sender(each, same, same_channel) for each in senders), lambda each: each.message),
        takers=_by_message((_known_taker(each, same, same_channel) for each in takers), lambda each: each.message),
        same=same,
        same_channel=same_channel,
        services=tuple(dict.fromkeys(service.name for service in catalog.services)),
    )


def meets(sender: Sender, taker: Taker) -> bool:
    """Whether what one sends can reach the other."""
    return sender.channel is None or taker.channel is None or sender.channel == taker.channel


def receivers(graph: FlowGraph, message: MessageId, sender: str | None) -> tuple[Taker, ...]:
    """Who takes a message that a service sends; without a known way out of that service, whoever takes it at all."""
    takers = graph.takers.get(message, ())
    sendings = [each for each in graph.senders.get(message, ()) if each.service == sender]
    return tuple(taker for taker in takers if not sendings or any(meets(each, taker) for each in sendings))


def sent_by_saga(saga: Saga) -> tuple[MessageId, ...]:
    """What an orchestrated saga sends: commands, compensations, its completion and its failure."""
    steps = (found for step in steps_of_saga(saga.steps) for found in (step.send, step.compensate) if found is not None)
    return tuple(dict.fromkeys((*steps, *saga.completes, *saga.fails)))


def taken_by_saga(saga: Saga) -> tuple[MessageId, ...]:
    """The replies that an orchestrated saga waits for."""
    steps = steps_of_saga(saga.steps)
    return tuple(dict.fromkeys(each for step in steps for each in (*step.success, *step.failure, *step.compensated)))


def _same_channels(catalog: Catalog) -> dict[str, str]:
    first: dict[str, str] = {}
    return {
        channel.id: first.setdefault(channel.address, channel.id) if channel.address else channel.id
        for channel in catalog.channels.values()
    }


def _same_messages(catalog: Catalog, same_channel: dict[str, str]) -> dict[MessageId, MessageId]:
    """Two messages of one channel that share name and version are one."""
    first: dict[tuple[str, str, int], MessageId] = {}
    same = {key: key for key in catalog.messages}
    for channel in catalog.channels.values():
        for found in channel.messages:
            message = catalog.messages[found]
            known = first.setdefault((same_channel[channel.id], message.name, message.version), same[found])
            if same[found] == found:
                same[found] = same[known]
    return same


def _senders(service: Service) -> Iterator[Sender]:
    for send in service.sends:
        yield from (Sender(service.name, each, send.channel, send.id, send.span) for each in send.messages)
    for receive in service.receives:
        if receive.reply is not None:
            for each in receive.reply.messages:
                yield Sender(service.name, each, receive.reply.channel, receive.id, receive.span)
    declared = {each for send in service.sends for each in send.messages}
    for saga in _orchestrated(service):
        for each in sent_by_saga(saga):
            if each not in declared:
                yield Sender(service.name, each, None, saga.name, saga.span)


def _takers(service: Service) -> Iterator[Taker]:
    for receive in service.receives:
        causes = _causes(receive)
        for each in receive.messages:
            yield Taker(service.name, each, receive.channel, receive.id, causes, receive.group, receive.span)
    for send in service.sends:
        if send.reply is not None:
            for each in send.reply.messages:
                yield Taker(service.name, each, send.reply.channel, send.id, (), None, send.span)
    for saga in _orchestrated(service):
        for each in saga.starts:
            yield Taker(service.name, each, None, saga.name, sent_by_saga(saga), None, saga.span)
        for each in taken_by_saga(saga):
            yield Taker(service.name, each, None, saga.name, (), None, saga.span)


def _causes(operation: Operation) -> tuple[MessageId, ...]:
    emits = operation.emits if isinstance(operation, ReceiveOperation) else ()
    answers = operation.reply.messages if operation.reply is not None else ()
    return tuple(dict.fromkeys((*emits, *answers)))


def _orchestrated(service: Service) -> Iterator[Saga]:
    return (saga for saga in service.sagas if saga.style is SagaStyle.ORCHESTRATION)


def _known_sender(each: Sender, same: dict[MessageId, MessageId], same_channel: dict[str, str]) -> Sender:
    channel = same_channel.get(each.channel) if each.channel is not None else None
    return Sender(each.service, same[each.message], channel, each.name, each.span)


def _known_taker(each: Taker, same: dict[MessageId, MessageId], same_channel: dict[str, str]) -> Taker:
    channel = same_channel.get(each.channel) if each.channel is not None else None
    causes = tuple(dict.fromkeys(same[cause] for cause in each.causes))
    return Taker(each.service, same[each.message], channel, each.name, causes, each.group, each.span)


def _by_message(ends: Iterable[End], message_of: Callable[[End], MessageId]) -> dict[MessageId, tuple[End, ...]]:
    found: dict[MessageId, list[End]] = {}
    for each in ends:
        found.setdefault(message_of(each), []).append(each)
    return {message: tuple(dict.fromkeys(each)) for message, each in found.items()}
