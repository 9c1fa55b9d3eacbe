"""What is called compatible is compatible, judged by another implementation of JSON Schema over generated schemas."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from tests.unit.compat.json_schemas import compared
from tests.unit.compat.schema_pairs import PAIRS, SIMPLE_PAIRS, VALUES, allowed, read_by, written_by

from eda_gen.compat.difference import ContentModel, Difference, Direction, combined
from eda_gen.model import Json

SETTINGS = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@SETTINGS
@given(PAIRS)
def test_a_value_of_the_old_schema_is_one_of_the_new_where_the_change_is_backward_compatible(
    pair: tuple[Json, Json],
) -> None:
    old, new = pair
    differences = judged(old, new)
    assume(Direction.NARROWS not in combined(differences))

    lost = [value for value, was, now in zip(VALUES, allowed(old), allowed(new), strict=True) if was and not now]

    assert lost == []


@SETTINGS
@given(PAIRS)
def test_a_value_of_the_new_schema_is_one_of_the_old_where_the_change_is_forward_compatible(
    pair: tuple[Json, Json],
) -> None:
    old, new = pair
    differences = judged(old, new)
    assume(Direction.WIDENS not in combined(differences))

    won = [value for value, was, now in zip(VALUES, allowed(old), allowed(new), strict=True) if now and not was]

    assert won == []


@SETTINGS
@given(PAIRS)
def test_old_and_new_exchanged_give_the_same_findings_the_other_way_round(pair: tuple[Json, Json]) -> None:
    old, new = pair

    there, back = combined(compared(old, new)), combined(compared(new, old))

    assert there == back.flipped


@SETTINGS
@given(PAIRS.map(lambda pair: pair[0]))
def test_a_schema_does_not_differ_from_itself(schema: Json) -> None:
    assert compared(schema, schema) == ()


@SETTINGS
@given(SIMPLE_PAIRS)
def test_a_tolerant_reader_reads_what_a_writer_of_the_other_schema_writes(pair: tuple[Json, Json]) -> None:
    old, new = pair
    direction = combined(compared(old, new, ContentModel.TOLERANT))

    backward = unread(written_by(old), read_by(new)) if Direction.NARROWS not in direction else []
    forward = unread(written_by(new), read_by(old)) if Direction.WIDENS not in direction else []

    assert (backward, forward) == ([], [])


def unread(writer: Json, reader: Json) -> list[Json]:
    return [value for value, was, now in zip(VALUES, allowed(writer), allowed(reader), strict=True) if was and not now]


def judged(old: Json, new: Json) -> tuple[Difference, ...]:
    """The findings; pairs with a required name that registries do not judge are left out, as the documentation says."""
    there, back = compared(old, new), compared(new, old)
    assume(not any(each.rule.name == "required-not-judged" for each in (*there, *back)))
    return there
