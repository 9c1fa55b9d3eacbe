"""`eda replay`: a consumer over a past range of time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from eda_runtime.app import App
from eda_runtime.cli.target import opened, split_target
from eda_runtime.consumer.poller import Poller
from eda_runtime.transports import ReplayRange
from eda_runtime.wording import counted

__all__ = ["command"]


@click.command("replay")
@click.argument("app", nargs=-1)
@click.option("--group", required=True, help="The consumer group that reads again; no other notices.")
@click.option("--from", "start", type=click.DateTime(), required=True, help="From this time on (UTC).")
@click.option("--to", "end", type=click.DateTime(), help="Up to this time (UTC); the present if absent.")
def command(app: tuple[str, ...], group: str, start: datetime, end: datetime | None) -> None:
    """Read past messages again. Those that the consumer has taken over, by its inbox, are passed over."""
    service, _ = split_target(app)
    period = ReplayRange(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC) if end else None)
    click.echo(f"{counted(asyncio.run(_replay(service, group, period)), 'message')} read again by {group}")


async def _replay(app: App[object], group: str, period: ReplayRange) -> int:
    chosen = [subscription for subscription in app.subscriptions if subscription.policy.group == group]
    if not chosen:
        raise click.UsageError(f"{app.service} has no consumer group {group}")
    async with opened(app) as service:
        return await Poller(service, chosen[0]).replay(period)
