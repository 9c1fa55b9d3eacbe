"""Objects: named properties, required ones, patterns of names, and what may stand beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eda_gen.compat.difference import Difference, Direction, Place, combined
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.members import beyond, declared, may_overlap, patterns, property_schemas, required
from eda_gen.compat.json_schema.report import difference
from eda_gen.compat.json_schema.shape import Located, Shape
from eda_gen.compat.rules import rule

__all__ = ["compare_additional", "compare_patterns", "compare_properties", "compare_property_names", "compare_required"]


def compare_properties(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = declared(old), declared(new)
    for name in dict.fromkeys((*before, *after)):
        inner = _of_property(comparison, old, new, name)
        if name in before and name in after:
            yield from inner
        elif name in after:
            needed = name in required(new) and name not in required(old)
            judged = needed and (comparison.tolerant or not _has_default(new, name))
            yield _added(name, combined(inner), judged, old.home, after[name])
            if needed and not judged:
                yield _became_required(comparison, old, new, name, required(new)[name])
        else:
            needed = name in required(old) and name not in required(new)
            yield _removed(name, combined(inner), needed, before[name], new.home)


def _of_property(comparison: Comparison, old: Shape, new: Shape, name: str) -> tuple[Difference, ...]:
    return _members(comparison, (old, property_schemas(old, name)), (new, property_schemas(new, name)))


def _members(
    comparison: Comparison, old: tuple[Shape, Sequence[Located]], new: tuple[Shape, Sequence[Located]]
) -> tuple[Difference, ...]:
    """The differences between what is said of one member on both sides.

    To a tolerant reader, a member that only one side describes is never written, or is ignored.
    """
    before, after = _judged(comparison, old[1]), _judged(comparison, new[1])
    if comparison.tolerant and not (before and after):
        return ()
    return comparison.shapes(comparison.old.every(old[0].place, before), comparison.new.every(new[0].place, after))


def _judged(comparison: Comparison, found: Sequence[Located]) -> Sequence[Located]:
    if not comparison.tolerant:
        return found
    return [each for each in found if not isinstance(each[1], bool) or not _is_additional(each[0])]


def _is_additional(place: Place) -> bool:
    return place.pointer.endswith("/additionalProperties") and not place.pointer.endswith(
        "/properties/additionalProperties"
    )


def _added(name: str, direction: Direction, needed: bool, old: Place, new: Place) -> Difference:
    message = f"{'required' if needed else 'optional'} property `{name}` was added"
    return Difference(
        rule("property-added"), direction | (Direction.NARROWS if needed else direction), message, old, new
    )


def _removed(name: str, direction: Direction, needed: bool, old: Place, new: Place) -> Difference:
    message = f"{'required' if needed else 'optional'} property `{name}` was removed"
    return Difference(
        rule("property-removed"), direction | (Direction.WIDENS if needed else direction), message, old, new
    )


def compare_required(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """Names that became required or optional, but for those of properties that were added or removed just now."""
    before, after = required(old), required(new)
    known, names = declared(old), declared(new)
    for name in (each for each in after if each not in before):
        if name in known or name not in names:
            yield _became_required(comparison, old, new, name, after[name])
    for name in (each for each in before if each not in after):
        if name in names or name not in known:
            yield Difference(
                rule("required"), Direction.WIDENS, f"`{name}` is no longer required", before[name], new.home
            )


def _became_required(comparison: Comparison, old: Shape, new: Shape, name: str, at: Place) -> Difference:
    message, place = f"`{name}` became required", declared(old).get(name, old.home)
    names = declared(new)
    if comparison.tolerant or not names or (name in names and not _has_default(new, name)):
        return Difference(rule("required"), Direction.NARROWS, message, place, at)
    return Difference(rule("required-not-judged"), Direction.NONE, message, place, at)


def _has_default(shape: Shape, name: str) -> bool:
    schemas = (part.mapping("properties").get(name) for part in shape.parts)
    return any(isinstance(schema, Mapping) and "default" in schema for schema in schemas)


def compare_additional(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """Properties that nothing else describes."""
    before, after = beyond(old), beyond(new)
    inner = _members(comparison, (old, before), (new, after))
    if before and after and not any(isinstance(value, bool) for _, value in (*before, *after)):
        yield from inner
    elif combined(inner) is not Direction.NONE:
        yield difference("additional-properties", combined(inner), (old, new), _first(before), _first(after))


def compare_patterns(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """Properties whose name matches a pattern."""
    before, after = patterns(old), patterns(new)
    for pattern in dict.fromkeys((*before, *after)):
        was, now = before.get(pattern), after.get(pattern)
        if was and now:
            yield from _members(comparison, (old, was), (new, now))
            continue
        inner = combined(_members(comparison, (old, was or beyond(old)), (new, now or beyond(new))))
        inner |= _through_others(comparison, old, new, pattern)
        if inner is not Direction.NONE:
            what = f"the pattern `{pattern}`"
            yield difference("pattern-properties", inner, (old, new), _first(was), _first(now), what)


def _through_others(comparison: Comparison, old: Shape, new: Shape, pattern: str) -> Direction:
    """What a pattern that one side lacks means for names that match another pattern as well."""
    before, after = patterns(old), patterns(new)
    direction = Direction.NONE
    if pattern in after:
        for other in (each for each in before if may_overlap(each, pattern)):
            inner = combined(_members(comparison, (old, before[other]), (new, after[pattern])))
            direction |= inner & Direction.NARROWS
    else:
        for other in (each for each in after if may_overlap(each, pattern)):
            inner = combined(_members(comparison, (old, before[pattern]), (new, after[other])))
            direction |= inner & Direction.WIDENS
    return direction


def _first(found: Sequence[Located] | None) -> Located | None:
    return found[0] if found else None


def compare_property_names(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = list(old.all("propertyNames")), list(new.all("propertyNames"))
    inner = comparison.shapes(comparison.old.every(old.place, before), comparison.new.every(new.place, after))
    if before and after:
        yield from inner
    elif combined(inner) is not Direction.NONE:
        yield difference("property-names", combined(inner), (old, new), _first(before), _first(after))
