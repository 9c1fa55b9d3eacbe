"""Orders over HTTP. Run it with `uvicorn orders.api:api`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from .events.order_placed import OrderPlaced
from .events.refund_requested import RefundRequested
from .events.types.common_address import Address
from .events.types.common_money import Money
from .events.types.common_order_line import OrderLine
from .handlers import service
from .tables import Order, Outcome


class NewOrder(BaseModel):
    customer_id: str = Field(min_length=1)
    lines: list[OrderLine] = Field(min_length=1)
    total: Money
    ship_to: Address


class OrderView(BaseModel):
    id: UUID
    number: int
    status: str


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with service:
        yield


api = FastAPI(title="Orders", lifespan=lifespan)


@api.post("/orders", status_code=202)
async def place_order(order: NewOrder) -> OrderView:
    async with service.unit_of_work() as uow:
        placed_before = select(func.count()).where(Order.customer_id == order.customer_id)
        number = 1 + (await uow.session.execute(placed_before)).scalar_one()
        order_id = uuid4()
        uow.session.add(Order(id=str(order_id), customer_id=order.customer_id, number=number, status="placed"))
        uow.publish.order_placed(
            OrderPlaced(
                order_id=order_id,
                customer_id=order.customer_id,
                number=number,
                lines=order.lines,
                total=order.total,
                ship_to=order.ship_to,
            )
        )
    return OrderView(id=order_id, number=number, status="placed")


@api.get("/orders/{order_id}")
async def show_order(order_id: UUID) -> OrderView:
    async with service.unit_of_work() as uow:
        order = await uow.session.get(Order, str(order_id))
    if order is None:
        raise HTTPException(404, "no such order")
    return OrderView(id=UUID(order.id), number=order.number, status=order.status)


@api.post("/orders/{order_id}/refund", status_code=202)
async def refund_order(order_id: UUID) -> OrderView:
    async with service.unit_of_work() as uow:
        order = await uow.session.get(Order, str(order_id))
        if order is None:
            raise HTTPException(404, "no such order")
        if order.status == "placed":
            raise HTTPException(409, "the order has not come to its end yet")
        uow.session.add(Outcome(order_id=order.id, kind="refund requested"))
        uow.publish.refund_requested(RefundRequested(order_id=order_id, customer_id=order.customer_id))
    return OrderView(id=order_id, number=order.number, status=order.status)
