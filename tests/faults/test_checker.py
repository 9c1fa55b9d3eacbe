"""The checker can fail: without that, its zeros would say nothing."""

from __future__ import annotations

from tests.faults.checker import Fact, Verdict, check

PUBLISHED = [Fact(key, number) for number in range(3) for key in ("a", "b")]


def test_what_is_applied_once_and_in_order_is_clean() -> None:
    assert check(PUBLISHED, PUBLISHED).clean


def test_keys_may_interleave_in_any_way() -> None:
    assert check(PUBLISHED, sorted(PUBLISHED, key=lambda fact: fact.key)).clean


def test_a_message_that_was_not_applied_is_lost() -> None:
    assert check(PUBLISHED, PUBLISHED[:-1]) == Verdict(lost=1, invented=0, applied_twice=0, out_of_order=0)


def test_a_message_that_nobody_published_is_invented() -> None:
    assert check(PUBLISHED, [*PUBLISHED, Fact("a", 7)]) == Verdict(lost=0, invented=1, applied_twice=0, out_of_order=0)


def test_a_second_application_counts_as_applied_twice_and_not_as_disorder() -> None:
    assert check(PUBLISHED, [*PUBLISHED, PUBLISHED[0]]) == Verdict(0, 0, applied_twice=1, out_of_order=0)


def test_a_message_after_a_later_one_of_its_key_is_out_of_order() -> None:
    applied = [*PUBLISHED[2:], *PUBLISHED[:2]]

    assert check(PUBLISHED, applied) == Verdict(0, 0, 0, out_of_order=2)
