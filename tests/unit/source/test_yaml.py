"""YAML becomes nodes by YAML 1.2's core schema, with a place for every value and key."""

from __future__ import annotations

import pytest
import yaml
from tests.reading import root

from eda_gen.source.limits import MAX_ALIASED, MAX_DEPTH
from eda_gen.source.yaml_reader import FASTEST, Loader, read_yaml

LOADERS: list[Loader] = [yaml.SafeLoader, FASTEST]


def problems(text: str, loader: Loader = FASTEST) -> list[str]:
    found = read_yaml(text, "a.yaml", "a.yaml", loader).diagnostics
    return [f"{each.code} {each.span.line}:{each.span.column}" for each in found]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("no", "no"),
        ("2026-01-31", "2026-01-31"),
        ("12:30:45", "12:30:45"),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        ("true", True),
        ("True", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
        ("=", "="),
        ("<<", "<<"),
    ],
)
def test_plain_scalars_follow_the_core_schema(written: str, value: object) -> None:
    node = root(f"a: {written}\n").fields["a"]

    assert node.value == value
    assert type(node.value) is type(value)


def test_values_and_keys_know_their_line_and_column() -> None:
    node = root("a:\n  - x\n  - key: value\n")

    item = node.fields["a"].items[1]
    assert (item.fields["key"].span.line, item.fields["key"].span.column) == (3, 10)
    assert (item.key_span("key").line, item.key_span("key").column) == (3, 5)


def test_columns_count_characters_not_bytes() -> None:
    assert root("{ä: 'ö', b: 1}\n").fields["b"].span.column == 13


def test_nodes_know_the_pointer_to_their_place() -> None:
    node = root("a/b:\n  c~d: [1, {e: 2}]\n")

    assert node.fields["a/b"].fields["c~d"].items[1].fields["e"].id == "spec.yaml#/a~1b/c~0d/1/e"


def test_plain_keys_are_text_whatever_they_look_like() -> None:
    assert set(root("200: a\nyes: b\n2026-01-31: c\n").fields) == {"200", "yes", "2026-01-31"}


def test_an_alias_stands_for_what_its_anchor_marks() -> None:
    node = root("a: &it {x: 1}\nb: *it\n")

    assert node.fields["b"].fields["x"].id == "spec.yaml#/a/x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", ["EDA004 2:1"]),
        ("? [a]\n: 1\nb: 2\n", ["EDA006 1:3"]),
        ("? {a: {b: 1}}\n: 1\n", ["EDA006 1:3"]),
        ("!!int 200: a\n", ["EDA006 1:1"]),
        ("? \n: a\n", ["EDA006 1:2"]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", ["EDA006 3:3"]),
        ("a: 1\n---\nb: 2\n", ["EDA005 2:1"]),
        ("a: *nothing\n", ["EDA008 1:4"]),
        ("a: &a [*a]\n", ["EDA008 1:8"]),
        ("a: !!python/object:os.system x\n", ["EDA007 1:4"]),
        ("a: !custom x\n", ["EDA007 1:4"]),
        ("a: !!timestamp 2026-01-01\n", ["EDA007 1:4"]),
        ("a: !!int x\n", ["EDA007 1:4"]),
        ("a: .inf\n", ["EDA007 1:4"]),
        ("a: .NaN\n", ["EDA007 1:4"]),
        ("a: 1e999\n", ["EDA007 1:4"]),
        (f"a: {'9' * 5000}\n", ["EDA007 1:4"]),
        ("a: [1, 2\n", ["EDA002 2:1"]),
        ("a: b: c\n", ["EDA002 1:5"]),
        ("a: \x07\n", ["EDA002 1:4"]),
    ],
)
@pytest.mark.parametrize("loader", LOADERS)
def test_what_a_spec_may_not_hold_is_reported_at_its_place(text: str, expected: list[str], loader: Loader) -> None:
    assert problems(text, loader) == expected


def test_all_problems_of_a_file_are_reported_not_only_the_first() -> None:
    assert problems("a: 1\na: 2\nb: .inf\nc: !x y\n") == ["EDA004 2:1", "EDA007 3:4", "EDA007 4:4"]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 5_000 + "x", "{a: " * 3_000])
def test_nesting_beyond_the_limit_is_a_diagnostic_that_names_it(text: str, loader: Loader) -> None:
    result = read_yaml(text, "a.yaml", "a.yaml", loader)

    assert [each.code for each in result.diagnostics] == ["EDA003"]
    assert str(MAX_DEPTH) in result.diagnostics[0].message


def test_aliases_that_explode_are_a_diagnostic_that_names_the_limit() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    result = read_yaml("\n".join(lines), "a.yaml", "a.yaml")

    assert [each.code for each in result.diagnostics] == ["EDA003"]
    assert f"{MAX_ALIASED:,}" in result.diagnostics[0].message


def test_aliases_cannot_nest_deeper_than_values_may() -> None:
    lines = ["a0: &a0 " + "[" * 50 + "]" * 50]
    lines += [f"a{n}: &a{n} " + "[" * 50 + f"*a{n - 1}" + "]" * 50 for n in range(1, 30)]

    assert {code.split()[0] for code in problems("\n".join(lines))} == {"EDA003"}
