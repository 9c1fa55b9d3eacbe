"""The payments' own table: a journal, so that money taken or paid back twice would show."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "payments_payments"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    """`taken`, `declined` or `refunded`."""
