"""`x-eda` is read into the model, and what is wrong in it is told at its place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.reading import HEAD, found, message, read, service, told

from eda_gen.model import Backoff, HandlerStyle, Kind, OnFailure, Ordering, SagaStyle

MESSAGE = HEAD + "channels: {orders: {address: sales.orders, messages: {M: {x-eda: %s}}}}\n"
OPERATION = HEAD + (
    "channels: {orders: {address: sales.orders, messages: {M: {}}}}\n"
    "operations: {onOrder: {action: receive, channel: {$ref: '#/channels/orders'}, x-eda: %s}}\n"
)


def test_a_messages_extension_is_read() -> None:
    written = message(
        MESSAGE
        % (
            "{kind: command, version: 3, key: $message.payload#/id, dedupe: $message.payload#/no, "
            "pii: [$message.payload#/name], sla: {latency: PT2S, availability: 99.9, freshness: PT1M}, "
            "deprecated: {since: 2026-01-01, sunset: 2026-12-31, use: N}, "
            "upcast: {from: 2, map: {currency: {default: EUR}, total: {rename: amount}, kind: {constant: null}}}}"
        )
    )

    assert (written.kind, written.version, written.type) == (Kind.COMMAND, 3, "M.v3")
    assert (written.key, written.dedupe, written.pii) == (
        "$message.payload#/id",
        "$message.payload#/no",
        ("$message.payload#/name",),
    )
    assert written.sla is not None
    assert (written.sla.latency, written.sla.availability) == (timedelta(seconds=2), 99.9)
    assert written.deprecated is not None
    assert (written.deprecated.since, written.deprecated.sunset) == (date(2026, 1, 1), date(2026, 12, 31))
    assert written.upcast is not None
    assert written.upcast.source_version == 2
    assert [(each.target, each.rename, each.default, each.has_constant) for each in written.upcast.rules] == [
        ("currency", None, "EUR", False),
        ("total", "amount", None, False),
        ("kind", None, None, True),
    ]


def test_an_operations_policies_are_read() -> None:
    operation = service(
        OPERATION
        % (
            "{group: fulfilment, idempotency: {window: P3D}, "
            "retry: {attempts: 7, backoff: fixed, initial: PT2S, max: PT1M, jitter: 0}, onFailure: skip, "
            "deadLetter: {address: dead, retention: P1D}, concurrency: 4, batch: 10, handler: batch, "
            "emits: [{$ref: '#/channels/orders/messages/M'}]}"
        )
    ).receives[0]

    assert (operation.group, operation.idempotency_window) == ("fulfilment", timedelta(days=3))
    assert (operation.retry.attempts, operation.retry.backoff, operation.retry.jitter) == (7, Backoff.FIXED, 0)
    assert (operation.on_failure, operation.handler) == (OnFailure.SKIP, HandlerStyle.BATCH)
    assert (operation.dead_letter.address, operation.dead_letter.retention) == ("dead", timedelta(days=1))
    assert (operation.concurrency, operation.batch) == (4, 10)
    assert operation.emits == ("spec.yaml#/channels/orders/messages/M",)


def test_a_channels_extension_is_read_and_a_binding_wins() -> None:
    text = HEAD + (
        "channels: {a: {x-eda: {partitions: 3, retention: P1D, ordering: none}}, "
        "b: {x-eda: {partitions: 3, retention: P1D}, bindings: {kafka: {partitions: 12, "
        "topicConfiguration: {retention.ms: 60000}}}}}\n"
    )

    a, b = service(text).channels

    assert (a.partitions, a.retention, a.ordering) == (3, timedelta(days=1), Ordering.NONE)
    assert (b.partitions, b.retention, b.ordering) == (12, timedelta(minutes=1), Ordering.KEY)


def test_a_saga_is_read() -> None:
    text = HEAD + (
        "channels: {c: {messages: {A: {}, B: {}, C: {}, D: {}}}}\n"
        "x-eda:\n"
        "  sagas:\n"
        "    Fulfil:\n"
        "      starts: {$ref: '#/channels/c/messages/A'}\n"
        "      correlation: $message.payload#/id\n"
        "      timeout: P1D\n"
        "      steps:\n"
        "        - name: reserve\n"
        "          send: {$ref: '#/channels/c/messages/B'}\n"
        "          success: [{$ref: '#/channels/c/messages/C'}]\n"
        "          compensate: {$ref: '#/channels/c/messages/D'}\n"
        "          retry: {attempts: 3}\n"
        "        - parallel:\n"
        "            - {send: {$ref: '#/channels/c/messages/B'}, pivot: true}\n"
        "            - {send: {$ref: '#/channels/c/messages/D'}}\n"
        "      completes: {$ref: '#/channels/c/messages/C'}\n"
    )

    read_service = service(text)
    saga = read_service.sagas[0]

    assert (saga.name, saga.style, saga.timeout) == ("Fulfil", SagaStyle.ORCHESTRATION, timedelta(days=1))
    assert [each.name for each in saga.steps] == ["reserve", "step2"]
    assert saga.steps[0].retry.attempts == 3
    assert [(each.name, each.pivot) for each in saga.steps[1].parallel] == [("step2.1", True), ("step2.2", False)]
    assert {each.name: each.kind for each in read_service.messages} == {
        "A": Kind.EVENT,
        "B": Kind.COMMAND,
        "C": Kind.EVENT,
        "D": Kind.COMMAND,
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{knd: event}", ["EDA292"]),
        ("{kind: happening}", ["EDA294"]),
        ("{version: '2'}", ["EDA293"]),
        ("{key: orderId}", ["EDA295"]),
        ("{sla: {latency: 2s}}", ["EDA795"]),
        ("{sla: {availability: 101}}", ["EDA794"]),
        ("{deprecated: {}}", ["EDA491"]),
        ("{deprecated: {since: soon}}", ["EDA495"]),
        ("{upcast: {from: 1, map: {a: {rename: b, constant: 1}}}}", ["EDA494"]),
        ("{upcast: {from: 1, map: {a: {renam: b}}}}", ["EDA492"]),
        ("[]", ["EDA293"]),
    ],
)
def test_a_mistake_in_a_message_is_told_in_the_group_of_its_subject(written: str, expected: list[str]) -> None:
    assert [each.split()[0] for each in found(MESSAGE % written)] == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{onFailur: skip}", ["EDA592"]),
        ("{retry: {attempts: 0}}", ["EDA594"]),
        ("{retry: {initial: 5}}", ["EDA593"]),
        ("{deadLetter: {adress: x}}", ["EDA892"]),
        ("{emits: [M]}", ["EDA293"]),
        ("{emits: [{$ref: '#/nowhere'}]}", ["EDA010"]),
        ("{outbox: maybe}", ["EDA593"]),
        ("{service: 'a b'}", ["EDA595"]),
    ],
)
def test_a_mistake_in_an_operation_is_told_in_the_group_of_its_subject(written: str, expected: list[str]) -> None:
    assert [each.split()[0] for each in found(OPERATION % written)] == expected


def test_an_unknown_field_is_told_with_what_may_be_meant() -> None:
    assert told(read(OPERATION % "{onFailur: skip}")) == [
        "EDA592 spec.yaml:4:87 an `x-eda` object has no field `onFailur` (did you mean `onFailure`?)"
    ]


@pytest.mark.parametrize(
    ("saga", "expected"),
    [
        ("{}", ["EDA691"]),
        ("{starts: {$ref: '#/m'}, steps: []}", ["EDA694"]),
        ("{starts: {$ref: '#/m'}, style: orchestration}", ["EDA691"]),
        ("{starts: {$ref: '#/m'}, style: choreography, steps: [{send: {$ref: '#/m'}}]}", ["EDA694"]),
        ("{starts: {$ref: '#/m'}, steps: [{name: x}]}", ["EDA694"]),
        ("{starts: {$ref: '#/m'}, steps: [{send: {$ref: '#/m'}, compensated: {$ref: '#/m'}}]}", ["EDA694"]),
        ("{starts: {$ref: '#/m'}, timeout: soon}", ["EDA695"]),
    ],
)
def test_a_mistake_in_a_saga_is_told_in_its_group(saga: str, expected: list[str]) -> None:
    text = HEAD + f"x-m: 1\nx-eda: {{sagas: {{S: {saga}}}}}\ncomponents: {{messages: {{m: {{}}}}}}\n"
    text = text.replace("#/m'", "#/components/messages/m'")

    assert [each.split()[0] for each in found(text)] == expected


def test_an_operation_may_belong_to_another_service_of_the_document() -> None:
    text = HEAD + (
        "channels: {c: {messages: {M: {}}}}\n"
        "operations:\n"
        "  send: {action: send, channel: {$ref: '#/channels/c'}}\n"
        "  take: {action: receive, channel: {$ref: '#/channels/c'}, x-eda: {service: audit}}\n"
    )

    result = read(text)

    assert result.value is not None
    assert [(each.name, len(each.sends), len(each.receives)) for each in result.value.services] == [
        ("orders", 1, 0),
        ("audit", 0, 1),
    ]
    assert result.value.services[1].receives[0].group == "audit.take"
