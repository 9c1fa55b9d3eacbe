"""Payloads between models and bytes."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from eda_runtime.contracts import MessageContract, Model

__all__ = ["InvalidPayload", "decode", "encode", "explain"]


class InvalidPayload(Exception):
    """The bytes are no payload of this message; the text says where and why, without the values."""


def encode(payload: BaseModel) -> bytes:
    """The JSON of `payload`, by wire names, with what was set; see `Event` for what counts as set."""
    return payload.model_dump_json(by_alias=True, exclude_unset=True).encode()


def decode(contract: MessageContract[Model], data: bytes) -> Model:
    """Read a payload of `contract`. Raises `InvalidPayload`."""
    try:
        return contract.model.model_validate_json(data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidPayload(f"{contract.type}: {explain(error)}") from None


def explain(error: ValidationError) -> str:
    """Where and why, without the values."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'/'.join(map(str, problem['loc'])) or 'payload'}: {problem['msg']}" for problem in problems)
