"""Changes in their modes, and the acceptances that cover them."""

from __future__ import annotations

from datetime import date

import pytest

from eda_gen.compat import Change, Difference, Direction, Finding, Mode, Place, User
from eda_gen.compat.accept import judge, unused
from eda_gen.compat.rules import rule
from eda_gen.config import AcceptedBreak
from eda_gen.diagnostics import Severity, Span

NEW, OLD = User("billing", "onOrder"), User("stock", "onOrder")
TODAY = date(2026, 6, 1)


def change(direction: Direction, name: str = "type", subject: str = "Order.v1") -> Change:
    place = Place("orders.yaml", "/components")
    difference = Difference(rule(name), direction, "it changed", place, place)
    return Change(Finding(subject, difference, (NEW,), (OLD,)), Span("orders.yaml"), Span("orders.yaml"))


@pytest.mark.parametrize(
    ("direction", "backward", "forward", "full"),
    [
        (Direction.NARROWS, Severity.ERROR, Severity.INFO, Severity.ERROR),
        (Direction.WIDENS, Severity.INFO, Severity.ERROR, Severity.ERROR),
        (Direction.CHANGES, Severity.ERROR, Severity.ERROR, Severity.ERROR),
        (Direction.NONE, Severity.INFO, Severity.INFO, Severity.INFO),
    ],
)
@pytest.mark.parametrize("suffix", ["", "-transitive"])
def test_a_direction_is_an_error_in_the_modes_that_refuse_it(
    direction: Direction, backward: Severity, forward: Severity, full: Severity, suffix: str
) -> None:
    modes = [Mode(name + suffix) for name in ("backward", "forward", "full")]

    assert [change(direction).severity(mode) for mode in modes] == [backward, forward, full]


def test_a_rule_of_caution_warns_where_it_breaks_nothing() -> None:
    assert change(Direction.NONE, "dead-letter").severity(Mode.FULL) is Severity.WARNING


def test_new_readers_are_hurt_backward_and_old_ones_forward() -> None:
    both = change(Direction.CHANGES)

    hurt = [both.hurts(mode) for mode in (Mode.BACKWARD, Mode.FORWARD, Mode.FULL)]

    assert hurt == [(NEW,), (OLD,), (NEW, OLD)]


@pytest.mark.parametrize(
    ("name", "subject", "expires", "fails"),
    [
        ("type", "Order.v1", TODAY, False),
        ("EDA415", "Order.*", TODAY, False),
        ("type", "Order.v1", date(2026, 5, 31), True),
        ("length", "Order.v1", TODAY, True),
        ("type", "Bill.v1", TODAY, True),
    ],
)
def test_an_acceptance_holds_for_its_rule_and_subject_through_its_last_day(
    name: str, subject: str, expires: date, fails: bool
) -> None:
    accepted = AcceptedBreak(name, subject, "because", expires)

    [judged] = judge([change(Direction.NARROWS)], Mode.BACKWARD, [accepted], TODAY)

    assert judged.fails is fails


def test_a_shared_schema_is_accepted_only_with_all_its_messages() -> None:
    shared = change(Direction.NARROWS, subject="Order.v1, Bill.v1")
    one, every = (AcceptedBreak("type", subject, "because", TODAY) for subject in ("Order.v1", "*"))

    fails = [judge([shared], Mode.BACKWARD, [each], TODAY)[0].fails for each in (one, every)]

    assert fails == [True, False]


def test_an_acceptance_that_covers_nothing_is_named() -> None:
    used, idle = (AcceptedBreak(name, "*", "because", TODAY) for name in ("type", "length"))

    judged = judge([change(Direction.NARROWS)], Mode.BACKWARD, [used, idle], TODAY)

    assert unused(judged, [used, idle]) == (idle,)


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/components/schemas/Order/properties/lines/items/properties/price/type", "Order.lines[].price"),
        ("/components/schemas/Order/required/0", "Order"),
        ("/channels/orders/address", ""),
    ],
)
def test_a_place_names_its_field_as_a_person_would(pointer: str, field: str) -> None:
    assert Place("orders.yaml", pointer).field == field
