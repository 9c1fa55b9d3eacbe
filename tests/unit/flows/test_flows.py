"""What causes what, derived over all documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.reading import read, read_all

from eda_gen.config import Config
from eda_gen.model import Catalog
from eda_gen.model.flow import FlowGraph, Hop
from eda_gen.passes import compile_workspace
from eda_gen.passes.flow_graph import flow_graph
from eda_gen.passes.flows import cycles, dead_ends, derive_flows, reachable, shortest_path

CHANNEL = """
channels:
  all: {{address: {address}, messages: {{A: {a}, B: {b}}}}}
"""
A, B = "{name: A, payload: {type: object}}", "{name: B, payload: {type: object}}"
TO_ALL = "channel: {$ref: '#/channels/all'}, messages: [{$ref: '#/channels/all/messages/%s'}]"
HEAD = "asyncapi: 3.1.0\ninfo: {title: %s, version: 1.0.0}\n"


def shop() -> Catalog:
    specs = [path for path in sorted(Path("specs/shop").glob("*.yaml")) if path.name != "common.yaml"]
    compiled = compile_workspace(specs, Config())
    assert compiled.value is not None
    return compiled.value


def told(catalog: Catalog, hops: tuple[Hop, ...]) -> Iterator[str]:
    for hop in hops:
        yield f"{hop.sender} -{catalog.messages[hop.message].name}-> {hop.receiver}"
        yield from told(catalog, hop.following)


def chain(length: int) -> FlowGraph:
    """Services that each react to the message before with the next."""
    messages = ", ".join(f"M{n}: {{name: M{n}, payload: {{type: object}}}}" for n in range(length + 1))
    text = HEAD % "Chain" + f"channels:\n  all: {{address: all, messages: {{{messages}}}}}\noperations:\n"
    text += "  start: {action: send, channel: {$ref: '#/channels/all'}}\n"
    for n in range(length):
        emits = f"x-eda: {{emits: [{{$ref: '#/channels/all/messages/M{n + 1}'}}]}}"
        text += f"  on{n}: {{action: receive, {TO_ALL % f'M{n}'}, {emits}}}\n"
    compiled = read(text)
    assert compiled.value is not None, compiled.diagnostics
    return flow_graph(compiled.value)


def test_the_shop_has_one_flow_beside_its_saga_and_it_reaches_through_three_services() -> None:
    catalog = shop()

    (flow,) = derive_flows(flow_graph(catalog))

    assert catalog.messages[flow.start].type == "sales.RefundRequested.v1"
    assert list(told(catalog, flow.hops)) == [
        "orders -RefundRequested-> payments",
        "payments -RefundPaid-> inventory",
        "inventory -StockReturned-> orders",
        "orders -OrderRefunded-> None",
        "payments -RefundRefused-> orders",
    ]


def test_the_shortest_way_to_an_end_is_told_with_the_service_that_takes_each_message() -> None:
    catalog = shop()
    refund = next(each for service in catalog.services for each in service.sagas if each.name == "RefundOrder")

    path = shortest_path(flow_graph(catalog), refund.starts, refund.completes[0])

    assert [hop.receiver for hop in path] == ["payments", "inventory", "orders", None]
    assert [hop.taker for hop in path][:2] == ["onRefundRequested", "onRefundPaid"]


def test_two_documents_that_write_one_message_of_one_address_meet() -> None:
    sends = "operations: {send: {action: send, %s}}" % (TO_ALL % "A")
    takes = "operations: {take: {action: receive, %s}}" % (TO_ALL % "A")
    own = CHANNEL.format(address="a", a=A, b=B)

    compiled = read_all(one=HEAD % "One" + own + sends, two=HEAD % "Two" + own + takes)

    assert compiled.value is not None, compiled.diagnostics
    graph = flow_graph(compiled.value)
    ((message, senders),) = graph.senders.items()
    assert [each.service for each in senders] == ["one"]
    assert [each.service for each in graph.takers[message]] == ["two"]


def test_documents_that_name_their_messages_alike_on_other_addresses_do_not_meet() -> None:
    sends = "operations: {send: {action: send, %s}}" % (TO_ALL % "A")
    takes = "operations: {take: {action: receive, %s}}" % (TO_ALL % "A")

    compiled = read_all(
        one=HEAD % "One" + CHANNEL.format(address="a", a=A, b=B) + sends,
        two=HEAD % "Two" + CHANNEL.format(address="b", a=A, b=B) + takes,
    )

    assert compiled.value is not None, compiled.diagnostics
    graph = flow_graph(compiled.value)
    assert not set(graph.senders) & set(graph.takers)


def test_an_answer_flows_back_to_whoever_asked() -> None:
    text = HEAD % "Ask" + CHANNEL.format(address="a", a=A, b=B)
    reply = "reply: {channel: {$ref: '#/channels/all'}, messages: [{$ref: '#/channels/all/messages/B'}]}"
    text += f"operations:\n  ask: {{action: send, {TO_ALL % 'A'}, {reply}, x-eda: {{service: asker}}}}\n"
    text += f"  answer: {{action: receive, {TO_ALL % 'A'}, {reply}, x-eda: {{service: answerer}}}}\n"

    compiled = read(text)

    assert compiled.value is not None, compiled.diagnostics
    (flow,) = derive_flows(flow_graph(compiled.value))
    assert list(told(compiled.value, flow.hops)) == ["asker -A-> answerer", "answerer -B-> asker"]


def test_a_circle_is_found_once_and_told_once() -> None:
    text = HEAD % "Circle" + CHANNEL.format(address="a", a=A, b=B)
    text += f"operations:\n  onA: {{action: receive, {TO_ALL % 'A'}, x-eda: {{emits: [{{$ref: '#/channels/all/messages/B'}}]}}}}\n"
    text += f"  onB: {{action: receive, {TO_ALL % 'B'}, x-eda: {{emits: [{{$ref: '#/channels/all/messages/A'}}]}}}}\n"

    compiled = read(text)

    assert compiled.value is not None, compiled.diagnostics
    (circle,) = cycles(flow_graph(compiled.value))
    assert [compiled.value.messages[each].name for each in circle] == ["A", "B"]


def test_a_chain_that_is_very_long_is_followed_to_its_end_and_told_in_part() -> None:
    graph = chain(400)
    start = next(iter(graph.takers))

    assert len(reachable(graph, [start])) == 401
    assert len(dead_ends(graph, [start], [])) == 1
    assert len(shortest_path(graph, [start], dead_ends(graph, [start], [])[0])) == 401
    assert cycles(graph) == ()
    assert len(derive_flows(graph)) == 1


def test_a_saga_needs_no_operations_to_send_its_commands_and_take_their_replies() -> None:
    specs = [path for path in sorted(Path("specs/travel").glob("*.yaml")) if path.name != "common.yaml"]
    catalog = compile_workspace(specs, Config()).value
    assert catalog is not None

    graph = flow_graph(catalog)

    by_name = {catalog.messages[key].name: key for key in graph.takers}
    assert [each.name for each in graph.senders[by_name["ReserveFlight"]]] == ["BookTrip"]
    assert [each.name for each in graph.takers[by_name["FlightReserved"]]] == ["BookTrip"]
    assert derive_flows(graph) == ()
