"""The suite for transports fails a transport that is wrong: each one here breaks one promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import signature

import pytest

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.testing.conformance import Broker, TransportConformance, kit
from eda_runtime.transports import Delivery, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange, Transport
from eda_runtime.transports.memory import MemoryBroker, MemoryTransport


class Wrapper:
    """A receiver that does what another does; the wrong ones change one thing."""

    def __init__(self, inner: Receiver) -> None:
        self._inner = inner

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        return await self._inner.poll(max_messages, timeout)

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.acknowledge(deliveries)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.release(deliveries)

    async def close(self) -> None:
        await self._inner.close()


class Reversing(Wrapper):
    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        return list(reversed(await super().poll(max_messages, timeout)))


class AcknowledgingOnPoll(Wrapper):
    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        found = await super().poll(max_messages, timeout)
        await super().acknowledge(found)
        return found


class NeverAcknowledging(Wrapper):
    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        pass


class ForgettingReleases(Wrapper):
    async def release(self, deliveries: Sequence[Delivery]) -> None:
        pass


class DroppingPoison(Wrapper):
    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        return [each for each in await super().poll(max_messages, timeout) if each.envelope]


class CuttingBodies(Wrapper):
    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        return [replace(each, body=each.body[:100_000]) for each in await super().poll(max_messages, timeout)]


class Transported(MemoryTransport):
    def __init__(self, broker: MemoryBroker, wrapper: type[Wrapper] = Wrapper) -> None:
        super().__init__(broker)
        self._wrapper = wrapper

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return self._wrapper(await super().receiver(policy, replay))


class OneGroup(Transported):
    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return await super().receiver(replace(policy, group="all"), replay)


class LiveReplay(Transported):
    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return await super().receiver(policy)


class SilentlyRefusing(Transported):
    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await super().publish([message for message in messages if message.address == kit.ADDRESS])


class EagerDryRun(Transported):
    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await super().provision(topology)


class BlindLag(Transported):
    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return [replace(lag, messages=0) for lag in await super().lag(topology)]


class StubBroker:
    def __init__(self, kind: type[Transported], wrapper: type[Wrapper]) -> None:
        self._memory = MemoryBroker()
        self._kind = kind
        self._wrapper = wrapper

    async def connect(self) -> Transport:
        return self._kind(self._memory, self._wrapper)

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        self._memory.append(address, key, headers, body)


BROKEN: list[tuple[type[Transported], type[Wrapper], str]] = [
    (Transported, Reversing, "test_messages_of_a_key_come_in_order_when_publishers_compete"),
    (Transported, Reversing, "test_what_is_released_comes_again_in_order"),
    (Transported, AcknowledgingOnPoll, "test_what_was_not_acknowledged_comes_again_after_close"),
    (Transported, AcknowledgingOnPoll, "test_a_later_acknowledgement_does_not_cover_an_earlier_message"),
    (Transported, NeverAcknowledging, "test_a_restart_goes_on_where_the_last_run_stopped"),
    (Transported, NeverAcknowledging, "test_acknowledgements_that_close_a_gap_cover_all"),
    (Transported, ForgettingReleases, "test_what_is_released_comes_again_in_order"),
    (Transported, DroppingPoison, "test_bytes_that_are_no_event_arrive_as_they_are"),
    (Transported, CuttingBodies, "test_the_largest_body_arrives"),
    (OneGroup, Wrapper, "test_every_group_gets_every_message"),
    (LiveReplay, Wrapper, "test_a_replay_does_not_move_the_group"),
    (SilentlyRefusing, Wrapper, "test_a_message_to_nowhere_is_refused_by_name"),
    (EagerDryRun, Wrapper, "test_a_dry_run_says_what_it_would_create_and_creates_nothing"),
    (BlindLag, Wrapper, "test_lag_counts_what_a_group_has_not_acknowledged"),
]


async def run(test: str, broker: Broker) -> None:
    """Run one test of the suite on a broker, as pytest would."""
    async with kit.connected(broker) as transport:
        given: dict[str, Broker | Transport] = {"broker": broker, "transport": transport}
        function = getattr(TransportConformance(), test)
        asked = signature(function).parameters
        if "transport" in asked:
            await transport.provision(kit.topology("billing", "shipping"))
        await function(**{name: given[name] for name in asked})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is slow, so what has not come at once will not come."""
    monkeypatch.setattr(kit, "PATIENCE", 0.5)
    monkeypatch.setattr(kit, "QUIET", 0.05)


@pytest.mark.parametrize(("kind", "wrapper", "test"), BROKEN)
async def test_a_broken_promise_is_noticed(kind: type[Transported], wrapper: type[Wrapper], test: str) -> None:
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await run(test, StubBroker(kind, wrapper))


@pytest.mark.parametrize("test", sorted({test for _, _, test in BROKEN}))
async def test_a_kept_promise_passes(test: str) -> None:
    await run(test, StubBroker(Transported, Wrapper))
