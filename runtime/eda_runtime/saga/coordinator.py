"""The coordinator: takes a saga's messages and its timers, and sends what follows, in one transaction each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic

from pydantic import BaseModel

from eda_runtime.contracts import AnySubscription, BatchSubscription, MessageContract
from eda_runtime.envelope import Envelope
from eda_runtime.expressions import evaluate
from eda_runtime.saga import replies, rows
from eda_runtime.saga.definition import Saga, State
from eda_runtime.saga.letters import queue
from eda_runtime.saga.machine import Turn
from eda_runtime.saga.progress import Letter, Note, Progress
from eda_runtime.saga.rows import Instance
from eda_runtime.unit_of_work import Context, Work

__all__ = ["Coordinator"]

TIMERS_AT_ONCE = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that came for an instance."""

    instance: str
    contract: MessageContract[Any]
    payload: BaseModel
    envelope: Envelope


class Coordinator(Generic[State]):
    """Carries the instances of one saga. It keeps nothing in memory: any process may run it, and several may."""

    def __init__(self, saga: Saga[State]) -> None:
        self.saga = saga
        contracts = [contract for receive in saga.receives for contract in receive.messages]
        self._contracts = {contract.model: contract for contract in contracts}
        self._fields = {contract.type: name for name, contract in saga.keeps.items()}
        self._starts = {contract.type for contract in saga.starts}

    def subscriptions(self) -> tuple[AnySubscription, ...]:
        """What the saga listens to; its consumer takes a lane's messages together."""
        return tuple(
            BatchSubscription[Any, Any](policy=receive.policy, messages=receive.messages, handle=self.handle)
            for receive in self.saga.receives
        )

    async def handle(self, payloads: Sequence[BaseModel], ctx: Context[object]) -> None:
        """Take messages in their order, then write all instances that they moved."""
        work = ctx.work
        arrivals = await self._arrivals(work, payloads, ctx.envelopes)
        now, instances = await rows.load(work.transaction, self.saga.name, [each.instance for each in arrivals])
        strays: list[tuple[str, Note]] = []
        for arrival in arrivals:
            instance = instances.get(arrival.instance)
            if instance is not None:
                self._take(work, instance, arrival, now)
            elif arrival.contract.type in self._starts:
                instances[arrival.instance] = self._start(work, arrival, now)
            else:
                detail = "there is no such instance"
                strays.append((arrival.instance, Note("unexpected", message=arrival.contract.type, detail=detail)))
        await self._write(work, list(instances.values()), now, strays)

    async def tick(self, work: Work) -> int:
        """Do what is due of instances whose time has come; returns how many there were."""
        now, instances = await rows.load_due(work.transaction, self.saga.name, TIMERS_AT_ONCE)
        for instance in instances:
            turn = self._turn(work, instance, now, None)
            try:
                turn.advance()
            except ValueError as error:  # its state, written by an older version, can no longer be read
                instance.progress.problem = f"its state cannot be read: {error}"
                instance.progress.again_at = now + 60_000
                log.error("%s %s: %s", self.saga.name, instance.id, instance.progress.problem)
        await self._write(work, instances, now, [])
        return len(instances)

    async def _arrivals(
        self, work: Work, payloads: Sequence[BaseModel], envelopes: Sequence[Envelope]
    ) -> Sequence[Arrival]:
        """Each message with its instance: by the saga's correlation, else by the envelope's correlation id."""
        stated = [self._stated(payload) for payload in payloads]
        lost = [
            envelope.correlationid or envelope.id
            for known, payload, envelope in zip(stated, payloads, envelopes, strict=True)
            if known is None and self._contracts[type(payload)].type not in self._starts
        ]
        found = await rows.find_by_correlation(work.transaction, self.saga.name, lost) if lost else {}
        return [
            Arrival(
                known if known is not None else found.get(_thread(envelope), _thread(envelope)),
                self._contracts[type(payload)],
                payload,
                envelope,
            )
            for known, payload, envelope in zip(stated, payloads, envelopes, strict=True)
        ]

    def _stated(self, payload: BaseModel) -> str | None:
        return evaluate(self.saga.correlation, payload, {}) if self.saga.correlation else None

    def _start(self, work: Work, arrival: Arrival, now: int) -> Instance:
        state = {self._fields[arrival.contract.type]: arrival.payload} if arrival.contract.type in self._fields else {}
        kept = self.saga.state.model_construct(set(state), **state)
        instance = Instance(arrival.instance, 0, _thread(arrival.envelope), now, Progress(), _dump(kept))
        turn = self._turn(work, instance, now, arrival.envelope)
        turn.start(arrival.contract.type)
        turn.advance()
        return instance

    def _take(self, work: Work, instance: Instance, arrival: Arrival, now: int) -> None:
        turn = self._turn(work, instance, now, arrival.envelope)
        if replies.take(turn, instance.id, arrival.contract, arrival.envelope.causationid):
            self._keep(instance, arrival)
        turn.advance()

    def _keep(self, instance: Instance, arrival: Arrival) -> None:
        field = self._fields.get(arrival.contract.type)
        if field is not None:
            instance.known = self._state(instance).model_copy(update={field: arrival.payload})
            instance.state = _dump(instance.known)

    def _state(self, instance: Instance) -> State:
        if not isinstance(instance.known, self.saga.state):
            instance.known = self.saga.state.model_validate_json(instance.state)
        return instance.known

    def _turn(self, work: Work, instance: Instance, now: int, cause: Envelope | None) -> Turn[State]:
        turn = Turn(self.saga, instance.progress, now, lambda letter: self._send(work, instance, letter, cause))
        turn.notes = instance.notes
        return turn

    def _send(self, work: Work, instance: Instance, letter: Letter, cause: Envelope | None) -> str:
        why = {"failed_step": instance.progress.failed_step, "failure": instance.progress.failure}
        state = self._state(instance).model_copy(update=why)
        return queue(work, self.saga, instance.id, letter, state, correlationid=instance.correlationid, cause=cause)

    async def _write(
        self, work: Work, instances: Sequence[Instance], now: int, strays: Sequence[tuple[str, Note]]
    ) -> None:
        await rows.save(work.transaction, self.saga.name, instances, now)
        notes = [(instance.id, note) for instance in instances for note in instance.notes]
        await rows.remember(work.transaction, self.saga.name, now, [*notes, *strays])
        for id_, note in notes:
            if note.kind in ("problem", "overdue"):
                log.error("%s %s: %s", self.saga.name, id_, note.detail)


def _thread(envelope: Envelope) -> str:
    return envelope.correlationid or envelope.id


def _dump(state: BaseModel) -> str:
    return state.model_dump_json(by_alias=True, exclude_unset=True)
