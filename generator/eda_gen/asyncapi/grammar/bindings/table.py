"""A row of the tables: what one version of one protocol's bindings allows on one kind of object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eda_gen.asyncapi.grammar.types import Rule, Type

__all__ = ["Binding"]


@dataclass(frozen=True, slots=True)
class Binding:
    protocol: str
    owner: str
    version: str
    fields: Mapping[str, Type]
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
