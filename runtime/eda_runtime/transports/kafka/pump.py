"""The thread that polls a consumer of librdkafka.

It never stops polling, whatever handlers do: so the group does not take us for dead (`max.poll.interval.ms`), and
rebalances go on. When the receiver has enough in hand, it polls with its partitions paused.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from queue import SimpleQueue
from typing import ParamSpec, Protocol, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from eda_runtime.transports.kafka.messages import Record
from eda_runtime.transports.kafka.options import ClientConfig, KafkaOptions

__all__ = ["Listener", "Pump", "consuming"]

POLL_SECONDS = 0.1
BUSY_POLL_SECONDS = 0.01
"""While messages are worked on, commits follow soon, and only this thread can make them."""
PATIENCE_SECONDS = 1.0
ROOM_SECONDS = 0.002
BATCH = 500
CLOSE_SECONDS = 5.0
CONSUMING: ClientConfig = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "partition.assignment.strategy": "cooperative-sticky",
    "fetch.wait.max.ms": 100,
    "fetch.queue.backoff.ms": 5,
    "fetch.error.backoff.ms": 100,
    "queued.max.messages.kbytes": 16_384,
    "topic.metadata.refresh.interval.ms": 30_000,
}
P = ParamSpec("P")
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


def consuming(options: KafkaOptions, group: str) -> ClientConfig:
    """A member of a group; whoever is silent for the time of a lease loses its partitions to the others."""
    session = int(options.lease.total_seconds() * 1000)
    return {
        **options.client,
        **CONSUMING,
        "group.id": group,
        "session.timeout.ms": session,
        "heartbeat.interval.ms": max(session // 4, 1),
        "max.poll.interval.ms": max(300_000, 2 * int(options.grace.total_seconds() * 1000), session),
    }


class Listener(Protocol):
    """What the pump tells, on the event loop; but `full` and `idle` it reads from its own thread."""

    @property
    def full(self) -> bool: ...

    @property
    def idle(self) -> bool: ...

    def arrived(self, records: Sequence[Record]) -> None: ...

    def assigned(self, partitions: Sequence[TopicPartition]) -> None: ...

    async def revoked(self, partitions: Sequence[TopicPartition]) -> Sequence[TopicPartition]:
        """Finish what is in hand of these; returns the offsets to commit before they go."""
        ...

    def lost(self, partitions: Sequence[TopicPartition]) -> None: ...

    def not_committed(self, reason: str) -> None: ...

    def failed(self, reason: str) -> None:
        """Nothing more will come."""
        ...


class Pump:
    def __init__(self, config: ClientConfig, topic: str, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._closing = threading.Event()
        self._ended = asyncio.Event()
        self._paused: bool | None = False
        self._commits: SimpleQueue[Sequence[TopicPartition]] = SimpleQueue()
        self._busy_until = 0.0
        self._consumer = Consumer({**config, "on_commit": self._on_commit})
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)
        threading.Thread(target=self._run, name="eda-kafka-pump", daemon=True).start()

    def commit(self, offsets: Sequence[TopicPartition]) -> None:
        """Have these committed at once; a failure is told to the listener."""
        self._commits.put(offsets)

    async def close(self) -> None:
        self._closing.set()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            log.warning("the group is left without a farewell: its partitions move when the session times out")

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._hold_back()
                self._commit()
                busy = not self._listener.idle or time.monotonic() < self._busy_until
                first = self._consumer.poll(BUSY_POLL_SECONDS if busy else POLL_SECONDS)
                if first is not None:
                    self._tell(self._listener.arrived, [first, *self._consumer.consume(BATCH - 1, 0)])
                    self._busy_until = time.monotonic() + POLL_SECONDS
            self._consumer.close()
        except Exception as error:  # noqa: BLE001  whatever it was, the receiver must not wait for this thread in vain
            self._tell(self._listener.failed, str(error) or repr(error))
        finally:
            self._tell(self._ended.set)

    def _commit(self) -> None:
        while not self._commits.empty():
            try:
                self._consumer.commit(offsets=list(self._commits.get()), asynchronous=True)
            except KafkaException as error:
                self._tell(self._listener.not_committed, str(error))

    def _hold_back(self) -> None:
        """Wait a moment for room. Pause only if that takes long: it throws away what librdkafka has fetched ahead."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._listener.full and not self._paused and time.monotonic() < deadline:
            self._commit()
            time.sleep(ROOM_SECONDS)
        if self._paused != self._listener.full:
            self._paused = self._listener.full
            partitions = self._consumer.assignment()
            (self._consumer.pause if self._paused else self._consumer.resume)(partitions)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._tell(self._listener.assigned, partitions)
        consumer.incremental_assign(partitions)
        self._paused = None  # some are and some are not: decide anew

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        offsets = self._ask(self._listener.revoked(partitions))
        if offsets:
            try:
                consumer.commit(offsets=list(offsets), asynchronous=False)
            except KafkaException as error:
                log.warning("not committed before a rebalance, so delivered again: %s", error)
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._tell(self._listener.lost, partitions)
        consumer.incremental_unassign(partitions)

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        if error is not None:
            self._tell(self._listener.not_committed, error.str())

    def _tell(self, what: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: what(*args, **kwargs))

    def _ask(self, question: Coroutine[None, None, Sequence[TopicPartition]]) -> Sequence[TopicPartition]:
        if self._loop.is_closed():
            question.close()
            return ()
        return asyncio.run_coroutine_threadsafe(question, self._loop).result()
