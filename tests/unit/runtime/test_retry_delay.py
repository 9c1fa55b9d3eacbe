from __future__ import annotations

from datetime import timedelta

import pytest

from eda_runtime import RetryPolicy
from eda_runtime.consumer.parking import delay

EXACT = RetryPolicy(initial=timedelta(seconds=1), max=timedelta(seconds=10), jitter=0)


@pytest.mark.parametrize(("attempts", "milliseconds"), [(1, 1000), (2, 2000), (3, 4000), (4, 8000), (5, 10000)])
def test_an_exponential_delay_doubles_up_to_its_maximum(attempts: int, milliseconds: int) -> None:
    assert delay(EXACT, attempts) == milliseconds


def test_the_delay_after_very_many_attempts_is_the_maximum() -> None:
    assert delay(EXACT, 100_000) == 10_000


def test_a_fixed_delay_stays() -> None:
    policy = RetryPolicy(backoff="fixed", initial=timedelta(seconds=1), jitter=0)

    assert [delay(policy, attempts) for attempts in (1, 5)] == [1000, 1000]


def test_jitter_moves_the_delay_by_its_share_at_most_and_both_ways() -> None:
    policy = RetryPolicy(backoff="fixed", initial=timedelta(seconds=1), jitter=0.2)

    delays = [delay(policy, 1) for _ in range(500)]

    assert all(800 <= each <= 1200 for each in delays)
    assert min(delays) < 1000 < max(delays)
