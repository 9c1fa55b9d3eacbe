"""How long a worker waits for a message that is missing."""

from __future__ import annotations

from datetime import timedelta

from eda_runtime.consumer.patience import POLLS, Patience

MINUTE = timedelta(minutes=1)


def polled(*times: float) -> Patience:
    patience = Patience(MINUTE, since=times[0])
    for time in times:
        patience.polls(time)
    return patience


def test_a_worker_that_polls_all_the_time_waits_as_long_as_the_settings_say() -> None:
    assert polled(*range(100)).at(100.0) == MINUTE


def test_a_worker_that_has_only_begun_gives_up_nothing() -> None:
    assert polled(*(number / 10 for number in range(300))).at(30.0) is None


def test_a_worker_that_has_hardly_polled_gives_up_nothing() -> None:
    assert polled(*range(POLLS - 1)).at(3600.0) is None


def test_a_worker_that_was_busy_waits_until_it_has_polled_some_more() -> None:
    busy_for_five_minutes = [*range(100), *(400.0 + number for number in range(POLLS - 2))]

    assert polled(*busy_for_five_minutes).at(410.0) == timedelta(seconds=410 - 98)
