"""Verification proves the travel saga, and refutes it once a fault of design is put in, with a shortest run."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.verify.travel import Change, answered, reference, verify

from eda_gen.verify import Bounds, Property, Verdict

Steps = list[Any]
Documents = dict[str, dict[str, Any]]


def missing_compensation(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    del steps[0]["parallel"][1]["compensate"]


def compensation_of_a_step_that_never_ran(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    steps[0]["parallel"][0]["compensate"] = reference("hotels", "CancelHotel")


def compensation_that_does_it_again(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    steps[0]["parallel"][0]["compensate"] = reference("flights", "ReserveFlight")


def reply_that_no_step_takes(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    del steps[0]["parallel"][0]["failure"]


def time_out_shorter_than_retries(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    steps[0]["parallel"][0]["timeout"] = "PT25S"


def cycle_of_commands(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    emits = documents["flights"]["operations"]["onIssueTicket"]["x-eda"]["emits"]
    emits.append({"$ref": "bookings.yaml#/components/messages/TripRequested.v1"})


def two_pivots(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    emits = documents["flights"]["operations"]["onIssueTicket"]["x-eda"]["emits"]
    emits.append({"$ref": "#/components/messages/FlightRefused.v1"})
    steps[2]["pivot"] = True
    steps[2]["failure"] = [reference("flights", "FlightRefused")]


def pivot_beside_other_steps(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    steps[0]["parallel"].append(steps.pop(1))


def pivot_too_late(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    del steps[1]["pivot"]
    steps[2]["pivot"] = True


def no_time_out(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    del saga["timeout"]
    del steps[0]["parallel"][1]["timeout"]


def no_success(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    del steps[0]["parallel"][0]["success"]
    del documents["flights"]["operations"]["onReserveFlight"]["x-eda"]["emits"][0]


def one_reply_for_two_steps(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    first, second = steps[0]["parallel"]
    second["success"] = first["success"]
    documents["hotels"]["operations"]["onReserveHotel"]["x-eda"]["emits"][0] = reference("flights", "FlightReserved")


def success_that_is_also_failure(saga: dict[str, Any], steps: Steps, documents: Documents) -> None:
    steps[0]["parallel"][0]["success"] += steps[0]["parallel"][0]["failure"]


FAULTS: list[tuple[Change, Property, int]] = [
    (missing_compensation, Property.UNDONE, 8),
    (compensation_of_a_step_that_never_ran, Property.UNDONE, 9),
    (compensation_that_does_it_again, Property.UNDONE, 10),
    (reply_that_no_step_takes, Property.HANDLED, 5),
    (time_out_shorter_than_retries, Property.RETRIES, 4),
    (cycle_of_commands, Property.CIRCLE, 3),
    (two_pivots, Property.ENDS, 12),
    (pivot_beside_other_steps, Property.PIVOT, 11),
    (pivot_too_late, Property.UNDONE, 16),
    (no_time_out, Property.ENDS, 6),
    (no_success, Property.COMPLETES, 7),
    (one_reply_for_two_steps, Property.UNDONE, 9),
    (success_that_is_also_failure, Property.DONE, 14),
]
"""Each fault with the property that it breaks, and the length of a shortest run that shows it."""


@pytest.mark.parametrize(("change", "broken", "length"), FAULTS, ids=[change.__name__ for change, _, _ in FAULTS])
def test_a_fault_is_found_with_a_shortest_run(change: Change, broken: Property, length: int) -> None:
    verdict = verify(change)

    assert not verdict.proved
    assert length in [len(fault.run) for fault in verdict.faults if fault.broken is broken]


@pytest.fixture(scope="module")
def sound() -> Verdict:
    return verify()


def test_the_saga_as_it_stands_is_proved(sound: Verdict) -> None:
    assert sound.proved
    assert sound.complete


def test_wider_bounds_reach_more_states_and_prove_it_too(sound: Verdict) -> None:
    wider = verify(bounds=Bounds(duplicates=2, crashes=2, dead_letters=2, refusals=2))

    assert wider.proved
    assert wider.states > sound.states


def test_an_answered_compensation_and_a_refusal_behind_the_pivot_are_proved_too() -> None:
    assert verify(answered).proved


def test_too_many_states_prove_nothing() -> None:
    from tests.unit.verify.travel import catalog

    from eda_gen.verify import orchestrated_sagas
    from eda_gen.verify import verify as check

    found = catalog()
    ((service, saga),) = orchestrated_sagas(found)

    verdict = check(found, service, saga, most_states=100)

    assert (verdict.proved, verdict.complete) == (False, False)
