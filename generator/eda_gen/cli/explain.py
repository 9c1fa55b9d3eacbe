"""`eda-gen explain`: what a code means."""

from __future__ import annotations

import difflib

import click

from eda_gen.cli.status import Status


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> int:
    """Tell what a diagnostic's code means, and what to do; without CODE, list all codes."""
    texts = _texts()
    if code is None:
        for each, text in sorted(texts.items()):
            click.echo(f"{each}  {text.partition(chr(10))[0]}")
        return Status.FINE
    wanted = code.upper()
    if wanted not in texts:
        near = difflib.get_close_matches(wanted, texts, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise click.UsageError(f"there is no code {code}{hint}")
    click.echo(f"{wanted}: {texts[wanted]}")
    return Status.FINE


def _texts() -> dict[str, str]:
    """Of reading, of changes, and of lint."""
    from eda_gen.codes import CODES
    from eda_gen.compat.rules import RULES
    from eda_gen.rules import installed_rules

    changes = {each.id: f"{each.sentence}\n\nWhat to do: {each.help}" for each in RULES}
    lint = {
        each.code: f"{each.documentation}\n\nRule `{each.name}`, {each.severity.value}." for each in installed_rules()
    }
    return {**CODES, **changes, **lint}
