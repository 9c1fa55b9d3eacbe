"""Schema formats by the media types that name them (AsyncAPI 3.1, Multi Format Schema Object)."""

from __future__ import annotations

import re

from eda_gen.model import SchemaFormat

__all__ = ["is_asyncapi_dialect", "schema_format"]

_FAMILIES: tuple[tuple[re.Pattern[str], SchemaFormat], ...] = tuple(
    (re.compile(pattern), family)
    for pattern, family in (
        (r"application/vnd\.aai\.asyncapi(\+json|\+yaml)?(;|\Z)", SchemaFormat.JSON_SCHEMA),
        (r"application/schema(\+json|\+yaml)?(;|\Z)", SchemaFormat.JSON_SCHEMA),
        (r"application/vnd\.oai\.openapi(\+json|\+yaml)?(;|\Z)", SchemaFormat.OPENAPI),
        (r"application/vnd\.apache\.avro(\+json|\+yaml)?(;|\Z)", SchemaFormat.AVRO),
        (r"application/vnd\.google\.protobuf(;|\Z)", SchemaFormat.PROTOBUF),
    )
)


def is_asyncapi_dialect(media_type: str | None) -> bool:
    """Whether a schema is in AsyncAPI's own dialect of JSON Schema, which it is where nothing is said."""
    return media_type is None or media_type.strip().lower().startswith("application/vnd.aai.asyncapi")


def schema_format(media_type: str | None) -> SchemaFormat:
    """The family of a `schemaFormat`; without one, the AsyncAPI dialect of JSON Schema."""
    if media_type is None:
        return SchemaFormat.JSON_SCHEMA
    compact = re.sub(r"\s+", "", media_type).lower()
    return next((family for pattern, family in _FAMILIES if pattern.match(compact)), SchemaFormat.OTHER)
