"""Small texts with a meaning are read, or told to have none."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eda_gen.asyncapi.values import is_runtime_expression, parse_date, parse_duration, slug, split_version


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("PT30S", timedelta(seconds=30)),
        ("PT0.2S", timedelta(milliseconds=200)),
        ("P7D", timedelta(days=7)),
        ("P2W", timedelta(weeks=2)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("P1M", None),
        ("P1Y", None),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("7D", None),
        ("PT-1S", None),
        ("30s", None),
        ("PT1S\n", None),
        ("P9999999999D", None),
    ],
)
def test_durations_are_iso_8601_of_fixed_length(text: str, duration: timedelta | None) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("$message.payload#/orderId", True),
        ("$message.header#/correlationId", True),
        ("$message.payload#", True),
        ("$message.payload#/a~1b/c~0d", True),
        ("$message.payload#/a~2", False),
        ("$message.payload", False),
        ("$message.body#/x", False),
        ("somewhere else", False),
        ("$message.payload#orderId", False),
    ],
)
def test_runtime_expressions_name_a_source_and_a_pointer(text: str, is_one: bool) -> None:
    assert is_runtime_expression(text) is is_one


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OrderPlaced.v2", ("OrderPlaced", 2)),
        ("OrderPlacedV2", ("OrderPlaced", 2)),
        ("order_placed_v12", ("order_placed", 12)),
        ("order-placed-V3", ("order-placed", 3)),
        ("OrderPlaced", ("OrderPlaced", None)),
        ("ENV2", ("ENV2", None)),
        ("v2", ("v2", None)),
        ("OrderPlaced.v0", ("OrderPlaced.v0", None)),
        ("dev2", ("dev2", None)),
    ],
)
def test_a_version_is_split_from_a_name(name: str, expected: tuple[str, int | None]) -> None:
    assert split_version(name) == expected


def test_a_slug_is_of_lower_case_ascii_words() -> None:
    assert slug("Signup Service (internal) — Übersicht!") == "signup-service-internal-ubersicht"
    assert slug("订单") == ""


def test_a_date_is_written_in_full() -> None:
    assert parse_date("2026-01-31") is not None
    assert parse_date("20260131") is None
    assert parse_date("2026-02-30") is None
