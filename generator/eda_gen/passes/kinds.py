"""What each message is: event, command, query or reply. It shows only once all documents are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from eda_gen.model import Kind, Message, MessageId, Operation, Service
from eda_gen.passes import defaults
from eda_gen.passes.sagas import steps_of_saga

__all__ = ["with_kinds"]


@dataclass(frozen=True, slots=True)
class _Uses:
    replies: frozenset[MessageId]
    requests: frozenset[MessageId]
    steps: frozenset[MessageId]


def with_kinds(
    messages: dict[MessageId, Message], services: Iterable[Service], stated: dict[MessageId, Kind]
) -> tuple[dict[MessageId, Message], tuple[Service, ...]]:
    """The same messages and services with every message's kind settled: as stated, else by its uses, else by its name."""
    uses = _uses(tuple(services := tuple(services)))
    settled = {key: replace(each, kind=stated.get(key) or _kind(each, uses)) for key, each in messages.items()}
    return settled, tuple(
        replace(service, messages=tuple(settled[each.id] for each in service.messages)) for service in services
    )


def _kind(message: Message, uses: _Uses) -> Kind:
    return defaults.kind(
        message.name,
        is_reply=message.id in uses.replies,
        is_request=message.id in uses.requests,
        is_step=message.id in uses.steps,
    )


def _uses(services: tuple[Service, ...]) -> _Uses:
    operations: list[Operation] = [each for service in services for each in service.sends]
    operations += [each for service in services for each in service.receives]
    steps = [step for service in services for saga in service.sagas for step in steps_of_saga(saga.steps)]
    return _Uses(
        replies=frozenset(found for each in operations if each.reply for found in each.reply.messages),
        requests=frozenset(found for each in operations if each.reply for found in each.messages),
        steps=frozenset(found for step in steps for found in (step.send, step.compensate) if found is not None),
    )
