"""What a worker has read and what is done: the cursor covers what is done without a gap, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from eda_runtime.transports import Delivery
from eda_runtime.transports.tracker import Token, Tracker, tracked

LAST = 12


def reading(last: int = LAST) -> Tracker:
    tracker = Tracker(partition=1, number=0, epoch=1, cursor=0)
    for position in range(1, last + 1):
        assert tracker.deliver(position)
    return tracker


@given(order=st.permutations(range(1, LAST + 1)))
def test_the_cursor_covers_the_prefix_of_what_is_done(order: list[int]) -> None:
    tracker = reading()
    done: set[int] = set()

    for position in order:
        tracker.acknowledge([position])
        done.add(position)

        assert tracker.cursor == next(each for each in range(LAST + 1) if each + 1 not in done)
    assert tracker.idle


@given(done=st.sets(st.integers(1, LAST)), released=st.sets(st.integers(1, LAST), min_size=1))
def test_what_is_read_again_is_what_was_released_and_follows_but_for_what_is_done(
    done: set[int], released: set[int]
) -> None:
    tracker = reading()
    tracker.acknowledge(sorted(done))

    tracker.release(sorted(released))
    again = [position for position in range(tracker.read + 1, LAST + 1) if tracker.deliver(position)]

    open_ones = released - done
    first = min(open_ones, default=LAST + 1)
    assert again == [position for position in range(first, LAST + 1) if position not in done]


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("acknowledge", "release")), st.lists(st.integers(1, LAST), max_size=4)), max_size=20
    )
)
def test_no_history_loses_a_message(steps: list[tuple[str, list[int]]]) -> None:
    tracker = Tracker(partition=1, number=0, epoch=1, cursor=0)
    acknowledged: set[int] = set()
    handed_out: set[int] = set()

    for step, positions in steps:
        for position in range(tracker.read + 1, LAST + 1):
            if tracker.deliver(position):
                handed_out.add(position)
        if step == "acknowledge":
            tracker.acknowledge(positions)
            acknowledged |= set(positions)
        else:
            tracker.release(positions)

        assert set(range(1, tracker.cursor + 1)) <= acknowledged
        assert set(range(1, tracker.read + 1)) <= handed_out | acknowledged


def test_a_gap_that_retention_left_does_not_hold_the_cursor_back() -> None:
    tracker = Tracker(partition=1, number=0, epoch=1, cursor=0)
    tracker.deliver(5)
    tracker.deliver(6)

    tracker.acknowledge([5, 6])

    assert tracker.cursor == 6


def test_a_worker_is_busy_until_all_that_it_read_is_done() -> None:
    tracker = reading(3)

    tracker.acknowledge([1, 3])
    assert not tracker.idle

    tracker.acknowledge([2])
    assert tracker.idle


def test_what_was_released_is_in_nobody_s_hands() -> None:
    tracker = reading(3)
    tracker.acknowledge([1])

    tracker.release([2, 3])

    assert tracker.idle


def test_what_was_read_under_another_lease_counts_for_nothing() -> None:
    def read(partition: int, epoch: int, position: int) -> Delivery:
        token = Token(partition, epoch, position)
        return Delivery("orders", 0, "1", None, {}, b"", None, None, datetime.now(UTC), token)

    mine = Tracker(partition=1, number=0, epoch=2, cursor=0)

    found = list(tracked({1: mine}, [read(1, 2, 5), read(1, 1, 6), read(3, 2, 7), read(1, 2, 8)]))

    assert found == [(mine, [5, 8])]
