"""How values become JSON in Temporal: events by their wire names, and nothing in them that was not set."""

from __future__ import annotations

from typing import Any

from pydantic_core import SchemaSerializer
from pydantic_core.core_schema import any_schema
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

__all__ = ["DATA_CONVERTER"]


class _WireJson(PydanticJSONPlainPayloadConverter):
    def __init__(self) -> None:
        super().__init__()
        self._serializer = SchemaSerializer(any_schema())

    def to_payload(self, value: Any) -> Payload:
        data = self._serializer.to_json(value, by_alias=True, exclude_unset=True)
        return Payload(metadata={"encoding": self.encoding.encode()}, data=data)


class _PayloadConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        ours = _WireJson()
        known = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(ours if isinstance(each, JSONPlainPayloadConverter) else each for each in known))


DATA_CONVERTER = DataConverter(payload_converter_class=_PayloadConverter)
"""For every client that starts, signals or asks a saga's workflow."""
