"""What the target `temporal` adds to the Python package of a service, and what it warns of."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.verify.travel import catalog

from eda_gen.diagnostics import Result, Severity
from eda_gen.emit import Package, load_target
from eda_gen.model import Catalog


def made_by(target: str, found: Catalog, service: str) -> Result[Package]:
    (wanted,) = (each for each in found.services if each.name == service)
    return load_target(target)(found, wanted)


def files_of(target: str, service: str) -> dict[str, str]:
    package = made_by(target, catalog(), service).value
    assert package is not None
    return {**package.files, **package.scaffolds}


def test_only_the_application_differs_from_the_python_package_and_only_workflows_are_added() -> None:
    plain, varied = files_of("python", "bookings"), files_of("temporal", "bookings")

    assert set(varied) - set(plain) == {"workflows/__init__.py", "workflows/book_trip.py"}
    assert [path for path in plain if plain[path] != varied[path]] == ["app.py"]


def test_a_service_without_sagas_has_the_python_package() -> None:
    assert files_of("temporal", "flights") == files_of("python", "flights")


def test_every_message_that_a_saga_takes_is_a_typed_signal() -> None:
    workflow = files_of("temporal", "bookings")["workflows/book_trip.py"]

    assert workflow.count("@workflow.signal(") == 8
    assert '@workflow.signal(name="airline.FlightReserved.v1")' in workflow
    assert "def flight_reserved(self, event: FlightReservedV1, said: Said) -> None:" in workflow


def test_a_reply_that_may_not_say_its_instance_is_warned_of_where_it_stands() -> None:
    def anonymous(saga: dict[str, Any], steps: list[Any], documents: dict[str, dict[str, Any]]) -> None:
        documents["cards"]["components"]["schemas"]["PaymentTaken"]["required"].remove("tripId")

    result = made_by("temporal", catalog(anonymous), "bookings")

    ((code, severity, path, told),) = [
        (each.code, each.severity, each.span.path, each.message) for each in result.diagnostics
    ]
    assert (code, severity, path) == ("EDA199", Severity.WARNING, "cards.yaml")
    assert told.startswith("PaymentTaken may lack `$message.payload#/tripId`, which `BookTrip` correlates by")
    assert result.ok


def test_a_saga_that_cannot_be_expressed_is_an_error_as_for_the_embedded_coordinator() -> None:
    def homeless(saga: dict[str, Any], steps: list[Any], documents: dict[str, dict[str, Any]]) -> None:
        text = json.dumps(documents["hotels"]).replace('"lodging.commands"', '"lodging.{country}.commands"')
        documents["hotels"] |= json.loads(text)
        documents["hotels"]["channels"]["commands"]["parameters"] = {"country": {}}

    result = made_by("temporal", catalog(homeless), "bookings")

    assert result.value is None
    assert {each.code for each in result.diagnostics} == {"EDA194"}
