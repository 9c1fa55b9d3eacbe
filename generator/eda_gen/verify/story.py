"""A counterexample as a numbered list, and as a Mermaid sequence diagram."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.emit.diagrams.sequence import Sequence
from eda_gen.verify.verdict import Fault, Moment

__all__ = ["as_lines", "as_mermaid"]


def as_lines(fault: Fault) -> Iterator[str]:
    width = len(str(len(fault.run)))
    for number, moment in enumerate(fault.run, 1):
        yield f"{number:>{width}}. {_line(moment)}"


def as_mermaid(fault: Fault) -> str:
    script = Sequence(fault.told)
    for moment in fault.run:
        receiver = script.participant(moment.receiver, moment.receiver)
        if not moment.sender or moment.sender == moment.receiver:
            script.note(receiver, moment.text)
        else:
            script.message(script.participant(moment.sender, moment.sender), receiver, moment.text)
    return script.text()


def _line(moment: Moment) -> str:
    if not moment.sender:
        return f"→ {moment.receiver}: {moment.text}"
    if moment.sender == moment.receiver:
        return f"{moment.sender}: {moment.text}"
    return f"{moment.sender} → {moment.receiver}: {moment.text}"
