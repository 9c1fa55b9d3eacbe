from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from pydantic import Field, RootModel

from eda_runtime import Event
from eda_runtime.errors import ConfigurationError
from eda_runtime.expressions import evaluate


class Colour(Enum):
    RED = "red"


class Customer(Event):
    mail: str = Field(alias="e/mail")


class Order(Event):
    order_id: UUID = Field(alias="orderId")
    customer: Customer
    colour: Colour
    total: Decimal
    placed: datetime
    count: int
    tags: list[str]
    note: str | None = None


class Orders(RootModel[list[Order]]):
    pass


ORDER = Order.model_validate(
    {
        "orderId": "7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "customer": {"e/mail": "a@example.com"},
        "colour": "red",
        "total": "1.50",
        "placed": datetime(2026, 1, 2, tzinfo=UTC),
        "count": 3,
        "tags": ["x", "y"],
    }
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$message.payload#/orderId", "7d444840-9dc0-11d1-b245-5ffdce74fad2"),
        ("$message.payload#/customer/e~1mail", "a@example.com"),
        ("$message.payload#/colour", "red"),
        ("$message.payload#/total", "1.50"),
        ("$message.payload#/placed", "2026-01-02T00:00:00Z"),
        ("$message.payload#/count", "3"),
        ("$message.payload#/tags/1", "y"),
        ("$message.payload#/tags", '["x","y"]'),
        ("$message.payload#/customer", '{"e/mail":"a@example.com"}'),
        ("$message.payload#/note", None),
        ("$message.payload#/order_id", None),
        ("$message.payload#/tags/9", None),
        ("$message.payload#/count/deeper", None),
        ("$message.header#/tenant", "acme"),
        ("$message.header#/absent", None),
    ],
)
def test_an_expression_points_at_a_value_by_its_wire_name(expression: str, value: str | None) -> None:
    assert evaluate(expression, ORDER, {"tenant": "acme"}) == value


def test_an_expression_reaches_into_a_payload_that_is_an_array() -> None:
    assert evaluate("$message.payload#/0/count", Orders([ORDER]), {}) == "3"


@pytest.mark.parametrize("expression", ["orderId", "$message.body#/x", "$message.payload#x"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ConfigurationError, match="is no runtime expression"):
        evaluate(expression, ORDER, {})
