"""AsyncAPI 2 documents are held against the rules of their own minor version."""

from __future__ import annotations

import pytest
from tests.reading import found, read, told

CHANNEL = "channels: {orders: {publish: {message: {payload: {type: object}}}}}\n"


def head(minor: int) -> str:
    return f"asyncapi: 2.{minor}.0\ninfo: {{title: Orders, version: 1.0.0}}\n"


@pytest.mark.parametrize("minor", range(7))
def test_every_minor_version_is_read(minor: int) -> None:
    assert told(read(head(minor) + CHANNEL)) == []


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("channels: {orders: {servers: [prod]}}\nservers: {prod: {url: a, protocol: b}}\n", 2),
        ("channels: {}\ncomponents: {servers: {prod: {url: a, protocol: b}}}\n", 3),
        ("channels: {orders: {publish: {security: []}}}\n", 4),
        ("channels: {orders: {publish: {message: {messageId: a}}}}\n", 4),
        ("channels: {}\ncomponents: {serverVariables: {port: {default: '1'}}}\n", 4),
        ("channels: {}\nservers: {prod: {url: a, protocol: b, tags: [{name: x}]}}\n", 5),
        ("channels: {}\ncomponents: {securitySchemes: {a: {type: scramSha256}}}\n", 1),
        ("channels: {orders: {publish: {message: {examples: [{name: a, payload: 1}]}}}}\n", 1),
    ],
)
def test_a_field_is_known_from_the_version_that_brought_it(text: str, since: int) -> None:
    assert told(read(head(since) + text)) == []
    assert found(head(since - 1) + text) != []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["EDA101 1:1"]),
        ("channels: {'a?b': {}}\n", ["EDA106 3:12"]),
        ("channels: {'a b': {}}\n", ["EDA106 3:12"]),
        ("channels: {'a/{b': {}}\n", ["EDA106 3:12"]),
        ("channels: {a: {publish: {operationId: x}, subscribe: {operationId: x}}}\n", ["EDA107 3:39"]),
        ("channels: {a: {servers: [prod]}}\n", ["EDA109 3:26"]),
        ("channels: {}\nservers: {p: {url: a, protocol: b, security: [{none: []}]}}\n", ["EDA110 4:48"]),
        (
            "channels: {}\nservers: {p: {url: a, protocol: b, security: [{s: [x]}]}}\n"
            "components: {securitySchemes: {s: {type: userPassword}}}\n",
            ["EDA111 4:52"],
        ),
        (
            "channels: {}\nservers: {p: {url: a, protocol: b, security: [{s: [x, y]}]}}\n"
            "components: {securitySchemes: {s: {type: oauth2, flows: {implicit: "
            "{authorizationUrl: 'https://a.example', scopes: {x: may x}}}}}}\n",
            ["EDA111 4:55"],
        ),
        ("channels: {}\nservers: {p: {url: 'not a url', protocol: b}}\n", ["EDA105 4:20"]),
        ("channels: {a: {publish: {message: {oneOf: []}}}}\n", ["EDA104 3:43"]),
        ("channels: {a: {publish: {message: {traits: [{payload: {}}]}}}}\n", ["EDA102 3:46"]),
        ("channels: {a: {bindings: {solasce: {}}}}\n", ["EDA116 3:27"]),
    ],
)
def test_a_breach_of_the_specification_is_found_at_its_place(text: str, expected: list[str]) -> None:
    assert found(head(6) + text) == expected
