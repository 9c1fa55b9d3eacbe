"""Sequence diagrams of an orchestrated saga: all goes well, a step fails, no reply comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from eda_gen.emit.diagrams.diagram import Diagram
from eda_gen.emit.diagrams.post import Post
from eda_gen.emit.diagrams.sequence import Sequence
from eda_gen.model import MessageId, Saga, SagaStep, Service
from eda_gen.passes.flow_graph import receivers
from eda_gen.rules.words import span_of_time

__all__ = ["saga_sequences"]

Tell: TypeAlias = Callable[[SagaStep], None]


def saga_sequences(post: Post, service: Service, saga: Saga) -> Iterator[Diagram]:
    """The happy path, each failure before or at the pivot, and the time-out that has most to undo."""
    yield _Telling(post, service, saga, f"{saga.name}: all goes well").happy(f"{saga.name}.completes")
    for block, step in _reversible(saga):
        if step.failure:
            telling = _Telling(post, service, saga, f"{saga.name}: {step.name} fails")
            yield telling.failing(f"{saga.name}.{step.name}-fails", block, step)
    slow = _slowest(saga)
    if slow is not None:
        telling = _Telling(post, service, saga, f"{saga.name}: {slow[1].name} times out")
        yield telling.timing_out(f"{saga.name}.times-out", *slow)


def _reversible(saga: Saga) -> Iterator[tuple[SagaStep, SagaStep]]:
    """The steps up to the pivot, each with the block that it stands in."""
    for block in saga.steps:
        yield from ((block, step) for step in block.parallel or (block,))
        if block.pivot or any(step.pivot for step in block.parallel):
            return


def _slowest(saga: Saga) -> tuple[SagaStep, SagaStep] | None:
    """The last step before the pivot that has a time-out, rather one that can be undone."""
    before = [pair for pair in _reversible(saga) if not pair[1].pivot]
    waiting = [pair for pair in before if pair[1].timeout is not None or saga.timeout is not None]
    undoable = [pair for pair in waiting if pair[1].compensate is not None]
    return next(reversed(undoable or waiting), None)


class _Telling:
    """One run of a saga, told step by step."""

    def __init__(self, post: Post, service: Service, saga: Saga, title: str) -> None:
        self._post = post
        self._service = service
        self._saga = saga
        self._title = title
        self._script = Sequence(title)
        self._services: dict[str, None] = {service.name: None}
        self._me = ""

    def happy(self, name: str) -> Diagram:
        self._start()
        for block in self._saga.steps:
            self._succeed(block)
        self._finish(self._saga.completes)
        return self._diagram(name)

    def failing(self, name: str, failed: SagaStep, step: SagaStep) -> Diagram:
        self._start()
        done = self._until(failed)
        self._side_by_side(failed, lambda each: self._command(each, each.failure if each is step else each.success))
        self._undo((*done, *(each for each in failed.parallel if each is not step)), f"{step.name} has failed")
        self._finish(self._saga.fails)
        return self._diagram(name)

    def timing_out(self, name: str, failed: SagaStep, step: SagaStep) -> Diagram:
        self._start()
        done = self._until(failed)
        self._side_by_side(
            failed, lambda each: self._wait_in_vain(step) if each is step else self._command(each, each.success)
        )
        self._undo((*done, *(each for each in failed.parallel if each is not step)), f"{step.name} has timed out")
        self._finish(self._saga.fails)
        if step.success:
            with self._script.block("opt", "the reply comes late after all"):
                self._reply(step, step.success)
                self._settle(step)
        return self._diagram(name)

    def _diagram(self, name: str) -> Diagram:
        return Diagram(name, self._title, self._script.text(), tuple(self._services))

    def _start(self) -> None:
        """Whoever sends the start stands first, then the saga."""
        started = self._saga.starts[:1]
        senders = self._post.graph.senders.get(self._post.graph.same[started[0]], ()) if started else ()
        sender = self._service_at(senders[0].service if senders else None)
        self._me = self._script.participant(
            f"{self._service.name}\0saga", self._saga.name, f"saga of {self._service.name}", owner=self._service.name
        )
        for each in started:
            channel = senders[0].channel if senders else self._channel(each)
            self._post.deliver(self._script, each, sender, self._me, channel)

    def _until(self, failed: SagaStep) -> tuple[SagaStep, ...]:
        """Tell the blocks before one, and give the steps in them."""
        before = self._saga.steps[: self._saga.steps.index(failed)]
        for block in before:
            self._succeed(block)
        return tuple(step for block in before for step in block.parallel or (block,))

    def _succeed(self, block: SagaStep) -> None:
        if block.pivot:
            self._script.note(self._me, f"{block.name} is the pivot", "after it nothing is undone")
        self._side_by_side(block, lambda step: self._command(step, step.success))

    def _side_by_side(self, block: SagaStep, tell: Tell) -> None:
        """Tell each step of a block in a branch of its own."""
        if not block.parallel:
            tell(block)
            return
        with self._script.block("par", f"{block.name}: {block.parallel[0].name}"):
            tell(block.parallel[0])
            for step in block.parallel[1:]:
                self._script.branch("and", step.name)
                tell(step)

    def _command(self, step: SagaStep, replies: tuple[MessageId, ...]) -> None:
        self._send(step.send)
        self._reply(step, replies)

    def _wait_in_vain(self, step: SagaStep) -> None:
        with self._script.block("loop", f"up to {step.retry.attempts} attempts"):
            self._send(step.send)
        allowed = step.timeout or self._saga.timeout
        within = f" within {span_of_time(allowed)}" if allowed is not None else ""
        self._script.note(self._me, f"no reply to {step.name}{within}")

    def _undo(self, done: tuple[SagaStep, ...], why: str) -> None:
        undoable = [step for step in reversed(done) if step.compensate is not None]
        self._script.note(self._me, why, "undo what was done, in reverse" if undoable else "nothing has to be undone")
        for step in undoable:
            self._compensate(step)

    def _compensate(self, step: SagaStep) -> None:
        self._send(step.compensate)
        self._reply(step, step.compensated)

    def _settle(self, step: SagaStep) -> None:
        if step.compensate is not None:
            self._compensate(step)
        else:
            self._script.note(self._me, "it is recorded, and changes nothing")

    def _finish(self, ends: tuple[MessageId, ...]) -> None:
        for end in ends[:1]:
            message = self._post.graph.same[end]
            takers = receivers(self._post.graph, message, self._service.name)
            for service in dict.fromkeys(taker.service for taker in takers) or (None,):
                self._post.deliver(self._script, end, self._me, self._service_at(service), self._channel(end))

    def _send(self, command: MessageId | None) -> None:
        if command is not None:
            handler = self._service_at(self._handler(command))
            self._post.deliver(self._script, command, self._me, handler, self._channel(command))

    def _reply(self, step: SagaStep, replies: tuple[MessageId, ...]) -> None:
        """The first of the replies; the others are named."""
        for reply in replies[:1]:
            sender = self._sender(reply) or (self._handler(step.send) if step.send is not None else None)
            self._post.deliver(
                self._script, reply, self._service_at(sender), self._me, self._channel(reply), dashed=True
            )
        if len(replies) > 1:
            self._script.note(self._me, "or " + ", ".join(map(self._post.named, replies[1:])))

    def _service_at(self, name: str | None) -> str:
        if name is not None:
            self._services[name] = None
        return self._post.service(self._script, name)

    def _handler(self, command: MessageId) -> str | None:
        takers = self._post.graph.takers.get(self._post.graph.same[command], ())
        return takers[0].service if takers else None

    def _sender(self, reply: MessageId) -> str | None:
        senders = self._post.graph.senders.get(self._post.graph.same[reply], ())
        return senders[0].service if senders else None

    def _channel(self, message: MessageId) -> str | None:
        """Where a message travels: as its sender or taker says, else where it is described."""
        known = self._post.graph.same[message]
        senders, takers = self._post.graph.senders.get(known, ()), self._post.graph.takers.get(known, ())
        told = (*(each.channel for each in senders), *(each.channel for each in takers))
        described = (key for key, channel in self._post.catalog.channels.items() if message in channel.messages)
        return next((each for each in told if each is not None), next(described, None))
