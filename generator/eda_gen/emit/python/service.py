"""Channels, producers, consumers and the application of one service, as values for the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from eda_gen.emit.python.conversions import Conversion, downcast_call, downcasts, upcasts
from eda_gen.emit.python.imports import import_lines
from eda_gen.emit.python.layout import EventNames
from eda_gen.emit.python.naming import Names, constant_name, pascal, snake
from eda_gen.emit.python.policies import Arguments, channel_arguments, inbox_arguments, policy_arguments
from eda_gen.emit.python.saga_routes import SagaRoutes
from eda_gen.emit.python.sagas import FieldsOf, SagaModule, saga_modules
from eda_gen.emit.python.text import literal
from eda_gen.emit.python.versions import Versions
from eda_gen.model import Catalog, Channel, HandlerStyle, MessageId, ReceiveOperation, Service
from eda_gen.passes.lineage import Handled, VersionStep
from eda_gen.passes.replies import answered_at, received

__all__ = [
    "ChannelView",
    "ConsumerMethod",
    "PolicyView",
    "PublisherMethod",
    "ServiceView",
    "event_imports",
    "view_service",
]

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_UNKNOWN_ADDRESS = "{address}"


@dataclass(frozen=True, slots=True)
class ChannelView:
    constant: str
    says: str
    arguments: Arguments
    provisioned: bool


@dataclass(frozen=True, slots=True)
class PolicyView:
    constant: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class PublisherMethod:
    """A method of the publisher: how it calls the outbox. `signature` and `arguments` are Python source."""

    name: str
    call: Literal["add", "send_now", "reply"]
    signature: str
    arguments: str
    asks: bool
    """Whether it returns the correlation id by which its reply will be known."""
    says: str
    event: EventNames


@dataclass(frozen=True, slots=True)
class ConsumerMethod:
    """A method of the consumer protocol, and what registers it."""

    name: str
    operation: str
    parameter: str
    annotation: str
    union: str
    subscription: str
    policy: str
    says: str
    events: tuple[EventNames, ...]
    upcasts: tuple[Conversion, ...]

    @property
    def contracts(self) -> tuple[str, ...]:
        return tuple(event.constant for event in self.events)


@dataclass(frozen=True, slots=True)
class ServiceView:
    name: str
    title: str
    version: str
    source: str
    publisher: str
    consumer: str
    upcasters: str
    upcasts: tuple[Conversion, ...]
    downcasters: str
    downcasts: tuple[Conversion, ...]
    channels: tuple[ChannelView, ...]
    policies: tuple[PolicyView, ...]
    sends: tuple[PublisherMethod, ...]
    receives: tuple[ConsumerMethod, ...]
    sagas: tuple[SagaModule, ...]

    @property
    def asked_upcasts(self) -> tuple[Conversion, ...]:
        """Those that a person writes."""
        return tuple(each for each in self.upcasts if each.by_hand)

    @property
    def asked_downcasts(self) -> tuple[Conversion, ...]:
        return tuple(each for each in self.downcasts if each.by_hand)


def view_service(
    catalog: Catalog,
    versions: Versions,
    events: Mapping[MessageId, EventNames],
    fields: FieldsOf,
    sagas: Sequence[SagaRoutes],
) -> ServiceView:
    service = versions.service
    by_type = {each.message.type: each for each in reversed([*events.values()])}
    names = Names(("TOPOLOGY",))
    receiving = received(catalog, service)
    receives = [*receiving, *(operation for saga in sagas for operation in saga.receives)]
    sends = list(_sends(catalog, versions))
    sent = (*(send.channel for send in sends), *(channel for saga in sagas for channel in saga.sends.values()))
    outgoing = _constants(catalog, sent, names)
    known = {each.id: each for each in service.channels}
    used = [*outgoing, *(operation.channel for operation in receives)]
    rest = _constants(catalog, () if used else known, names)
    incoming = _inboxes(catalog, receives, outgoing, names)
    policies = {
        operation.id: names.take(constant_name(operation.id), f"{constant_name(operation.id)}_POLICY")
        for operation in receives
    }
    return ServiceView(
        name=service.name,
        title=service.title or service.name,
        version=service.version,
        source=f"/{quote(service.name, safe='')}",
        publisher=f"{pascal(service.name)}Publisher",
        consumer=f"{pascal(service.name)}Consumer",
        upcasters=f"{pascal(service.name)}Upcasters",
        upcasts=upcasts((step for each in versions.handled.values() for step in each.steps), by_type),
        downcasters=f"{pascal(service.name)}Downcasters",
        downcasts=downcasts((step for send in sends for way in send.ways for step in way), by_type),
        channels=tuple(_channel_views(catalog, service, outgoing | rest, incoming)),
        policies=tuple(
            PolicyView(
                policies[each.id],
                policy_arguments(service, each, catalog.channels[each.channel], incoming[each.channel]),
            )
            for each in receives
        ),
        sends=tuple(_publisher_methods(catalog, sends, outgoing, incoming, events, by_type)),
        receives=tuple(_consumer_methods(receiving, policies, events, versions.handled, by_type)),
        sagas=tuple(saga_modules(sagas, events, fields, outgoing, policies)),
    )


@dataclass(frozen=True, slots=True)
class _Send:
    message: MessageId
    channel: str
    outbox: bool
    says: str
    ways: tuple[tuple[VersionStep, ...], ...] = ()
    """Back to each older version that goes beside it."""
    asks: bool = False
    answered_at: str | None = None
    """The channel whose address it carries."""
    answers: bool = False
    """Whether it goes where the request that is being handled asks for it."""


def _sends(catalog: Catalog, versions: Versions) -> Iterator[_Send]:
    """What a service sends: the messages of its send operations, and its replies to what it receives."""
    service = versions.service
    seen: set[tuple[MessageId, str]] = set()
    for operation in sorted(service.sends, key=lambda each: not each.publishes):
        ways = {each.newest.id: each.ways for each in versions.published[operation.id]}
        beside = {way[-1].older.id for found in ways.values() for way in found}
        for message in operation.messages:
            if (message, operation.channel) not in seen and message not in beside:
                says = operation.title or operation.description
                yield _Send(
                    message,
                    operation.channel,
                    operation.outbox,
                    says,
                    ways.get(message, ()),
                    operation.reply is not None,
                    answered_at(catalog, operation),
                )
            seen.add((message, operation.channel))
    for receive in service.receives:
        reply = receive.reply
        for message in reply.messages if reply else ():
            channel = (reply.channel if reply else None) or ""
            if (message, channel) not in seen:
                seen.add((message, channel))
                known = catalog.channels.get(channel)
                answers = known is None or known.address is None
                yield _Send(message, channel, True, f"The reply to {receive.id}.", answers=answers)


def _constants(catalog: Catalog, channels: Iterable[str], names: Names) -> dict[str, str]:
    unique = dict.fromkeys(channels)
    return {each: names.take(constant_name(catalog.channels[each].name) if each else "REPLY") for each in unique}


def _inboxes(
    catalog: Catalog, receives: Sequence[ReceiveOperation], outgoing: Mapping[str, str], names: Names
) -> dict[str, str]:
    """The constants of channels received from. One without an address has an inbox of this service's own."""
    incoming: dict[str, str] = {}
    for channel in dict.fromkeys(operation.channel for operation in receives):
        fixed = catalog.channels[channel].address is not None
        wish = constant_name(catalog.channels[channel].name)
        own = (wish, f"{wish}_CHANNEL" if fixed else f"{wish}_INBOX")
        incoming[channel] = outgoing[channel] if fixed and channel in outgoing else names.take(*own)
    return incoming


def _channel_views(
    catalog: Catalog, service: Service, outgoing: Mapping[str, str], incoming: Mapping[str, str]
) -> Iterator[ChannelView]:
    for channel_id, constant in outgoing.items():
        channel = catalog.channels.get(channel_id)
        if channel is None or channel.address is None:
            name = channel.name if channel else "reply"
            yield ChannelView(constant, "Its address comes with each message.", _unknown(name), provisioned=False)
        else:
            yield ChannelView(constant, _says(channel), channel_arguments(channel, channel.address), provisioned=True)
    for channel_id, constant in incoming.items():
        channel = catalog.channels[channel_id]
        if channel.address is None:
            yield ChannelView(
                constant, "Where this service is answered.", inbox_arguments(service, channel), provisioned=True
            )
        elif constant not in outgoing.values():
            yield ChannelView(constant, _says(channel), channel_arguments(channel, channel.address), provisioned=True)


def _unknown(name: str) -> Arguments:
    return (("name", literal(name)), ("address", literal(_UNKNOWN_ADDRESS)))


def _says(channel: Channel) -> str:
    return channel.description or channel.title


def _publisher_methods(
    catalog: Catalog,
    sends: Sequence[_Send],
    channels: Mapping[str, str],
    inboxes: Mapping[str, str],
    events: Mapping[MessageId, EventNames],
    by_type: Mapping[str, EventNames],
) -> Iterator[PublisherMethod]:
    names = Names()
    versions: dict[str, int] = {}
    for send in sends:
        event = events[send.message]
        versions[event.module] = max(event.message.version, versions.get(event.module, 0))
    for send in sends:
        event = events[send.message]
        older = "" if event.message.version == versions[event.module] else f"_v{event.message.version}"
        several = len({each.channel for each in sends if each.message == send.message}) > 1
        way = f"_to_{channels[send.channel].lower()}" if several else ""
        parameters = _parameters(catalog.channels.get(send.channel))
        options = ("address",) if send.answers else (*_parameter_map(parameters), *_older(send, by_type))
        asked = (f"reply_to=channels.{inboxes[send.answered_at]}",) if send.answered_at else ()
        keywords = ("address: str | None = None",) if send.answers else _keyword_parameters(parameters)
        yield PublisherMethod(
            name=names.take(snake(event.module + older + way)),
            call="reply" if send.answers else "add" if send.outbox else "send_now",
            signature=", ".join(("self", f"event: {event.cls}", *keywords)),
            arguments=", ".join((event.constant, "event", f"channels.{channels[send.channel]}", *options, *asked)),
            asks=send.asks,
            says=event.message.description or send.says or f"Send {event.message.name}.",
            event=event,
        )


def _older(send: _Send, by_type: Mapping[str, EventNames]) -> Iterator[str]:
    """The argument for the versions that go beside a message, the oldest first."""
    ways = [downcasts(way, by_type) for way in reversed(send.ways)]
    if ways:
        yield f"older=[{', '.join(f'({way[-1].made.constant}, {downcast_call(way)})' for way in ways)}]"


@dataclass(frozen=True, slots=True)
class _Parameter:
    wire: str
    name: str
    default: str | None


def _parameters(channel: Channel | None) -> tuple[_Parameter, ...]:
    """The placeholders of an address as keyword-only parameters; those with a default come last."""
    address = channel.address if channel and channel.address is not None else _UNKNOWN_ADDRESS
    names = Names(("self", "event"))
    defaults = {each.name: each.default for each in channel.parameters} if channel else {}
    wires = dict.fromkeys(_PLACEHOLDER.findall(address))
    return tuple(_Parameter(wire, names.take(snake(wire, "parameter")), defaults.get(wire)) for wire in wires)


def _keyword_parameters(parameters: Sequence[_Parameter]) -> Iterator[str]:
    if parameters:
        yield "*"
    for each in parameters:
        yield f"{each.name}: str" + (f" = {literal(each.default)}" if each.default is not None else "")


def _parameter_map(parameters: Sequence[_Parameter]) -> Iterator[str]:
    if parameters:
        yield f"parameters={{{', '.join(f'{literal(each.wire)}: {each.name}' for each in parameters)}}}"


def _consumer_methods(
    receives: Sequence[ReceiveOperation],
    policies: Mapping[str, str],
    events: Mapping[MessageId, EventNames],
    handled: Mapping[str, Handled],
    by_type: Mapping[str, EventNames],
) -> Iterator[ConsumerMethod]:
    names = Names()
    for operation in receives:
        taken = tuple(events[message] for message in handled[operation.id].messages)
        union = " | ".join(event.cls for event in taken)
        batch = operation.handler is HandlerStyle.BATCH
        yield ConsumerMethod(
            name=names.take(snake(operation.id)),
            operation=operation.id,
            parameter="events" if batch else "event",
            annotation=f"Sequence[{union}]" if batch else union,
            union=union,
            subscription="BatchSubscription" if batch else "Subscription",
            policy=policies[operation.id],
            says=operation.description or operation.title or f"Take what {operation.id} receives.",
            events=taken,
            upcasts=upcasts(handled[operation.id].steps, by_type),
        )


def event_imports(wanted: Iterable[tuple[EventNames, Sequence[str]]]) -> tuple[str, ...]:
    """Lines that import names of events, one a module."""
    by_module: dict[str, set[str]] = {}
    for event, names in wanted:
        by_module.setdefault(f".events.{event.module}", set()).update(names)
    return import_lines(by_module)
