"""`eda-gen registry` and `breaking --against registry:` before a real registry."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.services.guard import guarded

from eda_gen.cli import main
from eda_gen.registry import Access, Registry

pytestmark = pytest.mark.xdist_group("registry")

SPEC = """
asyncapi: 3.1.0
info: {title: Orders, version: 1.0.0, x-eda: {domain: sales}}
channels:
  orders:
    address: shop.orders
    messages:
MESSAGES
operations:
  sendOrder: {action: send, channel: {$ref: '#/channels/orders'}, x-eda: {service: orders}}
  onOrder: {action: receive, channel: {$ref: '#/channels/orders'}, x-eda: {service: billing}}
components:
  schemas:
    Money: {type: object, additionalProperties: false, properties: {amount: {type: number}, of: {$ref: '#/components/schemas/Money'}}}
"""
V1 = (
    "      v1: {name: OrderPlaced, x-eda: {version: 1}, payload: {type: object, additionalProperties: false,"
    " required: [id], properties: {id: {type: string}, total: {$ref: '#/components/schemas/Money'}}}}"
)
V2 = V1.replace("1", "2").replace("id: {type: string}", "id: {type: string}, note: {type: string}")
RETYPED = V1.replace("1", "2").replace("id: {type: string}", "id: {type: integer}")
OPEN = V1.replace("additionalProperties: false, ", "")
OPEN_V2 = V2.replace("additionalProperties: false, ", "")
OTHER = "      closed: {name: OrderClosed, payload: {type: object, properties: {id: {type: string}}}}"
AVRO = (
    "      v1: {name: OrderPlaced, payload: {schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: "
    "{type: record, name: Order, fields: [{name: id, type: string}FIELD]}}}"
)
PROTOBUF = (
    "      v1: {name: OrderPlaced, payload: {schemaFormat: 'application/vnd.google.protobuf;version=3', schema: "
    "'syntax = \"proto3\"; message Order { string id = 1; }'}}"
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(registry_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on `orders.yaml`, where the environment names the registry: its status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDA_REGISTRY_URL", registry_url)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "orders.yaml"])
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.out, printed.err

    return run


def write(*messages: str) -> None:
    Path("orders.yaml").write_text(SPEC.replace("MESSAGES", "\n".join(messages)))


def registry_at(url: str) -> Registry:
    return Registry(Access.read(url, {}))


def test_the_versions_of_a_message_are_pushed_oldest_first_and_once(run: Run, registry_url: str) -> None:
    write(V2.replace("v1", "v2"), V1)

    first, again = run("registry", "push"), run("registry", "push")

    assert first[0] == again[0] == 0
    assert [line.partition(", id")[0] for line in first[1].splitlines()] == [
        "shop.orders-value: version 1 of OrderPlaced was registered",
        "shop.orders-value: version 2 of OrderPlaced was registered",
    ]
    assert [line.partition(", id")[0] for line in again[1].splitlines()] == [
        "shop.orders-value: version 1 of OrderPlaced is there, as version 1",
        "shop.orders-value: version 2 of OrderPlaced is there, as version 2",
    ]
    held = registry_at(registry_url).versions("shop.orders-value")
    assert [json.loads(each.schema.text)["x-eda"]["type"] for each in held] == [
        "sales.OrderPlaced.v1",
        "sales.OrderPlaced.v2",
    ]


def test_what_a_schema_refers_to_is_pushed_inside_it(run: Run, registry_url: str) -> None:
    write(V1)

    run("registry", "push")

    (held,) = registry_at(registry_url).versions("shop.orders-value")
    body = json.loads(held.schema.text)
    assert body["properties"]["total"] == {"$ref": "#/definitions/Money"}
    assert body["definitions"]["Money"]["properties"]["of"] == {"$ref": "#/definitions/Money"}


@pytest.mark.parametrize(
    ("naming", "subject"),
    [
        ("topic", "shop.orders-value"),
        ("record", "sales.OrderPlaced"),
        ("topic-record", "shop.orders-sales.OrderPlaced"),
    ],
)
def test_subjects_are_named_as_confluents_strategies_name_them(
    run: Run, registry_url: str, naming: str, subject: str
) -> None:
    write(V1)

    status, _, _ = run("registry", "push", "--naming", naming)

    assert status == 0
    assert len(registry_at(registry_url).versions(subject)) == 1


@pytest.mark.parametrize("level", ["FULL_TRANSITIVE", "BACKWARD", "NONE"])
def test_a_level_is_set_on_the_subject_and_stays(run: Run, registry_url: str, level: str) -> None:
    write(V1)

    run("registry", "push", "--compatibility", level)
    _, again, _ = run("registry", "push", "--compatibility", level.lower())

    assert registry_at(registry_url).level("shop.orders-value")[0] == level
    assert "became" not in again


@pytest.mark.parametrize("messages", [(AVRO.replace("FIELD", ""),), (PROTOBUF,)])
def test_avro_and_protobuf_are_pushed_as_they_are_and_once(run: Run, messages: tuple[str, ...]) -> None:
    write(*messages)

    first, again = run("registry", "push"), run("registry", "push")

    assert (first[0], "was registered" in first[1]) == (0, True)
    assert (again[0], "is there" in again[1]) == (0, True)


def test_a_check_changes_nothing_and_says_what_a_push_would_do(run: Run, registry_url: str) -> None:
    write(V1)

    status, told, _ = run("registry", "check", "--compatibility", "FULL")

    assert status == 0
    assert told.splitlines() == [
        "shop.orders-value: compatibility NONE becomes FULL",
        "shop.orders-value: version 1 of OrderPlaced would be registered",
    ]
    assert registry_at(registry_url).versions("shop.orders-value") == ()


def test_a_check_refuses_what_a_push_would_meet_and_says_where_and_why(run: Run) -> None:
    write(V1)
    run("registry", "push", "--compatibility", "BACKWARD")
    write(V1, RETYPED.replace("v1", "v2"))

    checked, pushed = run("registry", "check"), run("registry", "push")

    assert checked[0] == pushed[0] == 1
    for _, _, errors in (checked, pushed):
        assert 'id: `type` "string" became "integer" [EDA415] at orders.yaml:9:' in errors
        assert "error[EDA034]: version 2 of OrderPlaced breaks `shop.orders-value` (BACKWARD)" in errors
        assert "--> orders.yaml:9:11" in errors


def test_a_check_judges_a_lineage_of_which_nothing_is_there_yet(run: Run) -> None:
    write(V1, RETYPED.replace("v1", "v2"))

    status, told, errors = run("registry", "check", "--compatibility", "BACKWARD")

    assert status == 1
    assert "version 1 of OrderPlaced would be registered" in told
    assert "EDA034" in errors


def test_what_only_registries_refuse_is_told_as_such(run: Run) -> None:
    write(OPEN, OPEN_V2.replace("v1", "v2"))

    _, _, errors = run("registry", "push", "--compatibility", "BACKWARD")

    assert "optional property `note` was added" in errors
    assert "it hurts no generated consumer" in errors
    assert "close it by `additionalProperties: false`" in errors


def test_several_messages_of_one_topic_need_subjects_of_their_own(run: Run) -> None:
    write(V1, OTHER)

    by_topic, by_both = run("registry", "check"), run("registry", "check", "--naming", "topic-record")

    assert by_topic[0] == 2
    assert "would hold different messages: sales.OrderClosed, sales.OrderPlaced" in by_topic[2]
    assert "`--naming topic-record`" in by_topic[2]
    assert by_both[0] == 0


def test_only_the_channels_of_a_service_are_pushed_where_one_is_named(run: Run) -> None:
    write(V1)

    known, unknown = run("registry", "check", "--service", "billing"), run("registry", "check", "--service", "shipping")

    assert (known[0], "would be registered" in known[1]) == (0, True)
    assert unknown[0] == 2
    assert "no service `shipping`, but orders, billing" in unknown[2]


def test_a_topic_is_called_as_its_binding_calls_it(run: Run, registry_url: str) -> None:
    write(V1)
    spec = Path("orders.yaml")
    spec.write_text(
        spec.read_text().replace("shop.orders\n", "shop.orders\n    bindings: {kafka: {topic: orders-of-shop}}\n")
    )

    run("registry", "push")

    assert len(registry_at(registry_url).versions("orders-of-shop-value")) == 1


def test_an_address_with_parameters_needs_another_naming(run: Run) -> None:
    write(V1)
    spec = Path("orders.yaml")
    named = "shop.{region}.orders\n    parameters: {region: {}}\n"
    spec.write_text(spec.read_text().replace("shop.orders\n", named))

    by_topic, by_record = run("registry", "check"), run("registry", "check", "--naming", "record")

    assert by_topic[0] == 2
    assert "error[EDA032]: the channel `orders` has no one address" in by_topic[2]
    assert by_record[0] == 0


def test_a_message_without_a_payload_is_left_out_and_told(run: Run) -> None:
    write("      v1: {name: OrderPlaced}")

    status, told, errors = run("registry", "push")

    assert (status, told) == (0, "")
    assert "warning[EDA033]: OrderPlaced has no payload schema" in errors


def test_a_schema_that_others_split_over_subjects_is_read_as_one(run: Run, registry_url: str) -> None:
    money = {"type": "object", "additionalProperties": False, "properties": {"amount": {"type": "string"}}}
    order = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "total": {"$ref": "money.json"}},
    }
    put(registry_url, "money", {"schema": json.dumps(money)})
    reference = {"name": "money.json", "subject": "money", "version": 1}
    put(registry_url, "shop.orders-value", {"schema": json.dumps(order), "references": [reference]})
    write(V1)

    status, told, _ = run("breaking", "--against", "registry:")

    assert status == 1
    assert '"string" became "number"' in told
    assert "before at registry:money/versions/1:" in told


def put(url: str, subject: str, body: dict[str, object]) -> None:
    """Registers as another tool would."""
    data = json.dumps({"schemaType": "JSON", **body}).encode()
    headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
    with urlopen(Request(f"{url}/subjects/{subject}/versions", data, headers, method="POST")):
        pass


def test_a_registry_that_is_not_there_is_one_clear_message(run: Run) -> None:
    write(V1)

    status, _, errors = run("registry", "check", "--url", "http://127.0.0.1:9")

    assert status == 2
    assert "error[EDA030]: the registry at http://127.0.0.1:9 cannot be reached" in errors
    assert "check --url or EDA_REGISTRY_URL, and that the registry runs" in errors


def test_a_server_that_is_no_registry_is_told(run: Run, registry_url: str) -> None:
    write(V1)

    status, _, errors = run("registry", "push", "--url", registry_url.removesuffix("/apis/ccompat/v7"))

    assert status == 2
    assert "the URL is the root of Confluent's API" in errors


def test_credentials_in_the_url_are_refused_and_not_shown(run: Run) -> None:
    write(V1)

    status, told, errors = run("registry", "push", "--url", "http://me:hush@127.0.0.1:9")

    assert status == 2
    assert "EDA_REGISTRY_USERNAME" in errors
    assert "hush" not in told + errors


def test_credentials_and_an_authority_come_from_the_environment(
    run: Run, registry_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(V1)
    basic = f"Basic {b64encode(b'me:hush').decode()}"
    with guarded(registry_url, basic, tmp_path) as door:
        monkeypatch.setenv("EDA_REGISTRY_URL", door.url)
        distrusted = run("registry", "push")
        monkeypatch.setenv("EDA_REGISTRY_CA_FILE", str(door.ca_file))
        stranger = run("registry", "push")
        monkeypatch.setenv("EDA_REGISTRY_USERNAME", "me")
        monkeypatch.setenv("EDA_REGISTRY_PASSWORD", "hush")
        friend = run("registry", "push")

    assert [status for status, _, _ in (distrusted, stranger, friend)] == [2, 2, 0]
    assert "EDA_REGISTRY_CA_FILE names a file" in distrusted[2]
    assert "refuses us (401" in stranger[2]
    assert "EDA_REGISTRY_TOKEN" in stranger[2]


def test_a_token_is_sent_as_a_bearer(
    run: Run, registry_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(V1)
    with guarded(registry_url, "Bearer hush", tmp_path) as door:
        monkeypatch.setenv("EDA_REGISTRY_CA_FILE", str(door.ca_file))
        monkeypatch.setenv("EDA_REGISTRY_TOKEN", "hush")

        status, _, _ = run("registry", "push", "--url", door.url)

    assert status == 0


def test_specs_are_compared_with_what_a_registry_holds(run: Run, registry_url: str) -> None:
    write(V1, V2.replace("v1", "v2"))
    run("registry", "push")
    same = run("breaking", "--against", f"registry:{registry_url}", "--all")
    write(V1, RETYPED.replace("v1", "v2"))

    changed = run("breaking", "--against", f"registry:{registry_url}#topic", "--mode", "forward")

    assert (same[0], changed[0]) == (0, 1)
    assert same[1].startswith("no breaking change")
    assert changed[1].startswith("OrderPlaced.v2\n")
    assert 'id: `type` "string" became "integer"' in changed[1]
    assert "at orders.yaml:9:" in changed[1]
    assert "before at registry:shop.orders-value/versions/2:" in changed[1]
    assert "billing.onOrder" in changed[1]


def test_a_transitive_comparison_looks_at_every_schema_that_a_version_ever_had(run: Run) -> None:
    for type_ in ("boolean", "string"):
        write(V1.replace("id: {type: string}", f"id: {{type: {type_}}}"))
        run("registry", "push")

    last, every = (run("breaking", "--against", "registry:", "--mode", mode) for mode in ("full", "full-transitive"))

    assert (last[0], every[0]) == (0, 1)
    assert '"boolean" became "string"' in every[1]
    assert "1 before the newest" in every[1]


def test_a_comparison_with_a_registry_that_is_not_there_says_so(run: Run) -> None:
    write(V1)

    status, _, errors = run("breaking", "--against", "registry:http://127.0.0.1:9")

    assert status == 2
    assert "cannot be reached" in errors
