"""What writing a package would change, found out before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eda_gen.diagnostics import Diagnostic, Span
from eda_gen.output.formatting import formatted, source_hash
from eda_gen.output.manifest import MANIFEST, FileRecord, Manifest, content_hash, read_manifest

__all__ = ["Change", "Plan", "plan_package"]


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it is and as it shall be; `None` where it is not there. `edited` by hand since it was generated."""

    path: Path
    before: str | None
    after: str | None
    edited: bool = False

    def diff(self) -> str:
        """A unified diff; its paths are as given."""
        old = "/dev/null" if self.before is None else str(self.path)
        new = "/dev/null" if self.after is None else str(self.path)
        before, after = (self.before or "").splitlines(keepends=True), (self.after or "").splitlines(keepends=True)
        lines = difflib.unified_diff(before, after, old, new)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes to one folder, and what stands against them. `scaffolds` are no generated files, hence no drift."""

    folder: Path
    changes: tuple[Change, ...]
    scaffolds: tuple[Change, ...]
    problems: tuple[Diagnostic, ...]


def plan_package(
    folder: Path,
    files: Mapping[str, str],
    scaffolds: Mapping[str, str],
    *,
    spec: str,
    digest: str,
    force: bool = False,
) -> Plan:
    """Compare `files`, which are not yet formatted, with what is in `folder`.

    With `force`, edits by hand are overwritten, and kept beside.
    """
    manifest = read_manifest(folder)
    current, problems = _read_all(folder, {*files, *manifest.files, MANIFEST})
    finished = _finished(files, manifest, current)
    records = {path: FileRecord(content_hash(finished[path]), source_hash(text)) for path, text in files.items()}
    wanted: dict[str, str | None] = {path: None for path in manifest.files if path not in files}
    wanted |= {**finished, MANIFEST: Manifest(records).text(spec, digest)}
    changes = [
        Change(folder / path, current[path], after, _is_edited(path, current[path], manifest))
        for path, after in wanted.items()
        if path in current and not _same(current[path], after)
    ]
    if not force:
        problems += [_edited(change, manifest) for change in changes if change.edited]
    missing = {path: text for path, text in scaffolds.items() if not (folder / path).exists()}
    first = tuple(Change(folder / path, None, text) for path, text in formatted(missing).items())
    return Plan(folder, tuple(changes), first, tuple(problems))


def _read_all(folder: Path, paths: set[str]) -> tuple[dict[str, str | None], list[Diagnostic]]:
    """The texts that are there now, and what cannot be read."""
    found: dict[str, str | None] = {}
    problems: list[Diagnostic] = []
    for path in sorted(paths):
        try:
            found[path] = (folder / path).read_bytes().decode()
        except FileNotFoundError:
            found[path] = None
        except (OSError, UnicodeDecodeError) as failure:
            problems.append(Diagnostic("EDA092", f"the file cannot be read: {failure}", Span(str(folder / path))))
    return found, problems


def _finished(files: Mapping[str, str], manifest: Manifest, current: Mapping[str, str | None]) -> dict[str, str]:
    """The files formatted. One that came of the same source the last time, and is as it was, is formatted already."""
    known = {
        path: text.replace("\r\n", "\n")
        for path, record in manifest.files.items()
        if path in files and record.source == source_hash(files[path])
        if (text := current.get(path)) is not None and content_hash(text) == record.sha256
    }
    return {**formatted({path: text for path, text in files.items() if path not in known}), **known}


def _is_edited(path: str, before: str | None, manifest: Manifest) -> bool:
    if before is None or path == MANIFEST:
        return False
    record = manifest.files.get(path)
    return record is None or content_hash(before) != record.sha256


def _same(before: str | None, after: str | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.replace("\r\n", "\n") == after


def _edited(change: Change, manifest: Manifest) -> Diagnostic:
    known = any(change.path.as_posix().endswith(path) for path in manifest.files)
    what = "was edited since it was generated" if known else "is in the way: it was not generated"
    advice = (
        "move the edit to the spec or to a module of yours; --force writes the file anew and keeps this one as *.orig"
    )
    return Diagnostic("EDA090", f"{change.path.name} {what}", Span(str(change.path), _first_difference(change)), advice)


def _first_difference(change: Change) -> int:
    before, after = (change.before or "").splitlines(), (change.after or "").splitlines()
    pairs = enumerate(zip(before, after, strict=False), 1)
    return next((number for number, (old, new) in pairs if old != new), min(len(before), len(after)) + 1)
