"""Sagas, as the document's `x-eda.sagas` writes them."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.asyncapi import eda
from eda_gen.model import MessageId, Saga, SagaStep
from eda_gen.passes.messages import MessageTable
from eda_gen.source import Node

__all__ = ["messages_of_saga", "messages_of_step", "read_sagas", "steps_of_saga"]


def read_sagas(document: Node, messages: MessageTable) -> tuple[Saga, ...]:
    written = document.get("x-eda", "sagas")
    return tuple(_saga(name, each, messages) for name, each in (written.fields.items() if written is not None else ()))


def _saga(name: str, node: Node, messages: MessageTable) -> Saga:
    return Saga(
        name=name,
        style=eda.saga_style(node),
        starts=messages.take_all(eda.nodes(node, "starts")),
        correlation=node.text_at("correlation"),
        timeout=eda.duration(node, "timeout"),
        steps=tuple(_step(each, f"step{number}", messages) for number, each in enumerate(eda.nodes(node, "steps"), 1)),
        completes=messages.take_all(eda.nodes(node, "completes")),
        fails=messages.take_all(eda.nodes(node, "fails")),
        span=node.span,
    )


def _step(node: Node, default_name: str, messages: MessageTable) -> SagaStep:
    name = node.text_at("name") or default_name
    return SagaStep(
        name=name,
        send=_one(messages.take_all(eda.nodes(node, "send"))),
        success=messages.take_all(eda.nodes(node, "success")),
        failure=messages.take_all(eda.nodes(node, "failure")),
        compensate=_one(messages.take_all(eda.nodes(node, "compensate"))),
        timeout=eda.duration(node, "timeout"),
        retry=eda.retry(node),
        pivot=eda.boolean(node, "pivot", default=False),
        parallel=tuple(
            _step(each, f"{name}.{number}", messages) for number, each in enumerate(eda.nodes(node, "parallel"), 1)
        ),
        span=node.span,
        compensated=messages.take_all(eda.nodes(node, "compensated")),
    )


def _one(found: tuple[MessageId, ...]) -> MessageId | None:
    return found[0] if found else None


def steps_of_saga(steps: tuple[SagaStep, ...]) -> Iterator[SagaStep]:
    """The steps with those that run in parallel inside them."""
    for step in steps:
        yield step
        yield from steps_of_saga(step.parallel)


def messages_of_step(step: SagaStep) -> Iterator[MessageId]:
    yield from (found for found in (step.send, step.compensate) if found is not None)
    yield from step.success
    yield from step.failure
    yield from step.compensated


def messages_of_saga(saga: Saga) -> Iterator[MessageId]:
    yield from saga.starts
    for step in steps_of_saga(saga.steps):
        yield from messages_of_step(step)
    yield from saga.completes
    yield from saga.fails
