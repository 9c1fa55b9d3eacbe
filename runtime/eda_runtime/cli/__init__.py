"""The command `eda`. Each command is a module here, imported when it is called."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module

import click

from eda_runtime.errors import EdaError
from eda_runtime.version import VERSION

__all__ = ["main"]

COMMANDS = ("run", "provision", "status", "dlq", "saga", "outbox", "replay", "purge")


class LazyGroup(click.Group):
    """A group whose commands are imported one by one, so that `--help` and errors come at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"eda_runtime.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="eda")
def cli() -> None:
    """Run and look after a service.

    APP is module:attribute, such as shop.handlers:service; EDA_APP says it once for all commands.
    """


def main() -> None:
    """Exit status: 0 fine, 2 the call or the set-up is wrong, 3 a defect of ours."""
    try:
        cli()
    except EdaError as error:
        click.echo(f"eda: {error}", err=True)
        sys.exit(2)
    except Exception:  # noqa: BLE001  what else comes up here is ours
        traceback.print_exc()
        click.echo("eda: this is a defect of eda-runtime: please report it with the lines above", err=True)
        sys.exit(3)
