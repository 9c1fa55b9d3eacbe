"""The travel services, generated from `specs/travel` for the time of a test run, and what tests ask of them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from click.testing import CliRunner
from pydantic import BaseModel

from eda_gen.cli import cli
from eda_runtime import App, MessageContract, Settings

__all__ = ["Makes", "bookings", "contract", "generated", "message", "service_module", "trip"]

ROOT = Path(__file__).parents[3]
PACKAGE = "travel_services"
SPECS = tuple(str(ROOT / "specs" / "travel" / f"{name}.yaml") for name in ("bookings", "flights", "hotels", "cards"))
TRIP = UUID("7f1c2a52-6a40-4a0f-9d5e-0d7c3c1b5a10")


@cache
def generated() -> Path:
    """A folder on the path, with the generated services in one package."""
    return generate(PACKAGE, SPECS)


def generate(package: str, specs: Sequence[str], *options: str) -> Path:
    """Generate services into a package of that name, in a folder that is then on the path."""
    folder = Path(tempfile.mkdtemp(prefix="eda-travel-"))
    arguments = ["generate", *specs, *options, "--out", str(folder / package)]
    outcome = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert outcome.exception is None, outcome.output
    (folder / package / "__init__.py").touch()
    sys.path.insert(0, str(folder))
    return folder


def service_module(name: str, package: str = PACKAGE) -> Any:
    """A module of the generated package, such as `bookings.app`."""
    if package == PACKAGE:
        generated()
    return import_module(f"{package}.{name}")


class Makes:
    """The one message of the saga that only a person can make."""

    def __init__(self, package: str = PACKAGE) -> None:
        self._package = package

    def trip_rejected(self, state: Any) -> BaseModel:
        return message(
            "TripRejected", tripId=state.trip_requested.trip_id, reason=f"{state.failed_step} {state.failure}"
        )


def bookings(settings: Settings | None = None, makes: object | None = None, package: str = PACKAGE) -> App[Any]:
    app: App[Any] = service_module("bookings.app", package).create_app(
        object(), makes or Makes(package), settings or Settings()
    )
    return app


def contract(name: str, package: str = PACKAGE) -> MessageContract[Any]:
    """Of a message of the bookings service, such as `TripRequested`."""
    module = "".join(f"_{each.lower()}" if each.isupper() else each for each in name).strip("_")
    found: MessageContract[Any] = getattr(service_module(f"bookings.events.{module}", package), f"{module.upper()}_V1")
    return found


def message(name: str, package: str = PACKAGE, **fields: object) -> BaseModel:
    """A message by its wire names."""
    model: BaseModel = contract(name, package).model.model_validate(fields)
    return model


PRICE = {"amount": "120.00", "currency": "EUR"}


def trip(name: str, trip_id: UUID = TRIP, package: str = PACKAGE) -> BaseModel:
    """A message about a trip, with all that any of them needs."""
    return message(
        name,
        package,
        tripId=trip_id,
        traveller="Ada",
        flight="LH1",
        hotel="Ritz",
        nights=2,
        total=PRICE,
        paid=PRICE,
        seat="1A",
        room="101",
        ticket="T-1",
        reason="none left",
    )
