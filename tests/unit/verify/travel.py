"""The travel specs with something changed, as a catalog."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from tests.reading import MemoryFiles

from eda_gen.model import Catalog
from eda_gen.passes import compile_documents
from eda_gen.source import Workspace
from eda_gen.verify import Bounds, Verdict, orchestrated_sagas
from eda_gen.verify import verify as check

__all__ = ["DOCUMENTS", "Change", "answered", "catalog", "documents_of", "reference", "verify"]

SPECS = Path(__file__).parents[3] / "specs" / "travel"
DOCUMENTS = ("bookings", "flights", "hotels", "cards", "common")
Change = Callable[[dict[str, Any], list[Any], dict[str, dict[str, Any]]], None]
"""Changes the saga, its steps, or the documents by name."""


def documents_of(change: Change | None = None) -> dict[str, dict[str, Any]]:
    """The documents by name, changed."""
    documents = {name: yaml.safe_load((SPECS / f"{name}.yaml").read_text()) for name in DOCUMENTS}
    saga = documents["bookings"]["x-eda"]["sagas"]["BookTrip"]
    if change is not None:
        change(saga, saga["steps"], documents)
    return documents


def catalog(change: Change | None = None) -> Catalog:
    documents = documents_of(change)
    files = {f"{name}.yaml": json.dumps(document) for name, document in documents.items()}
    given = tuple(f"{name}.yaml" for name in DOCUMENTS if name != "common")
    result = compile_documents(given, Workspace(MemoryFiles(files)))
    assert result.value is not None, result.diagnostics
    return result.value


def verify(change: Change | None = None, bounds: Bounds | None = None) -> Verdict:
    found = catalog(change)
    ((service, saga),) = orchestrated_sagas(found)
    return check(found, service, saga, bounds)


def reference(document: str, message: str) -> dict[str, str]:
    place = "" if document == "bookings" else f"{document}.yaml"
    return {"$ref": f"{place}#/components/messages/{message}.v1"}


def answered(saga: dict[str, Any], steps: list[Any], documents: dict[str, dict[str, Any]]) -> None:
    """The cancelling of a flight is answered, and a ticket may be refused."""
    flights = documents["flights"]
    cancelled = flights["components"]["messages"]["FlightRefused.v1"] | {"name": "FlightCancelled"}
    refused = flights["components"]["messages"]["FlightRefused.v1"] | {"name": "TicketRefused"}
    for name, message in (("FlightCancelled", cancelled), ("TicketRefused", refused)):
        flights["components"]["messages"][f"{name}.v1"] = message
        flights["channels"]["events"]["messages"][f"{name}.v1"] = {"$ref": f"#/components/messages/{name}.v1"}
    flights["operations"]["onCancelFlight"]["x-eda"] = {"emits": [{"$ref": "#/components/messages/FlightCancelled.v1"}]}
    emits = flights["operations"]["onIssueTicket"]["x-eda"]["emits"]
    emits.append({"$ref": "#/components/messages/TicketRefused.v1"})
    steps[0]["parallel"][0]["compensated"] = [reference("flights", "FlightCancelled")]
    steps[2]["failure"] = [reference("flights", "TicketRefused")]
