"""The catalog of messages, as a table for people and as data."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from click.testing import CliRunner

from eda_gen.cli import cli

SALES = """
asyncapi: 3.0.0
info: {title: Sales, version: 1.0.0, x-eda: {domain: sales, owners: [{team: checkout}]}}
channels:
  orders:
    address: sales.orders
    messages:
      OrderPlaced.v1: {$ref: '#/components/messages/OrderPlaced.v1'}
      OrderPlaced.v2: {$ref: '#/components/messages/OrderPlaced.v2'}
operations:
  publishOrders: {action: send, channel: {$ref: '#/channels/orders'}}
components:
  messages:
    OrderPlaced.v1:
      name: OrderPlaced
      summary: "=SUM(A1) is no formula."
      payload: {type: object}
      x-eda: {version: 1, deprecated: {since: 2026-01-01, sunset: 2026-12-31, use: OrderPlaced.v2}}
    OrderPlaced.v2:
      name: OrderPlaced
      payload: {type: object, properties: {orderId: {type: string}}}
      x-eda: {version: 2, key: $message.payload#/orderId, sla: {latency: PT2S, availability: 99.9, freshness: PT1M}}
"""
BILLING = """
asyncapi: 3.0.0
info: {title: Billing, version: 1.0.0}
channels: {orders: {$ref: 'sales.yaml#/channels/orders'}}
operations:
  onOrder:
    action: receive
    channel: {$ref: '#/channels/orders'}
    messages: [{$ref: '#/channels/orders/messages/OrderPlaced.v1'}]
"""


def printed(folder: Path, *arguments: str) -> str:
    for name, text in {"sales.yaml": SALES, "billing.yaml": BILLING}.items():
        (folder / name).write_text(text)
    specs = [str(folder / name) for name in ("sales.yaml", "billing.yaml")]
    result = CliRunner().invoke(cli, ["catalog", *specs, *arguments], standalone_mode=False)
    assert (result.exception, result.return_value) == (None, 0), result.output
    return result.stdout


def test_a_line_a_version_says_whose_it_is_and_who_uses_it(tmp_path: Path) -> None:
    head, first, second = printed(tmp_path).splitlines()

    assert head.split() == [
        *["message", "kind", "owner", "producers", "consumers", "address", "promises", "deprecated"]
    ]
    assert first.split() == [
        *[
            "OrderPlaced.v1",
            "event",
            "sales",
            "sales",
            "billing",
            "sales.orders",
            "-",
            "since",
            "2026-01-01",
            "until",
            "2026-12-31,",
        ],
        *["use", "OrderPlaced.v2"],
    ]
    assert second.split() == [
        *[
            "OrderPlaced.v2",
            "event",
            "sales",
            "sales",
            "-",
            "sales.orders",
            "within",
            "2",
            "s,",
            "99.9",
            "%,",
            "fresh",
            "for",
            "60",
            "s",
            "-",
        ]
    ]


def test_what_is_deprecated_can_be_listed_with_who_still_uses_it(tmp_path: Path) -> None:
    (entry,) = json.loads(printed(tmp_path, "--deprecated", "--format", "json"))

    assert (entry["message"], entry["version"], entry["consumers"]) == ("OrderPlaced", 1, ["billing"])
    assert (entry["deprecated_since"], entry["sunset"], entry["use"]) == ("2026-01-01", "2026-12-31", "OrderPlaced.v2")


def test_data_has_the_promises_in_seconds_and_the_place_of_the_schema(tmp_path: Path) -> None:
    _, entry = json.loads(printed(tmp_path, "--format", "json"))

    assert entry["promise"] == {"latency": 2.0, "availability": 99.9, "freshness": 60.0}
    assert (entry["domain"], entry["teams"], entry["key"]) == ("sales", ["checkout"], "$message.payload#/orderId")
    assert entry["schema"].endswith("sales.yaml:20:7")


def test_a_spreadsheet_gets_no_formula(tmp_path: Path) -> None:
    first, _ = csv.DictReader(printed(tmp_path, "--format", "csv").splitlines())

    assert first["description"] == "'=SUM(A1) is no formula."


def test_a_spec_that_cannot_be_read_ends_with_its_problems(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("asyncapi: 3.0.0\ninfo: 7\n")

    result = CliRunner().invoke(cli, ["catalog", str(tmp_path / "broken.yaml")], standalone_mode=False)

    assert (result.return_value, result.stdout) == (2, "")
    assert "broken.yaml:2:7" in result.stderr
