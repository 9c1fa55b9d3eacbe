"""The inventory's own table: a journal, so that stock moved twice would show."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Movement(Base):
    __tablename__ = "inventory_movements"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    """`reserved`, `out of stock`, `released` or `returned`."""
