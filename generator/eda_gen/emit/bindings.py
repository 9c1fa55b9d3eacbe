"""What a spec's bindings say, read with care: their structure was checked, the types within were not."""

from __future__ import annotations

from collections.abc import Mapping

from eda_gen.model import Json

__all__ = ["flag", "integer", "mapping", "text", "texts"]


def mapping(value: Json, *path: str) -> Mapping[str, Json]:
    """The object at `path`, empty where there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text(value: Mapping[str, Json], name: str) -> str | None:
    found = value.get(name)
    return found if isinstance(found, str) and found else None


def integer(value: Mapping[str, Json], name: str, least: int = 0) -> int | None:
    found = value.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= least else None


def flag(value: Mapping[str, Json], name: str) -> bool | None:
    found = value.get(name)
    return found if isinstance(found, bool) else None


def texts(value: Mapping[str, Json], name: str) -> tuple[str, ...]:
    found = value.get(name)
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list | tuple) else ()
