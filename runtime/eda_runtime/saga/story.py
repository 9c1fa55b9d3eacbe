"""The history of an instance, as a table and as a Mermaid sequence diagram."""

from __future__ import annotations

from collections.abc import Sequence

from eda_runtime.saga.control import Event
from eda_runtime.saga.definition import AnySaga

__all__ = ["as_mermaid", "as_table"]

SENT = frozenset(("sent", "sent-again", "compensation-sent", "compensation-sent-again"))
CAME = frozenset(("succeeded", "failed", "compensated", "late", "duplicate", "unexpected"))


def as_table(events: Sequence[Event]) -> str:
    """One line an event, in columns."""
    rows = [("time", "what", "step", "message", "detail")]
    rows += [
        (f"{each.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], each.kind, each.step or "", each.message or "", each.detail or "")
        for each in events
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_mermaid(saga: AnySaga, id_: str, events: Sequence[Event]) -> str:
    """The saga on one side, each step that took part on the other."""
    steps = list(dict.fromkeys(each.step for each in events if each.step is not None))
    names = {step: f"p{number}" for number, step in enumerate(steps, 1)}
    lines = ["sequenceDiagram", f"    participant saga as {_escaped(f'{saga.name} {id_}')}"]
    lines += [f"    participant {name} as {_escaped(step)}" for step, name in names.items()]
    return "\n".join([*lines, *(f"    {_told(each, names)}" for each in events)])


def _told(event: Event, names: dict[str, str]) -> str:
    other = names.get(event.step or "", "saga")
    what = event.message or event.detail or ""
    text = _escaped(what if event.kind in ("sent", "succeeded", "compensated") else f"{event.kind} {what}".strip())
    if other != "saga" and event.kind in SENT:
        return f"saga->>{other}: {text}"
    if other != "saga" and event.kind in CAME and event.message is not None:
        return f"{other}-->>saga: {text}"
    return f"Note over saga: {_escaped(' '.join(filter(None, (event.step, event.kind, what))))}"


def _escaped(text: str) -> str:
    """Mermaid decodes `#59;`; what is not plainly harmless is written so."""
    visible = " ".join("".join(char if char.isprintable() else " " for char in text[:160]).split())
    return "".join(char if char.isalnum() or char in " ._/:" else f"#{ord(char)};" for char in visible) or "·"
