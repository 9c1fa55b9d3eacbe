"""Traits fill what a version 3 object does not say itself."""

from __future__ import annotations

from tests.reading import HEAD, catalog, found, message, service

from eda_gen.model import Kind


def test_a_trait_never_overrides_the_message() -> None:
    text = HEAD + ("channels: {a: {messages: {m: {title: own, traits: [{title: trait, contentType: text/plain}]}}}}\n")

    read = message(text)

    assert (read.title, read.content_type) == ("own", "text/plain")


def test_of_several_traits_the_last_one_wins() -> None:
    text = HEAD + "channels: {a: {messages: {m: {traits: [{title: first}, {title: second}]}}}}\n"

    assert message(text).title == "second"


def test_headers_of_message_and_trait_are_joined() -> None:
    text = HEAD + (
        "channels: {a: {messages: {m: {headers: {type: object, properties: {own: {type: string}}}, "
        "traits: [{headers: {properties: {more: {type: integer}}}}]}}}}\n"
    )

    read = catalog(text)

    headers = read.services[0].messages[0].headers
    assert headers is not None
    assert read.schemas[headers].body == {
        "type": "object",
        "properties": {"own": {"type": "string"}, "more": {"type": "integer"}},
    }


def test_a_reference_in_a_trait_is_followed_from_where_it_is_written() -> None:
    text = HEAD + "channels: {a: {messages: {m: {traits: [{$ref: 'common.yaml#/trait'}]}}}}\n"
    common = "trait: {headers: {$ref: '#/headers'}}\nheaders: {type: object}\n"

    assert message(text, common=common).headers == "common.yaml#/headers"


def test_policies_may_stand_in_a_trait_and_are_checked_there() -> None:
    text = HEAD + (
        "channels: {a: {messages: {m: {traits: [{x-eda: {kind: command}}]}}}}\n"
        "operations: {o: {action: receive, channel: {$ref: '#/channels/a'}, traits: [{x-eda: {batch: 7.0}}]}}\n"
    )

    assert (message(text).kind, service(text).receives[0].batch) == (Kind.COMMAND, 7)
    assert found(text.replace("command", "thing")) == ["EDA294 3:55"]


def test_an_operation_takes_its_description_from_a_trait() -> None:
    text = HEAD + (
        "channels: {a: {messages: {m: {}}}}\n"
        "operations: {o: {action: send, channel: {$ref: '#/channels/a'}, traits: [{description: from a trait}]}}\n"
    )

    assert service(text).sends[0].description == "from a trait"
