"""Create the tables of all four services in one database: `python -m examples.shop.create_tables sqlite:///shop.sqlite3`."""

from __future__ import annotations

import asyncio
import sys

from eda_runtime.stores import Store, open_store

from .inventory import tables as inventory
from .orders import tables as orders
from .payments import tables as payments
from .shipping import tables as shipping


async def create_tables(store: Store) -> None:
    async with store.transaction() as transaction:
        connection = await transaction.session.connection()
        for service in (orders, inventory, payments, shipping):
            await connection.run_sync(service.Base.metadata.create_all)


async def main(url: str) -> None:
    store = open_store(url)
    try:
        await create_tables(store)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
