"""CloudEvents 1.0 envelopes, and how they travel: as headers beside the data, or as one JSON document around it.

Reading gives a problem as text rather than an exception: the consumer keeps what it cannot read as a dead letter.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from eda_runtime.text import is_storable, storable

__all__ = [
    "AMQP",
    "COPY_OF",
    "COPY_OF_TYPE",
    "HTTP",
    "KAFKA",
    "PUBSUB",
    "REPLY_TO",
    "Decoded",
    "Envelope",
    "HeaderStyle",
    "decode",
    "decode_document",
    "encode",
    "encode_structured",
]

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
CONTENT_TYPE = "content-type"
REQUIRED = ("id", "source", "type")
OPTIONAL = (
    "subject",
    "dataschema",
    "partitionkey",
    "sequence",
    "correlationid",
    "causationid",
    "traceparent",
    "tracestate",
)
KNOWN = frozenset((*REQUIRED, *OPTIONAL, "specversion", "time", "datacontenttype"))
APART = frozenset(("datacontenttype", "data", "data_base64"))
"""Members of a structured event that are no attributes with a meaning of their own."""
COPY_OF, COPY_OF_TYPE = "copyof", "copyoftype"
"""Extensions of a message that is published in an older version too, on the older one: id and type of the newest."""
REPLY_TO = "replyto"
"""Extension of a request: the address that wants the reply."""
EXTENSION_NAME = re.compile(r"[a-z0-9]+")
UNENCODED = frozenset(map(chr, range(0x21, 0x7F))) - frozenset('"%')
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A CloudEvent (CloudEvents 1.0.2): attributes by their standard names, and `data` as the bytes on the wire.

    `partitionkey` is the Partitioning extension, `sequence` the Sequence extension, `traceparent` and `tracestate` the
    Distributed Tracing extension; `correlationid` and `causationid` are ours. `extensions` holds all others.
    """

    id: str
    source: str
    type: str
    time: datetime
    data: bytes
    datacontenttype: str = JSON
    subject: str | None = None
    dataschema: str | None = None
    partitionkey: str | None = None
    sequence: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeaderStyle:
    """How a protocol's binding writes attributes as headers: what comes before a name, and whether values that are not
    printable ASCII are percent-encoded."""

    prefix: str
    percent_encoded: bool = False


HTTP = HeaderStyle("ce-", percent_encoded=True)
"""HTTP and NATS (CloudEvents HTTP binding 3.1.3)."""
KAFKA = HeaderStyle("ce_")
AMQP = HeaderStyle("cloudEvents:")
PUBSUB = HeaderStyle("ce-")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What headers and body make: an envelope, or the problem that keeps them from being one."""

    envelope: Envelope | None
    problem: str | None = None


class NoCloudEvent(Exception):
    """Inside this module only: the first problem found while reading."""


def encode(envelope: Envelope, style: HeaderStyle) -> dict[str, str]:
    """The headers of the binary content mode; the body is `envelope.data` as it is. Attributes not set are left out."""
    write = percent_encode if style.percent_encoded else str
    headers = {style.prefix + name: write(value) for name, value in attributes(envelope).items()}
    headers[CONTENT_TYPE] = envelope.datacontenttype
    return headers


def encode_structured(envelope: Envelope) -> bytes:
    """The envelope as one JSON document, for brokers without headers; its media type is `application/cloudevents+json`."""
    document = attributes(envelope) | {"datacontenttype": envelope.datacontenttype}
    return compact(document)[:-1] + data_member(envelope) + b"}"


def decode(headers: Mapping[str, str], body: bytes, style: HeaderStyle, arrived: datetime) -> Decoded:
    """Read either content mode; the content type tells which. Header names may come in any case.

    `time` is optional in CloudEvents; `arrived` takes its place where it is absent.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        if lowered.get(CONTENT_TYPE, "").lower().startswith(STRUCTURED):
            return Decoded(from_document(body, arrived))
        return Decoded(from_headers(lowered, body, style, arrived))
    except NoCloudEvent as problem:
        return Decoded(None, str(problem))
    except RecursionError:
        return Decoded(None, "the body is nested too deeply")


def decode_document(document: Mapping[str, object], arrived: datetime) -> Decoded:
    """Read a structured event whose JSON was parsed already."""
    try:
        return Decoded(from_members(document, arrived))
    except NoCloudEvent as problem:
        return Decoded(None, str(problem))
    except RecursionError:
        return Decoded(None, "the event is nested too deeply")


def attributes(envelope: Envelope) -> dict[str, str]:
    """Every attribute that is set, but the content type, which each content mode writes in its own place."""
    for name in envelope.extensions:
        if name in KNOWN or not EXTENSION_NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name an extension attribute: use lower-case letters and digits")
    named: dict[str, str | None] = {name: getattr(envelope, name) for name in (*REQUIRED, *OPTIONAL)}
    present = {name: value for name, value in named.items() if value is not None}
    return {"specversion": "1.0", **present, "time": write_time(envelope.time), **envelope.extensions}


def data_member(envelope: Envelope) -> bytes:
    """The member that carries the data: JSON as it is, where whoever reads it will find the same bytes; anything else in base64
    (CloudEvents JSON format 3.1)."""
    if not envelope.data:
        return b""
    if is_json(envelope.datacontenttype) and reads_back_the_same(envelope.data):
        return b',"data":' + envelope.data
    return b',"data_base64":"' + base64.b64encode(envelope.data) + b'"'


def reads_back_the_same(data: bytes) -> bool:
    """Whether it is JSON as we write it. Spaces, doubled members and the way that a number is written are lost otherwise."""
    try:
        return compact(json.loads(data.decode(), parse_constant=refuse_constant)) == data
    except (ValueError, RecursionError):
        return False


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def compact(value: object) -> bytes:
    """Without spaces, in UTF-8; in ASCII where halves of a surrogate pair, which UTF-8 cannot say, stand alone."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def from_headers(headers: Mapping[str, str], body: bytes, style: HeaderStyle, arrived: datetime) -> Envelope:
    prefix = style.prefix.lower()
    read = unquote if style.percent_encoded else str
    found = {name[len(prefix) :]: read(value) for name, value in headers.items() if name.startswith(prefix)}
    if not found:
        raise NoCloudEvent(f"no header starts with {style.prefix!r}: this is not a CloudEvent")
    return build(found, headers.get(CONTENT_TYPE), body, arrived)


def from_document(body: bytes, arrived: datetime) -> Envelope:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoCloudEvent(f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise NoCloudEvent("the body is not a JSON object")
    return from_members(document, arrived)


def from_members(document: Mapping[str, object], arrived: datetime) -> Envelope:
    content_type = str(document.get("datacontenttype") or JSON)
    data = read_data(document.get("data"), document.get("data_base64"), content_type)
    found = {
        name: read_member(name, value) for name, value in document.items() if name not in APART and value is not None
    }
    return build(found, content_type, data, arrived)


def read_data(data: object, encoded: object, content_type: str) -> bytes:
    """The bytes of a structured event's data. A number with a fraction passes through a float."""
    if data is not None and encoded is not None:
        raise NoCloudEvent("both data and data_base64 are present")
    if encoded is not None:
        try:
            return base64.b64decode(str(encoded), validate=True)
        except ValueError as error:
            raise NoCloudEvent(f"data_base64 is not base64: {error}") from error
    if isinstance(data, str) and not is_json(content_type):
        return data.encode(errors="surrogatepass")
    return b"" if data is None else compact(data)


def read_member(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise NoCloudEvent(f"attribute {name} is neither a string nor a number nor a boolean")


def build(found: Mapping[str, str], content_type: str | None, data: bytes, arrived: datetime) -> Envelope:
    """Check the attributes that CloudEvents demands, and put each in its place.

    An optional one that is empty is absent: no attribute may be empty, and Debezium writes a NULL as a header of nothing.
    """
    if found.get("specversion") != "1.0":
        raise NoCloudEvent(f"specversion is {found.get('specversion')!r}, not '1.0'")
    for name in REQUIRED:
        if not found.get(name):
            raise NoCloudEvent(f"attribute {name} is missing or empty")
    for name, value in (*found.items(), ("datacontenttype", content_type or JSON)):
        if not is_storable(value):
            raise NoCloudEvent(f"attribute {name} has characters that CloudEvents forbids: {storable(value)!r}")
    extensions = {name: value for name, value in found.items() if name not in KNOWN}
    for name in extensions:
        if not EXTENSION_NAME.fullmatch(name):
            raise NoCloudEvent(f"{name!r} is no attribute name: only lower-case letters and digits are allowed")
    return Envelope(
        id=found["id"],
        source=found["source"],
        type=found["type"],
        time=read_time(found["time"]) if found.get("time") else arrived,
        data=data,
        datacontenttype=content_type or JSON,
        extensions=extensions,
        **{name: found[name] for name in OPTIONAL if found.get(name)},
    )


def is_json(content_type: str) -> bool:
    media_type = content_type.split(";")[0].strip().lower()
    return media_type.endswith(("/json", "+json"))


def percent_encode(value: str) -> str:
    return "".join(each if each in UNENCODED else quote(each, safe="") for each in value)


def write_time(time: datetime) -> str:
    """RFC 3339, in UTC."""
    if time.tzinfo is None:
        raise ValueError("the time of an envelope needs a time zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    try:
        if RFC3339.fullmatch(text):
            time = datetime.fromisoformat(text.upper())
            time.astimezone(UTC)  # as it is written again
            return time
    except (ValueError, OverflowError):
        pass
    raise NoCloudEvent(f"time {text!r} is not an RFC 3339 time")
