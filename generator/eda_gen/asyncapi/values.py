"""Small texts with a meaning: durations, dates, runtime expressions, versions in names."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

__all__ = ["is_runtime_expression", "parse_date", "parse_duration", "slug", "split_version"]

_DURATION = re.compile(
    r"P(?=[0-9T])(?:(?P<weeks>\d{1,5})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,7})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)S)?)?\Z"
)
_EXPRESSION = re.compile(r"\$message\.(?:header|payload)#(?P<pointer>(?:/(?:[^~/]|~[01])*)*)\Z")
_SEPARATED = re.compile(r"(?P<base>.*[^._-])[._-]+[vV](?P<version>[1-9]\d{0,5})\Z")
_CAMEL = re.compile(r"(?P<base>.*[a-z0-9])V(?P<version>[1-9]\d{0,5})\Z")


def parse_duration(text: str) -> timedelta | None:
    """An ISO 8601 duration of fixed length: weeks, days, hours, minutes, seconds. Months and years have none."""
    match = _DURATION.match(text)
    if match is None:
        return None
    return timedelta(**{unit: float(amount) for unit, amount in match.groupdict().items() if amount is not None})


def parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def is_runtime_expression(text: str) -> bool:
    """AsyncAPI 3.1, Runtime Expression: a source, and a JSON pointer into it."""
    return _EXPRESSION.match(text) is not None


def split_version(name: str) -> tuple[str, int | None]:
    """`OrderPlaced.v2` and `OrderPlacedV2` are version 2 of `OrderPlaced`."""
    match = _SEPARATED.match(name) or _CAMEL.match(name)
    return (match["base"], int(match["version"])) if match else (name, None)


def slug(text: str) -> str:
    """A name for folders and groups: lower case ASCII words joined by `-`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
