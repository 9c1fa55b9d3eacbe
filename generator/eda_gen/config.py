"""`eda-gen.toml`, or `[tool.eda-gen]` in `pyproject.toml`: one frozen value, read at the edge."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias

from eda_gen.diagnostics import Diagnostic, Result, Span

__all__ = ["AcceptedBreak", "CompatConfig", "Config", "LintConfig", "Output", "find_config", "load_config"]

Toml: TypeAlias = "Mapping[str, object]"

CONTENT_MODELS = ("tolerant", "as-written")
MODES = ("backward", "forward", "full", "backward-transitive", "forward-transitive", "full-transitive")


@dataclass(frozen=True, slots=True)
class Output:
    """One `[[output]]`: what is written where. Without a `service`, it is for every service of the specs."""

    path: str
    service: str | None = None
    targets: tuple[str, ...] = ("python",)


@dataclass(frozen=True, slots=True)
class LintConfig:
    """Codes, or beginnings of codes, that are reported or not."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceptedBreak:
    """One `[[compat.accept]]`: a rule by id or name, a subject in which `*` stands for anything, and until when."""

    rule: str
    subject: str
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class CompatConfig:
    mode: str = "backward"
    against: str | None = None
    content_model: str = "tolerant"
    accept: tuple[AcceptedBreak, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """What a project says about its specs. `file` is where it says so; paths in it are relative to that folder."""

    file: Path | None = None
    specs: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    lint: LintConfig = field(default_factory=LintConfig)
    compat: CompatConfig = field(default_factory=CompatConfig)

    @property
    def root(self) -> Path | None:
        return self.file.parent if self.file is not None else None

    def spec_paths(self) -> tuple[Path, ...]:
        """The files that the globs in `specs` find, each once, sorted."""
        root = self.root
        if root is None:
            return ()
        return tuple(sorted({path for pattern in self.specs for path in root.glob(pattern) if path.is_file()}))


def find_config(start: Path) -> Path | None:
    """The nearest configuration: in `start`, or in a folder above it. `eda-gen.toml` goes before `pyproject.toml`."""
    for folder in (start, *start.parents):
        own, project = folder / "eda-gen.toml", folder / "pyproject.toml"
        if own.is_file():
            return own
        if project.is_file() and _mentions_us(project):
            return project
    return None


def _mentions_us(project: Path) -> bool:
    try:
        return re.search(r"^\s*\[+\s*tool\s*\.\s*\"?eda-gen\b", project.read_text("utf-8"), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def load_config(file: Path | None, shown: str | None = None) -> Result[Config]:
    """Read a configuration file; none at all gives the defaults."""
    if file is None:
        return Result(Config())
    span = Span(shown or str(file))
    try:
        text = file.read_text("utf-8")
        whole: Toml = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Result(None, (Diagnostic("EDA020", f"this is not TOML: {error}", _position(str(error), span)),))
    except (OSError, UnicodeDecodeError) as error:
        return Result(None, (Diagnostic("EDA020", f"the configuration cannot be read: {error}", span),))
    table = _table(_table(whole.get("tool")).get("eda-gen")) if file.name == "pyproject.toml" else whole
    reader = _Reader(text, span)
    config = reader.config(file, table)
    return Result(None if reader.found else config, tuple(reader.found))


def _table(value: object) -> Toml:
    return {str(name): each for name, each in value.items()} if isinstance(value, Mapping) else {}


def _position(message: str, span: Span) -> Span:
    found = re.search(r"line (\d+), column (\d+)", message)
    return Span(span.path, int(found[1]), int(found[2])) if found else span


class _Reader:
    """Takes known keys of known types; all else is reported at the first line that names the key."""

    def __init__(self, text: str, span: Span) -> None:
        self._lines = text.splitlines()
        self._span = span
        self.found: list[Diagnostic] = []

    def config(self, file: Path, table: Toml) -> Config:
        self._known(table, ("specs", "output", "lint", "compat"))
        lint, compat = self._section(table, "lint"), self._section(table, "compat")
        self._known(lint, ("select", "ignore"))
        return Config(
            file=file,
            specs=self._texts(table, "specs"),
            outputs=self._outputs(table.get("output")),
            lint=LintConfig(self._texts(lint, "select"), self._texts(lint, "ignore")),
            compat=self._compat(compat),
        )

    def _compat(self, table: Toml) -> CompatConfig:
        self._known(table, ("mode", "against", "content-model", "accept"))
        return CompatConfig(
            self._one_of(table, "mode", MODES, "backward"),
            self._text(table, "against"),
            self._one_of(table, "content-model", CONTENT_MODELS, "tolerant"),
            self._accepted(table.get("accept")),
        )

    def _one_of(self, table: Toml, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self._text(table, name) or default
        if value not in allowed:
            self._report(name, f"`compat.{name}` is {value!r}; it is one of {', '.join(allowed)}")
        return value

    def _accepted(self, value: object) -> tuple[AcceptedBreak, ...]:
        entries = [_table(each) for each in value] if isinstance(value, list) else []
        if value is not None and (not isinstance(value, list) or not all(entries)):
            self._report("accept", "`accept` is a list of tables: write `[[compat.accept]]`")
        found = (self._accepted_break(each) for each in entries if each)
        return tuple(each for each in found if each is not None)

    def _accepted_break(self, table: Toml) -> AcceptedBreak | None:
        names = ("rule", "subject", "reason", "expires")
        self._known(table, names)
        missing = [name for name in names if not table.get(name)]
        expires = table.get("expires")
        if missing:
            self._report("accept", f"an accepted break needs {', '.join(f'`{name}`' for name in missing)}")
        elif not isinstance(expires, date) or isinstance(expires, datetime):
            self._report("expires", f"`expires` is a date, as 2026-12-31 without quotes, not {expires!r}")
        else:
            texts = [self._text(table, name) for name in names[:3]]
            return AcceptedBreak(texts[0] or "", texts[1] or "", texts[2] or "", expires)
        return None

    def _outputs(self, value: object) -> tuple[Output, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            self._report("output", "`output` is a list of tables: write `[[output]]`")
            return ()
        return tuple(self._output(_table(each)) for each in value)

    def _output(self, table: Toml) -> Output:
        self._known(table, ("service", "targets", "path"))
        path = self._text(table, "path")
        if path is None and "path" not in table:
            self._report("output", "an `[[output]]` needs a `path`")
        targets = self._texts(table, "targets") if "targets" in table else ("python",)
        return Output(path or "", self._text(table, "service"), targets)

    def _section(self, table: Toml, name: str) -> Toml:
        value = table.get(name)
        if value is not None and not isinstance(value, Mapping):
            self._report(name, f"`{name}` is a table: write `[{name}]`")
        return _table(value)

    def _text(self, table: Toml, name: str) -> str | None:
        value = table.get(name)
        if value is None or isinstance(value, str):
            return value
        self._report(name, f"`{name}` is text, not {value!r}")
        return None

    def _texts(self, table: Toml, name: str) -> tuple[str, ...]:
        value = table.get(name, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(str(each) for each in value)
        self._report(name, f"`{name}` is a list of texts, not {value!r}")
        return ()

    def _known(self, table: Toml, names: tuple[str, ...]) -> None:
        for name in table:
            if name not in names:
                near = difflib.get_close_matches(name, names, 1)
                help = f"did you mean `{near[0]}`?" if near else None
                if name == "tool":
                    help = "`tool.eda-gen` is for pyproject.toml: here, its settings stand at the top"
                self._report(name, f"there is no setting `{name}`", help)

    def _report(self, name: str, message: str, help: str | None = None) -> None:
        """tomllib keeps no positions: point at the first line that names the key."""
        wanted = re.compile(rf"\s*\[*\s*(?:[\w.\"-]+\.)?\"?{re.escape(name)}\"?\s*[\]=]")
        line = next((number for number, text in enumerate(self._lines, 1) if wanted.match(text)), 1)
        self.found.append(Diagnostic("EDA021", message, Span(self._span.path, line), help))
