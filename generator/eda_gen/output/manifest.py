"""`_manifest.json`: what was generated, from what, and how it was when it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath

__all__ = ["MANIFEST", "FileRecord", "Manifest", "content_hash", "read_manifest"]

MANIFEST = "_manifest.json"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The SHA-256 of a file's text, and of what it was formatted from."""

    sha256: str
    source: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The generated files of a package, by path."""

    files: Mapping[str, FileRecord] = field(default_factory=dict)

    def text(self, spec: str, digest: str) -> str:
        document = {
            "generator": f"eda-gen {version('eda-gen')}",
            "spec": spec,
            "digest": digest,
            "files": {
                path: {"sha256": record.sha256, "source": record.source} for path, record in sorted(self.files.items())
            },
        }
        return json.dumps(document, indent=2) + "\n"


def content_hash(text: str) -> str:
    """Line ends do not count: a checkout may have changed them."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`; an empty one where there is none that can be read."""
    try:
        files = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
        records = {path: FileRecord(str(each["sha256"]), str(each["source"])) for path, each in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Manifest()
    return Manifest({path: record for path, record in records.items() if _is_inside(path)})


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and "\\" not in path
