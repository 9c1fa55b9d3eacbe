"""What a spec means where it says nothing. Every default of the generator stands here.

Those of the delivery policies are the field defaults of `eda_gen.model.delivery`.
"""

from __future__ import annotations

from datetime import timedelta

from eda_gen.asyncapi.values import slug, split_version
from eda_gen.model import Kind

CONTENT_TYPE = "application/json"
"""Of a message, where neither it nor its document's `defaultContentType` says more."""

STORE = "postgresql"
"""Where a service keeps its state, inbox and outbox."""

PARTITIONS = 1
"""Of a channel: one order for all keys, which is right until volume asks for more."""

RETENTION = timedelta(days=7)
"""Of a channel: Kafka's own default."""

FOREVER = timedelta(days=36_500)
"""What Kafka's `retention.ms: -1` becomes."""

IDEMPOTENCY_WINDOW = timedelta(days=7)
"""How long a consumer remembers what it has done: as long as a channel keeps messages."""

CONCURRENCY = 16
"""Lanes of a consumer."""

BATCH = 200
"""Messages that a consumer takes at once; measured, more gains little."""

MESSAGE_VERSION = 1

_QUERY_WORDS = ("Get", "List", "Find", "Fetch", "Search", "Query", "Count")


def service_name(title: str) -> str:
    """The slug of the document's title."""
    return slug(title) or "service"


def group(service: str, operation: str) -> str:
    """A consumer group for each receive operation: `<service>.<operation>`."""
    return f"{service}.{operation}"


def dead_letter_address(address: str | None, group: str) -> str:
    """`<address>.<group>.dlq`; one for all values of an address's parameters, so their braces go."""
    prefix = f"{address.replace('{', '').replace('}', '')}." if address else ""
    return f"{prefix}{group}.dlq"


def message_type(domain: str | None, name: str, version: int) -> str:
    """The CloudEvents type."""
    return f"{domain}.{name}.v{version}" if domain else f"{name}.v{version}"


def name_and_version(name: str | None, key: str, version: int | None) -> tuple[str, int]:
    """A message's name without its version. The version is the stated one, else the suffix's of its name or key."""
    base, suffix = split_version(name if name is not None else key)
    if version is not None:
        return (base if suffix == version else (name or key)), version
    key_base, key_suffix = split_version(key)
    if suffix is None and key_base == base:
        suffix = key_suffix
    return base, suffix or MESSAGE_VERSION


def kind(name: str, *, is_reply: bool, is_request: bool, is_step: bool) -> Kind:
    """What a message is: by its place in replies, requests and saga steps, then by its name, else an event."""
    if is_reply or name.endswith(("Reply", "Response")):
        return Kind.REPLY
    if name.endswith("Query") or (is_request and f"{name[:1].upper()}{name[1:]}".startswith(_QUERY_WORDS)):
        return Kind.QUERY
    if is_request or is_step or name.endswith("Command"):
        return Kind.COMMAND
    return Kind.EVENT
