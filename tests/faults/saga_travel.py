"""The travel services for faults: handlers that count what they did, and a coordinator that kills itself at a boundary."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import Any

from tests.faults.killing import run_until
from tests.integration.saga.travel import PRICE, bookings, service_module

from eda_runtime import App, Settings
from eda_runtime.transports.registry import open_transport

__all__ = ["Effects", "participants", "run_coordinator"]

Effects = Counter[tuple[str, str]]
"""How often each handler took effect, by its name and the trip."""


class Participant:
    """Handlers of all three other services."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    async def on_reserve_flight(self, event: Any, ctx: Any) -> None:
        self._note("reserve flight", event, ctx)
        ctx.publish.flight_reserved(self._answer("flights", "flight_reserved", event, seat="1A"))

    async def on_cancel_flight(self, event: Any, ctx: Any) -> None:
        self._note("cancel flight", event, ctx)

    async def on_issue_ticket(self, event: Any, ctx: Any) -> None:
        self._note("issue ticket", event, ctx)
        ctx.publish.ticket_issued(self._answer("flights", "ticket_issued", event, ticket="T-1"))

    async def on_reserve_hotel(self, event: Any, ctx: Any) -> None:
        self._note("reserve hotel", event, ctx)
        ctx.publish.hotel_reserved(self._answer("hotels", "hotel_reserved", event, room="101"))

    async def on_cancel_hotel(self, event: Any, ctx: Any) -> None:
        self._note("cancel hotel", event, ctx)

    async def on_take_payment(self, event: Any, ctx: Any) -> None:
        self._note("take payment", event, ctx)
        ctx.publish.payment_taken(self._answer("cards", "payment_taken", event, paid=PRICE))

    def _note(self, what: str, event: Any, ctx: Any) -> None:
        async def count() -> None:
            self._effects[what, str(event.trip_id)] += 1

        ctx.after_commit(count)

    def _answer(self, service: str, name: str, event: Any, **fields: object) -> Any:
        module = service_module(f"{service}.events.{name}")
        return getattr(module, f"{name.upper()}_V1").model.model_validate({"tripId": event.trip_id, **fields})


def participants(settings: Settings, effects: Effects) -> dict[str, App[Any]]:
    """The services that the saga sends its commands to, by name."""
    handlers = Participant(effects)
    names = ("flights", "hotels", "cards")
    return {name: service_module(f"{name}.app").create_app(handlers, settings) for name in names}


def run_coordinator(settings: Settings, crash_at: int) -> None:
    """The body of a process that is killed at its boundary numbered `crash_at`."""
    logging.disable(logging.CRITICAL)
    asyncio.run(_coordinate(settings, crash_at))


async def _coordinate(settings: Settings, crash_at: int) -> None:
    await run_until(crash_at, bookings(settings), await open_transport(settings.broker_url, settings))
