"""`eda purge`: forget what has outlived its use."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from eda_runtime.app import App
from eda_runtime.cli.target import opened, split_target
from eda_runtime.housekeeping import Purged, purge, purge_messages, purge_order
from eda_runtime.saga import control
from eda_runtime.wording import counted

__all__ = ["command"]


@click.command("purge")
@click.argument("app", nargs=-1)
def command(app: tuple[str, ...]) -> None:
    """Delete inbox entries past their idempotency window, and dead letters, ended sagas and the log's messages past their
    retention."""
    service, _ = split_target(app)
    consumers, messages, ended = asyncio.run(_purge(service))
    for gone in consumers:
        entries = counted(gone.inbox, "inbox entry", "inbox entries")
        click.echo(f"{gone.consumer}: {entries} and {counted(gone.dead_letters, 'dead letter')} deleted")
    for saga, count in ended.items():
        click.echo(f"{saga}: {counted(count, 'ended instance')} deleted")
    if messages:
        click.echo(f"{counted(messages, 'message')} deleted that every consumer has read")


async def _purge(app: App[object]) -> tuple[Sequence[Purged], int, dict[str, int]]:
    async with opened(app) as service:
        consumers = await purge(service.store, app.subscriptions)
        await purge_order(service.store)
        ended = {saga.name: await control.purge(service.store, saga) for saga in app.sagas}
        return consumers, await purge_messages(service.transport), ended
