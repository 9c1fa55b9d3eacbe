"""How versions follow one another, and what of them a handler gets."""

from __future__ import annotations

import pytest
from tests.reading import HEAD, read_all

from eda_gen.model import Catalog
from eda_gen.passes.lineage import Handled, Lineage

ONE = "{name: One, x-eda: {version: %d%s}, payload: {type: object, required: [%s], properties: {a: {type: string}, b: {type: string}}}}"


def one(version: int, required: str = "a", more: str = "") -> str:
    return ONE % (version, more, required)


def spec(messages: dict[str, str], listed: str, action: str = "receive") -> str:
    carried = ", ".join(f"{name}: {message}" for name, message in messages.items())
    wanted = ", ".join(f"{{$ref: '#/channels/all/messages/{name}'}}" for name in listed.split())
    return HEAD + (
        f"channels: {{all: {{address: all, messages: {{{carried}}}}}}}\n"
        f"operations: {{it: {{action: {action}, channel: {{$ref: '#/channels/all'}}, messages: [{wanted}]}}}}\n"
    )


def compiled(**documents: str) -> Catalog:
    result = read_all(**documents)
    assert result.value is not None, result.diagnostics
    return result.value


def handled(catalog: Catalog) -> Handled:
    (operation,) = (each for service in catalog.services for each in service.receives)
    return Lineage(catalog).handled(operation)


def versions(catalog: Catalog, found: Handled) -> tuple[list[int], list[tuple[int, int, bool]]]:
    """Those handed over, and the steps."""
    taken = [catalog.messages[each].version for each in found.messages]
    return taken, [(each.older.version, each.newer.version, each.by_hand) for each in found.steps]


def test_listed_versions_that_read_as_a_newer_listed_one_are_handed_over_as_that() -> None:
    catalog = compiled(spec=spec({"v1": one(1), "v2": one(2)}, "v1 v2"))

    assert versions(catalog, handled(catalog)) == ([2], [(1, 2, False)])


def test_older_versions_of_the_channel_are_taken_though_the_operation_does_not_list_them() -> None:
    catalog = compiled(spec=spec({"v1": one(1), "v2": one(2), "v4": one(4)}, "v4"))

    assert versions(catalog, handled(catalog)) == ([4], [(1, 2, False), (2, 4, False)])


def test_listed_versions_that_nothing_connects_are_handed_over_as_they_are() -> None:
    catalog = compiled(spec=spec({"v1": one(1, "a"), "v2": one(2, "b")}, "v1 v2"))

    assert versions(catalog, handled(catalog)) == ([1, 2], [])


def test_a_breaking_step_that_is_declared_without_a_map_is_written_by_hand() -> None:
    catalog = compiled(spec=spec({"v1": one(1, "a"), "v2": one(2, "b", ", upcast: {from: 1}")}, "v2"))

    assert versions(catalog, handled(catalog)) == ([2], [(1, 2, True)])


def test_a_declared_step_that_is_additive_needs_nobody() -> None:
    catalog = compiled(spec=spec({"v1": one(1), "v2": one(2, "a", ", upcast: {from: 1}")}, "v2"))

    assert versions(catalog, handled(catalog)) == ([2], [(1, 2, False)])


def test_a_default_in_a_schema_does_not_fill_what_is_required() -> None:
    with_default = one(2, "a, b").replace("b: {type: string}", "b: {type: string, default: x}")
    catalog = compiled(spec=spec({"v1": one(1), "v2": with_default}, "v2"))

    assert versions(catalog, handled(catalog)) == ([2], [])


def test_what_another_document_sends_on_the_address_may_come_too() -> None:
    theirs = spec({"v1": one(1), "v2": one(2)}, "v1", "send").replace("it:", "theirs:").replace("Orders", "Others")
    catalog = compiled(ours=spec({"v2": one(2)}, "v2"), theirs=theirs)

    assert versions(catalog, handled(catalog)) == ([2], [(1, 2, False)])


def test_a_channel_that_carries_no_older_version_needs_no_step() -> None:
    elsewhere = HEAD.replace("Orders", "Others") + f"components: {{messages: {{v1: {one(1)}}}}}\n"
    catalog = compiled(ours=spec({"v2": one(2)}, "v2"), theirs=elsewhere)

    assert versions(catalog, handled(catalog)) == ([2], [])


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{a: {constant: 5}}", "the value for `a` does not fit: 5 is not of type 'string'"),
        ("{a: {split: {field: n, by: x, part: first}}}", "`n` is not always text, so it cannot be split"),
        ("{a: {rename: z}}", "`z`, which the older version does not have"),
        ("{z: {rename: n}}", "`z`, which the newer version does not have"),
        ("{c/d: {rename: n}}", "`c` is not always an object in the older version"),
        (f"{{{'/'.join('c' * 400)}: {{rename: n}}}}", "a field that is more than 12 levels deep"),
        ("{n: {drop: true}}", "does not suffice: `a`: required property `a` was added"),
    ],
)
def test_a_map_that_does_not_hold_is_told_at_its_line(rule: str, told: str) -> None:
    old = "{name: One, payload: {type: object, properties: {n: {type: integer}, c: {type: [object, 'null']}}}}"
    new = (
        "{name: One, x-eda: {version: 2, upcast: {from: 1, map: %s}}, payload: {type: object, required: [a], properties: "
        "{a: {type: string}, c: {type: object, properties: {d: {type: integer}}}}}}"
    )
    catalog = compiled(spec=spec({"v1": old, "v2": new % rule}, "v2"))

    problems = list(Lineage(catalog).problems())

    assert [each.span.line for each in problems] == [3] * len(problems)
    assert any(told in each.message for each in problems), problems


def test_a_value_is_believed_where_a_pattern_is_none_that_python_reads() -> None:
    new = one(2, "a", ", upcast: {from: 1, map: {a: {constant: x}}}").replace(
        "a: {type: string}", r"a: {type: string, pattern: '^\p{L}+$'}"
    )
    catalog = compiled(spec=spec({"v1": one(1), "v2": new}, "v2"))

    assert list(Lineage(catalog).problems()) == []


def test_versions_that_are_published_beside_the_newest_are_sent_too() -> None:
    messages = {"v1": one(1), "v2": one(2), "v3": one(3), "v4": one(4)}
    catalog = compiled(
        spec=spec(messages, "v3", "send").replace("messages: [{", "x-eda: {publishes: [1, 3]}, messages: [{")
    )

    (operation,) = (each for service in catalog.services for each in service.sends)
    (published,) = Lineage(catalog).published(operation)
    assert [catalog.messages[each].version for each in operation.messages] == [3, 1]
    assert published.newest.version == 3
    assert [[(each.newer.version, each.older.version) for each in way] for way in published.ways] == [[(3, 2), (2, 1)]]


def test_a_way_back_that_does_not_follow_from_the_spec_is_written_by_hand() -> None:
    renamed = one(2, "b", ", upcast: {from: 1, map: {b: {rename: a}}}")
    split = one(2, "b", ", upcast: {from: 1, map: {b: {split: {field: a, by: x, part: first}}}}")
    text = spec({"v1": one(1), "v2": "RENAMED"}, "v2", "send").replace(
        "messages: [{", "x-eda: {publishes: [1, 2]}, messages: [{"
    )

    back = [compiled(spec=text.replace("RENAMED", each)) for each in (renamed, split)]

    found = [Lineage(each).published(each.services[0].sends[0])[0].ways[0][0] for each in back]
    assert [each.by_hand for each in found] == [False, True]
    assert [(each.target, each.rename) for each in found[0].rules] == [("a", "b")]
