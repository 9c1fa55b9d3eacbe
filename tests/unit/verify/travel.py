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

__all__ = ["Change", "catalog", "reference", "verify"]

SPECS = Path(__file__).parents[3] / "specs" / "travel"
DOCUMENTS = ("bookings", "flights", "hotels", "cards", "common")
Change = Callable[[dict[str, Any], list[Any], dict[str, dict[str, Any]]], None]
"""Changes the saga, its steps, or the documents by name."""


def catalog(change: Change | None = None) -> Catalog:
    documents = {name: yaml.safe_load((SPECS / f"{name}.yaml").read_text()) for name in DOCUMENTS}
    saga = documents["bookings"]["x-eda"]["sagas"]["BookTrip"]
    if change is not None:
        change(saga, saga["steps"], documents)
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
