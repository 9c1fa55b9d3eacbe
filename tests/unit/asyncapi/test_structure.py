"""AsyncAPI 3 documents are held against the specification; each breach has a code and a place."""

from __future__ import annotations

import pytest
from tests.reading import HEAD, found, read, told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("info: {title: A, version: '1'}\n", ["EDA100 1:1"]),
        ("- a\n", ["EDA100 1:1"]),
        ("asyncapi: 3.1\n", ["EDA100 1:11"]),
        ("asyncapi: 4.0.0\n", ["EDA100 1:11"]),
        ("asyncapi: 3.1.0\n", ["EDA101 1:1"]),
        ("asyncapi: 3.1.0\ninfo: {title: A}\n", ["EDA101 2:7"]),
        ("asyncapi: 3.1.0\ninfo: {title: A, version: 1.0}\n", ["EDA103 2:27"]),
        (HEAD + "INFO: {}\n", ["EDA102 3:1"]),
        (HEAD + "id: not a uri\n", ["EDA105 3:5"]),
        (HEAD + "defaultContentType: json\n", ["EDA105 3:21"]),
        (HEAD + "channels: []\n", ["EDA103 3:11"]),
        (HEAD + "channels: {a: {address: 'a?b=c'}}\n", ["EDA105 3:25"]),
        (HEAD + "channels: {a: {address: 'a/{id}'}}\n", ["EDA115 3:25"]),
        (HEAD + "channels: {a: {address: a, parameters: {id: {}}}}\n", ["EDA115 3:41"]),
        (HEAD + "channels: {a: {address: 'a/{i d}', parameters: {'i d': {}}}}\n", ["EDA106 3:49"]),
        (HEAD + "servers: {s: {host: 'kafka://a', protocol: kafka}}\n", ["EDA105 3:21"]),
        (HEAD + "servers: {s: {host: 'a:{port}', protocol: kafka}}\n", ["EDA112 3:21"]),
        (HEAD + "servers: {s$: {host: a, protocol: kafka}}\n", ["EDA106 3:11"]),
        (
            HEAD + "operations: {o: {action: get, channel: {$ref: '#/channels/a'}}}\nchannels: {a: {}}\n",
            ["EDA104 3:26"],
        ),
        (HEAD + "operations: {o: {action: send, channel: {address: a}}}\n", ["EDA108 3:41"]),
        (
            HEAD + "operations: {o: {action: send, channel: {$ref: '#/components/channels/a'}}}\n"
            "components: {channels: {a: {}}}\n",
            ["EDA108 3:48"],
        ),
        (HEAD + "components: {messages: {'a b': {}}}\n", ["EDA106 3:25"]),
        (HEAD + "components: {messages: {a: {headers: {type: string}}}}\n", ["EDA104 3:45"]),
        (HEAD + "components: {messages: {a: {tags: [{name: x}, {name: x}]}}}\n", ["EDA107 3:47"]),
        (HEAD + "components: {messages: {a: {examples: [{name: x}]}}}\n", ["EDA101 3:40"]),
        (HEAD + "components: {messages: {a: {correlationId: {location: here}}}}\n", ["EDA105 3:55"]),
        (HEAD + "components: {schemas: {a: {type: text}}}\n", ["EDA104 3:34"]),
        (HEAD + "components: {schemas: {a: {properties: {b: 1}}}}\n", ["EDA103 3:44"]),
        (HEAD + "components: {schemas: {a: {required: true}}}\n", ["EDA103 3:38"]),
        (HEAD + "components: {schemas: {a: {colour: red}}}\n", ["EDA114 3:27"]),
        (HEAD + "components: {schemas: {a: {discriminator: k, properties: {k: {}}}}}\n", ["EDA113 3:43"]),
        (HEAD + "components: {schemas: {a: {$ref: {x: 1}}}}\n", ["EDA103 3:34"]),
        (HEAD + "components: {securitySchemes: {a: {type: magic}}}\n", ["EDA104 3:42"]),
        (HEAD + "components: {securitySchemes: {a: {type: http}}}\n", ["EDA101 3:35"]),
        (HEAD + "components: {securitySchemes: {a: {type: plain, scopes: [x]}}}\n", ["EDA102 3:49"]),
        (HEAD + "channels: {a: {bindings: {kafka: {partitions: 0}}}}\n", ["EDA104 3:47"]),
        (HEAD + "channels: {a: {bindings: {kafca: {}}}}\n", ["EDA102 3:27"]),
        (HEAD + "channels: {a: {bindings: {amqp: {is: road}}}}\n", ["EDA104 3:38"]),
    ],
)
def test_a_breach_of_the_specification_is_found_at_its_place(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "x-anything: {at: [all]}\n",
        HEAD + "channels: {a: {address: null}}\n",
        HEAD + "channels: {a: {address: 'a/{id}', parameters: {id: {enum: [b]}}}}\n",
        HEAD + "components: {schemas: {a: true, b: {type: [string, 'null']}, c: {x-only: extensions}, d: {}}}\n",
        HEAD + "components: {schemas: {a: {properties: {$ref: {type: string}, colour: {type: string}}}}}\n",
        HEAD
        + "components: {schemas: {a: {schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: {type: string}}}}\n",
        HEAD + "components: {schemas: {a: {enum: [{colour: red}], default: {colour: red}, examples: [{$ref: no}]}}}\n",
        HEAD + "components: {securitySchemes: {a: {type: http, scheme: bearer, bearerFormat: JWT}}}\n",
        HEAD + "channels: {a: {bindings: {kafka: {partitions: 3, x-more: 1, bindingVersion: 0.5.0}}}}\n",
        HEAD + "channels: {a: {bindings: {redis: {anything: goes}}}}\n",
    ],
)
def test_what_the_specification_allows_is_fine(text: str) -> None:
    assert told(read(text)) == []


def test_an_operation_names_only_messages_of_its_channel() -> None:
    text = HEAD + (
        "channels: {a: {messages: {x: {}}}, b: {messages: {y: {}}}}\n"
        "operations:\n"
        "  o:\n"
        "    action: send\n"
        "    channel: {$ref: '#/channels/a'}\n"
        "    messages:\n"
        "      - {$ref: '#/channels/a/messages/x'}\n"
        "      - {$ref: '#/channels/b/messages/y'}\n"
    )

    assert found(text) == ["EDA108 10:16"]


def test_an_operation_names_a_message_through_its_channel() -> None:
    text = HEAD + (
        "channels: {a: {messages: {x: {$ref: '#/components/messages/x'}}}}\n"
        "operations: {o: {action: send, channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/components/messages/x'}]}}\n"
        "components: {messages: {x: {}}}\n"
    )

    assert told(read(text)) == [
        "EDA108 spec.yaml:4:83 `#/components/messages/x` does not lead through the operation's channel "
        "(write `#/channels/a/messages/…`)"
    ]


def test_the_same_message_may_be_named_through_another_documents_channel() -> None:
    text = HEAD + (
        "channels: {a: {$ref: 'other.yaml#/channels/a'}}\n"
        "operations:\n"
        "  o: {action: send, channel: {$ref: '#/channels/a'}, messages: [{$ref: '#/channels/a/messages/x'}]}\n"
    )
    other = (
        HEAD + "channels: {a: {messages: {x: {$ref: '#/components/messages/x'}}}}\ncomponents: {messages: {x: {}}}\n"
    )

    assert told(read(text, other=other)) == []


def test_what_is_referred_to_is_checked_where_it_is_written() -> None:
    text = HEAD + "components: {messages: {a: {$ref: 'common.yaml#/a'}}}\n"

    result = read(text, common="a: {titel: A}\n")

    assert told(result) == ["EDA102 common.yaml:1:5 a Message Object has no field `titel` (did you mean `title`?)"]


def test_every_problem_is_reported_not_only_the_first() -> None:
    text = HEAD + "id: 1\nservers: {s: {}}\nchannels: {a: {address: 1}}\nwhat: now\n"

    assert found(text) == ["EDA103 3:5", "EDA101 4:14", "EDA101 4:14", "EDA103 5:25", "EDA102 6:1"]


def test_a_schema_that_refers_to_itself_is_fine() -> None:
    text = (
        HEAD + "components: {schemas: {tree: {properties: {children: {items: {$ref: '#/components/schemas/tree'}}}}}}\n"
    )

    assert told(read(text)) == []


def test_a_schema_of_another_format_may_stay_on_the_network_with_a_warning() -> None:
    text = HEAD + (
        "channels: {a: {messages: {m: {payload: {schemaFormat: application/vnd.apache.avro;version=1.9.0, "
        "schema: {$ref: 'https://example.com/a.avsc'}}}}}}\n"
    )

    result = read(text)

    assert [(each.code, each.severity.value) for each in result.diagnostics] == [("EDA131", "warning")]
    assert result.value is not None


def test_a_json_schema_on_the_network_is_an_error() -> None:
    assert found(HEAD + "components: {schemas: {a: {$ref: 'https://example.com/a.json'}}}\n") == ["EDA013 3:34"]


def test_a_schema_format_that_is_not_read_is_a_warning() -> None:
    text = HEAD + (
        "channels: {a: {messages: {m: {payload: {schemaFormat: application/raml+yaml;version=1.0, "
        "schema: {$ref: 'user.raml#/types/User'}}}}}}\n"
    )

    assert found(text) == ["EDA130 3:98"]
