"""Workers share partitions evenly, and only as many change hands as must."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from eda_runtime.transports.log.channels import Channel
from eda_runtime.transports.log.leases import Holder, Lease, Observation, Plan, plan
from eda_runtime.transports.partitions import partition_number, quota

NOW = 1_000_000
DURATION = 300
NAMES = ("a", "b", "c", "d", "e")


def holder(worker: str) -> Holder:
    return Holder(Channel(1, "orders", ()), "billing", worker, DURATION)


def lease(partition: int, owner: str | None, expires_at: int = NOW + DURATION) -> Lease:
    return Lease(partition, partition, owner, 1, expires_at)


@given(workers=st.sets(st.sampled_from(NAMES), min_size=1), partitions=st.integers(1, 40))
def test_quotas_add_up_and_differ_by_one_at_most(workers: set[str], partitions: int) -> None:
    quotas = [quota(worker, workers, partitions) for worker in workers]

    assert sum(quotas) == partitions
    assert max(quotas) - min(quotas) <= 1


@given(
    workers=st.sets(st.sampled_from(NAMES), min_size=1),
    owners=st.lists(st.sampled_from((*NAMES, None)), min_size=1, max_size=20),
)
def test_whatever_the_start_the_group_comes_to_an_even_share(workers: set[str], owners: list[str | None]) -> None:
    leases = {number: lease(number, owner if owner in workers else None) for number, owner in enumerate(owners)}
    moved = 0

    for _ in range(3):
        for worker in sorted(workers):
            seen = Observation(NOW, tuple(leases.values()), tuple(sorted(workers)))
            held = {number: True for number, each in leases.items() if each.owner == worker}
            todo = plan(seen, holder(worker), held)
            for number in todo.drain:
                leases[number] = lease(number, None)
            for number in todo.claim:
                leases[number] = lease(number, worker)
                moved += 1

    shares = {worker: sum(each.owner == worker for each in leases.values()) for worker in workers}
    assert shares == {worker: quota(worker, workers, len(owners)) for worker in workers}
    assert moved == sum(
        max(0, quota(worker, workers, len(owners)) - sum(owner == worker for owner in owners)) for worker in workers
    )


def test_a_lease_that_expired_is_claimed_and_one_that_did_not_is_left_alone() -> None:
    seen = Observation(NOW, (lease(0, "dead", NOW), lease(1, "slow", NOW + 1)), ("me",))

    assert plan(seen, holder("me"), {}).claim == (0,)


def test_idle_partitions_are_given_up_before_busy_ones() -> None:
    seen = Observation(NOW, tuple(lease(number, "me") for number in range(4)), ("me", "other"))

    todo = plan(seen, holder("me"), {0: False, 1: True, 2: False, 3: True})

    assert set(todo.drain) == {1, 3}


def test_leases_are_renewed_when_a_third_of_their_time_has_passed() -> None:
    fresh = Observation(NOW, (lease(0, "me", NOW + DURATION - 10),), ("me",))
    older = replace(fresh, now=NOW + DURATION // 2)

    assert plan(fresh, holder("me"), {0: True}) == Plan()
    assert plan(older, holder("me"), {0: True}) == Plan(renew=True)


def test_a_worker_that_the_group_has_forgotten_enlists_again() -> None:
    seen = Observation(NOW, (lease(0, "other"),), ("other",))

    assert plan(seen, holder("me"), {}).renew


def test_a_key_s_partition_is_the_same_in_every_release() -> None:
    assert [partition_number(key, 12) for key in ("customer-1", "customer-2", "ü", "")] == [9, 3, 1, 0]
