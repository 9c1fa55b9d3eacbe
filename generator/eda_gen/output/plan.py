"""What writing a package would change, found out before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eda_gen.diagnostics import Diagnostic, Span
from eda_gen.output.manifest import MANIFEST, Manifest, content_hash, read_manifest

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
    """The changes to one folder, and what stands against them. `scaffolds` are not generated files: they are no drift."""

    folder: Path
    changes: tuple[Change, ...]
    scaffolds: tuple[Change, ...]
    problems: tuple[Diagnostic, ...]


def plan_package(
    folder: Path, files: Mapping[str, str], scaffolds: Mapping[str, str], *, spec: str, digest: str, force: bool = False
) -> Plan:
    """Compare `files` with what is in `folder`. With `force`, edits by hand are overwritten, and kept beside."""
    manifest = read_manifest(folder)
    hashes = {path: content_hash(text) for path, text in files.items()}
    wanted: dict[str, str | None] = {path: None for path in manifest.files if path not in files}
    wanted |= {**files, MANIFEST: Manifest(hashes).text(spec, digest)}
    changes: list[Change] = []
    problems: list[Diagnostic] = []
    for path, after in wanted.items():
        try:
            change = _change(folder / path, after, manifest.files.get(path), ours=path == MANIFEST)
        except (OSError, UnicodeDecodeError) as failure:
            problems.append(Diagnostic("EDA092", f"the file cannot be read: {failure}", Span(str(folder / path))))
            continue
        if change.edited and not force:
            problems.append(_edited(change, known=path in manifest.files))
        elif not _same(change.before, change.after):
            changes.append(change)
    missing = (Change(folder / path, None, text) for path, text in scaffolds.items() if not (folder / path).exists())
    return Plan(folder, tuple(changes), tuple(missing), tuple(problems))


def _change(path: Path, after: str | None, recorded: str | None, *, ours: bool) -> Change:
    before = path.read_bytes().decode("utf-8") if path.exists() else None
    untouched = ours or before is None or _same(before, after) or content_hash(before) == recorded
    return Change(path, before, after, edited=not untouched)


def _same(before: str | None, after: str | None) -> bool:
    if before is None or after is None:
        return before is after
    return before.replace("\r\n", "\n") == after


def _edited(change: Change, *, known: bool) -> Diagnostic:
    what = "was edited since it was generated" if known else "is in the way: it was not generated"
    advice = "move the edit to the spec or to your own modules; --force writes the file anew and keeps yours as *.orig"
    return Diagnostic("EDA090", f"{change.path.name} {what}", Span(str(change.path), _first_difference(change)), advice)


def _first_difference(change: Change) -> int:
    before, after = (change.before or "").splitlines(), (change.after or "").splitlines()
    return next(_differences(before, after), min(len(before), len(after)) + 1)


def _differences(before: list[str], after: list[str]) -> Iterator[int]:
    return (number for number, (old, new) in enumerate(zip(before, after, strict=False), 1) if old != new)
