"""The command line: one module a command, imported only when it runs."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence

import click

from eda_gen.cli.status import Status

__all__ = ["main"]

COMMANDS: dict[str, tuple[str, str]] = {
    "breaking": ("eda_gen.cli.breaking", "Compare specs with an earlier state: what changed, and whom it breaks."),
    "catalog": (
        "eda_gen.cli.catalog",
        "List the messages of a workspace: whose, who sends and receives them, promises.",
    ),
    "diagram": ("eda_gen.cli.diagram", "Print one diagram of a saga, a flow, a service, or the whole workspace."),
    "explain": ("eda_gen.cli.explain", "Tell what a diagnostic's code means, and what to do."),
    "generate": ("eda_gen.cli.generate", "Write the code that specs describe."),
    "lint": ("eda_gen.cli.lint", "Check what specs mean: flows, sagas, order, ownership, versions, personal data."),
    "registry": (
        "eda_gen.cli.registry",
        "Push schemas to a Confluent-compatible registry, or check what it would say.",
    ),
    "validate": ("eda_gen.cli.validate", "Check specs: syntax, AsyncAPI structure, references, x-eda."),
    "verify": ("eda_gen.cli.verify", "Explore every run of a saga, and prove or refute what it promises."),
}
"""Each command's module, which holds a click command of the command's name, and its one line of help."""


OBJECTS = 500_000
"""Made between two searches for garbage: nearly all that a command reads is in use until it ends."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"eda-gen {version('eda-gen')}")
        ctx.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
def cli() -> None:
    """From declarative event specs to running event-driven services."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its status; never with a traceback."""
    gc.set_threshold(OBJECTS)
    sys.exit(_run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    try:
        outcome = cli.main(list(arguments), prog_name="eda-gen", standalone_mode=False)
        return outcome if isinstance(outcome, int) else Status.FINE
    except click.exceptions.NoArgsIsHelpError as no_command:
        click.echo(no_command.format_message(), err=True)
        return Status.BAD_INPUT
    except click.ClickException as wrong_call:
        wrong_call.show()
        return Status.BAD_INPUT
    except click.Abort:
        click.echo("stopped", err=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.FINE
    except Exception as defect:  # noqa: BLE001 - the one place that catches all: a traceback is no answer to a user
        _tell_defect(defect)
        return Status.DEFECT


def _tell_defect(defect: Exception) -> None:
    import traceback

    last = traceback.extract_tb(defect.__traceback__)[-1]
    click.echo(f"eda-gen: a defect of ours, not of your input: {type(defect).__name__}: {defect}", err=True)
    click.echo(f"  at {os.path.basename(last.filename)}:{last.lineno} in {last.name}", err=True)
    click.echo("Please report it, with the command and, if you can, the spec.", err=True)
    if os.environ.get("EDA_GEN_TRACEBACK"):
        traceback.print_exception(defect)
    else:
        click.echo("EDA_GEN_TRACEBACK=1 shows the details that a report needs.", err=True)
