"""Packages generated from specs in a test, and imported."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import yaml
from click.testing import CliRunner

from eda_gen.cli import cli

__all__ = ["Importable", "generate", "importable", "spec_of"]

_NUMBERS = itertools.count()


def generate(folder: Path, *arguments: str | Path) -> int:
    """Run `eda-gen generate` into `folder`; its status."""
    result = CliRunner().invoke(cli, ["generate", *map(str, arguments), "--out", str(folder)], standalone_mode=False)
    assert result.exception is None, result.exception
    status: int = result.return_value
    return status


class Importable:
    """A folder of generated packages under a name of its own, so that tests do not see one another's modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.folder.name}.{name}")

    def loaded(self) -> set[str]:
        """The modules imported so far, named as `module` names them."""
        prefix = f"{self.folder.name}."
        return {name.removeprefix(prefix) for name in tuple(sys.modules) if name.startswith(prefix)}


@contextmanager
def importable(base: Path) -> Iterator[Importable]:
    """A folder inside `base` to generate into, whose packages can be imported within the block."""
    folder = base / f"generated{next(_NUMBERS)}"
    sys.path.insert(0, str(base))
    importlib.invalidate_caches()
    try:
        yield Importable(folder)
    finally:
        sys.path.remove(str(base))
        for name in [name for name in tuple(sys.modules) if name.split(".")[0] == folder.name]:
            del sys.modules[name]


def spec_of(payloads: Mapping[str, object], schemas: Mapping[str, object] | None = None) -> str:
    """A document with a message for each payload; `schemas` are its components."""
    messages = {name: {"name": name, "payload": payload} for name, payload in payloads.items()}
    references = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Sample", "version": "1.0.0"},
        "channels": {"all": {"address": "all", "messages": references}},
        "operations": {"publish": {"action": "send", "channel": {"$ref": "#/channels/all"}}},
        "components": {"messages": messages, "schemas": dict(schemas or {})},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
