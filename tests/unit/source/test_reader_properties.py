"""Whatever bytes come, the reader gives nodes or diagnostics; and what it gives stands where it says."""

from __future__ import annotations

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reading import MemoryFiles, read

from eda_gen.diagnostics import Result, Span
from eda_gen.model import Catalog
from eda_gen.source import Node, Workspace
from eda_gen.source.yaml_reader import FASTEST, read_yaml

KEYS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
SPECIFIC = st.text(st.sampled_from("asyncpi:{}[]&*!?|>%@-'\"# \n\t,$ref0129.~/<"), max_size=200)
FIELDS = st.sampled_from(
    [
        "channels",
        "components",
        "operations",
        "servers",
        "messages",
        "schemas",
        "payload",
        "x-eda",
        "$ref",
        "traits",
        "bindings",
        "kafka",
        "action",
        "channel",
        "reply",
        "security",
        "parameters",
        "sagas",
        "schema",
        "schemaFormat",
    ]
)
DOCUMENT = st.recursive(
    VALUES | st.sampled_from(("#/channels", "#/components/messages/a", "#/info", "spec.yaml", "#")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS | KEYS, inner, max_size=5),
    max_leaves=30,
)


def ends_in_words(result: Result[Catalog]) -> None:
    assert result.value is not None or result.diagnostics
    assert all(each.span.line >= 1 and each.span.column >= 1 for each in result.diagnostics)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_words(content: bytes) -> None:
    ends_in_words(read(content))


@given(SPECIFIC)
def test_any_text_of_yamls_own_characters_ends_in_words(text: str) -> None:
    ends_in_words(read(text))


@given(SPECIFIC)
def test_both_parsers_of_yaml_agree_on_what_they_accept(text: str) -> None:
    pure, fast = (read_yaml(text, "a.yaml", "a.yaml", loader) for loader in (yaml.SafeLoader, FASTEST))

    if pure.value is not None and fast.value is not None:
        assert pure.value.plain() == fast.value.plain()


@settings(max_examples=200)
@given(st.sampled_from(("2.0.0", "2.6.0", "3.0.0", "3.1.0")), st.dictionaries(FIELDS, DOCUMENT, max_size=6))
def test_any_document_ends_in_words(version: str, rest: dict[str, object]) -> None:
    document = {"asyncapi": version, "info": {"title": "A", "version": "1"}, **rest}

    ends_in_words(read(json.dumps(document)))


@given(VALUES)
def test_json_keeps_its_values(value: object) -> None:
    assert node_of(json.dumps(value, indent=1), "a.json").plain() == value


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_every_value_stands_where_it_says(value: dict[str, object]) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    lines = text.split("\n")

    for node in node_of(text, "a.json").walk():
        written = lines[node.span.line - 1][node.span.column - 1 :]
        assert written.startswith(beginning(node))
        for key in node.fields:
            assert at(lines, node.key_span(key)).startswith(json.dumps(key, ensure_ascii=False))


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_every_pointer_leads_to_its_value(value: dict[str, object]) -> None:
    workspace = Workspace(MemoryFiles({"a.json": json.dumps(value)}))
    root = workspace.read("a.json")
    assert root is not None

    for number, node in enumerate(root.walk()):
        pointer = "".join(f"%{byte:02x}" for byte in node.pointer.encode())
        link = node_of(json.dumps({"$ref": f"a.json#{pointer}"}), f"link{number}.json")
        assert node.ref is not None or workspace.resolve(link) is node


def node_of(text: str, file: str) -> Node:
    node = Workspace(MemoryFiles({file: text})).read(file)
    assert node is not None
    return node


def at(lines: list[str], span: Span) -> str:
    return lines[span.line - 1][span.column - 1 :]


def beginning(node: Node) -> str:
    if node.is_mapping:
        return "{"
    if isinstance(node.value, tuple):
        return "["
    return json.dumps(node.value, ensure_ascii=False)


PLAIN_KEYS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=8)
PLAIN_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | PLAIN_KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN_KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN_VALUES, st.sampled_from((None, 1, 4)))
def test_json_means_the_same_to_both_readers_at_the_same_places(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)

    as_json, as_yaml = node_of(text, "a.json"), node_of(text, "a.yaml")

    assert as_yaml.plain() == as_json.plain()
    assert [(each.pointer, each.span.line, each.span.column) for each in as_yaml.walk()] == [
        (each.pointer, each.span.line, each.span.column) for each in as_json.walk()
    ]
