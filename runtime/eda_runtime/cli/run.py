"""`eda run`: consumers, relay and retries in one process."""

from __future__ import annotations

import asyncio
import logging

import click

from eda_runtime.app import ROLES, Role
from eda_runtime.cli.target import split_target
from eda_runtime.settings import redacted

__all__ = ["command"]


@click.command("run")
@click.argument("app", nargs=-1)
@click.option("--only", type=click.Choice(ROLES), multiple=True, help="Run this role alone; may be given again.")
def command(app: tuple[str, ...], only: tuple[str, ...]) -> None:
    """Run a service until SIGTERM or SIGINT, which let it finish the batch in hand; a second one ends it at once."""
    service, extra = split_target(app)
    if extra:
        raise click.UsageError(f"unexpected argument {extra[0]}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    roles: list[Role] = [role for role in ROLES if not only or role in only]
    where = redacted(service.settings.database_url), redacted(service.settings.broker_url)
    logging.getLogger(__name__).info("%s: %s; database %s, broker %s", service.service, ", ".join(roles), *where)
    asyncio.run(service.run(roles, handle_signals=True))
