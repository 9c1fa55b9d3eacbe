"""Names and durations as findings print them, and what the words of a name say."""

from __future__ import annotations

import re
from datetime import timedelta

from eda_gen.model import Catalog, Message, MessageId

__all__ = ["called", "command_verb", "is_past_tense", "listed", "named", "span_of_time"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VERB = re.compile(
    "accept|add|approve|book|cancel|capture|charge|check|confirm|create|delete|dispatch|execute|generate|issue|make|move|"
    "notify|pay|place|process|publish|refund|register|reject|release|remove|reserve|reset|run|schedule|send|ship|start|"
    "stop|submit|take|transfer|update|upload|validate"
)
_PAST = re.compile(
    "(?!(feed|need|seed|speed|embed)$)[a-z]{2,}ed|begun|bought|brought|built|done|driven|eaten|fallen|found|given|gone|grown|"
    "held|kept|known|left|lost|made|met|paid|read|run|seen|sent|set|sold|spent|split|stolen|sunk|taken|thrown|told|understood|"
    "withdrawn|won|written"
)


def called(message: Message) -> str:
    return f"`{message.name}` v{message.version}"


def named(catalog: Catalog, message: MessageId) -> str:
    return called(catalog.messages[message])


def listed(texts: tuple[str, ...]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join((", ".join(texts[:-1]), texts[-1])) if len(texts) > 1 else "".join(texts)


def span_of_time(duration: timedelta) -> str:
    """An ISO 8601 duration, as specs write it."""
    seconds = duration.total_seconds()
    days, rest = divmod(seconds, 86_400)
    if not rest:
        return f"P{days:.0f}D"
    parts = zip((days * 24 + rest // 3600, rest % 3600 // 60, rest % 60), "HMS", strict=True)
    return "PT" + "".join(f"{amount:g}{unit}" for amount, unit in parts if amount)


def is_past_tense(name: str) -> bool:
    """Whether a word of the name says that something has happened. The first of several rather says who or what did."""
    words = _words(name)
    return any(_PAST.fullmatch(word) for word in words[1:] or words)


def command_verb(name: str) -> str | None:
    """The verb with which a name gives an order, if it does."""
    words = _words(name)
    return words[0] if len(words) > 1 and _VERB.fullmatch(words[0]) else None


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]
