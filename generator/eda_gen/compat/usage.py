"""Who sends and who receives what in a workspace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from eda_gen.compat.change import User
from eda_gen.model import Catalog, MessageId, Operation, ReceiveOperation, SagaStep, Service

__all__ = ["Usage", "usage"]


@dataclass(frozen=True, slots=True)
class Usage:
    receivers: Mapping[MessageId, tuple[User, ...]]
    senders: Mapping[MessageId, tuple[User, ...]]
    on_channel: Mapping[str, tuple[User, ...]]

    def receiving(self, messages: Iterable[MessageId]) -> tuple[User, ...]:
        return tuple(sorted({user for each in messages for user in self.receivers.get(each, ())}))

    def sending(self, messages: Iterable[MessageId]) -> tuple[User, ...]:
        return tuple(sorted({user for each in messages for user in self.senders.get(each, ())}))


def usage(catalog: Catalog) -> Usage:
    receivers: defaultdict[MessageId, list[User]] = defaultdict(list)
    senders: defaultdict[MessageId, list[User]] = defaultdict(list)
    on_channel: defaultdict[str, list[User]] = defaultdict(list)
    for service in catalog.services:
        operations: tuple[Operation, ...] = (*service.sends, *service.receives)
        for operation in operations:
            user = User(service.name, operation.id)
            on_channel[operation.channel].append(user)
            for message, received in _messages(operation):
                (receivers if received else senders)[message].append(user)
        for user, message, received in _of_sagas(service):
            (receivers if received else senders)[message].append(user)
    return Usage(_frozen(receivers), _frozen(senders), {name: tuple(users) for name, users in on_channel.items()})


def _frozen(found: Mapping[MessageId, list[User]]) -> Mapping[MessageId, tuple[User, ...]]:
    return {message: tuple(dict.fromkeys(users)) for message, users in found.items()}


def _messages(operation: Operation) -> Iterator[tuple[MessageId, bool]]:
    """Each message, and whether it is received; an answer goes the other way."""
    receives = isinstance(operation, ReceiveOperation)
    yield from ((message, receives) for message in operation.messages)
    if operation.reply is not None:
        yield from ((message, not receives) for message in operation.reply.messages)


def _of_sagas(service: Service) -> Iterator[tuple[User, MessageId, bool]]:
    for saga in service.sagas:
        user = User(service.name, saga.name)
        yield from ((user, message, True) for message in saga.starts)
        for step in _steps(saga.steps):
            yield from ((user, message, True) for message in (*step.success, *step.failure))
            yield from ((user, message, False) for message in (step.send, step.compensate) if message is not None)
        yield from ((user, message, False) for message in (*saga.completes, *saga.fails))


def _steps(steps: Iterable[SagaStep]) -> Iterator[SagaStep]:
    for step in steps:
        yield step
        yield from _steps(step.parallel)
