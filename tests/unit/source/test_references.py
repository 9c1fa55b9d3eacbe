"""References lead to places in the workspace, or to a diagnostic."""

from __future__ import annotations

import pytest
from tests.reading import MemoryFiles

from eda_gen.source import Node, Workspace
from eda_gen.source.limits import MAX_HOPS


def follow(ref: str, **files: str) -> tuple[Node | None, list[str]]:
    """What a `$ref` in `specs/a.yaml` leads to, and the codes that are found on the way."""
    contents = {f"specs/{name}.yaml": text for name, text in files.items()}
    contents["specs/a.yaml"] = f"start: {{$ref: '{ref}'}}\n" + files.get("a", "")
    workspace = Workspace(MemoryFiles(contents))
    root = workspace.read("specs/a.yaml")
    assert root is not None
    return workspace.resolve(root.fields["start"]), [each.code for each in workspace.diagnostics]


@pytest.mark.parametrize(
    ("ref", "place"),
    [
        ("#/here", "specs/a.yaml#/here"),
        ("b.yaml", "specs/b.yaml#"),
        ("b.yaml#/x", "specs/b.yaml#/x"),
        ("./b.yaml#/x", "specs/b.yaml#/x"),
        ("../specs/b.yaml#/x", "specs/b.yaml#/x"),
        ("b.yaml#/a~1b/c~0d", "specs/b.yaml#/a~1b/c~0d"),
        ("b.yaml#/with%20space", "specs/b.yaml#/with space"),
        ("b%2Eyaml#/x", "specs/b.yaml#/x"),
        ("b.yaml#/list/1", "specs/b.yaml#/list/1"),
        ("b.yaml#/chain", "specs/b.yaml#/x"),
        ("b.yaml#/through/inner", "specs/b.yaml#/x/inner"),
        ("b.yaml#/back", "specs/a.yaml#/here"),
    ],
)
def test_a_reference_leads_to_where_its_value_is_written(ref: str, place: str) -> None:
    b = """
x: {inner: 1}
a/b: {c~d: 2}
with space: 3
list: [1, 2]
chain: {$ref: '#/through'}
through: {$ref: '#/x'}
back: {$ref: 'a.yaml#/here'}
"""

    node, codes = follow(ref, a="here: 1\n", b=b)

    assert codes == []
    assert node is not None
    assert node.id == place


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("#/nothing", "EDA010"),
        ("b.yaml#/nothing", "EDA010"),
        ("b.yaml#/list/7", "EDA010"),
        ("b.yaml#/list/-", "EDA010"),
        ("b.yaml#/list/99999999999999999999", "EDA010"),
        ("c.yaml", "EDA001"),
        ("b.yaml#x", "EDA011"),
        ("b.yaml?x=1", "EDA011"),
        ("file:///etc/passwd", "EDA011"),
        ("http://[::1", "EDA011"),
        ("/etc/passwd", "EDA012"),
        ("../../secret.yaml", "EDA012"),
        ("%2e%2e/%2e%2e/secret.yaml", "EDA012"),
        ("b.yaml%00.json", "EDA012"),
        ("http://example.com/a.yaml", "EDA013"),
        ("HTTPS://example.com/a.yaml", "EDA013"),
        ("//example.com/a.yaml", "EDA013"),
        ("#/start", "EDA014"),
        ("b.yaml#/round", "EDA014"),
    ],
)
def test_a_reference_that_leads_nowhere_is_one_diagnostic(ref: str, code: str) -> None:
    b = "list: [1, 2]\nround: {$ref: '#/about'}\nabout: {$ref: '#/round'}\n"

    assert follow(ref, b=b) == (None, [code])


def test_a_name_that_may_be_meant_is_told() -> None:
    workspace = Workspace(MemoryFiles({"a.yaml": "schemas: {Order: {}}\nx: {$ref: '#/schemas/Ordr'}"}))
    root = workspace.read("a.yaml")
    assert root is not None

    workspace.resolve(root.fields["x"])

    assert [(each.message, each.help) for each in workspace.diagnostics] == [
        ("`#/schemas/Ordr` leads nowhere: there is no `Ordr` in /schemas", "did you mean `Order`?")
    ]


def test_pointers_that_pass_through_each_other_without_end_are_a_diagnostic() -> None:
    lines = [f"r{n}: {{$ref: '#/r{n + 1}/x'}}" for n in range(5_000)]

    node, codes = follow("#/r0", a="\n".join([*lines, "r5000: {x: 1}"]))

    assert node is None
    assert "EDA014" in codes
    assert MAX_HOPS < 100


def test_a_very_long_chain_of_references_is_followed() -> None:
    lines = [f"r{n}: {{$ref: '#/r{n + 1}'}}" for n in range(20_000)]

    node, codes = follow("#/r0", a="\n".join([*lines, "r20000: 1"]))

    assert codes == []
    assert node is not None
    assert node.value == 1


def test_a_digest_covers_the_files_that_a_file_refers_to() -> None:
    def digest(common: str) -> str:
        workspace = Workspace(MemoryFiles({"a.yaml": "x: {$ref: 'b.yaml#/y'}", "b.yaml": common, "c.yaml": "z: 1"}))
        root = workspace.read("a.yaml")
        assert root is not None
        workspace.resolve(root.fields["x"])
        return workspace.digest("a.yaml")

    assert digest("y: 1") == digest("y: 1")
    assert digest("y: 1") != digest("y: 2")
