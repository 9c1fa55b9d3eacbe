"""The target `deploy-debezium`: `connector.json` for each service that keeps its outbox in PostgreSQL.

The columns are those of the runtime's table `eda_outbox`; the headers are those of CloudEvents' Kafka binding.
"""

from __future__ import annotations

from eda_gen.diagnostics import Diagnostic, Result, Severity
from eda_gen.emit.deploy.text import identifier, json_text
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Service

__all__ = ["target"]

_HEADERS = {
    "id": "ce_id",
    "source": "ce_source",
    "type": "ce_type",
    "time": "ce_time",
    "datacontenttype": "content-type",
    "subject": "ce_subject",
    "dataschema": "ce_dataschema",
    "key": "ce_partitionkey",
    "sequence": "ce_sequence",
    "correlationid": "ce_correlationid",
    "causationid": "ce_causationid",
    "traceparent": "ce_traceparent",
    "tracestate": "ce_tracestate",
}
"""Columns of the outbox, and the header that each becomes."""


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """A connector for Kafka Connect; nothing, and a warning, for a service whose store is no PostgreSQL."""
    package = Package(f"{service.name}-debezium", service.document.path, {})
    if service.store != "postgresql":
        told = f"`{service.name}` keeps its outbox in {service.store}, which this connector does not read"
        advice = "set `x-eda: {store: postgresql}`, or leave the outbox to the relay of `eda run`"
        return Result(package, (Diagnostic("EDA197", told, service.span, advice, Severity.WARNING),))
    document = {"name": f"{service.name}-outbox", "config": {**_source(service), **_router()}}
    files = {"connector.json": json_text(document)}
    return Result(Package(package.name, package.spec, files))


def _source(service: Service) -> dict[str, str]:
    """Where the outbox is. What differs between environments, and the password, comes from the worker's environment.

    Payloads are bytes and stay as they are; the delegate is for heartbeats, which are none.
    """
    name = identifier(service.name)
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "plugin.name": "pgoutput",
        "database.hostname": "${env:EDA_OUTBOX_HOST}",
        "database.port": "${env:EDA_OUTBOX_PORT}",
        "database.dbname": "${env:EDA_OUTBOX_DATABASE}",
        "database.user": "${env:EDA_OUTBOX_USER}",
        "database.password": "${env:EDA_OUTBOX_PASSWORD}",
        "topic.prefix": name,
        "slot.name": f"eda_{name}",
        "publication.name": f"eda_{name}",
        "publication.autocreate.mode": "filtered",
        "table.include.list": "public.eda_outbox",
        "snapshot.mode": "initial",
        "skipped.operations": "u,d,t",
        "tombstones.on.delete": "false",
        "heartbeat.interval.ms": "10000",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "io.debezium.converters.BinaryDataConverter",
        "value.converter.delegate.converter.type": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.delegate.converter.type.schemas.enable": "false",
        "header.converter": "org.apache.kafka.connect.storage.StringConverter",
    }


def _router() -> dict[str, str]:
    """The outbox event router, and behind it the CloudEvents header that is no column."""
    return {
        "predicates": "fromOutbox",
        "predicates.fromOutbox.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
        "predicates.fromOutbox.pattern": r".*\.public\.eda_outbox",
        "transforms": "outbox,specversion",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.outbox.predicate": "fromOutbox",
        "transforms.outbox.table.field.event.id": "id",
        "transforms.outbox.table.field.event.key": "key",
        "transforms.outbox.table.field.event.payload": "payload",
        "transforms.outbox.route.by.field": "address",
        "transforms.outbox.route.topic.replacement": "${routedByValue}",
        "transforms.outbox.table.fields.additional.placement": ",".join(
            f"{column}:header:{name}" for column, name in _HEADERS.items()
        ),
        "transforms.specversion.type": "org.apache.kafka.connect.transforms.InsertHeader",
        "transforms.specversion.header": "ce_specversion",
        "transforms.specversion.value.literal": "1.0",
    }
