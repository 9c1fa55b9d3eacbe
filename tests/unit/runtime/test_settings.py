from __future__ import annotations

from datetime import timedelta

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


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_a_bad_number_is_named_with_its_variable(value: str) -> None:
    with pytest.raises(ConfigurationError, match="EDA_GRACE_SECONDS must be a number above 0"):
        Settings.from_environment({"EDA_GRACE_SECONDS": value})


def test_a_bad_url_is_named_with_its_variable_and_without_its_value() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"EDA_DATABASE_URL": "user:secret@host"})

    assert "EDA_DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("password", ["p@ss:w/rd", "sec[ret", "pass/word"])
def test_a_url_with_a_password_that_is_not_escaped_is_refused_without_showing_it(password: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings(database_url=f"postgresql://user:{password}@host/d")

    assert "as %xx" in str(caught.value)
    assert password not in str(caught.value)


def test_settings_show_no_url() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://u:secret@h/d"))


def test_a_redacted_url_keeps_the_host_and_the_database() -> None:
    assert redacted("postgresql://user:secret@db.example.com:5432/shop?sslpassword=x") == (
        "postgresql://***@db.example.com:5432/shop"
    )


def test_the_url_of_a_file_is_shown_as_it_is() -> None:
    assert redacted("sqlite:///eda.db") == "sqlite:///eda.db"


def test_an_unknown_database_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigurationError, match="starts with sqlite:// or postgresql://"):
        open_store("mysql://u:secret@h/d")


def test_an_sqlite_file_in_no_directory_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_store("sqlite:////nowhere/at/all/eda.db")


def test_code_made_for_this_release_is_accepted() -> None:
    require_runtime("0.1")


def test_code_made_for_another_release_is_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"install `eda-runtime~=9\.9\.0`"):
        require_runtime("9.9")
