"""Whether two schemas, written in two places, say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_gen.model import Catalog, Json, SchemaId

__all__ = ["same_schema"]

_WORDS_FOR_PEOPLE = frozenset(("title", "description", "examples", "$comment"))


def same_schema(catalog: Catalog, one: SchemaId | None, other: SchemaId | None) -> bool:
    """Compares through references, and leaves out what only people read."""
    waiting: list[tuple[Json, Json]] = [(_reference(one), _reference(other))]
    assumed: set[tuple[str, str]] = set()
    while waiting:
        left, right = waiting.pop()
        pair = (_ref(left), _ref(right))
        if pair[0] is not None and pair[0] == pair[1]:
            continue
        if pair != (None, None):
            known = (pair[0] or "", pair[1] or "")
            if known in assumed and all(known):
                continue
            assumed.add(known)
            left, right = _body(catalog, left), _body(catalog, right)
        parts = _parts(left, right)
        if parts is None:
            return False
        waiting += parts
    return True


def _parts(left: Json, right: Json) -> list[tuple[Json, Json]] | None:
    """What is left to compare; nothing where two values differ here."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        names = (left.keys() | right.keys()) - _WORDS_FOR_PEOPLE
        return [(left[name], right[name]) for name in names] if all(n in left and n in right for n in names) else None
    if _is_list(left) and _is_list(right):
        one, other = list(_items(left)), list(_items(right))
        return list(zip(one, other, strict=True)) if len(one) == len(other) else None
    return [] if left == right and type(left) is type(right) else None


def _reference(schema: SchemaId | None) -> Json:
    return {"$ref": schema} if schema is not None else None


def _ref(body: Json) -> str | None:
    ref = body.get("$ref") if isinstance(body, Mapping) else None
    return ref if isinstance(ref, str) else None


def _body(catalog: Catalog, body: Json) -> Json:
    seen: set[str] = set()
    while (ref := _ref(body)) is not None and ref not in seen:
        seen.add(ref)
        schema = catalog.schemas.get(SchemaId(ref))
        body = schema.body if schema is not None else None
    return body


def _is_list(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
