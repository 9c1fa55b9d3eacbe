"""Where the messages of an orchestrated saga travel: what it sends, and what it listens to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from eda_gen.diagnostics import Diagnostic
from eda_gen.emit.python.policies import BATCH, CONCURRENCY, WINDOW
from eda_gen.model import (
    Catalog,
    DeadLetter,
    HandlerStyle,
    MessageId,
    OnFailure,
    ReceiveOperation,
    Retry,
    Saga,
    SagaStyle,
    Service,
)
from eda_gen.model.flow import FlowGraph
from eda_gen.passes.defaults import dead_letter_address, group
from eda_gen.passes.flow_graph import flow_graph, sent_by_saga, taken_by_saga

__all__ = ["SagaRoutes", "saga_routes"]

PATIENT = Retry(attempts=50, max=timedelta(minutes=5))
"""A saga's own work fails only with its database: its messages are to outlast that."""


@dataclass(frozen=True, slots=True)
class SagaRoutes:
    """A saga's channel ids by message sent, and its channels listened to, written as receive operations."""

    saga: Saga
    sends: Mapping[MessageId, str]
    receives: tuple[ReceiveOperation, ...]
    problems: tuple[Diagnostic, ...]


def saga_routes(catalog: Catalog, service: Service) -> tuple[SagaRoutes, ...]:
    """Of each orchestrated saga of `service`."""
    sagas = [saga for saga in service.sagas if saga.style is SagaStyle.ORCHESTRATION]
    graph = flow_graph(catalog) if sagas else None
    return tuple(_routes(catalog, graph, service, saga) for saga in sagas if graph is not None)


def _routes(catalog: Catalog, graph: FlowGraph, service: Service, saga: Saga) -> SagaRoutes:
    sent = sent_by_saga(saga)
    sends = {each: found[0] for each in sent if (found := _ways_out(catalog, graph, service, each))}
    by_channel: dict[str, list[MessageId]] = {}
    lost = [each for each in sent if each not in sends]
    for each in dict.fromkeys((*saga.starts, *taken_by_saga(saga))):
        ways = _ways_in(catalog, graph, each)
        for channel in ways:
            by_channel.setdefault(channel, []).append(each)
        lost += [] if ways else [each]
    receives = tuple(_receive(catalog, service, saga, channel, messages) for channel, messages in by_channel.items())
    return SagaRoutes(saga, sends, receives, tuple(_problem(catalog, saga, each) for each in lost))


def _problem(catalog: Catalog, saga: Saga, message: MessageId) -> Diagnostic:
    name = catalog.messages[message].name
    told = f"no channel with a fixed address carries {name}, which the saga `{saga.name}` sends or waits for"
    return Diagnostic("EDA194", told, saga.span, "add the message to a channel whose address has no parameters")


def _ways_out(catalog: Catalog, graph: FlowGraph, service: Service, message: MessageId) -> tuple[str, ...]:
    """Rather where someone takes it, or this service sends it anyway, than where it is only described."""
    known = graph.same[message]
    taken = (taker.channel for taker in graph.takers.get(known, ()))
    sent = (sender.channel for sender in graph.senders.get(known, ()) if sender.service == service.name)
    return tuple(_fixed(catalog, (*taken, *sent, *_described(catalog, message))))


def _ways_in(catalog: Catalog, graph: FlowGraph, message: MessageId) -> tuple[str, ...]:
    """Every channel on which someone sends it; where nobody is known to, those that describe it."""
    sent = tuple(sender.channel for sender in graph.senders.get(graph.same[message], ()))
    return tuple(_fixed(catalog, sent)) or tuple(_fixed(catalog, _described(catalog, message)))


def _described(catalog: Catalog, message: MessageId) -> Iterator[str]:
    return (key for key, channel in catalog.channels.items() if message in channel.messages)


def _fixed(catalog: Catalog, channels: Iterable[str | None]) -> Iterator[str]:
    """Those with an address that is known beforehand, each address once."""
    seen: set[str] = set()
    for channel in channels:
        address = catalog.channels[channel].address if channel is not None else None
        if channel is not None and address is not None and "{" not in address and address not in seen:
            seen.add(address)
            yield channel


def _receive(
    catalog: Catalog, service: Service, saga: Saga, channel_id: str, messages: list[MessageId]
) -> ReceiveOperation:
    channel = catalog.channels[channel_id]
    consumer = group(service.name, f"{saga.name}.{channel.address}")
    return ReceiveOperation(
        id=f"{saga.name} {channel.address}",
        channel=channel_id,
        messages=tuple(messages),
        group=consumer,
        idempotency_window=WINDOW,
        retry=PATIENT,
        on_failure=OnFailure.PARK_KEY,
        dead_letter=DeadLetter(dead_letter_address(None, consumer)),
        concurrency=CONCURRENCY,
        batch=BATCH,
        handler=HandlerStyle.BATCH,
        emits=(),
        reply=None,
        title="",
        description="",
        security=(),
        bindings=None,
        span=saga.span,
    )
