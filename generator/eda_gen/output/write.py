"""Plans carried out: everything is written beside its place first, then moved there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from eda_gen.output.plan import Change, Plan

__all__ = ["write_plans"]


def write_plans(plans: Sequence[Plan]) -> None:
    """Carry out all of the plans. What fails while files are prepared leaves every one as it was.

    Raises `OSError`.
    """
    changes = [change for plan in plans for change in (*plan.scaffolds, *plan.changes)]
    prepared: list[tuple[Path, Path]] = []
    try:
        for change in changes:
            if change.after is not None:
                prepared.append((_prepare(change.path, change.after), change.path))
        for change in changes:
            if change.edited and change.path.exists():
                os.replace(change.path, _kept_as(change.path))
        for temporary, path in prepared:
            os.replace(temporary, path)
    finally:
        for temporary, _ in prepared:
            temporary.unlink(missing_ok=True)
    _remove(change for change in changes if change.after is None)


def _prepare(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    temporary = Path(name)
    temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _kept_as(path: Path) -> Path:
    """`<file>.orig`, or with a number where an earlier one is there."""
    wishes = (path.with_name(f"{path.name}.orig{number or ''}") for number in range(1_000))
    return next(wish for wish in wishes if not wish.exists())


def _remove(changes: Iterable[Change]) -> None:
    for change in changes:
        change.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            change.path.parent.rmdir()
