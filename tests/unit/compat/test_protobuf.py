"""Protobuf payloads by the rules for updating a message type."""

from __future__ import annotations

import pytest

from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.proto_reader import NotProtobuf, read_proto
from eda_gen.compat.protobuf import compare_protobuf

NONE, NARROWS, WIDENS, CHANGES = Direction.NONE, Direction.NARROWS, Direction.WIDENS, Direction.CHANGES
ROOT = Place("events.yaml", "/payload")


def message(body: str, syntax: str = "proto3") -> str:
    return f'syntax = "{syntax}";\nmessage Order {{\n{body}\n}}\n'


def compared(old: str, new: str) -> tuple[Difference, ...]:
    return compare_protobuf((ROOT, old), (ROOT, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("int32 a = 1;", "int64 a = 1;", [("proto-type", WIDENS)]),
        ("uint32 a = 1;", "bool a = 1;", [("proto-type", NARROWS)]),
        ("int32 a = 1;", "uint32 a = 1;", [("proto-type", CHANGES)]),
        ("int32 a = 1;", "sint32 a = 1;", [("proto-type", CHANGES)]),
        ("string a = 1;", "bytes a = 1;", [("proto-type", WIDENS)]),
        ("int32 a = 1;", "optional int32 a = 1;", []),
        ("int32 a = 1;", "repeated int32 a = 1;", [("proto-label", CHANGES)]),
        ("map<string, int32> a = 1;", "map<string, int64> a = 1;", [("proto-type", WIDENS)]),
        ("int32 a = 1;", "int32 a = 2;", [("proto-number", CHANGES)]),
        ("int32 a = 1;", "int32 b = 1;", [("proto-name", NONE)]),
        ("int32 a = 1;", "int32 a = 1; string b = 2;", []),
        ("int32 a = 1; int32 b = 2;", "int32 a = 1;", [("proto-unreserved", NONE)]),
        ("int32 a = 1; int32 b = 2;", "int32 a = 1; reserved 2; reserved \"b\";", [("proto-removed", NONE)]),
        ("reserved 5 to max;", "int32 a = 7;", [("proto-reserved", CHANGES)]),
        ("int32 a = 1;", "oneof of { int32 a = 1; }", []),
        ("oneof of { int32 a = 1; }", "int32 a = 1;", [("proto-oneof", CHANGES)]),
        ("message In { int32 a = 1; } In in = 1;", "message In { string a = 1; } In in = 1;", [("proto-type", CHANGES)]),
    ],
)  # fmt: skip
def test_fields_are_compared_by_number_and_wire_type(old: str, new: str, expected: list[tuple[str, Direction]]) -> None:
    assert [(each.rule.name, each.direction) for each in compared(message(old), message(new))] == expected


def test_required_fields_of_proto2_break_the_reader_that_requires_them() -> None:
    without, with_it = message("", "proto2"), message("required int32 a = 1;", "proto2")

    directions = [[each.direction for each in compared(*pair)] for pair in ((without, with_it), (with_it, without))]

    assert directions == [[NARROWS], [WIDENS]]


@pytest.mark.parametrize(("syntax", "expected"), [("proto2", [WIDENS]), ("proto3", [])])
def test_a_closed_enum_drops_a_value_that_it_does_not_know(syntax: str, expected: list[Direction]) -> None:
    old, new = (f'syntax = "{syntax}"; enum Kind {{ A = 0; {more} }}' for more in ("", "B = 1;"))

    assert [each.direction for each in compared(old, new)] == expected


def test_a_change_is_placed_at_its_line() -> None:
    [found] = compared(message("int32 a = 1;\nint32 b = 2;"), message("int32 a = 1;\n\nint64 b = 2;"))

    assert (found.old.line, found.new.line) == (4, 5)


WHOLE = """
// A comment with "quotes" and { braces }.
syntax = "proto2"; /* and one
over lines */
package shop.v1;
import "google/protobuf/timestamp.proto";
option java_package = "shop";
option (custom) = { a: 1, b: "}" };
message Order {
  option deprecated = true;
  extensions 100 to 199;
  reserved 2, 9 to 11; reserved "foo", 'bar';
  optional string message = 1 [default = "a;}", (x) = { y: "z" }];
  repeated group Line = 3 { optional int32 enum = 1; }
  map<string, .shop.v1.Order> others = 4;
  optional google.protobuf.Timestamp at = 0x5;
  oneof reserved { string option = 6; }
  enum Kind { option allow_alias = true; NONE = 0; ALSO = 0; LOST = -1 [deprecated = true]; }
  ;
}
extend Order { optional int32 extra = 100; }
service Orders { rpc Place(Order) returns (stream Order) { option (http) = { post: "/" }; } rpc Get(Order) returns (Order); }
"""


def test_a_whole_file_is_read_with_all_that_is_passed_over() -> None:
    file = read_proto(WHOLE)

    order = file.messages["Order"]
    assert [(each.name, each.number, each.label, each.type) for each in order.fields] == [
        ("message", 1, "optional", "string"),
        ("Line", 3, "repeated", "Order.Line"),
        ("others", 4, "map", "string,.shop.v1.Order"),
        ("at", 5, "optional", "google.protobuf.Timestamp"),
        ("option", 6, "optional", "string"),
    ]
    assert file.messages.keys() == {"Order", "Order.Line"}
    assert file.enums["Order.Kind"].values.keys() == {0, -1}
    assert [order.reserved.has(number, "") for number in (1, 2, 10, 12)] == [False, True, True, False]


@pytest.mark.parametrize(
    "text", ["message", "message A {", "message A { int32 a = ; }", "message A { int32 a = x; }", "§"]
)
def test_what_is_not_a_proto_file_is_told(text: str) -> None:
    with pytest.raises(NotProtobuf):
        read_proto(text)


def test_a_text_that_cannot_be_read_and_has_changed_counts_as_a_break() -> None:
    [found] = compared(message("int32 a = 1;"), "message {")

    assert (found.rule.name, found.direction) == ("not-comparable", CHANGES)
