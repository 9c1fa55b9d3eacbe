"""`eda provision`: what must exist before a service runs."""

from __future__ import annotations

import asyncio

import click

from eda_runtime.app import App
from eda_runtime.cli.target import split_target
from eda_runtime.errors import ConfigurationError

__all__ = ["command"]


@click.command("provision")
@click.argument("app", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
def command(app: tuple[str, ...], dry_run: bool) -> None:
    """Create the runtime's tables, and the channels, groups and dead letter addresses on the broker."""
    service, _ = split_target(app)
    asyncio.run(_provision(service, dry_run))


async def _provision(app: App[object], dry_run: bool) -> None:
    async with app:
        store, transport = app.opened.store, app.opened.transport
        for revision in await (store.pending() if dry_run else store.migrate()):
            click.echo(f"create    tables {revision}")
        steps = await transport.provision(app.topology, dry_run=dry_run)
    for step in steps:
        click.echo(f"{step.action:<9} {step.what}{f' ({step.detail})' if step.detail else ''}")
    if any(step.action == "conflict" for step in steps):
        raise ConfigurationError("what is marked `conflict` needs a person: nothing there was changed")
