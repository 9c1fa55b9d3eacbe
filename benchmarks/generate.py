"""`eda-gen generate` beside `datamodel-codegen` alone: the same schemas, whole processes, in one run.

    python benchmarks/generate.py [EVENTS...]

eda-gen reads the spec, checks it, and writes classes, channels, producers, consumers and the application; the peer makes
one module of classes. Each is timed cold; eda-gen also a second time, with nothing to change.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ADDRESS = {
    "type": "object",
    "required": ["street", "city"],
    "properties": {"street": {"type": "string"}, "city": {"type": "string"}, "country": {"type": "string"}},
}
MONEY = {
    "type": "object",
    "required": ["amount", "currency"],
    "properties": {"amount": {"type": "string"}, "currency": {"type": "string", "enum": ["EUR", "USD"]}},
}


def event(prefix: str) -> dict[str, object]:
    """Ten fields: scalars, an enum, a list of objects, and two shared types."""
    line = {"type": "object", "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer"}}}
    return {
        "type": "object",
        "required": ["id", "status", "total"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "status": {"type": "string", "enum": ["open", "paid", "sent"]},
            "total": {"$ref": f"{prefix}Money"},
            "shipTo": {"$ref": f"{prefix}Address"},
            "lines": {"type": "array", "items": line},
            "note": {"type": "string", "maxLength": 500},
            "count": {"type": "integer", "minimum": 0},
            "weight": {"type": "number"},
            "urgent": {"type": "boolean"},
            "createdAt": {"type": "string", "format": "date-time"},
        },
    }


def asyncapi(events: int) -> dict[str, object]:
    names = [f"Event{number}" for number in range(events)]
    schemas = {name: event("#/components/schemas/") for name in names}
    messages = {name: {"payload": {"$ref": f"#/components/schemas/{name}"}} for name in names}
    channel = {"address": "events", "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names}}
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "Bench", "version": "1.0.0"},
        "channels": {"events": channel},
        "operations": {"send": {"action": "send", "channel": {"$ref": "#/channels/events"}}},
        "components": {"schemas": {"Address": ADDRESS, "Money": MONEY, **schemas}, "messages": messages},
    }


def json_schema(events: int) -> dict[str, object]:
    definitions = {f"Event{number}": event("#/$defs/") for number in range(events)}
    return {"$defs": {"Address": ADDRESS, "Money": MONEY, **definitions}}


def seconds(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(events: int, folder: Path) -> None:
    binaries = Path(sys.executable).parent
    (folder / "spec.json").write_text(json.dumps(asyncapi(events)))
    (folder / "schema.json").write_text(json.dumps(json_schema(events)))
    ours = [str(binaries / "eda-gen"), "generate", "spec.json", "--out", "ours"]
    peer = [str(binaries / "datamodel-codegen"), "--input", "schema.json", "--input-file-type", "jsonschema"]
    peer += ["--output-model-type", "pydantic_v2.BaseModel", "--output", "peer.py"]
    first, again, theirs = seconds(ours, folder), seconds(ours, folder), seconds(peer, folder)
    print(f"{events:>6} events   eda-gen {first:6.1f} s   again {again:5.1f} s   datamodel-codegen {theirs:6.1f} s")


def main() -> None:
    for events in [int(argument) for argument in sys.argv[1:]] or [10, 100, 1000]:
        with tempfile.TemporaryDirectory() as folder:
            measure(events, Path(folder))


if __name__ == "__main__":
    main()
