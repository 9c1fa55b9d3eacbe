"""What the README and `docs/testing.md` show works as it is written there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def block(page: str, language: str, containing: str) -> str:
    """The first code block of a page with this text."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    return next(each for each in blocks if containing in each)


def run(*command: str, at: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("EDA_", "PYTEST"))}
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=at,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def first_service(tmp_path: Path) -> Path:
    """A folder after the first commands of the README, with the handler that it shows."""
    (tmp_path / "orders.yaml").write_text(block("README.md", "yaml", "asyncapi: 3.1.0"), "utf-8")
    run("eda-gen", "generate", "orders.yaml", "--out", ".", at=tmp_path)
    handlers = tmp_path / "orders" / "handlers.py"
    body = block("README.md", "python", "class Handlers").partition("\n")[2].rstrip()
    method = re.compile(r"    async def on_order_placed.*?NotImplementedError\(.*?\)", re.DOTALL)
    handlers.write_text(method.sub(lambda _: body, handlers.read_text("utf-8")), "utf-8")
    return tmp_path


def test_the_first_service_of_the_readme_publishes_and_is_looked_after_as_shown(first_service: Path) -> None:
    (first_service / "main.py").write_text(block("README.md", "python", "asyncio.run(main())"), "utf-8")
    commands = [
        line for line in block("README.md", "sh", "eda provision").splitlines() if not line.startswith("eda run")
    ]

    run("python", "main.py", at=first_service)
    shown = [run(*line.split(), at=first_service) for line in commands]

    assert "sales.orders" in shown[0]
    assert "outbox: 1 to send" in shown[1]


def test_the_example_of_testing_a_service_passes(first_service: Path) -> None:
    (first_service / "test_orders.py").write_text(block("docs/testing.md", "python", "Harness"), "utf-8")

    assert "2 passed" in run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", at=first_service)
