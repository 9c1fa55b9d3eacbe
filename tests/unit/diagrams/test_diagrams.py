"""Which diagrams there are, what they tell, and how much of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.reading import read

from eda_gen.config import Config
from eda_gen.emit.diagrams import Diagram, all_diagrams
from eda_gen.passes import compile_workspace


def drawn(folder: str, *, hops: bool = False) -> dict[str, Diagram]:
    specs = [path for path in sorted(Path("specs", folder).glob("*.yaml")) if path.name != "common.yaml"]
    catalog = compile_workspace(specs, Config()).value
    assert catalog is not None
    return {each.name: each for each in all_diagrams(catalog, hops=hops)}


def told(diagram: Diagram) -> list[str]:
    """The lines of a sequence, participants by name and messages by their first line."""
    lines = [line.strip() for line in diagram.text.splitlines()[2:]]
    names = {
        line.split()[1]: line.split(" as ")[1].partition("<br/>")[0] for line in lines if line.startswith("participant")
    }
    rest = [line.partition("<br/>")[0] for line in lines if not line.startswith("participant")]
    for key in sorted(names, key=len, reverse=True):
        rest = [line.replace(key, names[key]) for line in rest]
    return rest


def test_an_orchestrated_saga_has_its_happy_path_each_failure_a_time_out_and_its_states() -> None:
    names = [name for name in drawn("travel") if name.startswith("BookTrip")]

    assert names == [
        "BookTrip.completes",
        "BookTrip.reserveFlight-fails",
        "BookTrip.reserveHotel-fails",
        "BookTrip.takePayment-fails",
        "BookTrip.times-out",
        "BookTrip.states",
    ]


def test_a_failure_undoes_in_reverse_what_was_done() -> None:
    lines = told(drawn("travel")["BookTrip.takePayment-fails"])

    assert lines[lines.index("cards-->>BookTrip: PaymentDeclined v1") :] == [
        "cards-->>BookTrip: PaymentDeclined v1",
        "Note over BookTrip: takePayment has failed",
        "BookTrip->>hotels: CancelHotel v1",
        "BookTrip->>flights: CancelFlight v1",
        "BookTrip->>others: TripRejected v1",
    ]


def test_a_time_out_says_what_becomes_of_a_late_reply() -> None:
    lines = told(drawn("travel")["BookTrip.times-out"])

    assert "loop up to 3 attempts" in lines
    assert lines[-4:] == [
        "opt the reply comes late after all",
        "hotels-->>BookTrip: HotelReserved v1",
        "BookTrip->>hotels: CancelHotel v1",
        "end",
    ]


def test_a_compensation_that_is_answered_shows_the_answer_before_the_next() -> None:
    lines = told(drawn("shop")["FulfilOrder.dispatchShipment-fails"])

    assert lines[lines.index("FulfilOrder->>payments: RefundPayment v1") :] == [
        "FulfilOrder->>payments: RefundPayment v1",
        "payments-->>FulfilOrder: PaymentRefunded v1",
        "FulfilOrder->>inventory: ReleaseStock v1",
        "inventory-->>FulfilOrder: StockReleased v1",
        "FulfilOrder->>orders: OrderRejected v1",
    ]


def test_only_a_step_before_the_pivot_gives_up_waiting() -> None:
    text = drawn("shop")["FulfilOrder.states"].text

    assert "s1 --> u0 : PaymentDeclined v1<br/>no reply within PT10M" in text
    assert "s2 --> u1 : ShipmentRefused v1\n" in text


def test_a_choreographed_saga_has_a_way_to_its_end_and_one_for_each_failure() -> None:
    diagrams = drawn("shop")

    assert told(diagrams["RefundOrder.completes"]) == [
        "orders->>payments: RefundRequested v1",
        "payments->>inventory: RefundPaid v1",
        "inventory->>orders: StockReturned v1",
        "orders->>others: OrderRefunded v1",
    ]
    assert told(diagrams["RefundOrder.fails-after-RefundRequested"]) == [
        "orders->>payments: RefundRequested v1",
        "payments->>orders: RefundRefused v1",
    ]


def test_messages_are_told_with_their_channel_and_key() -> None:
    text = drawn("shop")["RefundRequested-v1.flow"].text

    assert "RefundRequested v1<br/>sales.orders · key customerId" in text


def test_hops_show_the_outbox_and_the_channel() -> None:
    lines = told(drawn("shop", hops=True)["RefundOrder.completes"])

    assert lines[:3] == [
        "orders->>outbox of: RefundRequested v1",
        "outbox of->>sales.orders: RefundRequested v1",
        "sales.orders->>payments: RefundRequested v1",
    ]


def test_a_message_sent_past_the_outbox_shows_none() -> None:
    compiled = read(
        "asyncapi: 3.1.0\ninfo: {title: A, version: 1.0.0}\n"
        "channels: {all: {address: all, messages: {M: {name: M, payload: {type: object}}, N: {name: N, payload: {type: object}}}}}\n"
        "operations:\n"
        "  go: {action: send, channel: {$ref: '#/channels/all'}, x-eda: {outbox: false}}\n"
        "  on: {action: receive, channel: {$ref: '#/channels/all'}, messages: [{$ref: '#/channels/all/messages/M'}],"
        " x-eda: {service: b, emits: [{$ref: '#/channels/all/messages/N'}]}}\n"
    )
    assert compiled.value is not None, compiled.diagnostics

    (flow,) = (each for each in all_diagrams(compiled.value, hops=True) if each.name.endswith(".flow"))

    assert told(flow)[:2] == ["a->>all: M v1", "all->>b: M v1"]


def test_a_topology_shows_channels_with_what_travels_and_dead_letters() -> None:
    text = drawn("shop")["payments.topology"].text

    assert "sales.orders<br/>4 partitions · P7D" in text
    assert "RefundRequested v1" in text
    assert "OrderPlaced" not in text
    assert "sales.orders.payments.onRefundRequested.dlq<br/>dead letters" in text


@pytest.mark.parametrize("services", [40, 400])
def test_a_workspace_of_any_size_is_drawn_within_what_mermaid_draws(services: int) -> None:
    channels, operations = {}, {}
    for number in range(services):
        for part in "abcd":
            message = {"name": f"Thing{number}{part}", "payload": {"type": "object"}}
            channels[f"c{number}{part}"] = {"address": f"thing.{number}.{part}", "messages": {"M": message}}
            channel = {"$ref": f"#/channels/c{number}{part}"}
            operations[f"s{number}{part}"] = {"action": "send", "channel": channel, "x-eda": {"service": f"v{number}"}}
            taker = {"service": f"v{(number + 1) % services}"}
            operations[f"r{number}{part}"] = {"action": "receive", "channel": channel, "x-eda": taker}
    document = {
        "asyncapi": "3.1.0",
        "info": {"title": "A", "version": "1"},
        "channels": channels,
        "operations": operations,
    }
    compiled = read(json.dumps(document))
    assert compiled.value is not None, compiled.diagnostics

    diagrams = all_diagrams(compiled.value)

    workspace = next(each for each in diagrams if each.name == "workspace.topology")
    assert workspace.text.count("-->") <= 450
    assert max(len(each.text) for each in diagrams) < 50_000
    assert ("thing.0.a" in workspace.text) == (services == 40)
    assert "v0" in workspace.text


def test_names_are_fit_for_files_and_told_apart_whatever_the_case() -> None:
    compiled = read(
        "asyncapi: 3.1.0\ninfo: {title: A, version: 1.0.0}\n"
        "channels: {all: {address: all, messages: {M: {name: M, payload: {type: object}}}}}\n"
        "x-eda: {sagas: {'a/b': &saga {starts: {$ref: '#/channels/all/messages/M'}}, 'A b': *saga, '../': *saga}}\n"
    )
    assert compiled.value is not None, compiled.diagnostics

    names = [each.name for each in all_diagrams(compiled.value)]

    assert names == ["a-b.states", "A-b.states-2", "states", "a.topology", "workspace.topology"]
