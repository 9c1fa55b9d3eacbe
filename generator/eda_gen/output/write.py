"""Plans carried out: everything is written beside its place first, then moved there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from eda_gen.output.plan import Change, Plan

__all__ = ["write_plans"]


def write_plans(plans: Sequence[Plan]) -> None:
    """Carry out all of the plans. What fails while files are prepared leaves every one as it was.

    Raises `OSError`.
    """
    changes = [change for plan in plans for change in (*plan.scaffolds, *plan.changes)]
    prepared: dict[Path, Path] = {}
    try:
        for change in changes:
            if change.after is not None:
                prepared[change.path] = _prepare(change.path, change.after)
        for change in changes:
            _carry_out(change, prepared.get(change.path))
    finally:
        for temporary in prepared.values():
            temporary.unlink(missing_ok=True)


def _carry_out(change: Change, prepared: Path | None) -> None:
    if change.edited:
        change.path.replace(_kept_as(change.path))
    if prepared is not None:
        prepared.replace(change.path)
        return
    change.path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        change.path.parent.rmdir()


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
