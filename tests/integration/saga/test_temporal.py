"""What only sagas on Temporal have: clients that start them, workflows that stay open or go on in a new run."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import WorkflowExecutionStatus
from tests.integration.saga.stage import TemporalStage
from tests.integration.saga.test_scenarios import hurried, package_of, travel
from tests.integration.saga.travel import service_module, trip
from tests.services.temporal import EXTERNAL
from tests.unit.verify.travel import answered

from eda_runtime.errors import TransportError
from eda_runtime.temporal import connect

pytestmark = pytest.mark.xdist_group("temporal")
REPLIES = ("FlightReserved", "HotelReserved", "PaymentTaken", "TicketIssued")


@pytest.fixture
def package() -> str:
    return package_of("temporal", answered)


@pytest.fixture
def workflows(package: str) -> Any:
    """The generated module."""
    return service_module("bookings.workflows.book_trip", package)


async def test_a_client_starts_an_instance_once_and_is_told_its_outcome(
    temporal_address: str, workflows: Any, package: str
) -> None:
    async with travel(temporal_address) as scene:
        assert isinstance(scene, TemporalStage)
        request = trip("TripRequested", UUID(scene.instance), package)
        handles = [await workflows.start_book_trip(scene.client, request) for _ in range(2)]
        await scene.settle()
        await scene.tell(*REPLIES)

        outcomes = [await handle.result() for handle in handles]

        assert outcomes[0] == outcomes[1]
        assert outcomes[0].status == "completed"
        assert outcomes[0].state.ticket_issued.ticket == "T-1"
        assert (await scene.told()).count("started") == 1
        assert sorted(scene.sent) == ["IssueTicket", "ReserveFlight", "ReserveHotel", "TakePayment", "TripBooked"]


async def test_a_query_gives_the_typed_state(temporal_address: str, workflows: Any) -> None:
    async with travel(temporal_address) as scene:
        assert isinstance(scene, TemporalStage)
        await scene.tell("TripRequested", "FlightReserved")

        state = await scene.handle().query(workflows.BookTripWorkflow.state)

        assert state.trip_requested.traveller == "Ada"
        assert state.flight_reserved.seat == "1A"
        assert state.hotel_reserved is None


async def test_the_same_message_signalled_twice_is_taken_once(temporal_address: str, workflows: Any) -> None:
    async with travel(temporal_address) as scene:
        assert isinstance(scene, TemporalStage)
        await scene.tell("TripRequested", "FlightReserved", "HotelReserved", "PaymentTaken")
        refused = {"tripId": scene.instance, "reason": "no paper"}
        for _ in range(2):
            await scene.handle().signal("airline.TicketRefused.v1", args=[refused, {"id": "one"}])
        await scene.wait(2)

        assert scene.sent[3:] == ["IssueTicket", "IssueTicket"]
        assert (await scene.told()).count("failed") == 1


async def test_lists_of_workflows_tell_the_status_and_what_is_wrong(temporal_address: str) -> None:
    async with travel(temporal_address, hurried) as scene:
        assert isinstance(scene, TemporalStage)
        await scene.tell("TripRequested", "FlightReserved", "HotelReserved")
        await scene.wait(2)

        memo = await (await scene.handle().describe()).memo()

        assert memo["status"] == "running"
        assert "no reply to takePayment in time" in memo["problem"]


async def test_a_failed_instance_stays_open_while_a_late_success_may_come_and_closes_after_it(
    temporal_address: str,
) -> None:
    async with travel(temporal_address, hurried) as scene:
        assert isinstance(scene, TemporalStage)
        await scene.tell("TripRequested", "HotelRefused")
        await scene.wait(5)
        assert scene.sent[2:] == ["TripRejected"]
        assert await status(scene) is WorkflowExecutionStatus.RUNNING

        await scene.tell("FlightReserved", "FlightCancelled")
        assert scene.sent[3:] == ["CancelFlight"]
        assert await status(scene) is WorkflowExecutionStatus.COMPLETED


@pytest.mark.skipif(EXTERNAL in os.environ, reason="the server's histories are as long as ever")
async def test_an_instance_whose_history_is_full_goes_on_in_a_new_run_with_all_that_it_knew(
    temporal_address: str,
) -> None:
    async with travel(temporal_address) as scene:
        assert isinstance(scene, TemporalStage)
        await scene.tell("TripRequested")
        first = (await scene.handle().describe()).run_id
        await scene.say(*["FlightReserved"] * 20)
        await scene.tell(*REPLIES[1:])

        assert (await scene.handle().describe()).run_id != first
        outcome = await scene.handle().result()
        await scene.settle()
        assert outcome["state"].keys() >= {"trip_requested", "flight_reserved", "ticket_issued"}
        assert sorted(scene.sent) == ["IssueTicket", "ReserveFlight", "ReserveHotel", "TakePayment", "TripBooked"]
        assert (await scene.told()).count("duplicate") == 19


async def test_a_server_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")

    with pytest.raises(TransportError, match=r"Temporal at 127\.0\.0\.1:1 cannot be reached, see TEMPORAL_ADDRESS"):
        await connect()


async def status(scene: TemporalStage) -> WorkflowExecutionStatus | None:
    return (await scene.handle().describe()).status
