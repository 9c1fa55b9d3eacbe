"""The target `deploy-amqp`: definitions for `rabbitmqctl import_definitions`, in the order in which they must be imported.

`exchanges.json` of all services first, then `queues.json`, then `permissions.json`, once the users are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from eda_gen.diagnostics import Diagnostic, Result
from eda_gen.emit.deploy.amqp.exchange import Exchange, view_exchange, view_exchanges
from eda_gen.emit.deploy.amqp.queue import (
    Queue,
    dead_letter_queue,
    queues_of,
    vhost_of,
    with_queue_names,
    workers_stream,
)
from eda_gen.emit.deploy.text import json_text, regex
from eda_gen.emit.deploy.topology import Topic, Topology, derive, with_warnings
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Json, Service

__all__ = ["target"]

LONGEST = 255
"""Bytes of a name (AMQP 0-9-1, short string)."""

Definition: TypeAlias = "Mapping[str, Json]"


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """The exchanges that `service` owns, the queues that it reads, and what its user may do."""
    return derive(catalog, service).then(lambda topology: _package(with_queue_names(topology)))


def _package(topology: Topology) -> Result[Package]:
    exchanges = tuple(one for each in topology.owns if not each.is_family for one in view_exchanges(each))
    queues = tuple(queue for reading in topology.receives for queue in queues_of(reading))
    dead = tuple(_dead_letters(topology))
    streams = tuple(workers_stream(reading) for reading in topology.receives)
    private = tuple(Exchange(each.name, each.vhost, "fanout") for each in (*dead, *streams))
    created = (*dead, *streams, *queues)
    problems = tuple(_problems(topology, (*exchanges, *private, *created)))
    if problems:
        return Result(None, problems)
    files = {
        "exchanges.json": {"vhosts": _vhosts(exchanges), "exchanges": [each.definition() for each in exchanges]},
        "queues.json": {
            "vhosts": _vhosts(created),
            "exchanges": [each.definition() for each in private],
            "queues": [each.definition() for each in created],
            "bindings": [each for queue in created for each in queue.bindings()],
        },
        "permissions.json": {"permissions": list(_permissions(topology, streams, queues))},
    }
    service = topology.service
    texts = {path: json_text(definitions) for path, definitions in files.items()}
    return with_warnings(topology, Package(f"{service.name}-amqp", service.document.path, texts))


def _dead_letters(topology: Topology) -> Iterator[Queue]:
    """In the virtual host of the queue that they come from: an exchange for dead letters must be there too."""
    named = {each.address for each in topology.dead_letters}
    found = {
        (each.dead_letters.address, vhost_of(each)): each.dead_letters
        for each in topology.receives
        if each.dead_letters.address in named
    }
    return (dead_letter_queue(letters, vhost) for (_, vhost), letters in found.items())


def _vhosts(things: Iterable[Exchange | Queue]) -> list[Json]:
    return [{"name": vhost} for vhost in dict.fromkeys(each.vhost for each in things)]


def _permissions(topology: Topology, streams: Iterable[Queue], queues: Iterable[Queue]) -> Iterator[Definition]:
    """Nothing to configure; to write what is sent, dead letters and the streams of workers; to read the queues and the streams."""
    written: dict[str, dict[str, None]] = {}
    for topic in topology.sends:
        exchange = view_exchange(topic)
        written.setdefault(exchange.vhost, {})[exchange.name] = None
    for reading in topology.receives:
        written.setdefault(vhost_of(reading), {})[reading.dead_letters.address] = None
    for stream in streams:
        written.setdefault(stream.vhost, {})[stream.name] = None
    read: dict[str, dict[str, None]] = {}
    for queue in (*queues, *streams):
        read.setdefault(queue.vhost, {})[queue.name] = None
    for vhost in dict.fromkeys((*written, *read)):
        yield {
            "user": topology.service.name,
            "vhost": vhost,
            "configure": regex(()),
            "write": regex(written.get(vhost, ())),
            "read": regex(read.get(vhost, ())),
        }


def _problems(topology: Topology, things: Sequence[Exchange | Queue]) -> Iterator[Diagnostic]:
    named = {topic.address: topic for topic in _topics(topology)}
    reserved = {each.name for each in things if each.name.startswith("amq.") and not _is_internal(each)}
    for name in dict.fromkeys(each.name for each in things):
        if not 0 < len(name.encode(errors="surrogatepass")) <= LONGEST or name in reserved:
            at = named[name].span if name in named else topology.service.span
            told = f"{name[:80]!r} cannot name a queue or an exchange: up to {LONGEST} bytes can, not `amq.…`"
            yield Diagnostic("EDA195", told, at, "choose another address, or name it by `bindings: {amqp: …}`")


def _is_internal(thing: Exchange | Queue) -> bool:
    return isinstance(thing, Exchange) and thing.internal


def _topics(topology: Topology) -> Iterator[Topic]:
    yield from topology.owns
    yield from (reading.dead_letters for reading in topology.receives)
