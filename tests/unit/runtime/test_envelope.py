"""Envelopes survive each content mode, and what is no CloudEvent is said in words."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_runtime.envelope import AMQP, HTTP, KAFKA, Envelope, HeaderStyle, decode, encode, encode_structured

ARRIVED = datetime(2026, 3, 1, tzinfo=UTC)
STYLES = (HTTP, KAFKA, AMQP)
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
MINIMAL = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/orders", "ce_type": "sales.OrderPlaced.v1"}

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
envelopes = st.builds(
    Envelope,
    id=text,
    source=text,
    type=text,
    time=st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)),
    data=st.binary(),
    datacontenttype=st.sampled_from(("application/json", "application/avro", "text/plain")),
    subject=st.none() | text,
    dataschema=st.none() | text,
    partitionkey=st.none() | text,
    sequence=st.none() | text,
    correlationid=st.none() | text,
    causationid=st.none() | text,
    traceparent=st.none() | text,
    tracestate=st.none() | text,
    extensions=st.dictionaries(st.text(string.ascii_lowercase + string.digits, min_size=3).map("x".__add__), text),
)


def problem(headers: Mapping[str, str], body: bytes = b"{}") -> str:
    decoded = decode(headers, body, KAFKA, ARRIVED)
    assert decoded.envelope is None
    assert decoded.problem is not None
    return decoded.problem


@pytest.mark.parametrize("style", STYLES)
@given(envelope=envelopes)
def test_an_envelope_survives_headers(style: HeaderStyle, envelope: Envelope) -> None:
    decoded = decode(encode(envelope, style), envelope.data, style, ARRIVED)

    assert decoded.envelope == envelope


@given(envelope=envelopes.map(lambda each: replace(each, datacontenttype="application/avro")))
def test_an_envelope_survives_structured_mode(envelope: Envelope) -> None:
    decoded = decode(STRUCTURED, encode_structured(envelope), KAFKA, ARRIVED)

    assert decoded.envelope == envelope


@given(envelope=envelopes)
def test_http_headers_hold_printable_ascii_only(envelope: Envelope) -> None:
    values = encode(envelope, HTTP).values()

    assert all(" " <= character <= "~" for value in values for character in value)


@pytest.mark.parametrize(
    "time",
    ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-02-30T00:00:00Z", "2026-01-01", "yesterday"],
)
def test_a_time_that_could_not_be_written_again_is_none(time: str) -> None:
    assert problem({**MINIMAL, "ce_time": time}) == f"time {time!r} is not an RFC 3339 time"


@pytest.mark.parametrize("character", ["\0", "\ud800"], ids=["NUL", "surrogate"])
@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "partitionkey", "copyof"])
def test_what_no_database_keeps_is_no_attribute(name: str, character: str) -> None:
    assert "characters that CloudEvents forbids" in problem({**MINIMAL, f"ce_{name}": f"a{character}b"})


@pytest.mark.parametrize("depth", range(900, 1000, 3))
def test_a_structured_event_is_read_or_refused_however_deeply_it_is_nested(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = f'{{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{nested}}}'.encode()

    decoded = decode(STRUCTURED, body, KAFKA, ARRIVED)

    assert (decoded.envelope is None) == (decoded.problem is not None)


def test_structured_data_that_is_json_is_json_in_the_document() -> None:
    envelope = Envelope("1", "/orders", "t", ARRIVED, '{"total":1.5,"name":"Ü"}'.encode())

    assert '"data":{"total":1.5,"name":"Ü"}'.encode() in encode_structured(envelope)


def test_half_a_surrogate_pair_in_the_data_survives_structured_mode() -> None:
    document = rb'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"name":"\ud83d"}}'

    decoded = decode(STRUCTURED, document, KAFKA, ARRIVED)

    assert decoded.envelope is not None
    assert json.loads(decoded.envelope.data) == {"name": "\ud83d"}


@pytest.mark.parametrize("data", [b'{"total": 1.10}', b'{"a":1,"a":2}', b"NaN", b'{"big":1e400}', b'"\\u00dc"'])
def test_structured_data_that_would_come_out_as_other_bytes_travels_in_base64(data: bytes) -> None:
    document = encode_structured(Envelope("1", "/orders", "t", ARRIVED, data))

    decoded = decode(STRUCTURED, document, KAFKA, ARRIVED)

    assert b"data_base64" in document
    assert decoded.envelope is not None
    assert decoded.envelope.data == data


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | text, st.lists))
def test_json_data_survives_structured_mode(value: object) -> None:
    envelope = Envelope("1", "/orders", "t", ARRIVED, json.dumps(value, separators=(",", ":")).encode())

    decoded = decode(STRUCTURED, encode_structured(envelope), KAFKA, ARRIVED)

    assert decoded.envelope is not None
    assert json.loads(decoded.envelope.data or b"null") == value


def test_a_time_in_another_zone_is_written_in_utc() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    assert encode(Envelope("1", "/orders", "t", summer, b""), KAFKA)["ce_time"] == "2026-07-01T10:00:00Z"


def test_header_names_are_read_in_any_case() -> None:
    headers = {"Content-Type": "text/plain", **{name.title(): value for name, value in MINIMAL.items()}}

    decoded = decode(headers, b"x", KAFKA, ARRIVED)

    assert decoded.envelope == Envelope("1", "/orders", "sales.OrderPlaced.v1", ARRIVED, b"x", "text/plain")


def test_headers_of_others_are_no_attributes() -> None:
    decoded = decode(MINIMAL | {"x-team": "sales", "ce_shard": "7"}, b"", KAFKA, ARRIVED)

    assert decoded.envelope is not None
    assert decoded.envelope.extensions == {"shard": "7"}


def test_the_time_of_arrival_stands_in_for_an_absent_time() -> None:
    decoded = decode(MINIMAL, b"", KAFKA, ARRIVED)

    assert decoded.envelope is not None
    assert decoded.envelope.time == ARRIVED


@pytest.mark.parametrize("name", ["id", "source", "type"])
def test_a_required_attribute_that_is_missing_or_empty_is_named(name: str) -> None:
    missing = {key: value for key, value in MINIMAL.items() if key != f"ce_{name}"}

    assert problem(missing) == f"attribute {name} is missing or empty"
    assert problem(MINIMAL | {f"ce_{name}": ""}) == f"attribute {name} is missing or empty"


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({}, b"{}", "no header starts with 'ce_': this is not a CloudEvent"),
        (MINIMAL | {"ce_specversion": "0.3"}, b"", "specversion is '0.3', not '1.0'"),
        (MINIMAL | {"ce_time": "yesterday"}, b"", "time 'yesterday' is not an RFC 3339 time"),
        (MINIMAL | {"ce_time": "2026-01-01T25:00:00Z"}, b"", "time '2026-01-01T25:00:00Z' is not an RFC 3339 time"),
        (MINIMAL | {"ce_time": "2026-01-01T10:00:00"}, b"", "time '2026-01-01T10:00:00' is not an RFC 3339 time"),
        (MINIMAL | {"ce_my-name": "x"}, b"", "'my-name' is no attribute name"),
        (STRUCTURED, b"\xff\xfe", "the body is not JSON"),
        (STRUCTURED, b"[" * 100_000, "the body is not JSON"),
        (STRUCTURED, b"[]", "the body is not a JSON object"),
        (STRUCTURED, b'{"id": {}}', "attribute id is neither a string nor a number nor a boolean"),
        (STRUCTURED, b'{"data": 1, "data_base64": "MQ=="}', "both data and data_base64 are present"),
        (STRUCTURED, b'{"data_base64": "%"}', "data_base64 is not base64"),
    ],
)
def test_what_is_no_cloud_event_is_said_in_words(headers: dict[str, str], body: bytes, said: str) -> None:
    assert problem(headers, body).startswith(said)


def test_structured_extensions_may_be_numbers_and_booleans() -> None:
    document = {"specversion": "1.0", "id": "1", "source": "/", "type": "t", "priority": 3, "urgent": True, "no": None}

    decoded = decode(STRUCTURED, json.dumps(document).encode(), KAFKA, ARRIVED)

    assert decoded.envelope is not None
    assert decoded.envelope.extensions == {"priority": "3", "urgent": "true"}


def test_structured_text_data_is_the_text_itself() -> None:
    document = {
        "specversion": "1.0",
        "id": "1",
        "source": "/",
        "type": "t",
        "datacontenttype": "text/plain",
        "data": "hé",
    }

    decoded = decode(STRUCTURED, json.dumps(document).encode(), KAFKA, ARRIVED)

    assert decoded.envelope is not None
    assert decoded.envelope.data == "hé".encode()


@given(headers=st.dictionaries(st.text(), st.text()), body=st.binary())
def test_no_input_makes_reading_raise(headers: dict[str, str], body: bytes) -> None:
    for content_type in ("application/json", "application/cloudevents+json"):
        for style in STYLES:
            decode(headers | {"content-type": content_type}, body, style, ARRIVED)


def test_a_name_that_is_no_attribute_name_is_not_sent() -> None:
    with pytest.raises(ValueError, match="'Total Amount' cannot name an extension"):
        encode(Envelope("1", "/", "t", ARRIVED, b"", extensions={"Total Amount": "1"}), KAFKA)


def test_a_time_without_a_zone_is_not_sent() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        encode(replace(Envelope("1", "/", "t", ARRIVED, b""), time=datetime(2026, 1, 1)), KAFKA)


def test_an_optional_attribute_that_is_empty_is_absent() -> None:
    empty = dict.fromkeys(("ce_subject", "ce_time", "ce_causationid", "ce_traceparent"), "")

    envelope = decode(MINIMAL | empty, b"{}", KAFKA, ARRIVED).envelope

    assert envelope is not None
    assert (envelope.subject, envelope.time, envelope.causationid, envelope.traceparent) == (None, ARRIVED, None, None)
