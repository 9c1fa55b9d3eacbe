"""The generated travel saga, run by the harness: forward, back, late, twice and out of turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.saga.travel import Makes, bookings, contract, trip

from eda_runtime.saga.control import Line, find, history, retry
from eda_runtime.status import SagaStatus, status_of
from eda_runtime.testing import Faults, Harness

MINUTE = timedelta(minutes=1)
COMMANDS = ("ReserveFlight", "ReserveHotel", "TakePayment", "IssueTicket", "CancelHotel", "CancelFlight")


class Trip:
    """A trip in the harness, told in names of messages."""

    def __init__(self, harness: Harness[Any]) -> None:
        self.harness = harness

    async def tell(self, *names: str) -> None:
        for name in names:
            await self.harness.publish(contract(name), trip(name))
            await self.harness.settle()

    @property
    def sent(self) -> list[str]:
        """What the saga sent, each message once."""
        unique = {each.envelope.id: each.envelope.type for each in self.harness.published}
        return [type_.split(".")[1] for type_ in unique.values()]

    async def status(self) -> str:
        return (await self.line()).status

    async def line(self) -> Line:
        (line,) = await find(self.harness.app.opened.store, self.harness.app.sagas)
        return line

    async def told(self) -> list[str]:
        line = await self.line()
        return [each.kind for each in await history(self.harness.app.opened.store, line.saga, line.id)]


@pytest.fixture
async def booked() -> AsyncIterator[Trip]:
    """A trip whose start has been taken."""
    async with Harness(bookings()) as harness:
        tale = Trip(harness)
        await tale.tell("TripRequested")
        yield tale


async def test_steps_run_in_their_order_and_the_last_reply_completes_the_saga(booked: Trip) -> None:
    assert sorted(booked.sent) == ["ReserveFlight", "ReserveHotel"]

    await booked.tell("FlightReserved", "HotelReserved")
    assert booked.sent[2:] == ["TakePayment"]

    await booked.tell("PaymentTaken", "TicketIssued")
    assert booked.sent[3:] == ["IssueTicket", "TripBooked"]
    assert await booked.status() == "completed"


async def test_a_completion_is_made_of_what_came_in(booked: Trip) -> None:
    await booked.tell("FlightReserved", "HotelReserved", "PaymentTaken", "TicketIssued")

    (ended,) = booked.harness.published_as(contract("TripBooked"))
    assert ended.model_dump(mode="json") == {"tripId": str(trip("TripBooked").model_dump()["tripId"]), "ticket": "T-1"}


async def test_a_refusal_undoes_what_was_done_in_reverse(booked: Trip) -> None:
    await booked.tell("FlightReserved", "HotelReserved", "PaymentDeclined")

    assert booked.sent[3:] == ["CancelHotel", "CancelFlight", "TripRejected"]
    assert await booked.status() == "failed"
    (ended,) = booked.harness.published_as(contract("TripRejected"))
    assert ended.reason == "takePayment failed"


async def test_only_the_steps_that_took_effect_are_undone(booked: Trip) -> None:
    await booked.tell("HotelReserved", "FlightRefused")

    assert booked.sent[2:] == ["CancelHotel", "TripRejected"]


async def test_a_refusal_waits_for_the_steps_beside_it(booked: Trip) -> None:
    await booked.tell("FlightRefused")
    assert booked.sent[2:] == []

    await booked.tell("HotelReserved")
    assert booked.sent[2:] == ["CancelHotel", "TripRejected"]


async def test_a_command_without_a_reply_is_sent_again_under_its_id(booked: Trip) -> None:
    await booked.harness.advance(timedelta(seconds=15))

    again = [each.envelope.id for each in booked.harness.published if each.envelope.type == "airline.ReserveFlight.v1"]
    assert len(again) == 2
    assert len(set(again)) == 1


async def test_a_time_out_turns_the_saga_back(booked: Trip) -> None:
    await booked.tell("FlightReserved")
    await booked.harness.advance(3 * MINUTE)

    assert booked.sent[2:] == ["CancelFlight", "TripRejected"]
    assert await booked.status() == "failed"


async def test_a_success_after_the_time_out_s_compensation_is_itself_compensated(booked: Trip) -> None:
    await booked.tell("FlightReserved")
    await booked.harness.advance(3 * MINUTE)
    await booked.tell("HotelReserved")

    assert booked.sent[2:] == ["CancelFlight", "TripRejected", "CancelHotel"]
    assert await booked.status() == "failed"
    assert "late" in await booked.told()


async def test_a_pivot_without_a_reply_is_asked_again_and_never_undone(booked: Trip) -> None:
    await booked.tell("FlightReserved", "HotelReserved")
    await booked.harness.advance(2 * 60 * MINUTE)

    line = await booked.line()
    assert line.status == "running"
    assert line.problem is not None
    assert booked.sent[2:] == ["TakePayment"]

    await booked.tell("PaymentTaken", "TicketIssued")
    assert (await booked.line()).status == "completed"
    assert (await booked.line()).problem is None


async def test_duplicates_and_replies_out_of_turn_change_nothing_and_are_recorded(booked: Trip) -> None:
    await booked.tell("TicketIssued", "FlightReserved", "FlightReserved", "TripRequested")
    before = booked.sent

    await booked.tell("FlightRefused")

    assert booked.sent == before == ["ReserveFlight", "ReserveHotel"]
    told = await booked.told()
    assert told.count("unexpected") == 2
    assert told.count("duplicate") == 2


async def test_a_reply_to_nobody_is_recorded(booked: Trip) -> None:
    from uuid import uuid4

    nobody = uuid4()
    await booked.harness.publish(contract("PaymentTaken"), trip("PaymentTaken", nobody))
    await booked.harness.settle()

    assert [each.kind for each in await history(booked.harness.app.opened.store, "BookTrip", str(nobody))] == [
        "unexpected"
    ]


class Unable(Makes):
    """Cannot make the last message at first."""

    def __init__(self) -> None:
        super().__init__()
        self.able = False

    def trip_rejected(self, state: Any) -> Any:
        if not self.able:
            raise RuntimeError("no words for it")
        return super().trip_rejected(state)


async def test_a_message_that_cannot_be_made_is_tried_without_end_shown_and_can_be_resumed() -> None:
    makes = Unable()
    async with Harness(bookings(makes=makes)) as harness:
        tale = Trip(harness)
        await tale.tell("TripRequested", "FlightReserved", "HotelRefused")
        await harness.advance(60 * MINUTE)
        stuck = await tale.line()
        status = await status_of(harness.app.opened, harness.app.topology, (), harness.app.sagas)
        makes.able = True
        await retry(harness.app.opened.store, stuck.saga, stuck.id)
        await harness.settle()

        assert stuck.status == "compensating"
        assert "no words for it" in (stuck.problem or "")
        assert status.sagas == [SagaStatus("BookTrip", running=1, stuck=1)]
        assert tale.sent[2:] == ["CancelFlight", "TripRejected"]
        assert await tale.status() == "failed"


@pytest.mark.parametrize("seed", range(6))
async def test_crashes_duplicates_and_reordering_change_nothing(seed: int) -> None:
    faults = Faults(seed=seed, duplicate=0.3, lose_acknowledgement=0.3, crash=0.05, reorder=True)
    async with Harness(bookings(), faults=faults) as harness:
        tale = Trip(harness)
        await tale.tell("TripRequested", "FlightReserved", "HotelReserved", "PaymentTaken", "TicketIssued")

        assert sorted(tale.sent) == ["IssueTicket", "ReserveFlight", "ReserveHotel", "TakePayment", "TripBooked"]
        assert await tale.status() == "completed"
