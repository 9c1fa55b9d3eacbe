"""`specs/x-eda.schema.json`, which editors use, and the reader agree on what `x-eda` may be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator, FormatChecker
from tests.reading import MemoryFiles, root

from eda_gen.asyncapi.check import Checker
from eda_gen.asyncapi.grammar import eda
from eda_gen.asyncapi.grammar.types import ANYTHING, Type
from eda_gen.source import Workspace

SCHEMA = json.loads((Path(__file__).parents[3] / "specs" / "x-eda.schema.json").read_text("utf-8"))

GRAMMAR: dict[str, Type] = {
    "info": eda.INFO,
    "channel": eda.CHANNEL,
    "messageExtension": eda.MESSAGE,
    "operation": eda.operation(ANYTHING),
    "document": eda.document(ANYTHING),
}

M = "{$ref: '#/m'}"

GOOD = [
    ("info", "{}"),
    ("info", "{service: orders, domain: sales, owners: [{team: checkout, email: a@example.com}], store: sqlite}"),
    ("channel", "{partitions: 12, retention: P7D, ordering: key}"),
    ("messageExtension", "{kind: event, version: 2, key: $message.payload#/orderId, dedupe: $message.header#/id}"),
    (
        "messageExtension",
        "{upcast: {from: 1, map: {currency: {default: EUR}, total: {rename: amount}, x: {constant: 1}}}}",
    ),
    (
        "messageExtension",
        "{upcast: {from: 1, map: {a: {nest: {b: c, d: e}}, f: {split: {field: g, by: ' ', part: rest}, default: ''}, "
        "h: {drop: true}, i: {rename: j/k, default: null}}}}",
    ),
    ("messageExtension", "{deprecated: {since: 2026-01-01, sunset: 2026-12-31, use: OrderPlaced.v3}}"),
    ("messageExtension", "{sla: {latency: PT2S, availability: 99.9, freshness: PT1M}, pii: [$message.payload#/a]}"),
    ("operation", "{group: fulfilment, idempotency: {window: P7D}, onFailure: park-key, outbox: false}"),
    ("operation", "{retry: {attempts: 5, backoff: exponential, initial: PT1S, max: PT5M, jitter: 0.2}}"),
    ("operation", "{deadLetter: {address: a.dlq, retention: P14D}, concurrency: 16, batch: 200, handler: each}"),
    ("operation", f"{{emits: [{M}, {M}], service: billing}}"),
    ("operation", "{publishes: [1, 2]}"),
    ("document", "{}"),
    ("document", f"{{sagas: {{S: {{starts: {M}, style: choreography, correlation: $message.payload#/id}}}}}}"),
    (
        "document",
        f"{{sagas: {{S: {{starts: [{M}], timeout: P1D, steps: [{{send: {M}, success: [{M}], retry: {{}}}}]}}}}}}",
    ),
    (
        "document",
        f"{{sagas: {{S: {{starts: {M}, steps: [{{parallel: [{{send: {M}}}, {{send: {M}, pivot: true}}]}}]}}}}}}",
    ),
]

BAD = [
    ("info", "[]"),
    ("info", "{svc: orders}"),
    ("info", "{service: 'two words'}"),
    ("info", "{owners: []}"),
    ("info", "{owners: [{email: a@example.com}]}"),
    ("info", "{owners: [{team: a, email: nobody}]}"),
    ("info", "{store: oracle}"),
    ("channel", "{partitions: 0}"),
    ("channel", "{retention: 7d}"),
    ("channel", "{ordering: global}"),
    ("messageExtension", "{kind: thing}"),
    ("messageExtension", "{version: 0}"),
    ("messageExtension", "{version: true}"),
    ("messageExtension", "{key: orderId}"),
    ("messageExtension", "{upcast: {map: {}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {}}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {rename: b, constant: 1}}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {default: b, constant: 1}}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {drop: true, default: 1}}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {drop: false}}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {nest: [b]}}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {split: {field: b, by: '', part: first}}}}}"),
    ("messageExtension", "{upcast: {from: 1, map: {a: {split: {field: b, by: x, part: last}}}}}"),
    ("messageExtension", "{deprecated: {sunset: 2026-12-31}}"),
    ("messageExtension", "{deprecated: {since: 2026-13-01}}"),
    ("messageExtension", "{sla: {availability: 100.1}}"),
    ("messageExtension", "{pii: $message.payload#/a}"),
    ("operation", "{x-more: 1}"),
    ("operation", "{retry: {jitter: 2}}"),
    ("operation", "{retry: {max: P1M}}"),
    ("operation", "{onFailure: stop}"),
    ("operation", "{deadLetter: {address: ''}}"),
    ("operation", "{emits: [OrderPlaced]}"),
    ("operation", "{handler: stream}"),
    ("operation", "{publishes: []}"),
    ("operation", "{publishes: [1, 1]}"),
    ("operation", "{publishes: [v1]}"),
    ("document", "{saga: {}}"),
    ("document", f"{{sagas: {{S: {{style: orchestration, starts: {M}}}}}}}"),
    ("document", f"{{sagas: {{S: {{style: choreography, starts: {M}, steps: [{{send: {M}}}]}}}}}}"),
    (
        "document",
        f"{{sagas: {{S: {{starts: {M}, steps: [{{send: {M}, parallel: [{{send: {M}}}, {{send: {M}}}]}}]}}}}}}",
    ),
    ("document", f"{{sagas: {{S: {{starts: {M}, steps: [{{parallel: [{{send: {M}}}]}}]}}}}}}"),
]


def schema_accepts(part: str, written: str) -> bool:
    schema = {"$ref": f"#/definitions/{part}", "definitions": SCHEMA["definitions"]}
    return Draft7Validator(schema, format_checker=FormatChecker()).is_valid(root(written).plain())


def reader_accepts(part: str, written: str) -> bool:
    workspace = Workspace(MemoryFiles({"spec.yaml": f"it: {written}\nm: {{}}\n"}))
    node = workspace.read("spec.yaml")
    assert node is not None
    checker = Checker(workspace)
    checker.check(node.fields["it"], GRAMMAR[part])
    return not checker.found and not workspace.diagnostics


@pytest.mark.parametrize(("part", "written"), GOOD)
def test_both_accept_what_is_right(part: str, written: str) -> None:
    assert (schema_accepts(part, written), reader_accepts(part, written)) == (True, True)


@pytest.mark.parametrize(("part", "written"), BAD)
def test_both_refuse_what_is_wrong(part: str, written: str) -> None:
    assert (schema_accepts(part, written), reader_accepts(part, written)) == (False, False)


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)


def test_the_schema_finds_the_extension_where_it_stands_in_a_document() -> None:
    document = {"info": {"x-eda": {"srvice": "orders"}}, "channels": {"a": {"messages": {"m": {"x-eda": {"kind": 1}}}}}}

    errors = [list(each.absolute_path) for each in Draft7Validator(SCHEMA).iter_errors(document)]

    assert sorted(errors) == [["channels", "a", "messages", "m", "x-eda", "kind"], ["info", "x-eda"]]


def test_the_schema_knows_the_same_fields_as_the_reader() -> None:
    for part in GRAMMAR:
        kind = GRAMMAR[part]
        assert set(SCHEMA["definitions"][part]["properties"]) == set(getattr(kind, "fields", ()))
