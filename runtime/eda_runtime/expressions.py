"""AsyncAPI runtime expressions, such as `$message.payload#/orderId` (AsyncAPI 3.0, "Runtime Expression")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel, RootModel
from pydantic_core import to_jsonable_python

from eda_runtime.errors import ConfigurationError

__all__ = ["check", "evaluate"]


def evaluate(expression: str, payload: object, headers: Mapping[str, str]) -> str | None:
    """The text of what `expression` points at, or `None` where there is nothing.

    A payload's fields go by their wire names. Objects and arrays come as compact JSON with sorted keys.
    """
    source, path = _parse(expression)
    value: object = payload if source == "payload" else headers
    for step in path:
        value = _step(value, step)
        if value is None:
            return None
    return _text(value)


def check(expression: str) -> None:
    """Raise `ConfigurationError` unless this is an expression that `evaluate` knows."""
    _parse(expression)


@cache
def _parse(expression: str) -> tuple[str, tuple[str, ...]]:
    place, _, pointer = expression.partition("#")
    source = place.removeprefix("$message.")
    if source not in ("payload", "header") or (pointer and not pointer.startswith("/")):
        raise ConfigurationError(
            f"{expression!r} is no runtime expression: write $message.payload#/… or $message.header#/…"
        )
    return source, tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _step(value: object, name: str) -> object:
    if isinstance(value, RootModel):
        return _step(value.root, name)
    if isinstance(value, BaseModel):
        return _field(value, name)
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, list | tuple) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return None


def _field(model: BaseModel, name: str) -> object:
    attribute = _attributes(type(model)).get(name)
    if attribute is not None:
        return getattr(model, attribute)
    return (model.model_extra or {}).get(name)


@cache
def _attributes(model: type[BaseModel]) -> dict[str, str]:
    return {field.serialization_alias or field.alias or name: name for name, field in model.model_fields.items()}


def _text(value: object) -> str:
    plain = value if type(value) is str else to_jsonable_python(value, by_alias=True)
    return plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"), sort_keys=True)
