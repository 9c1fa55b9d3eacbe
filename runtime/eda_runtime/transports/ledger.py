"""Deals a group's partitions out among its workers, by a ledger on the broker that each of them compares and sets.

No clock is shared. A worker counts as gone once its beat has stood still for the length of a lease, by the watch of who looks;
it itself stops that long after it began to write the beat, which is earlier.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from eda_runtime.errors import TransportError
from eda_runtime.tasks import end
from eda_runtime.transports.partitions import quota
from eda_runtime.transports.signal import Signal

__all__ = ["Ledger", "Member", "Plan", "Reader", "Register", "plan"]

LEAVE_ATTEMPTS = 10
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ledger:
    """The workers of a group with their beats, and who owns which partition."""

    workers: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, document: bytes) -> Ledger:
        """What cannot be read counts as nothing: the workers enlist anew."""
        try:
            told = json.loads(document) if document else {"workers": {}, "owners": {}}
            return cls(
                {str(worker): int(beat) for worker, beat in told["workers"].items()},
                {int(number): str(worker) for number, worker in told["owners"].items()},
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("a ledger of partitions is unreadable and is begun anew")
            return cls()

    @property
    def document(self) -> bytes:
        return json.dumps({"workers": dict(self.workers), "owners": dict(self.owners)}).encode()

    def without(self, gone: Collection[str]) -> Ledger:
        return Ledger(
            {worker: beat for worker, beat in self.workers.items() if worker not in gone},
            {number: worker for number, worker in self.owners.items() if worker in self.workers and worker not in gone},
        )


class Register(Protocol):
    """A place on the broker for one document. Both raise `TransportError` where the broker does not answer."""

    async def read(self) -> tuple[bytes, int]:
        """The document and its revision; empty, with a revision fit for `write`, where there is none."""
        ...

    async def write(self, document: bytes, revision: int) -> bool:
        """Replace what `read` gave with `revision`; false if somebody else was quicker."""
        ...


class Reader(Protocol):
    """What a worker does with the partitions that it is dealt."""

    def held(self) -> Mapping[int, bool]:
        """The partitions that it reads, and whether nothing of each is in anyone's hands."""
        ...

    async def take(self, number: int) -> None:
        """Begin to read a partition where the group stands."""
        ...

    def drain(self, numbers: Collection[int]) -> None:
        """Hand out nothing more of exactly these."""
        ...

    async def give_back(self, number: int) -> None:
        """Stop reading a partition; another worker may begin once this returns."""
        ...

    async def lose(self, number: int) -> None:
        """Forget a partition that another worker may read already."""
        ...

    async def tend(self) -> None:
        """Look after what is held. Called once a turn."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker should do: take over `claim`, and hand out nothing more of `drain`."""

    claim: tuple[int, ...]
    drain: tuple[int, ...]


def plan(ledger: Ledger, worker: str, held: Mapping[int, bool], partitions: int) -> Plan:
    """Partitions move only as far as quotas demand: who has too many lets idle ones go first, who has too few takes free
    ones."""
    mine = quota(worker, ledger.workers, partitions)
    free = [number for number in range(partitions) if number not in ledger.owners and number not in held]
    by_idleness = sorted(held, key=lambda number: not held[number])
    excess = max(0, len(held) - mine)
    return Plan(tuple(free[: max(0, mine - len(held))]), tuple(by_idleness[:excess]))


@dataclass(slots=True)
class Watch:
    """How long each worker's beat has stood still."""

    duration: float
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def gone(self, ledger: Ledger, now: float) -> set[str]:
        self._seen = {
            worker: self._seen[worker] if worker in self._seen and self._seen[worker][0] == beat else (beat, now)
            for worker, beat in ledger.workers.items()
        }
        return {worker for worker, (_, since) in self._seen.items() if now - since > self.duration}


class Member:
    """One worker's place in a group. A task keeps it while messages are worked on."""

    def __init__(self, register: Register, reader: Reader, partitions: int, duration: float) -> None:
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex}"
        self._register = register
        self._reader = reader
        self._partitions = partitions
        self._duration = duration
        self._watch = Watch(duration)
        self._beat = 0
        self._deadline = 0.0
        self._renew_at = 0.0
        self._bell = Signal()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether no other worker can have taken our partitions for free. Where not, hand out nothing."""
        return time.monotonic() < self._deadline

    def check(self) -> None:
        """Raise what ended the task that keeps our place, if anything did."""
        if self._keeping and self._keeping.done() and not self._keeping.cancelled():
            self._keeping.result()

    def wake(self) -> None:
        """Take a turn at once: something has changed."""
        self._bell.fire()

    async def join(self) -> None:
        await self._turn()
        self._keeping = asyncio.create_task(self._keep(), name="eda-ledger")

    async def leave(self) -> None:
        """Give everything back, so that others need not wait for the lease to run out."""
        if self._keeping:
            await end(self._keeping)
        try:
            for number in tuple(self._reader.held()):
                await self._reader.give_back(number)
            for _ in range(LEAVE_ATTEMPTS):
                document, revision = await self._register.read()
                if await self._register.write(Ledger.read(document).without({self.worker}).document, revision):
                    break
        except TransportError as error:
            log.warning("partitions not handed back, they are free once the lease has run out: %s", error)

    async def _keep(self) -> None:
        while True:
            ticket = self._bell.ticket()
            try:
                await self._turn()
            except TransportError as error:
                log.warning("the share of partitions is not renewed, trying again: %s", error)
            await Signal.wait(ticket, self._duration / 10)

    async def _turn(self) -> None:
        """Look at the ledger, and write only if there is something to do."""
        document, revision = await self._register.read()
        ledger = Ledger.read(document)
        await self._lose_what_is_not_ours(ledger)
        present = self._present(ledger)
        todo = plan(present, self.worker, self._reader.held(), self._partitions)
        self._reader.drain(todo.drain)
        done = [number for number in todo.drain if self._reader.held()[number]]
        for number in done:
            await self._reader.give_back(number)
        due = time.monotonic() >= self._renew_at or self.worker not in ledger.workers
        if todo.claim or due or self._owns_more_than_it_holds(ledger):
            await self._write(present, revision, todo.claim)
        await self._reader.tend()

    async def _lose_what_is_not_ours(self, ledger: Ledger) -> None:
        for number in tuple(self._reader.held()):
            if ledger.owners.get(number) != self.worker:
                await self._reader.lose(number)

    def _owns_more_than_it_holds(self, ledger: Ledger) -> bool:
        held = self._reader.held()
        return any(worker == self.worker and number not in held for number, worker in ledger.owners.items())

    def _present(self, ledger: Ledger) -> Ledger:
        """The ledger without those who are gone, and with what we really hold as ours."""
        present = ledger.without(self._watch.gone(ledger, time.monotonic()) - {self.worker})
        held = self._reader.held()
        owners = {n: worker for n, worker in present.owners.items() if worker != self.worker or n in held}
        return Ledger(present.workers, owners)

    async def _write(self, present: Ledger, revision: int, claim: Sequence[int]) -> None:
        began = time.monotonic()
        self._beat += 1
        others = {number: worker for number, worker in present.owners.items() if worker != self.worker}
        mine = dict.fromkeys((*self._reader.held(), *claim), self.worker)
        ledger = Ledger({**present.workers, self.worker: self._beat}, others | mine)
        if not await self._register.write(ledger.document, revision):
            self._bell.fire()
            return
        self._deadline, self._renew_at = began + self._duration, began + self._duration / 3
        for number in claim:
            with suppress(TransportError):  # it stays free in the next turn's eyes
                await self._reader.take(number)
