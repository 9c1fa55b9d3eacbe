"""What one worker has read of one partition, and what of it is done."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from eda_runtime.transports import Delivery

__all__ = ["Token", "Tracker", "tracked"]


@dataclass(frozen=True, slots=True)
class Token:
    """Where a delivery came from, and under which lease of its partition."""

    partition: int
    epoch: int
    position: int


@dataclass(slots=True)
class Tracker:
    """A partition under lease. The cursor follows the messages done without a gap; later ones done wait in memory.

    `epoch` counts the leases of the partition: what was read under an earlier lease is not counted under this one.
    `saved` is the cursor that the database has. `draining` partitions are to be handed back: nothing more is read, what was
    read is finished first.
    """

    partition: int
    number: int
    epoch: int
    cursor: int
    saved: int = field(init=False)
    read: int = field(init=False)
    draining: bool = False
    _reading: deque[int] = field(default_factory=deque)
    _done: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.saved = self.read = self.cursor

    @property
    def idle(self) -> bool:
        """Nothing of it is in anyone's hands."""
        return all(position in self._done for position in self._reading)

    def deliver(self, position: int) -> bool:
        """Note that a message was read; false if it is done already and must not be handed out again."""
        self.read = position
        self._reading.append(position)
        return position not in self._done

    def acknowledge(self, positions: Iterable[int]) -> None:
        """Note that messages are done, and move the cursor over those without a gap."""
        self._done.update(position for position in positions if position > self.cursor)
        while self._reading and self._reading[0] in self._done:
            self.cursor = self._reading.popleft()
            self._done.discard(self.cursor)

    def release(self, positions: Iterable[int]) -> None:
        """Read again from the first of these on, except for what is done."""
        released = [position for position in positions if position in self._reading and position not in self._done]
        if released:
            first = min(released)
            while self._reading and self._reading[-1] >= first:
                self._reading.pop()
            self.read = self._reading[-1] if self._reading else self.cursor


def tracked(held: Mapping[int, Tracker], deliveries: Iterable[Delivery]) -> Iterator[tuple[Tracker, list[int]]]:
    """The positions of deliveries by partition, without those whose lease is over."""
    positions: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for each in deliveries:
        if isinstance(each.token, Token):
            positions[each.token.partition, each.token.epoch].append(each.token.position)
    for (partition, epoch), found in positions.items():
        tracker = held.get(partition)
        if tracker and tracker.epoch == epoch:
            yield tracker, found
