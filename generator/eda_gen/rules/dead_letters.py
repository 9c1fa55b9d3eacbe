"""8xx: dead letters and replay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from eda_gen.diagnostics import Severity
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.words import span_of_time

_LONG_ENOUGH = timedelta(days=14)


@rule("EDA801")
def dead_letters_kept_too_short(subject: Subject) -> Iterator[Finding]:
    """Dead letters are gone before the channel forgets the message itself.

    They are the last copy that somebody can look at and send again. Two weeks are long enough for any channel.
    """
    for service in subject.catalog.services:
        for receive in service.receives:
            kept, wanted = receive.dead_letter.retention, subject.catalog.channels[receive.channel].retention
            if kept < min(wanted, _LONG_ENOUGH):
                told = f"`{receive.id}` keeps dead letters for {span_of_time(kept)}, its channel messages for {span_of_time(wanted)}"
                yield Finding(
                    receive.span,
                    told,
                    f"set `deadLetter.retention` to {span_of_time(min(wanted, _LONG_ENOUGH))} or more",
                )


@rule("EDA802", severity=Severity.ERROR)
def dead_letters_to_the_channel_itself(subject: Subject) -> Iterator[Finding]:
    """Dead letters go to the address that they came from.

    The poison is read again, fails again, and goes round for ever.
    """
    for service in subject.catalog.services:
        for receive in service.receives:
            if receive.dead_letter.address == subject.catalog.channels[receive.channel].address:
                told = f"`{receive.id}` sends its dead letters back to `{receive.dead_letter.address}`"
                yield Finding(receive.span, told, "give them an address of their own, or leave `address` out")


@rule("EDA803")
def dead_letters_shared(subject: Subject) -> Iterator[Finding]:
    """Two operations send their dead letters to one address.

    They cannot be counted, kept or sent again for one consumer alone.
    """
    first: dict[str, str] = {}
    for service in subject.catalog.services:
        for receive in service.receives:
            name = f"{service.name}.{receive.id}"
            other = first.setdefault(receive.dead_letter.address, name)
            if other != name:
                told = f"`{name}` shares the dead letter address `{receive.dead_letter.address}` with `{other}`"
                yield Finding(receive.span, told, "give each its own, or leave `address` out")
