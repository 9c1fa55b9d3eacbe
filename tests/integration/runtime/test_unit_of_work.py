"""A unit of work: effects and messages happen together or not at all."""

# ruff: noqa: PT012  what raises is the end of the block

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from tests.integration.runtime.support import ORDERS, count, create_app, noted, notes, place, prepared, received

from eda_runtime.errors import StoreError, UnitOfWorkError
from eda_runtime.stores import sqlite


async def test_effects_and_messages_commit_together(url: str) -> None:
    async with prepared(create_app(url)) as app:
        async with app.unit_of_work() as uow:
            await uow.session.execute(sa.insert(notes).values(key="a", number=1))
            uow.publish.placed("a", 1)

        assert await noted(app) == [("a", 1)]
        assert await count(app, "eda_outbox") == 1


async def test_nothing_remains_of_a_unit_of_work_that_raises(url: str) -> None:
    async with prepared(create_app(url)) as app:
        with pytest.raises(ZeroDivisionError):
            async with app.unit_of_work() as uow:
                await uow.session.execute(sa.insert(notes).values(key="a", number=1))
                uow.publish.placed("a", 1)
                raise ZeroDivisionError

        assert await noted(app) == []
        assert await count(app, "eda_outbox") == 0


async def test_session_and_connection_are_in_one_transaction(url: str) -> None:
    async with prepared(create_app(url)) as app, app.unit_of_work() as uow:
        await uow.connection.execute("INSERT INTO notes (id, key, number) VALUES (7, 'a', 1)")

        assert (await uow.session.execute(sa.select(notes.c.key))).all() == [("a",)]
        assert await noted(app) == []


@pytest.mark.parametrize("ending", ["commit", "rollback", "close", "reset", "invalidate"])
async def test_a_session_that_is_ended_by_hand_is_refused_and_rolled_back(url: str, ending: str) -> None:
    async with prepared(create_app(url)) as app:
        with pytest.raises(UnitOfWorkError, match="may not"):
            async with app.unit_of_work() as uow:
                await uow.session.execute(sa.insert(notes).values(key="a", number=1))
                await getattr(uow.session, ending)()

        assert await noted(app) == []


async def test_a_transaction_ended_on_the_connection_is_noticed(url: str) -> None:
    async with prepared(create_app(url)) as app:
        with pytest.raises(UnitOfWorkError, match="was ended on the driver's connection"):
            async with app.unit_of_work() as uow:
                await uow.connection.execute("COMMIT")
                uow.publish.placed("a", 1)

        assert await count(app, "eda_outbox") == 0


async def test_a_part_may_fail_in_a_savepoint(url: str) -> None:
    async with prepared(create_app(url)) as app:
        async with app.unit_of_work() as uow:
            await uow.session.execute(sa.insert(notes).values(id=1, key="a", number=1))
            with pytest.raises(IntegrityError):
                async with uow.session.begin_nested():
                    await uow.session.execute(sa.insert(notes).values(id=1, key="b", number=1))
            uow.publish.placed("a", 1)

        assert await noted(app) == [("a", 1)]
        assert await count(app, "eda_outbox") == 1


async def test_callbacks_run_after_the_commit_and_not_after_a_rollback(url: str) -> None:
    seen: list[tuple[str, int]] = []
    async with prepared(create_app(url)) as app:

        async def look() -> None:
            seen.extend(await noted(app))

        async with app.unit_of_work() as uow:
            uow.after_commit(look)
            await uow.session.execute(sa.insert(notes).values(key="a", number=1))
        with pytest.raises(ZeroDivisionError):
            async with app.unit_of_work() as uow:
                uow.after_commit(look)
                raise ZeroDivisionError

    assert seen == [("a", 1)]


async def test_a_callback_that_fails_does_not_fail_what_has_committed(url: str) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async with prepared(create_app(url)) as app:
        async with app.unit_of_work() as uow:
            uow.after_commit(fail)
            uow.publish.placed("a", 1)

        assert await count(app, "eda_outbox") == 1


async def test_a_thousand_messages_go_into_the_outbox_in_their_order(url: str) -> None:
    async with prepared(create_app(url)) as app:
        await place(app, *(("a", number) for number in range(1000)))

        rows = await app.opened.store.fetch("SELECT payload FROM eda_outbox ORDER BY position")
        assert [row[0] for row in rows] == [b'{"key":"a","number":%d}' % number for number in range(1000)]


async def test_an_outbox_row_has_the_columns_of_debeziums_event_router(url: str) -> None:
    async with prepared(create_app(url)) as app:
        await place(app, ("a", 1))

        rows = await app.opened.store.fetch("SELECT aggregatetype, aggregateid, type, payload FROM eda_outbox")
        assert [tuple(row) for row in rows] == [("orders", "a", "t.Placed.v1", b'{"key":"a","number":1}')]


async def test_a_unit_of_work_inside_another_is_refused_where_it_would_wait_for_itself(tmp_path: object) -> None:
    async with prepared(create_app(f"sqlite:///{tmp_path}/eda.db")) as app, app.unit_of_work():
        with pytest.raises(UnitOfWorkError, match="open in this task already"):
            async with app.unit_of_work():
                pass


async def test_what_only_writes_to_the_outbox_needs_no_broker(url: str) -> None:
    app = create_app(url)
    app.settings = replace(app.settings, broker_url="postgresql://nobody@127.0.0.1:1/nothing")
    async with app:
        await app.opened.store.migrate()

        await place(app, ("a", 1))

        assert await count(app, "eda_outbox") == 1


async def test_what_goes_past_the_outbox_is_sent_though_the_transaction_rolls_back(postgresql_url: str) -> None:
    async with prepared(create_app(postgresql_url)) as app:
        with pytest.raises(ZeroDivisionError):
            async with app.unit_of_work() as uow:
                await uow.publish.at_once("a", 1)
                raise ZeroDivisionError

        assert [delivery.key for delivery in await received(app, ORDERS.address)] == ["a"]


async def test_what_goes_past_the_outbox_waits_for_the_commit_where_all_is_one_file(tmp_path: object) -> None:
    async with prepared(create_app(f"sqlite:///{tmp_path}/eda.db")) as app:
        async with app.unit_of_work() as uow:
            await uow.publish.at_once("a", 1)

        assert await count(app, "eda_outbox") == 1


async def test_connections_that_the_server_has_closed_are_replaced(postgresql_url: str) -> None:
    async with prepared(create_app(postgresql_url)) as app:
        async with app.unit_of_work(), app.unit_of_work():
            pass
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid != "
        await app.opened.store.fetch(kill + "pg_backend_pid()")
        await asyncio.sleep(0.1)

        async with app.unit_of_work() as one, app.unit_of_work() as two:
            one.publish.placed("a", 1)
            two.publish.placed("a", 2)

        assert await count(app, "eda_outbox") == 2


async def test_who_opens_a_service_at_once_opens_one(url: str) -> None:
    app = create_app(url)

    async def opened() -> object:
        async with app:
            await asyncio.sleep(0.1)
            return app.opened

    services = await asyncio.gather(*(opened() for _ in range(5)))

    assert len(set(map(id, services))) == 1


async def test_a_file_that_stays_locked_is_told_of_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.3)
    async with prepared(create_app(f"sqlite:///{tmp_path / 'eda.db'}")) as app:
        with closing(sqlite3.connect(tmp_path / "eda.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")

            async with asyncio.timeout(3):
                with pytest.raises(StoreError, match=r"eda\.db is locked: another process"):
                    async with app.unit_of_work():
                        pass
