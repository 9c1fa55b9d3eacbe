"""Request and reply: what a service must receive although no receive operation says so."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.model import (
    Catalog,
    DeadLetter,
    HandlerStyle,
    MessageId,
    OnFailure,
    ReceiveOperation,
    Retry,
    SagaStyle,
    SendOperation,
    Service,
)
from eda_gen.passes import defaults
from eda_gen.passes.flow_graph import taken_by_saga

__all__ = ["answered_at", "received"]


def received(catalog: Catalog, service: Service) -> tuple[ReceiveOperation, ...]:
    """The receive operations of `service` that take something, and one for each send operation whose replies no other
    takes: who asks has to listen, which AsyncAPI says on the send operation alone."""
    written = tuple(each for each in service.receives if each.messages)
    return (*written, *_listening(catalog, service, written))


def answered_at(catalog: Catalog, operation: SendOperation) -> str | None:
    """The channel whose address the request has to carry: the requester's own, which the spec leaves to run time.

    `None` where the spec gives the address, or has the payload carry it, which is the application's to fill in.
    """
    reply = operation.reply
    if reply is None or reply.channel is None or catalog.channels[reply.channel].address is not None:
        return None
    return reply.channel if (reply.address or "$message.header#").startswith("$message.header#") else None


def _listening(catalog: Catalog, service: Service, written: tuple[ReceiveOperation, ...]) -> Iterator[ReceiveOperation]:
    taken = {(each.channel, message) for each in written for message in each.messages}
    by_sagas = {
        message
        for saga in service.sagas
        if saga.style is SagaStyle.ORCHESTRATION
        for message in (*saga.starts, *taken_by_saga(saga))
    }
    used = {each.id for each in service.sends} | {each.id for each in service.receives}
    for send in service.sends:
        channel = send.reply.channel if send.reply is not None else None
        if send.reply is None or channel is None:
            continue
        wanted = tuple(each for each in send.reply.messages if (channel, each) not in taken and each not in by_sagas)
        taken.update((channel, each) for each in wanted)
        if wanted:
            yield _operation(catalog, service, send, _unused(f"{send.id}Reply", used), channel, wanted)


def _unused(name: str, used: set[str]) -> str:
    while name in used:
        name += "_"
    return name


def _operation(
    catalog: Catalog, service: Service, send: SendOperation, name: str, channel: str, messages: tuple[MessageId, ...]
) -> ReceiveOperation:
    group = defaults.group(service.name, name)
    return ReceiveOperation(
        id=name,
        channel=channel,
        messages=messages,
        group=group,
        idempotency_window=defaults.IDEMPOTENCY_WINDOW,
        retry=Retry(),
        on_failure=OnFailure.PARK_KEY,
        dead_letter=DeadLetter(defaults.dead_letter_address(catalog.channels[channel].address, group)),
        concurrency=defaults.CONCURRENCY,
        batch=defaults.BATCH,
        handler=HandlerStyle.EACH,
        emits=(),
        reply=None,
        title="",
        description=f"The reply to {send.id}.",
        security=(),
        bindings=None,
        span=send.span,
    )
