"""`eda purge`: forget what has outlived its use."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from eda_runtime.app import App
from eda_runtime.cli.target import opened, split_target
from eda_runtime.housekeeping import Purged, purge, purge_messages, purge_order
from eda_runtime.saga import control

__all__ = ["command"]


@click.command("purge")
@click.argument("app", nargs=-1)
def command(app: tuple[str, ...]) -> None:
    """Delete inbox entries past their idempotency window, and dead letters, ended sagas and the log's messages past their
    retention."""
    service, _ = split_target(app)
    consumers, messages, ended = asyncio.run(_purge(service))
    for gone in consumers:
        click.echo(f"{gone.consumer}: {gone.inbox} inbox entries and {gone.dead_letters} dead letters deleted")
    for saga, count in ended.items():
        click.echo(f"{saga}: {count} ended instances deleted")
    if messages:
        click.echo(f"{messages} messages deleted that every consumer has read")


async def _purge(app: App[object]) -> tuple[Sequence[Purged], int, dict[str, int]]:
    async with opened(app) as service:
        consumers = await purge(service.store, app.subscriptions)
        await purge_order(service.store)
        ended = {saga.name: await control.purge(service.store, saga) for saga in app.sagas}
        return consumers, await purge_messages(service.transport), ended
