"""A git revision as a source: blobs are read from the object store, nothing is checked out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eda_gen.source.files import NotReadable
from eda_gen.source.limits import MAX_BYTES

__all__ = ["Blob", "GitError", "GitFiles", "Repository"]

_FILE_MODES = ("100644", "100755")


class GitError(Exception):
    """What `git` refused; the message is in the user's words."""


@dataclass(frozen=True, slots=True)
class Blob:
    mode: str
    oid: str
    size: int


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, by the top folder of its working tree or by its bare folder."""

    folder: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that a folder is in. Raises `GitError`."""
        inside = cls(folder)
        top = inside.run("rev-parse", "--show-toplevel", failing="") or inside.run("rev-parse", "--absolute-git-dir")
        return cls(Path(top.decode().rstrip("\n")))

    def run(self, *arguments: str, given: bytes = b"", failing: str | None = None) -> bytes:
        """What a git command writes. `failing` stands for what it would write if it fails."""
        command = ["git", "-C", str(self.folder), "--no-optional-locks", *arguments]
        environment = {**os.environ, "LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
        try:
            ran = subprocess.run(command, input=given, capture_output=True, env=environment, check=False)  # noqa: S603
        except FileNotFoundError:
            raise GitError("there is no `git` command, which reads revisions") from None
        if ran.returncode == 0:
            return ran.stdout
        if failing is not None:
            return failing.encode()
        told = ran.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise GitError(told.splitlines()[0] if told else f"git {arguments[0]} failed")

    def commit(self, revision: str) -> str:
        """The full name of the commit that a revision names. Raises `GitError`."""
        found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", failing="")
        if not found:
            raise GitError(f"there is no revision `{revision}` in {self.folder}")
        return found.decode().strip()

    def blobs(self, commit: str) -> Mapping[str, Blob]:
        """All files of a commit by their path from the top."""
        found: dict[str, Blob] = {}
        for entry in self.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0"):
            described, _, path = entry.partition(b"\t")
            if path:
                mode, _, oid, size = described.decode().split()
                found[path.decode("utf-8", "surrogateescape")] = Blob(mode, oid, int(size) if size.isdecimal() else 0)
        return found

    def contents(self, oids: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of blobs, by one run of `git cat-file --batch`."""
        wanted = tuple(dict.fromkeys(oids))
        written = self.run("cat-file", "--batch", given="".join(f"{oid}\n" for oid in wanted).encode())
        found: dict[str, bytes] = {}
        at = 0
        for oid in wanted:
            end = written.index(b"\n", at)
            header = written[at:end].split()
            if len(header) != 3:
                raise GitError(f"the object {oid} is not in this clone")
            start, size = end + 1, int(header[2])
            found[oid] = written[start : start + size]
            at = start + size + 1
        return found

    def commits_before(self, commit: str, files: Iterable[str]) -> tuple[str, ...]:
        """The commits that changed any of the files, newest first, from `commit` on."""
        return tuple(self.run("rev-list", commit, "--", *sorted(files)).decode().split())


@dataclass(frozen=True, slots=True)
class GitFiles:
    """The files of one commit below a folder of the repository, as a workspace reads them."""

    repository: Repository
    commit: str
    revision: str
    """The commit as the user named it."""
    folder: str
    """The workspace's root from the repository's top; empty, or with a `/` at its end."""
    blobs: Mapping[str, Blob]
    known: dict[str, bytes] = field(default_factory=dict)
    """By object name; filled as files are read."""

    @classmethod
    def at(cls, repository: Repository, revision: str, folder: str) -> GitFiles:
        """Raises `GitError`."""
        commit = repository.commit(revision)
        return cls(repository, commit, revision, folder, repository.blobs(commit))

    def paths(self) -> tuple[str, ...]:
        """Every file below the folder, relative to it."""
        return tuple(path.removeprefix(self.folder) for path in self.blobs if path.startswith(self.folder))

    def prepare(self, files: Iterable[str]) -> None:
        """Read several files at once, which costs one process instead of one a file."""
        blobs = (self.blobs.get(self.folder + file) for file in files)
        wanted = [
            each.oid for each in blobs if each is not None and each.size <= MAX_BYTES and each.oid not in self.known
        ]
        if wanted:
            self.known.update(self.repository.contents(wanted))

    def read(self, file: str) -> bytes:
        blob = self.blobs.get(self.folder + file)
        if blob is None:
            raise NotReadable(f"there is no file `{self.folder}{file}` in {self.revision}")
        if blob.mode not in _FILE_MODES:
            raise NotReadable(f"`{self.folder}{file}` is not a plain file in {self.revision}")
        if blob.size > MAX_BYTES:
            raise NotReadable(
                f"`{file}` is larger than {MAX_BYTES // 2**20} MiB", "split it, and join the parts by `$ref`", "EDA003"
            )
        try:
            self.prepare([file])
        except GitError as error:
            raise NotReadable(f"`{file}` cannot be read from {self.revision}: {error}") from None
        return self.known[blob.oid]

    def shown(self, file: str) -> str:
        return f"{self.revision}:{self.folder}{file}"
