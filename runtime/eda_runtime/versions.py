"""Older versions of messages as newer ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from eda_runtime.codec import InvalidPayload, explain
from eda_runtime.contracts import AnySubscription, MessageContract, Upcast

__all__ = ["convert", "known_versions", "upcast"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Split: TypeAlias = "tuple[str, str, Literal['first', 'rest']]"
Model = TypeVar("Model", bound=BaseModel)
_Path: TypeAlias = "tuple[str, ...]"


def known_versions(subscription: AnySubscription) -> Iterator[MessageContract[BaseModel]]:
    """The messages that a subscription takes: those for its handler first, then older ones that lead to them."""
    yield from subscription.messages
    yield from (step.older for step in subscription.upcasts)


def upcast(
    steps: Sequence[Upcast[BaseModel, BaseModel]], contract: MessageContract[BaseModel], payload: BaseModel
) -> tuple[MessageContract[BaseModel], BaseModel]:
    """A payload of `contract` as the version that the steps lead to. Raises `InvalidPayload`, which names the step."""
    while step := next((each for each in steps if each.older.type == contract.type), None):
        payload = _taken(step, payload)
        contract = step.newer
    return contract, payload


def _taken(step: Upcast[BaseModel, BaseModel], payload: BaseModel) -> BaseModel:
    try:
        return step.upcast(payload)
    except ValidationError as error:
        reason = explain(error)
    except Exception as error:  # noqa: BLE001  an upcaster written by hand may raise anything
        reason = f"{type(error).__name__}: {error}"
    older, newer = step.older, step.newer
    raise InvalidPayload(f"{older.type} cannot be upcast from version {older.version} to {newer.version}: {reason}")


def convert(
    old: BaseModel,
    model: type[Model],
    *,
    rename: Mapping[str, str] | None = None,
    default: Mapping[str, Json] | None = None,
    constant: Mapping[str, Json] | None = None,
    nest: Mapping[str, Mapping[str, str]] | None = None,
    split: Mapping[str, Split] | None = None,
    drop: Sequence[str] = (),
) -> Model:
    """`old` as `model`: field by field under its wire name, apart from what the mapping says.

    The mapping goes by fields of the new version, as `x-eda.upcast` does; `address/street` is a field inside another.
    Every source is read from `old` as it was. Raises pydantic's `ValidationError` where the result is no `model`.
    """
    before: Json = json.loads(old.model_dump_json(by_alias=True, exclude_unset=True))
    moves = dict(rename or {})
    for target, fields in (nest or {}).items():
        moves |= {f"{target}/{name}": source for name, source in fields.items()}
    splits = split or {}
    after: Json = json.loads(json.dumps(before))
    for field in (*moves.values(), *(source for source, _, _ in splits.values()), *drop):
        _remove(after, _path(field))
    for target in nest or {}:
        _put(after, _path(target), {})
    for target, source in moves.items():
        for value in _found(before, _path(source)):
            _put(after, _path(target), value)
    for target, (source, by, part) in splits.items():
        for value in _found(before, _path(source)):
            _put_part(after, _path(target), value, by, part)
    for target, value in (constant or {}).items():
        _put(after, _path(target), value)
    for target, value in (default or {}).items():
        if not list(_found(after, _path(target))):
            _put(after, _path(target), value)
    return model.model_validate_json(json.dumps(after), by_alias=True, by_name=False)


def _path(field: str) -> _Path:
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in field.removeprefix("/").split("/"))


def _found(value: Json, path: _Path) -> Iterator[Json]:
    """The value at a path, if there is one."""
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return
        value = value[step]
    yield value


def _remove(value: Json, path: _Path) -> None:
    for parent in _found(value, path[:-1]):
        if isinstance(parent, dict):
            parent.pop(path[-1], None)


def _put(value: Json, path: _Path, new: Json) -> None:
    for step in path[:-1]:
        if isinstance(value, dict):
            value = value.setdefault(step, {})
    if isinstance(value, dict):
        value[path[-1]] = new


def _put_part(value: Json, path: _Path, text: Json, by: str, part: Literal["first", "rest"]) -> None:
    pieces = text.split(by, 1) if isinstance(text, str) else []
    chosen = pieces[:1] if part == "first" else pieces[1:]
    for piece in chosen:
        _put(value, path, piece)
