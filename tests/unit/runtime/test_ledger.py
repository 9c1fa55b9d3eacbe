"""How workers deal out partitions by a ledger that each compares and sets."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest

from eda_runtime.errors import TransportError
from eda_runtime.transports.ledger import Ledger, Member, plan

LEASE = 0.3
SOON = 5.0


@dataclass(slots=True)
class Register:
    """One document in memory. `away` says that nobody answers."""

    document: bytes = b""
    revision: int = 0
    away: bool = False

    async def read(self) -> tuple[bytes, int]:
        self._answer()
        return self.document, self.revision

    async def write(self, document: bytes, revision: int) -> bool:
        self._answer()
        if revision != self.revision:
            return False
        self.document, self.revision = document, revision + 1
        return True

    def _answer(self) -> None:
        if self.away:
            raise TransportError("nobody answers")


@dataclass(slots=True)
class Reader:
    """Holds what it is dealt; `busy` partitions have messages in hand."""

    partitions: set[int] = field(default_factory=set)
    busy: set[int] = field(default_factory=set)
    drained: set[int] = field(default_factory=set)
    refuses: bool = False

    def held(self) -> Mapping[int, bool]:
        return {number: number not in self.busy for number in self.partitions}

    async def take(self, number: int) -> None:
        if self.refuses:
            raise TransportError("cannot be read")
        self.partitions.add(number)

    def drain(self, numbers: Collection[int]) -> None:
        self.drained = set(numbers)

    async def give_back(self, number: int) -> None:
        self.partitions.remove(number)

    async def lose(self, number: int) -> None:
        self.partitions.remove(number)

    async def tend(self) -> None:
        pass


def member(register: Register, reader: Reader) -> Member:
    return Member(register, reader, 4, LEASE)


async def until(held: Reader, count: int) -> None:
    async with asyncio.timeout(SOON):
        while len(held.partitions) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_first_worker_takes_all_partitions_and_a_second_one_half_of_them() -> None:
    register, one, two = Register(), Reader(), Reader()
    first, second = member(register, one), member(register, two)

    await first.join()
    assert one.partitions == {0, 1, 2, 3}
    await second.join()
    await until(two, 2)
    shares = (set(one.partitions), set(two.partitions))
    await asyncio.gather(first.leave(), second.leave())

    assert shares[0].isdisjoint(shares[1])
    assert shares[0] | shares[1] == {0, 1, 2, 3}


async def test_a_partition_with_messages_in_hand_stays_until_they_are_done() -> None:
    register, one, two = Register(), Reader(busy={0, 1, 2, 3}), Reader()
    first, second = member(register, one), member(register, two)
    await first.join()
    await second.join()
    await asyncio.sleep(LEASE)
    early, drained = set(two.partitions), set(one.drained)

    one.busy.clear()
    first.wake()
    await until(two, 2)
    await asyncio.gather(first.leave(), second.leave())

    assert (early, len(drained)) == (set(), 2)


async def test_what_a_worker_leaves_goes_to_the_others_at_once() -> None:
    register, one, two = Register(), Reader(), Reader()
    first, second = member(register, one), member(register, two)
    await first.join()
    await first.leave()

    await second.join()

    assert two.partitions == {0, 1, 2, 3}
    await second.leave()
    assert Ledger.read(register.document) == Ledger()


async def test_a_worker_whose_beat_stands_still_is_replaced_and_not_before_its_lease_is_over() -> None:
    register, heir = Register(), Reader()
    register.document = Ledger({"dead": 7}, dict.fromkeys(range(4), "dead")).document
    worker = member(register, heir)
    clock = asyncio.get_running_loop().time
    began = clock()

    await worker.join()
    await until(heir, 4)
    took = clock() - began
    await worker.leave()

    assert LEASE <= took < LEASE * 3


async def test_a_worker_that_cannot_renew_is_not_alive_and_keeps_its_partitions_if_nobody_took_them() -> None:
    register, reader = Register(), Reader()
    worker = member(register, reader)
    await worker.join()
    alive = [worker.alive]

    register.away = True
    await asyncio.sleep(LEASE * 1.5)
    alive.append(worker.alive)
    register.away = False
    await asyncio.sleep(LEASE / 2)
    alive.append(worker.alive)
    kept = set(reader.partitions)
    await worker.leave()

    assert (alive, kept) == ([True, False, True], {0, 1, 2, 3})


async def test_a_worker_that_was_replaced_meanwhile_loses_its_partitions() -> None:
    register, reader = Register(), Reader()
    worker = member(register, reader)
    await worker.join()

    register.document = Ledger({"heir": 1}, dict.fromkeys(range(4), "heir")).document
    register.revision += 1
    worker.wake()
    await until(reader, 0)
    await worker.leave()


async def test_a_partition_that_could_not_be_taken_is_tried_again() -> None:
    register, reader = Register(), Reader(refuses=True)
    worker = member(register, reader)
    await worker.join()
    assert reader.partitions == set()

    reader.refuses = False
    await until(reader, 4)
    await worker.leave()


@pytest.mark.parametrize("rubbish", [b"{", b"[]", b'{"workers": 1}', b'{"workers": {}, "owners": {"x": "y"}}'])
async def test_a_ledger_that_cannot_be_read_is_begun_anew(rubbish: bytes) -> None:
    register, reader = Register(document=rubbish), Reader()
    worker = member(register, reader)

    await worker.join()
    await worker.leave()

    assert Ledger.read(register.document) == Ledger()


def test_who_has_too_many_lets_the_idle_ones_go_first() -> None:
    ledger = Ledger({"a": 1, "b": 1}, {0: "a", 1: "a", 2: "a", 3: "a"})

    todo = plan(ledger, "a", {0: False, 1: True, 2: False, 3: True}, 4)

    assert (todo.claim, set(todo.drain)) == ((), {1, 3})
