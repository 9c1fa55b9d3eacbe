"""The catalog of a workspace's messages: what each is, whose it is, who sends and who receives it, and what is promised."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from eda_gen.model import Catalog, Deprecation, Message, MessageId, Service, Sla
from eda_gen.model.flow import FlowGraph, Sender, Taker
from eda_gen.passes.flow_graph import flow_graph

__all__ = ["Entry", "Promise", "inventory"]


@dataclass(frozen=True, slots=True)
class Promise:
    """What a message promises. Durations in seconds; availability in percent, 0 to 100."""

    latency: float | None = None
    availability: float | None = None
    freshness: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a message.

    `schema` is where it is written, `owner` the service whose document that is; producers and consumers are services,
    each once. Of a deprecated version they are those that still have to move.
    """

    message: str
    version: int
    kind: str
    type: str
    owner: str | None
    domain: str | None
    teams: tuple[str, ...]
    addresses: tuple[str, ...]
    key: str | None
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    promise: Promise
    deprecated_since: date | None
    sunset: date | None
    use: str | None
    schema: str
    description: str


def inventory(catalog: Catalog) -> tuple[Entry, ...]:
    """Every message of the workspace by name and version; one that two documents write is one entry."""
    graph = flow_graph(catalog)
    known = {graph.same[each]: catalog.messages[each] for each in reversed([*catalog.messages])}
    entries = (_entry(catalog, graph, message_id, message) for message_id, message in known.items())
    return tuple(sorted(entries, key=lambda each: (each.message, each.version, each.schema)))


def _entry(catalog: Catalog, graph: FlowGraph, message_id: MessageId, message: Message) -> Entry:
    senders, takers = graph.senders.get(message_id, ()), graph.takers.get(message_id, ())
    owner = _owner(catalog, message_id)
    gone = message.deprecated or Deprecation(date.min)
    return Entry(
        message=message.name,
        version=message.version,
        kind=message.kind.value,
        type=message.type,
        owner=owner.name if owner else None,
        domain=owner.domain if owner else None,
        teams=tuple(each.team for each in owner.owners) if owner else (),
        addresses=tuple(dict.fromkeys(_addresses(catalog, graph, message_id))),
        key=message.key,
        producers=_services(senders),
        consumers=_services(takers),
        promise=_promise(message.sla or Sla()),
        deprecated_since=message.deprecated.since if message.deprecated else None,
        sunset=gone.sunset,
        use=gone.use,
        schema=str(message.span),
        description=message.description or message.title,
    )


def _owner(catalog: Catalog, message: MessageId) -> Service | None:
    """Of several services in one document, the first that has to do with the message."""
    here = [each for each in catalog.services if each.document.path == message.partition("#")[0]]
    using = (each for each in here if any(known.id == message for known in each.messages))
    return next(using, here[0] if here else None)


def _addresses(catalog: Catalog, graph: FlowGraph, message: MessageId) -> Iterator[str]:
    for channel in catalog.channels.values():
        carried = {graph.same[each] for each in channel.messages}
        if message in carried and channel.address is not None:
            yield channel.address


def _services(ends: Iterable[Sender | Taker]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.service for each in ends))


def _promise(sla: Sla) -> Promise:
    return Promise(_seconds(sla.latency), sla.availability, _seconds(sla.freshness))


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
