"""`eda-gen generate`, as it is typed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.checkers import tree
from tests.generated import spec_of

from eda_gen.cli import _run
from eda_gen.cli.generate import _is_spec

EDA_GEN = str(Path(sys.executable).with_name("eda-gen"))
ORDER = {"type": "object", "properties": {"id": {"type": "string"}}}
TWO_SERVICES = """
asyncapi: 3.0.0
info: {title: Shop, version: 1.0.0, x-eda: {service: shop}}
channels: {orders: {address: orders, messages: {OrderPlaced: {payload: {type: object}}}}}
operations:
  publishOrder: {action: send, channel: {$ref: '#/channels/orders'}}
  bill: {action: receive, channel: {$ref: '#/channels/orders'}, x-eda: {service: billing}}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a spec and a configuration, as the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(spec_of({"OrderPlaced": ORDER}), "utf-8")
    (tmp_path / "eda-gen.toml").write_text('specs = ["spec.yaml"]\n[[output]]\npath = "src"\n', "utf-8")
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    """Status, stdout and stderr of `eda-gen generate …`."""
    command = [EDA_GEN, "generate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def generate(*arguments: str) -> int:
    with CliRunner().isolation():
        return int(_run(["generate", *arguments]))


def test_without_arguments_everything_configured_is_written(project: Path) -> None:
    assert generate() == 0

    assert (project / "src" / "sample" / "events" / "order_placed.py").is_file()


def test_check_is_quiet_where_nothing_would_change(project: Path) -> None:
    generate()

    assert generate("--check") == 0


def test_check_finds_drift_and_writes_nothing(project: Path) -> None:
    generate()
    (project / "spec.yaml").write_text(spec_of({"OrderPlaced": ORDER, "OrderPaid": ORDER}), "utf-8")
    before = tree(project / "src")

    assert generate("--check") == 1
    assert tree(project / "src") == before


def test_check_finds_what_was_never_generated(project: Path) -> None:
    assert generate("--check") == 1
    assert not (project / "src").exists()


def test_diff_shows_what_would_change_and_writes_nothing(project: Path) -> None:
    with CliRunner().isolation() as (out, *_):
        status = _run(["generate", "--diff"])
        shown = out.getvalue().decode()

    assert status == 0
    assert "+class OrderPlacedV1(Event):\n" in shown
    assert not (project / "src").exists()


def test_service_chooses_one_of_several(project: Path) -> None:
    (project / "spec.yaml").write_text(TWO_SERVICES, "utf-8")

    assert generate("--service", "billing", "--out", "out") == 0
    assert [path.name for path in (project / "out").iterdir()] == ["billing"]


def test_a_target_that_is_named_twice_is_written_once(project: Path) -> None:
    assert generate("spec.yaml", "--target", "python", "--target", "python", "--out", "out") == 0


@pytest.mark.parametrize("wrong", [("--service", "nobody"), ("--target", "cobol"), ("missing.yaml",)])
def test_a_wrong_call_gives_status_2_and_writes_nothing(project: Path, wrong: tuple[str, ...]) -> None:
    assert generate(*wrong, "--out", "out") == 2
    assert not (project / "out").exists()


def test_an_edit_by_hand_stops_everything_unless_forced(project: Path) -> None:
    generate()
    edited = project / "src" / "sample" / "app.py"
    edited.write_text("mine = True\n", "utf-8")
    before = tree(project / "src")

    assert generate() == 2
    assert tree(project / "src") == before
    assert generate("--force") == 0
    assert edited.with_name("app.py.orig").read_text("utf-8") == "mine = True\n"


def test_handlers_that_lack_a_method_are_told_and_kept(project: Path) -> None:
    (project / "spec.yaml").write_text(TWO_SERVICES, "utf-8")
    handlers = project / "src" / "billing" / "handlers.py"
    handlers.parent.mkdir(parents=True)
    handlers.write_text("class Handlers:\n    pass\n", "utf-8")

    status, _, told = run()

    assert status == 0
    assert "warning[EDA094]: Handlers lacks what the spec receives: bill" in told
    assert handlers.read_text("utf-8") == "class Handlers:\n    pass\n"


def test_handlers_that_import_an_event_which_is_gone_are_told(project: Path) -> None:
    (project / "spec.yaml").write_text(spec_of({"OrderPlaced": ORDER, "OrderPaid": ORDER}), "utf-8")
    generate()
    handlers = project / "src" / "sample" / "api.py"
    imports = "from .events.order_placed import OrderPlaced\nfrom .events.order_paid import OrderPaid\n"
    handlers.write_text(f"{imports}from .tables import Order\n", "utf-8")
    (project / "spec.yaml").write_text(spec_of({"OrderPlaced": ORDER}), "utf-8")

    for status, _, told in (run("--diff"), run(), run()):
        assert (status, told.count("EDA097")) == (0, 1)
        assert "api.py imports what is no longer generated: OrderPaid from .events.order_paid" in told
        assert "api.py:2:1" in told


def test_the_package_of_a_service_that_was_renamed_is_told_and_kept(project: Path) -> None:
    generate()
    spec = project / "spec.yaml"
    spec.write_text(spec.read_text("utf-8").replace("Sample", "Renamed"), "utf-8")

    status, _, told = run()

    assert (status, told.count("EDA096")) == (0, 1)
    assert "src/sample was generated once" in told
    assert (project / "src" / "sample" / "handlers.py").is_file()
    assert "EDA096" not in run("spec.yaml")[2]


def test_an_output_for_a_service_that_is_not_there_is_told(project: Path) -> None:
    config = project / "eda-gen.toml"
    config.write_text(f'{config.read_text("utf-8")}service = "smaple"\n', "utf-8")

    status, _, told = run()

    assert status == 2
    assert "an `[[output]]` is for the service `smaple`" in told
    assert "help: they describe sample" in told


def test_specs_that_find_no_file_are_told(project: Path) -> None:
    (project / "eda-gen.toml").write_text('specs = ["specs/*.yaml"]\n', "utf-8")

    status, _, told = run()

    assert status == 2
    assert "`specs` finds no file: specs/*.yaml" in told


def test_a_schema_that_cannot_be_read_is_told_where_it_stands(project: Path) -> None:
    avro = {"schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": {"type": "nonsense"}}
    (project / "spec.yaml").write_text(spec_of({"OrderPlaced": avro}), "utf-8")

    status, _, told = run("--out", "out")

    assert status == 2
    assert "error[EDA192]: this avro schema cannot be read" in told
    assert "spec.yaml:" in told
    assert "Traceback" not in told
    assert not (project / "out").exists()


def test_a_package_that_cannot_be_generated_is_no_leftover_and_its_problem_is_told_once(project: Path) -> None:
    (project / "spec.yaml").write_text(TWO_SERVICES, "utf-8")
    generate()
    avro = "payload: {schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: {type: nonsense}}"
    (project / "spec.yaml").write_text(TWO_SERVICES.replace("payload: {type: object}", avro), "utf-8")

    status, _, told = run()

    assert (status, told.count("EDA192"), told.count("EDA096")) == (2, 1, 0)


def test_two_services_of_one_name_are_told_and_not_mixed(project: Path) -> None:
    (project / "a.yaml").write_text(spec_of({"OrderPlaced": ORDER}), "utf-8")

    status, _, told = run("a.yaml", "spec.yaml", "--out", "out")

    assert status == 2
    assert "EDA095" in told
    assert not (project / "out").exists()


def test_a_folder_that_cannot_be_written_is_told(project: Path) -> None:
    (project / "out").write_text("a file", "utf-8")

    status, _, told = run("spec.yaml", "--out", "out")

    assert status == 2
    assert "Traceback" not in told


def test_watch_writes_again_when_a_spec_changes(project: Path) -> None:
    command = [EDA_GEN, "generate", "--watch"]
    watcher = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert watcher.stdout is not None
        while "watching" not in watcher.stdout.readline():
            assert watcher.poll() is None
        wanted = project / "src" / "sample" / "events" / "order_paid.py"
        assert appears(wanted, lambda: add_event(project / "spec.yaml"))
    finally:
        watcher.terminate()
        watcher.wait(10)


def test_watch_looks_at_specs_and_not_at_what_it_wrote(project: Path) -> None:
    generate()

    assert _is_spec(None, str(project / "spec.yaml"))
    assert not _is_spec(None, str(project / "src" / "sample" / "_manifest.json"))
    assert not _is_spec(None, str(project / "src" / "sample" / "events" / "order_placed.py"))


def add_event(spec: Path) -> None:
    spec.write_text(spec_of({"OrderPlaced": ORDER, "OrderPaid": ORDER}), "utf-8")


def appears(path: Path, cause: Callable[[], None]) -> bool:
    """Whether the file comes to be, `cause` being repeated: a watcher may not look yet when it is first done."""
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        cause()
        time.sleep(0.5)
    return path.exists()


VERSIONS = """
asyncapi: 3.1.0
info: {title: Orders, version: 1.0.0}
channels:
  orders:
    address: orders
    messages:
      v1: {name: OrderPlaced, payload: {type: object, properties: {total: {type: integer}}}}
      SECOND
operations:
  onOrder: {action: receive, channel: {$ref: '#/channels/orders'}, x-eda: {service: billing}}
"""
BY_HAND = (
    "v2: {name: OrderPlaced, x-eda: {version: 2, upcast: {from: 1}}, "
    "payload: {type: object, required: [euros], properties: {euros: {type: string}}}}"
)


def test_an_argument_that_the_application_wants_from_now_on_is_told_once_where_it_is_made(project: Path) -> None:
    (project / "spec.yaml").write_text(VERSIONS.replace("SECOND", ""), "utf-8")
    first = run()
    (project / "spec.yaml").write_text(VERSIONS.replace("SECOND", BY_HAND), "utf-8")
    checked, changed, again = run("--check"), run(), run()

    told = (
        "warning[EDA098]: `create_app` now also wants `upcasters`, for what the spec leaves to code: "
        "upcast_order_placed_v1_to_v2"
    )
    assert [told in errors for _, _, errors in (first, checked, changed, again)] == [False, True, True, False]
    assert "--> src/billing/handlers.py:" in changed[2]
    assert "write src/billing/upcasters.py" in changed[2]
    assert (project / "src" / "billing" / "upcasters.py").is_file()
