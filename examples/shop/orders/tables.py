"""The orders' own tables: the orders, and a journal of what became of them, so that an end applied twice would show."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders_orders"

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(index=True)
    number: Mapped[int]
    status: Mapped[str]


class Outcome(Base):
    __tablename__ = "orders_outcomes"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    """`fulfilled`, `rejected`, `refund requested`, `order refunded` or `refund refused`."""
