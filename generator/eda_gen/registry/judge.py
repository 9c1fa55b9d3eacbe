"""What a registry says of a change, by the rules that registries have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from eda_gen.compat import ContentModel, Difference, Direction, Mode
from eda_gen.compat.payloads import Schemas
from eda_gen.model import Schema, SchemaId
from eda_gen.registry.reading import Readable

__all__ = ["NOT_JUDGED", "breaks"]

NOT_JUDGED: Final = frozenset(("format", "overlap", "avro-logical-type"))
"""Rules of ours that are no rules of Confluent's registry: what they find, it takes."""


def breaks(
    held: Iterable[Readable],
    schema: tuple[SchemaId, Mapping[SchemaId, Schema]],
    level: str,
    content_model: ContentModel = ContentModel.AS_WRITTEN,
) -> tuple[Difference, ...]:
    """Why a subject that holds these, oldest first, refuses a schema at a compatibility level; nothing if it takes it.

    `TOLERANT` tells whether generated consumers are hurt, which registries do not ask.
    """
    if level == "NONE":
        return ()
    mode = Mode(level.lower().replace("_", "-"))
    before = tuple(held)
    found = (
        _differences(each, schema, mode.refuses, content_model) for each in (before if mode.transitive else before[-1:])
    )
    return tuple(dict.fromkeys(difference for each in found for difference in each))


def _differences(
    old: Readable, new: tuple[SchemaId, Mapping[SchemaId, Schema]], refused: Direction, content_model: ContentModel
) -> tuple[Difference, ...]:
    root, schemas = new
    compared = Schemas(old.schemas, schemas, content_model, frozenset()).compare(old.root, root)
    return tuple(each for each in compared if each.direction & refused and each.rule.name not in NOT_JUDGED)
