"""A URL's scheme finds its transport; what is missing is said with what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings
from eda_runtime.transports.log import LogTransport
from eda_runtime.transports.registry import open_transport


async def test_a_sqlite_url_opens_the_log(tmp_path: Path) -> None:
    transport = await open_transport(f"sqlite:///{tmp_path / 'eda.db'}")
    await transport.close()

    assert isinstance(transport, LogTransport)


@pytest.mark.parametrize("scheme", ["sqlite+aiosqlite", "SQLite"])
async def test_a_driver_in_the_scheme_is_ignored_and_so_is_its_case(tmp_path: Path, scheme: str) -> None:
    transport = await open_transport(f"{scheme}:///{tmp_path / 'eda.db'}")
    await transport.close()

    assert isinstance(transport, LogTransport)


async def test_an_unknown_scheme_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no transport for carrier-pigeon:// .+ postgresql, .*sqlite"):
        await open_transport("carrier-pigeon://loft")


async def test_a_missing_driver_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    monkeypatch.delitem(sys.modules, "eda_runtime.transports.log.postgresql", raising=False)

    with pytest.raises(ConfigurationError, match=r"pip install 'eda-runtime\[postgresql\]'"):
        await open_transport("postgresql://localhost/shop")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
async def test_a_log_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"the log needs a file, such as sqlite:///eda\.db"):
        await open_transport(url, Settings())


async def test_a_folder_that_does_not_exist_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"the directory of the SQLite file .+/absent/eda\.db does not exist"):
        await open_transport(f"sqlite:///{tmp_path / 'absent' / 'eda.db'}")
