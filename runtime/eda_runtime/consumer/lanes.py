"""Lanes: the messages of a batch dealt out by key, each lane handled in order in transactions of its own.

A lane goes the optimistic way first: one transaction for all its messages, without savepoints. If that fails, it rolls
back and goes one by one, so that only the guilty message fails.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Generic, TypeVar

from pydantic import BaseModel

from eda_runtime.consumer import dead_letters, inbox, ordering, parking
from eda_runtime.consumer.message import Message, lane_of, passed_over, read
from eda_runtime.consumer.parking import Failure
from eda_runtime.contracts import AnySubscription, BatchSubscription
from eda_runtime.errors import PermanentError
from eda_runtime.service import Service
from eda_runtime.transports import Delivery
from eda_runtime.unit_of_work import Context, Work

__all__ = ["Lanes"]

Publisher_co = TypeVar("Publisher_co", covariant=True)
Tally = Counter[str]
NEVER = (PermanentError, NotImplementedError)
"""What no later attempt can change."""
log = logging.getLogger(__name__)


class Lanes(Generic[Publisher_co]):
    """Runs the handler of one subscription: on what comes from the broker, and on what was parked."""

    def __init__(self, service: Service[Publisher_co], subscription: AnySubscription) -> None:
        self._service = service
        self._subscription = subscription
        self._policy = subscription.policy

    def read(self, delivery: Delivery) -> Message | None:
        """The message that the subscription takes of `delivery`; where the broker keeps no order, also what it passes over, if
        that has a number among those of its key."""
        message = read(self._subscription, delivery)
        if message is None and delivery.envelope is not None and self._restores_order:
            unread = passed_over(delivery, delivery.envelope)
            return unread if ordering.is_numbered(unread) else None
        return message

    async def run(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Handle, park or bury `messages`; returns those that are done with, which are all unless the database fails."""
        deprecated = [message.envelope for message in messages if message.deprecated]
        self._service.telemetry.count_deprecated(self._policy.group, deprecated)
        number = min(self._policy.concurrency, self._service.store.most_lanes)
        lanes: dict[int, list[Message]] = {}
        for message in messages:
            lanes.setdefault(lane_of(message, number), []).append(message)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._lane(lane)) for lane in lanes.values()]
        return [message for task in running for message in task.result()]

    async def run_held(self, patience: timedelta | None) -> int:
        """Where the broker keeps no order, handle what was held back and need no longer be; returns how many.

        A gap that has lasted for longer than `patience` is given up.
        """
        if not self._restores_order:
            return 0
        if patience is not None:
            self._give_up(await ordering.give_up(self._service.store, self._policy.group, patience))
        messages = await ordering.due(self._service.store, self._subscription)
        return len(await self._lane(messages)) if messages else 0

    async def run_parked(self) -> int:
        """Try again a head that is due, and what follows it; returns how many messages were dealt with."""
        messages: Sequence[Message] = []
        tally = Tally()
        try:
            async with self._service.begin() as work:
                messages = await parking.take(work.transaction, self._subscription)
                await self._handle_parked(work, messages, tally)
            self._report(tally)
        except Exception as error:  # noqa: BLE001  a handler may raise anything
            if len(messages) <= 1:
                await self._head_failed(messages, error)
            else:
                await self._parked_one_by_one(len(messages))
        return len(messages)

    @property
    def _restores_order(self) -> bool:
        return self._policy.channel.ordered and not self._service.transport.features.ordered_by_key

    def _give_up(self, gaps: Sequence[ordering.Gap]) -> None:
        for gap in gaps:
            said = (self._policy.group, gap.number, gap.key, gap.source, gap.address)
            log.error("%s: no longer waits for what comes before number %d of key %s from %s at %s", *said)
        self._report(Tally(gaps=len(gaps)))

    async def _lane(self, messages: Sequence[Message]) -> Sequence[Message]:
        done: list[Message] = []
        try:
            if len(messages) > 1:
                with suppress(_RolledBack):
                    await self._together(messages)
                    return messages
            for message in messages:
                await self._alone(message)
                done.append(message)
        except Exception as error:  # noqa: BLE001  the database is away: the broker delivers again what is not done
            log.warning("%s: %d messages are left to be delivered again: %s", self._policy.group, len(messages), error)
        return done

    async def _together(self, messages: Sequence[Message]) -> None:
        tally = Tally()
        try:
            async with self._service.begin() as work:
                await self._take_over(work, messages, tally, with_held=True)
        except Exception as error:
            log.debug("%s: a batch rolled back: %s", self._policy.group, error)
            raise _RolledBack from error
        self._report(tally)

    async def _alone(self, message: Message) -> None:
        tally = Tally()
        try:
            async with self._service.begin() as work:
                await self._take_over(work, [message], tally)
        except Exception as error:  # noqa: BLE001  a handler may raise anything
            tally = await self._failed(message, error)
        self._report(tally)

    async def _take_over(
        self, work: Work, messages: Sequence[Message], tally: Tally, *, with_held: bool = False
    ) -> None:
        fresh = await self._fresh(work, messages, tally, with_held=with_held)
        await self._handle(work, await self._ready(work, fresh, tally), tally)

    async def _fresh(
        self, work: Work, messages: Sequence[Message], tally: Tally, *, with_held: bool = False
    ) -> Sequence[Message]:
        """Those that were not taken over before, and whose turn it is."""
        dealt = ordering.Dealt(messages)
        if self._restores_order:
            dealt = await ordering.take_turns(work.transaction, self._subscription, messages, with_held=with_held)
        taken = [message for message in dealt.ready if not message.passed_over]
        fresh = await inbox.claim(work.transaction, self._policy.group, taken)
        tally["duplicates"] += len(taken) - len(fresh)
        tally["held_back"] += len(dealt.early)
        tally["out_of_order"] += sum(message in dealt.late for message in fresh) if dealt.late else 0
        return fresh

    async def _ready(self, work: Work, messages: Sequence[Message], tally: Tally) -> Sequence[Message]:
        """Those to handle now, after the others were parked behind their key or buried."""
        keeps_order = self._policy.on_failure == "park-key"
        blocked: set[str | None] = set()
        if keeps_order:
            blocked |= await parking.blocked_keys(work.transaction, self._policy.group, messages)
        ready = []
        for message in messages:
            if message.key in blocked:
                await parking.keep(work.transaction, self._policy, message, None, due=0)
                tally["parked"] += 1
            elif message.problem is not None:
                await self._bury(work, message, Failure(message.problem, None, permanent=True), tally)
                blocked |= {message.key} if keeps_order and message.key is not None else set()
            else:
                ready.append(message)
        return ready

    async def _handle(self, work: Work, messages: Sequence[Message], tally: Tally) -> None:
        size = len(messages) if isinstance(self._subscription, BatchSubscription) else 1
        for start in range(0, len(messages), max(size, 1)):
            await self._call(work, messages[start : start + size])
        tally["handled"] += len(messages)

    async def _call(self, work: Work, messages: Sequence[Message]) -> None:
        envelopes = [message.envelope for message in messages]
        address, group = self._policy.channel.address, self._policy.group
        with self._service.telemetry.processing(address, group, envelopes):
            publisher = self._service.publish(work, envelopes[0])
            context = Context(work, publisher, envelopes, messages[0].attempt)
            payloads: list[BaseModel] = [message.payload for message in messages if message.payload is not None]
            if isinstance(self._subscription, BatchSubscription):
                await self._subscription.handle(payloads, context)
            else:
                await self._subscription.handle(payloads[0], context)

    async def _parked_one_by_one(self, limit: int) -> None:
        """Try heads, each alone, until one fails."""
        for _ in range(limit):
            head: Message | None = None
            tally = Tally()
            try:
                async with self._service.begin() as work:
                    head = await parking.take_head(work.transaction, self._subscription)
                    await self._handle_parked(work, [head] if head else [], tally)
            except Exception as error:  # noqa: BLE001  a handler may raise anything
                return await self._head_failed([head] if head else [], error)
            self._report(tally)

    async def _head_failed(self, heads: Sequence[Message], error: Exception) -> None:
        if not heads:
            raise error
        self._report(await self._failed(heads[0], error))

    async def _handle_parked(self, work: Work, messages: Sequence[Message], tally: Tally) -> None:
        sound = []
        for message in messages:
            if message.problem is not None:
                break
            sound.append(message)
        if messages and not sound:
            await self._bury(work, messages[0], Failure(messages[0].problem or "", None, permanent=True), tally)
        await parking.unpark(work.transaction, sound)
        await self._handle(work, sound, tally)
        await parking.promote(work.transaction, self._policy.group, [message.key for message in sound])
        tally["retried"] += len(sound)

    async def _failed(self, message: Message, error: Exception) -> Tally:
        """Park `message` until its next attempt, or bury it after the last."""
        failure = Failure.of(error, permanent=isinstance(error, NEVER))
        tally = Tally()
        async with self._service.begin() as work:
            if message.parked is None and not await self._fresh(work, [message], tally):
                log.debug("%s: %s is a duplicate, or not in turn", self._policy.group, message.dedupe)
            elif failure.permanent or message.attempt >= self._policy.retry.attempts:
                await self._bury(work, message, failure, tally)
            else:
                due = parking.delay(self._policy.retry, message.attempt)
                await parking.keep(work.transaction, self._policy, message, failure, due)
                tally["parked"] += 1
                said = (self._policy.group, message.dedupe, due, failure.reason)
                log.warning(
                    "%s: %s failed and waits %d ms: %s", *said, exc_info=error if message.attempt == 1 else None
                )
        self._service.retry_bells[self._policy.group].ring()
        return tally

    async def _bury(self, work: Work, message: Message, failure: Failure, tally: Tally) -> None:
        await dead_letters.bury(work, self._policy, message, failure)
        tally["dead_lettered"] += 1
        log.error("%s: %s is a dead letter: %s", self._policy.group, message.dedupe, failure.reason)

    def _report(self, tally: Tally) -> None:
        self._service.telemetry.count(self._policy.group, tally)


class _RolledBack(Exception):
    """A lane's common transaction failed, and its messages are to go one by one."""
