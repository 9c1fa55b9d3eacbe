"""Who owns, sends to and receives from each address, derived once for all deploy targets.

An address is created by its owner alone, so that what is generated for two services never fights over it: the service
whose document writes the channel; of several the first that sends there. Dead letters, and the inboxes of channels without
an address, belong to the service that receives.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from eda_gen.diagnostics import Diagnostic, Result, Severity, Span
from eda_gen.emit.python.saga_routes import SagaRoutes, saga_routes
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Channel, Json, MessageId, Ordering, ReceiveOperation, Service
from eda_gen.passes.replies import received

__all__ = ["Reading", "Topic", "Topology", "derive", "with_families", "with_warnings"]

MOST_VALUES = 100
"""Addresses that one channel may stand for by its parameters' values."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Topic:
    """One address. One whose parameters' values the spec does not list is a family: `{name}` stands in it still."""

    address: str
    template: str
    """The address as the spec has it, with all its parameters."""
    says: str
    partitions: int
    retention: timedelta
    ordered: bool
    bindings: Json
    messages: tuple[MessageId, ...]
    span: Span

    @property
    def is_family(self) -> bool:
        return "{" in self.address


@dataclass(frozen=True, slots=True)
class Reading:
    """A consumer group of a service: what it reads, and where what it cannot handle goes."""

    operation: ReceiveOperation
    topics: tuple[Topic, ...]
    dead_letters: Topic
    name: str
    """The group's, or what a binding calls its queues."""

    @property
    def group(self) -> str:
        return self.operation.group


@dataclass(frozen=True, slots=True)
class Topology:
    """What one service needs on a broker. `owns` are the topics to create, those of its dead letters not among them."""

    service: Service
    owns: tuple[Topic, ...]
    sends: tuple[Topic, ...]
    receives: tuple[Reading, ...]

    @property
    def dead_letters(self) -> tuple[Topic, ...]:
        """Each once, without those that are channels of the spec too."""
        owned = {each.address for each in self.owns}
        found = {each.dead_letters.address: each.dead_letters for each in self.receives}
        return tuple(each for address, each in found.items() if address not in owned)


def derive(catalog: Catalog, service: Service) -> Result[Topology]:
    """The topology of `service`, or why there can be none."""
    sagas = saga_routes(catalog, service)
    if problems := tuple(problem for saga in sagas for problem in saga.problems):
        return Result(None, problems)
    owners = _owners(catalog)
    topology = Topology(
        service,
        _unique(topic for channel in _owned(catalog, service, sagas, owners) for topic in _topics(service, channel)),
        _unique(_sent(catalog, service, sagas)),
        tuple(_readings(catalog, service, sagas)),
    )
    problems = tuple(_shared_letters(catalog, topology, owners))
    return Result(None, problems) if problems else Result(topology)


def with_families(topology: Topology) -> Topology:
    """The topology for a broker with wildcards: an address is one, whatever its parameters stand for."""

    def whole(topics: Iterable[Topic]) -> tuple[Topic, ...]:
        return _unique(replace(each, address=each.template) for each in topics)

    receives = tuple(replace(reading, topics=whole(reading.topics)) for reading in topology.receives)
    return Topology(topology.service, whole(topology.owns), whole(topology.sends), receives)


def with_warnings(topology: Topology, package: Package) -> Result[Package]:
    """The package, with a warning for each address that a broker without wildcards cannot have created beforehand."""
    named = (*topology.owns, *(topic for reading in topology.receives for topic in reading.topics))
    return Result(package, tuple(_family(topic) for topic in _unique(named) if topic.is_family))


def _owned(
    catalog: Catalog, service: Service, sagas: Iterable[SagaRoutes], owners: Mapping[str, str]
) -> Iterator[Channel]:
    """The channels that this service creates: those whose owner it is, and its inboxes."""
    operations = _received(catalog, service, sagas)
    for channel in _channels(catalog, (*(each.id for each in service.channels), *_sent_ids(service, sagas))):
        if channel.address is not None and owners.get(_normal(channel.address)) == service.name:
            yield channel
    for channel in _channels(catalog, (operation.channel for operation in operations)):
        if channel.address is None:
            yield channel


def _owners(catalog: Catalog) -> Mapping[str, str]:
    """The owning service by address: who writes the channel and sends there, then who writes it, then who sends there."""
    found: dict[str, tuple[tuple[bool, bool, int], str]] = {}
    for place, service in enumerate(catalog.services):
        sent = dict.fromkeys(_sent_ids(service, ()))
        for channel in _channels(catalog, (*(each.id for each in service.channels), *sent)):
            writes = channel.id.partition("#")[0] == service.document.path
            if channel.address is None or not (writes or channel.id in sent):
                continue
            rank = ((not writes, channel.id not in sent, place), service.name)
            address = _normal(channel.address)
            found[address] = min(rank, found.get(address, rank))
    return {address: name for address, (_, name) in found.items()}


def _sent(catalog: Catalog, service: Service, sagas: Iterable[SagaRoutes]) -> Iterator[Topic]:
    for channel in _channels(catalog, _sent_ids(service, sagas)):
        if channel.address is not None:
            yield from _topics(service, channel)
    for operation in service.receives:
        if _answers_as_asked(catalog, operation):
            yield from _inboxes_of_askers(catalog, operation.channel)


def _answers_as_asked(catalog: Catalog, operation: ReceiveOperation) -> bool:
    """Whether each request says where its reply goes, and the spec does not."""
    reply = operation.reply
    return reply is not None and (reply.channel is None or catalog.channels[reply.channel].address is None)


def _inboxes_of_askers(catalog: Catalog, requests: str) -> Iterator[Topic]:
    """Where those await their replies who send to the channel `requests`, as far as the workspace knows them."""
    asked = _place(catalog.channels[requests])
    for asker in catalog.services:
        awaited = (
            each.reply.channel
            for each in asker.sends
            if each.reply is not None
            and each.reply.channel is not None
            and _place(catalog.channels[each.channel]) == asked
        )
        for channel in _channels(catalog, awaited):
            yield from _topics(asker, channel)


def _place(channel: Channel) -> str:
    """What two documents have in common that write one channel, each for itself."""
    return channel.id if channel.address is None else _normal(channel.address)


def _sent_ids(service: Service, sagas: Iterable[SagaRoutes]) -> Iterator[str]:
    yield from (operation.channel for operation in service.sends)
    for operation in service.receives:
        if operation.reply is not None and operation.reply.channel is not None:
            yield operation.reply.channel
    for saga in sagas:
        yield from saga.sends.values()


def _received(catalog: Catalog, service: Service, sagas: Iterable[SagaRoutes]) -> tuple[ReceiveOperation, ...]:
    return (*received(catalog, service), *(operation for saga in sagas for operation in saga.receives))


def _channels(catalog: Catalog, ids: Iterable[str]) -> Iterator[Channel]:
    return (catalog.channels[each] for each in dict.fromkeys(ids))


def _readings(catalog: Catalog, service: Service, sagas: Iterable[SagaRoutes]) -> Iterator[Reading]:
    for operation in _received(catalog, service, sagas):
        topics = tuple(_topics(service, catalog.channels[operation.channel]))
        yield Reading(operation, topics, _dead_letters(operation), operation.group)


def _dead_letters(operation: ReceiveOperation) -> Topic:
    letter = operation.dead_letter
    says = f"Dead letters of {operation.group}."
    return Topic(letter.address, letter.address, says, 1, letter.retention, False, None, (), operation.span)


def _topics(service: Service, channel: Channel) -> Iterator[Topic]:
    """The addresses of a channel: one, unless its parameters' values are listed."""
    address = f"{service.name}.{channel.name}" if channel.address is None else channel.address
    for each in _addresses(address, channel):
        yield Topic(
            each,
            address,
            channel.description or channel.title,
            channel.partitions,
            channel.retention,
            channel.ordering is Ordering.KEY,
            channel.bindings,
            channel.messages,
            channel.span,
        )


def _addresses(address: str, channel: Channel) -> Iterator[str]:
    listed = {each.name: each.enum for each in channel.parameters}
    names = tuple(dict.fromkeys(_PLACEHOLDER.findall(address)))
    values = [listed.get(name, ()) for name in names]
    count = 1
    for each in values:
        count *= len(each)
    if not 0 < count <= MOST_VALUES:
        yield address
        return
    for chosen in itertools.product(*values):
        value_of = dict(zip(names, chosen, strict=True))
        yield _PLACEHOLDER.sub(lambda match, value_of=value_of: value_of[match[1]], address)  # type: ignore[misc]


def _normal(address: str) -> str:
    return _PLACEHOLDER.sub("{}", address)


def _unique(topics: Iterable[Topic]) -> tuple[Topic, ...]:
    found: dict[str, Topic] = {}
    for each in topics:
        found.setdefault(each.address, each)
    return tuple(found.values())


def _shared_letters(catalog: Catalog, topology: Topology, owners: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Dead letters that another service creates, or that are called as a group of this one."""
    first: dict[str, str] = {}
    for service in catalog.services:
        for operation in service.receives:
            first.setdefault(operation.dead_letter.address, service.name)
    own = topology.service.name
    names = {reading.name for reading in topology.receives}
    for letters in _unique(reading.dead_letters for reading in topology.receives):
        other = {first.get(letters.address, own), owners.get(_normal(letters.address), own)} - {own}
        if other or letters.address in names:
            whose = f"the service `{min(other)}`" if other else "a consumer group of the same name"
            told = f"the dead letters at `{letters.address}` would meet {whose}"
            yield Diagnostic("EDA198", told, letters.span, "give these dead letters an address of their own")


def _family(topic: Topic) -> Diagnostic:
    told = f"the spec does not list the values of the parameters of `{topic.address}`, so nothing creates its addresses"
    advice = (
        f"list them by `enum` (up to {MOST_VALUES} addresses in all), or create the addresses where they are chosen"
    )
    return Diagnostic("EDA196", told, topic.span, advice, Severity.WARNING)
