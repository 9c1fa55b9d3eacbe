from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from eda_runtime import Settings, require_runtime
from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import redacted
from eda_runtime.stores import open_store


def test_one_sqlite_file_serves_for_everything_by_default() -> None:
    settings = Settings.from_environment({})

    assert (settings.database_url, settings.broker_url) == ("sqlite:///eda.db", "sqlite:///eda.db")


def test_the_database_is_the_broker_unless_one_is_named() -> None:
    settings = Settings.from_environment({"EDA_DATABASE_URL": "postgresql://h/d"})

    assert settings.broker_url == "postgresql://h/d"


def test_the_environment_decides() -> None:
    settings = Settings.from_environment({"EDA_BROKER_URL": "kafka://b:9092", "EDA_LEASE_SECONDS": "2.5"})

    assert (settings.broker_url, settings.lease) == ("kafka://b:9092", timedelta(seconds=2.5))


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf", "1e300", "1e-9"])
def test_a_bad_number_is_named_with_its_variable(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"EDA_GRACE_SECONDS must be a number from 0\.001 to"):
        Settings.from_environment({"EDA_GRACE_SECONDS": value})


@pytest.mark.parametrize("value", ["many", "0", "-1", "0.5", "²", "1e3", "99999999999"])
def test_a_pool_that_is_no_whole_number_of_connections_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="EDA_POOL_SIZE must be a whole number from 1 to"):
        Settings.from_environment({"EDA_POOL_SIZE": value})


def test_a_bad_url_is_named_with_its_variable_and_without_its_value() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"EDA_DATABASE_URL": "user:secret@host"})

    assert "EDA_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("password", ["p@ss:w/rd", "sec[ret", "pass/word", "12/word", "12?word", "12#word"])
@pytest.mark.parametrize("variable", ["EDA_DATABASE_URL", "EDA_BROKER_URL"])
def test_a_url_with_a_password_that_is_not_escaped_is_refused_without_showing_it(variable: str, password: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({variable: f"postgresql://user:{password}@host/d"})

    assert variable in str(caught.value)
    assert "as %2F" in str(caught.value)
    assert password not in str(caught.value)


@pytest.mark.parametrize("variable", ["EDA_DATABASE_URL", "EDA_BROKER_URL"])
@pytest.mark.parametrize("servers", ["h:99999", "h:abc", "h:0", "h:²", "h1:1,h2:99999", "u:p@h:-1"])
def test_a_port_that_is_none_is_refused_with_its_variable(variable: str, servers: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{variable} .*with a port from 1 to 65535"):
        Settings.from_environment({variable: f"kafka://{servers}"})


@pytest.mark.parametrize(
    "url",
    [
        "kafka://u:p%2Fw@h1:9092,h2:9092",
        "postgresql:///shop?host=/run&user=me@corp",
        "pubsub://example.com:shop",
        "sqlite:////var/a@b/eda.db",
        "amqp://h/shop",
    ],
)
def test_what_a_url_may_be(url: str) -> None:
    assert Settings(broker_url=url).broker_url == url


def test_a_scheme_may_be_in_upper_case(tmp_path: Path) -> None:
    settings = Settings.from_environment({"EDA_DATABASE_URL": "SQLite:///Eda.db"})

    assert settings.database_url == "sqlite:///Eda.db"
    assert settings.one_file
    open_store(f"SQLITE:///{tmp_path}/eda.db")


def test_settings_show_no_url() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://u:secret@h/d"))


def test_a_redacted_url_keeps_the_host_and_the_database() -> None:
    assert redacted("postgresql://user:secret@db.example.com:5432/shop?sslpassword=x") == (
        "postgresql://***@db.example.com:5432/shop"
    )


@pytest.mark.parametrize(
    "url",
    [
        "kafka://user:hun/ter2@host:1",
        "redis://user:hunter2/a@host:1",
        "redis://user:hunter2#x@host:1",
        "amqp://user:hunter2?x@host:1",
        "amqp://user:a@hunter2?x@host:1/vhost",
        "postgresql://user:12/hunter2@host:1/shop",
        "postgresql://host/shop?password=p@hunter2",
        "mysql:user:hunter2@host",
    ],
)
def test_a_redacted_url_shows_nothing_of_a_password_that_is_not_escaped(url: str) -> None:
    assert "ter2" not in redacted(url)
    assert "user" not in redacted(url)


def test_the_url_of_a_file_is_shown_as_it_is() -> None:
    assert redacted("sqlite:///eda.db") == "sqlite:///eda.db"


def test_an_unknown_database_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match="starts with sqlite:// or postgresql://"):
        open_store("mysql://u:secret@h/d")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql://h/d?foo=1", "does not know: foo; it knows .* sslmode"),
        ("postgresql://h1:1,h2:2/d", "EDA_DATABASE_URL cannot be read"),
        ("sqlite:///eda.db?foo=1", "has no options"),
    ],
)
def test_what_a_database_url_may_not_have_is_said(url: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        open_store(url)


def test_an_sqlite_file_in_no_directory_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_store("sqlite:////nowhere/at/all/eda.db")


def test_code_made_for_this_release_is_accepted() -> None:
    require_runtime("0.1")


def test_code_made_for_another_release_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"install `eda-runtime~=9\.9\.0`"):
        require_runtime("9.9")
