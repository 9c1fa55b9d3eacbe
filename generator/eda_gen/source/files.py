"""Where the bytes of a workspace come from. A folder on disk is one source; a git revision can be another."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eda_gen.source.limits import MAX_BYTES

__all__ = ["DiskFiles", "Files", "NotReadable", "specs_below", "workspace_root"]


class NotReadable(Exception):
    """A file that cannot be had; the message says why in the user's words."""

    def __init__(self, message: str, help: str | None = None, code: str = "EDA001") -> None:
        super().__init__(message)
        self.help = help
        self.code = code


class Files(Protocol):
    """The files of one workspace. Paths are relative to its root, with `/`, without `.` and `..`."""

    def read(self, file: str) -> bytes:
        """The content of a file. Raises `NotReadable`."""
        ...

    def shown(self, file: str) -> str:
        """The file as a person would name it."""
        ...


@dataclass(frozen=True, slots=True)
class DiskFiles:
    """A folder. A path that leaves it, through `..` or a symbolic link, is not read."""

    root: Path
    near: Path
    """Paths under this folder are shown relative to it."""

    def read(self, file: str) -> bytes:
        path = self.root / file
        try:
            if not path.resolve(strict=True).is_relative_to(self.root.resolve()):
                raise NotReadable(
                    f"`{file}` leads out of the workspace {self.root}", "keep specs in one folder", "EDA012"
                )
            if not path.is_file():
                raise NotReadable(f"`{file}` is not a file")
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise NotReadable(f"there is no file `{self.shown(file)}`") from None
        except (OSError, ValueError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise NotReadable(f"`{file}` cannot be read: {reason}") from None
        if len(content) > MAX_BYTES:
            raise NotReadable(
                f"`{file}` is larger than {MAX_BYTES // 2**20} MiB", "split it, and join the parts by `$ref`", "EDA003"
            )
        return content

    def shown(self, file: str) -> str:
        path = self.root / file
        return str(path.relative_to(self.near)) if path.is_relative_to(self.near) else str(path)


def specs_below(folder: Path) -> tuple[Path, ...]:
    """The YAML and JSON files in a folder and those below it, sorted."""
    return tuple(
        sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml", ".json") and path.is_file())
    )


def workspace_root(documents: tuple[Path, ...], current: Path, config: Path | None = None) -> Path:
    """The folder that references may not leave.

    The first of these that holds all documents: the configuration file's folder; the nearest folder above the first
    document that is a git repository's; the current folder (unless it is the root of the file system); else the
    folder above the documents' common one, so that `../common/schemas.yaml` can be read.
    """
    folders = tuple(path.parent for path in documents) or (current,)
    candidates = [config.parent] if config else []
    candidates += [folder for folder in (folders[0], *folders[0].parents) if (folder / ".git").exists()][:1]
    if current != Path(current.anchor):
        candidates.append(current)
    for candidate in candidates:
        if all(folder.is_relative_to(candidate) for folder in folders):
            return candidate
    return Path(os.path.commonpath(folders)).parent
