"""What the targets refuse and leave out, and that Debezium's connector fits the runtime's outbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_gen.config import Config
from eda_gen.diagnostics import Diagnostic
from eda_gen.emit import Package, load_target
from eda_gen.passes import compile_workspace
from eda_runtime.stores.tables import outbox

SPEC = """
asyncapi: 3.1.0
info: {title: Talk, version: '1', x-eda: {store: %(store)s}}
channels:
  c:
    address: '%(address)s'
    %(parameters)s
    messages: {Said: {payload: {type: object}}}
operations:
  say: {action: send, channel: {$ref: '#/channels/c'}}
"""


def emitted(
    target: str, folder: Path, *, address: str = "talk", store: str = "postgresql"
) -> tuple[Package | None, tuple[Diagnostic, ...]]:
    parameters = "parameters: {who: {}}" if "{" in address else ""
    spec = folder / "talk.yaml"
    spec.write_text(SPEC % {"address": address, "store": store, "parameters": parameters}, "utf-8")
    catalog = compile_workspace([spec], Config()).value
    assert catalog is not None
    result = load_target(target)(catalog, catalog.services[0])
    return result.value, result.diagnostics


@pytest.mark.parametrize(
    ("target", "address"),
    [("deploy-kafka", "not a topic"), ("deploy-kafka", ".."), ("deploy-nats", "a b"), ("deploy-nats", "a..b")],
)
def test_an_address_that_the_broker_cannot_have_is_an_error(target: str, address: str, tmp_path: Path) -> None:
    package, found = emitted(target, tmp_path, address=address)

    assert package is None
    assert [each.code for each in found] == ["EDA195"]


def test_an_address_that_cannot_name_an_amqp_exchange_is_an_error(tmp_path: Path) -> None:
    _, found = emitted("deploy-amqp", tmp_path, address="amq.talk")

    assert [each.code for each in found] == ["EDA195"]


@pytest.mark.parametrize("target", ["deploy-kafka", "deploy-amqp", "deploy-pubsub", "deploy-eventbridge"])
def test_an_address_with_unlisted_parameters_is_left_out_with_a_warning(target: str, tmp_path: Path) -> None:
    package, found = emitted(target, tmp_path, address="talk.{who}")

    assert package is not None
    assert [each.code for each in found] == ["EDA196"]


def test_an_address_that_begins_with_a_parameter_gets_no_right_on_kafka_and_a_warning(tmp_path: Path) -> None:
    package, found = emitted("deploy-kafka", tmp_path, address="{who}.talk")

    assert package is not None
    assert "prefix" not in package.files["strimzi.yaml"]
    assert [each.code for each in found] == ["EDA191", "EDA196"]


def test_nats_takes_unlisted_parameters_as_a_wildcard(tmp_path: Path) -> None:
    package, found = emitted("deploy-nats", tmp_path, address="talk.{who}")

    assert package is not None
    assert '"talk.*.p0"' in package.files["permissions.conf"]
    assert found == ()


def test_debezium_reads_columns_that_the_outbox_has(tmp_path: Path) -> None:
    package, _ = emitted("deploy-debezium", tmp_path)
    assert package is not None
    config = json.loads(package.files["connector.json"])["config"]

    placed = config["transforms.outbox.table.fields.additional.placement"].split(",")
    named = {name: value for name, value in config.items() if "table.field.event" in name or "route.by.field" in name}

    assert config["table.include.list"] == f"public.{outbox.name}"
    assert {each.split(":")[0] for each in placed} | set(named.values()) <= set(outbox.columns.keys())


def test_debezium_holds_no_password(tmp_path: Path) -> None:
    package, _ = emitted("deploy-debezium", tmp_path)
    assert package is not None
    config = json.loads(package.files["connector.json"])["config"]

    assert config["database.password"] == "${env:EDA_OUTBOX_PASSWORD}"


def test_debezium_is_not_for_sqlite(tmp_path: Path) -> None:
    package, found = emitted("deploy-debezium", tmp_path, store="sqlite")

    assert package is not None
    assert package.files == {}
    assert [each.code for each in found] == ["EDA197"]
