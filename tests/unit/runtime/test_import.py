from __future__ import annotations

import subprocess
import sys

import pytest

LIST_MODULES = "import sys, eda_runtime; print(' '.join({name.partition('.')[0] for name in sys.modules}))"


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """The packages that `import eda_runtime` pulls in."""
    result = subprocess.run([sys.executable, "-c", LIST_MODULES], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_the_runtime_imports_nothing_of_the_generator(imported: set[str]) -> None:
    assert not imported & {"eda_gen", "black", "datamodel_code_generator", "jinja2", "jsonschema", "yaml"}


def test_the_runtime_imports_no_driver_and_no_migrations_before_they_are_needed(imported: set[str]) -> None:
    assert not imported & {"asyncpg", "aiosqlite", "alembic", "confluent_kafka", "nats"}
