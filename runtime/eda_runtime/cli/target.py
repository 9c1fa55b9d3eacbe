"""Finds the app that a command is about."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module

from eda_runtime.app import App
from eda_runtime.errors import ConfigurationError, EdaError
from eda_runtime.service import Service

__all__ = ["load_app", "opened", "split_target"]


def split_target(arguments: Sequence[str]) -> tuple[App[object], Sequence[str]]:
    """The app that the first argument names, or `EDA_APP` does, and the other arguments."""
    if arguments and ":" in arguments[0]:
        return load_app(arguments[0]), arguments[1:]
    target = os.environ.get("EDA_APP")
    if not target:
        raise ConfigurationError("name the app as module:attribute, such as shop.handlers:service, or set EDA_APP")
    return load_app(target), arguments


def load_app(target: str) -> App[object]:
    """Import `module:attribute` with the working directory on the path. Raises `ConfigurationError`."""
    module_name, _, attribute = target.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if f"{module_name}.".startswith(f"{missing}."):
            raise ConfigurationError(
                f"there is no module {module_name}: run `eda` from where it can be imported"
            ) from error
        if missing.partition(".")[0] != module_name.partition(".")[0]:
            raise ConfigurationError(f"{module_name} imports {missing}, which is not installed") from error
        raise _broken(module_name, error) from error
    except EdaError:
        raise
    except Exception as error:
        raise _broken(module_name, error) from error
    app = getattr(module, attribute, None)
    if not isinstance(app, App):
        raise ConfigurationError(f"{module_name} has no App called {attribute or '(nothing)'}")
    return app


@asynccontextmanager
async def opened(app: App[object]) -> AsyncIterator[Service[object]]:
    """The store and the broker of `app`. Raises `ConfigurationError` if its tables are still to be made."""
    async with app:
        await app.require_tables()
        yield app.opened


def _broken(module_name: str, error: Exception) -> ConfigurationError:
    """Tells where in the service's own code an import failed, and why."""
    if isinstance(error, SyntaxError):
        place, said = f"{error.filename}:{error.lineno}", error.msg
    else:
        frames = [each for each in traceback.extract_tb(error.__traceback__) if "importlib" not in each.filename]
        place, said = f"{frames[-1].filename}:{frames[-1].lineno}", str(error)
    return ConfigurationError(f"{module_name} cannot be imported: {place}: {type(error).__name__}: {said}")
