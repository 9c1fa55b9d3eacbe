"""Generated packages as their users meet them."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests import checkers
from tests.generated import generate, importable, spec_of

from eda_runtime import Outbox
from eda_runtime.outbox import Producer
from eda_runtime.telemetry import Telemetry
from eda_runtime.transports import Outgoing

GOLDEN = Path(__file__).parents[1] / "golden"

ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "status": {"type": "string", "enum": ["new", "paid"]},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
        "total": {"$ref": "#/components/schemas/Money"},
    },
}
MONEY = {"Money": {"type": "object", "properties": {"currency": {"type": "string", "enum": ["EUR", "USD"]}}}}


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All Python trees of the golden cases side by side."""
    folder = tmp_path_factory.mktemp("golden")
    for expected in sorted(GOLDEN.glob("*/expected")):
        if any(expected.glob("*/app.py")):
            shutil.copytree(expected, folder / expected.parent.name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.xdist_group("golden-trees")
@pytest.mark.parametrize(
    "command", [checkers.BLACK, checkers.RUFF, checkers.MYPY, checkers.PYRIGHT], ids=lambda command: command[0]
)
def test_a_users_tools_find_nothing_to_say(golden: Path, command: tuple[str, ...]) -> None:
    assert checkers.run_in(golden, command) == ""


@pytest.mark.xdist_group("golden-trees")
def test_every_golden_package_imports_without_a_warning(golden: Path) -> None:
    assert checkers.import_everything(golden) == ""


@pytest.mark.xdist_group("golden-trees")
def test_text_of_a_spec_never_becomes_code(golden: Path) -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in (golden / "hostile_names").rglob("*.py")]

    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    assert imported == {"eda_runtime"}
    assert not [name for name in called if "system" in name or "exec" in name or "eval" in name]


def test_a_consumer_of_three_events_of_many_imports_three_modules_and_their_types(tmp_path: Path) -> None:
    payloads = {f"Event{number}": ORDER for number in range(40)}
    (tmp_path / "sample.yaml").write_text(spec_of(payloads, MONEY), "utf-8")
    with importable(tmp_path) as packages:
        generate(packages.folder, tmp_path / "sample.yaml")

        for number in (3, 14, 15):
            packages.module(f"sample.events.event{number}")

        modules = {name for name in packages.loaded() if name.startswith("sample.events.")}
    types = {"sample.events.types", "sample.events.types.money"}
    assert modules == {f"sample.events.event{number}" for number in (3, 14, 15)} | types


def test_an_event_more_or_less_changes_no_other_events_module(tmp_path: Path) -> None:
    shadows = {"status": {"type": "string", "enum": ["x"]}, "OrderPlacedV1Status": ORDER, "str": {"type": "string"}}
    newcomer = {
        "type": "object",
        "properties": {**shadows, "total": {"$ref": "#/components/schemas/OrderPlacedV1Status"}},
    }
    components = {**MONEY, "OrderPlacedV1Status": {"type": "object", "properties": {"date": {"type": "string"}}}}
    before = {"OrderPlaced": ORDER, "OrderPaid": ORDER}
    after = {"Aaa": newcomer, "OrderPlaced": ORDER, "OrderPlacedV1": newcomer, "OrderPaid": ORDER, "Status": newcomer}
    for name, payloads in (("before", before), ("after", after)):
        (tmp_path / "sample.yaml").write_text(spec_of(payloads, components), "utf-8")
        generate(tmp_path / name, tmp_path / "sample.yaml")

    old, new = checkers.tree(tmp_path / "before"), checkers.tree(tmp_path / "after")
    events = [path for path in old if path.startswith("sample/events/")]
    assert {path: new[path] for path in events} == {path: old[path] for path in events}
    assert {"sample/events/order_placed.py", "sample/events/order_paid.py", "sample/events/types/money.py"} <= set(
        events
    )


def test_a_missing_handler_is_a_type_error(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "policies_and_versions" / "expected", tmp_path / "out")
    handlers = tmp_path / "out" / "orders" / "handlers.py"
    handlers.write_text(handlers.read_text("utf-8").replace("def count_orders", "def count_ordres"), "utf-8")

    told = checkers.run_in(tmp_path / "out", checkers.MYPY)

    assert 'incompatible type "Handlers"; expected "OrdersConsumer"' in told


@pytest.fixture
def published(tmp_path: Path) -> Iterator[list[Outgoing]]:
    """What the publisher of the request-reply case puts into its outbox."""
    with importable(tmp_path) as packages:
        shutil.copytree(GOLDEN / "request_reply" / "expected", packages.folder)
        pending: list[Outgoing] = []
        outbox = Outbox(Producer("/quotes", Telemetry(), None), pending)
        publisher = packages.module("quotes.producers").QuotesPublisher(outbox)
        given = packages.module("quotes.events.quote_given").QuoteGiven(cents=3)
        asked = packages.module("quotes.events.quote_requested").QuoteRequested(sku="a")
        publisher.quote_given(given, address="replies.of.somebody")
        publisher.quote_requested(asked, tenant="acme")
        yield pending


def test_addresses_take_their_parameters_from_the_caller(published: list[Outgoing]) -> None:
    given, asked = published

    assert given.address == "replies.of.somebody"
    assert (asked.address, asked.envelope.extensions) == ("quotes.acme.requests", {"replyto": "quotes.rates"})


def test_generated_code_refuses_a_runtime_of_another_release(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "asyncapi_2" / "expected", tmp_path / "out")
    app = next((tmp_path / "out").glob("*/app.py"))
    app.write_text(app.read_text("utf-8").replace('require_runtime("0.1")', 'require_runtime("9.9")'), "utf-8")

    done = subprocess.run(
        [sys.executable, "-c", f"import {app.parent.name}.app"],
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        check=False,
    )

    assert "generated for eda-runtime 9.9" in done.stderr
    assert "eda-gen generate" in done.stderr


def test_what_generated_code_leaves_out_is_what_the_runtime_assumes() -> None:
    from dataclasses import fields

    from eda_gen.emit.python import policies
    from eda_gen.model import DeadLetter, Retry
    from eda_runtime import contracts

    def assumed(cls: type) -> dict[str, object]:
        return {field.name: field.default for field in fields(cls)}

    retry = Retry()
    assert contracts.RetryPolicy() == contracts.RetryPolicy(
        retry.attempts, retry.backoff.value, retry.initial, retry.max, retry.jitter
    )
    assert assumed(contracts.DeadLetterPolicy)["retention"] == DeadLetter("x").retention
    assert assumed(contracts.ChannelContract)["retention"] == policies.RETENTION
    assert assumed(contracts.ReceivePolicy)["idempotency_window"] == policies.WINDOW
    assert assumed(contracts.ReceivePolicy)["concurrency"] == policies.CONCURRENCY
    assert assumed(contracts.ReceivePolicy)["batch"] == policies.BATCH


def test_the_manifest_says_what_was_generated_from_which_spec() -> None:
    manifest = yaml.safe_load((GOLDEN / "request_reply" / "expected" / "quotes" / "_manifest.json").read_text("utf-8"))

    assert manifest["generator"].startswith("eda-gen ")
    assert manifest["spec"] == "specs/quotes.yaml"
    assert "producers.py" in manifest["files"]
    assert "handlers.py" not in manifest["files"]
