"""`eda purge`: forget what has outlived its use."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from eda_runtime.app import App
from eda_runtime.cli.target import split_target
from eda_runtime.housekeeping import Purged, purge

__all__ = ["command"]


@click.command("purge")
@click.argument("app", nargs=-1)
def command(app: tuple[str, ...]) -> None:
    """Delete inbox entries past their idempotency window, and dead letters past their retention."""
    service, _ = split_target(app)
    for gone in asyncio.run(_purge(service)):
        click.echo(f"{gone.consumer}: {gone.inbox} inbox entries and {gone.dead_letters} dead letters deleted")


async def _purge(app: App[object]) -> Sequence[Purged]:
    async with app:
        return await purge(app.opened.store, app.subscriptions)
