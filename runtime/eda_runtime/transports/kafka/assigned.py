"""A partition that this worker reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from confluent_kafka import TopicPartition

from eda_runtime.transports import Delivery
from eda_runtime.transports.kafka.messages import Record, delivery, offset_of
from eda_runtime.transports.tracker import Token, Tracker

__all__ = ["Assigned"]


@dataclass(slots=True)
class Assigned:
    """A partition that is ours: what of it waits to be polled, and what was polled and is not done.

    Where it begins is known by its first record; until then the tracker stands before all offsets.
    """

    topic: str
    tracker: Tracker
    waiting: deque[Record] = field(default_factory=deque)
    in_hand: dict[int, Record] = field(default_factory=dict)
    octets: int = 0
    begun: bool = False

    def arrived(self, record: Record) -> None:
        if not self.begun:
            self.begun = True
            self.tracker.cursor = self.tracker.read = self.tracker.saved = offset_of(record) - 1
        self.waiting.append(record)
        self.octets += len(record)

    def take(self, limit: int) -> list[Delivery]:
        taken: list[Delivery] = []
        while self.waiting and len(taken) < limit and not self.tracker.draining:
            record = self.waiting.popleft()
            self.octets -= len(record)
            position = offset_of(record)
            if self.tracker.deliver(position):
                self.in_hand[position] = record
                taken.append(delivery(record, Token(self.tracker.partition, self.tracker.epoch, position)))
        return taken

    def acknowledge(self, positions: Iterable[int]) -> None:
        self.tracker.acknowledge(positions)
        for position in positions:
            self.in_hand.pop(position, None)

    def release(self, positions: Iterable[int]) -> None:
        """Put these and what follows them back before what waits: no need to fetch them again."""
        self.tracker.release(positions)
        back = sorted(position for position in self.in_hand if position > self.tracker.read)
        for position in reversed(back):
            self.waiting.appendleft(self.in_hand.pop(position))
            self.octets += len(self.waiting[0])

    @property
    def commit(self) -> TopicPartition:
        return TopicPartition(self.topic, self.tracker.number, self.tracker.cursor + 1)
