from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, RootModel

from eda_runtime import Event, MessageContract
from eda_runtime.codec import InvalidPayload, decode, encode


class Line(Event):
    sku: str
    count: int = 1
    note: str | None = None


class Placed(Event):
    order_id: str = Field(validation_alias="orderId", serialization_alias="orderId")
    kind: Literal["placed"] = "placed"
    coupon: Annotated[str | None, Field(json_schema_extra={"x-nullable": True})] = None
    note: str | None = None
    lines: list[Line] = Field(default_factory=list)


class Lines(RootModel[list[Line]]):
    pass


PLACED = MessageContract(name="Placed", version=1, type="t.Placed.v1", model=Placed)


def written(payload: BaseModel) -> object:
    return json.loads(encode(payload))


def test_an_event_is_written_by_wire_names_with_its_constants_and_without_what_nobody_set() -> None:
    event = Placed(order_id="1", lines=[Line(sku="a")])

    assert written(event) == {"orderId": "1", "kind": "placed", "lines": [{"sku": "a", "count": 1}]}


def test_none_is_not_written_where_the_schema_allows_no_null() -> None:
    assert written(Placed(order_id="1", note=None)) == {"orderId": "1", "kind": "placed", "lines": []}


def test_a_null_that_was_set_is_written_where_the_schema_allows_it() -> None:
    assert written(Placed(order_id="1", coupon=None)) == {"orderId": "1", "kind": "placed", "lines": [], "coupon": None}


def test_a_payload_that_is_no_object_is_written_as_what_it_is() -> None:
    assert written(Lines([Line(sku="a")])) == [{"sku": "a", "count": 1}]


def test_unknown_fields_are_ignored() -> None:
    event = decode(PLACED, b'{"orderId": "1", "extra": {"deep": 1}, "lines": [{"sku": "a", "new": true}]}')

    assert event == Placed(order_id="1", lines=[Line(sku="a")])


def test_the_wire_name_alone_is_read() -> None:
    with pytest.raises(InvalidPayload, match=r"t\.Placed\.v1: orderId: Field required"):
        decode(PLACED, b'{"order_id": "1"}')


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[]", b'{"orderId": 1', b"null"])
def test_bytes_that_are_no_payload_are_invalid(data: bytes) -> None:
    with pytest.raises(InvalidPayload):
        decode(PLACED, data)


def test_what_is_wrong_is_told_without_the_value() -> None:
    with pytest.raises(InvalidPayload) as caught:
        decode(PLACED, b'{"orderId": {"secret": "hunter2"}}')

    assert "hunter2" not in str(caught.value)
