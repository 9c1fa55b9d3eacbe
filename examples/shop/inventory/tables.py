"""The inventory's own table: a journal, so that a reservation applied twice would show."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Reservation(Base):
    __tablename__ = "inventory_reservations"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(index=True)
    customer_id: Mapped[str]
    number: Mapped[int]
    reserved: Mapped[bool]
