"""Create the tables of all four services in one database: `python -m examples.shop.create_tables sqlite:///shop.sqlite3`."""

from __future__ import annotations

import sys

from sqlalchemy import create_engine

from .inventory import tables as inventory
from .orders import tables as orders
from .payments import tables as payments
from .shipping import tables as shipping


def main(url: str) -> None:
    engine = create_engine(url)
    for service in (orders, inventory, payments, shipping):
        service.Base.metadata.create_all(engine)


if __name__ == "__main__":
    main(sys.argv[1])
