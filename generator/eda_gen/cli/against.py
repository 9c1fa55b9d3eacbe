"""What `--against` names: an earlier state of the specs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from eda_gen.config import Config
from eda_gen.model import Catalog
from eda_gen.source import DiskFiles, Files, NotReadable, workspace_root
from eda_gen.source.git import GitError, GitFiles, Repository

if TYPE_CHECKING:
    from eda_gen.registry.state import RegistryState

__all__ = ["CannotCompare", "Current", "Snapshot", "current_state", "open_against"]

_SUFFIXES = (".yaml", ".yml", ".json")


class CannotCompare(Exception):
    """A state that is not there; the message says why in the user's words."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Specs as they were: their files, those that are given or found, and the states before them."""

    name: str
    files: Files
    documents: tuple[str, ...]
    """Relative to the workspace; files without `asyncapi` among them are fragments, and no specs."""
    earlier: Callable[[], Iterator[Snapshot]]
    """The states behind this one, newest first, where it has a history."""
    derived: Callable[[Catalog], Catalog] | None = None
    """Makes the catalog of the current one, for a state that is no documents."""


@dataclass(frozen=True, slots=True)
class Current:
    """The specs as they are, on disk."""

    root: Path
    files: DiskFiles
    documents: tuple[str, ...]
    patterns: tuple[str, ...]
    """Globs, relative to the root, that find the specs in an earlier state too."""


def current_state(specs: Sequence[Path], config: Config) -> Current:
    """The specs at paths, or those that the configuration names."""
    here = Path.cwd()
    documents = tuple(dict.fromkeys(Path(os.path.abspath(path)) for path in specs)) or config.spec_paths()
    if not documents:
        raise CannotCompare("no spec is given, and no `specs` are configured")
    root = workspace_root(documents, here, config.file)
    folder = config.root.relative_to(root).as_posix() + "/" if config.root is not None and not specs else ""
    patterns = () if specs else tuple(folder.removeprefix("./") + pattern for pattern in config.specs)
    return Current(
        root, DiskFiles(root, here), tuple(each.relative_to(root).as_posix() for each in documents), patterns
    )


def open_against(text: str, current: Current) -> Snapshot:
    """Raises `CannotCompare`."""
    for form, opened in FORMS.items():
        match = re.fullmatch(form, text)
        if match is not None:
            try:
                return opened(match, current)
            except (GitError, NotReadable) as error:
                raise CannotCompare(str(error)) from None
    raise CannotCompare(
        f"`--against {text}` is neither a revision (`git:main`, `.git#tag=v1`), nor a path, nor `registry:URL`"
    )


def _revision(match: re.Match[str], current: Current) -> Snapshot:
    return _at_revision(Repository.around(current.root), match["revision"], match[0], current)


def _of_repository(match: re.Match[str], current: Current) -> Snapshot:
    """As buf writes it: a repository's folder, and what in it."""
    prefix = {"tag": "refs/tags/", "branch": "refs/heads/", "ref": "", "commit": ""}[match["kind"]]
    folder = Path(match["folder"])
    if not folder.exists():
        raise CannotCompare(f"there is no repository `{folder}`")
    folder = folder.parent if folder.name == ".git" else folder
    return _at_revision(Repository.around(folder), prefix + match["revision"], match["revision"], current)


def _at_revision(repository: Repository, revision: str, name: str, current: Current) -> Snapshot:
    top, root = repository.folder.resolve(), current.root.resolve()
    folder = root.relative_to(top).as_posix() if root.is_relative_to(top) else "."
    shown = name.removeprefix("git:")
    files = GitFiles.at(repository, revision, "" if folder == "." else f"{folder}/")
    return _snapshot(name, GitFiles(repository, files.commit, shown, files.folder, files.blobs), current)


def _snapshot(name: str, files: GitFiles, current: Current) -> Snapshot:
    paths = files.paths()
    documents = _found(paths, current.patterns) if current.patterns else _given(paths, current.documents)
    files.prepare(dict.fromkeys((*documents, *current.documents)))
    return Snapshot(name, files, documents, lambda: _history(files, current))


def _found(paths: Iterable[str], patterns: Sequence[str]) -> tuple[str, ...]:
    wanted = [re.compile(_as_regex(pattern)) for pattern in patterns]
    return tuple(sorted(path for path in paths if any(each.fullmatch(path) for each in wanted)))


def _given(paths: Iterable[str], documents: Sequence[str]) -> tuple[str, ...]:
    there = set(paths)
    return tuple(each for each in documents if each in there)


def _as_regex(pattern: str) -> str:
    """A glob as `pathlib` reads it: `**/` is any number of folders, `*` and `?` stay within one."""
    parts = re.split(r"(\*\*/|\*|\?|\[[^]]+\])", pattern)
    special = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(special.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts)


def _history(files: GitFiles, current: Current) -> Iterator[Snapshot]:
    """Each earlier commit that changed a file that was read here; the first is where these files come from."""
    repository = files.repository
    read = [path for path, blob in files.blobs.items() if blob.oid in files.known]
    try:
        for commit in repository.commits_before(files.commit, read)[1:] if read else ():
            name = commit[:12]
            there = GitFiles(repository, commit, name, files.folder, repository.blobs(commit), dict(files.known))
            yield _snapshot(name, there, current)
    except GitError as error:
        raise CannotCompare(str(error)) from None


def _path(match: re.Match[str], current: Current) -> Snapshot:
    path = Path(os.path.abspath(match[0]))
    if not path.exists():
        raise CannotCompare(f"there is no `{match[0]}`; a revision is written `git:{match[0]}`")
    documents = (path,) if path.is_file() else _in_folder(path, current)
    root = path if path.is_dir() else workspace_root(documents, Path.cwd())
    files = DiskFiles(root, Path.cwd())
    return Snapshot(match[0], files, tuple(each.relative_to(root).as_posix() for each in documents), lambda: iter(()))


def _in_folder(folder: Path, current: Current) -> tuple[Path, ...]:
    """The files of a folder that stand where the specs stand in theirs; where there are none, all of them."""
    found = {each for pattern in current.patterns for each in folder.glob(pattern)}
    if not current.patterns:
        named = ([folder / each, folder / Path(each).name] for each in current.documents)
        found = {next((path for path in paths if path.is_file()), paths[0]) for paths in named}
    there = sorted(each for each in found if each.is_file())
    return tuple(there or sorted(each for each in folder.rglob("*") if each.suffix in _SUFFIXES))


def _registry(match: re.Match[str], current: Current) -> Snapshot:
    """What a schema registry holds: the newest schema of each message version, and behind it the ones before."""
    from eda_gen.registry import Access, Naming, Registry, RegistryError
    from eda_gen.registry.state import RegistryState

    named = match["naming"] or os.environ.get("EDA_REGISTRY_NAMING") or "topic"
    if named not in [each.value for each in Naming]:
        raise CannotCompare(f"subjects are named by topic, record or topic-record, not by `{named}`")
    try:
        state = RegistryState(Registry(Access.read(match["url"])), Naming(named), current.files)
    except RegistryError as error:
        raise CannotCompare(error.sentence) from None
    return _of_registry(state, match["url"] or state.registry.url, 0)


def _of_registry(state: RegistryState, url: str, back: int) -> Snapshot:
    from eda_gen.registry import RegistryError

    def earlier() -> Iterator[Snapshot]:
        for behind in range(1, state.depth()):
            yield _of_registry(state, url, behind)

    def derived(now: Catalog) -> Catalog:
        try:
            return state.catalog(now, back)
        except RegistryError as error:
            raise CannotCompare(error.sentence) from None

    name = f"registry:{url}" + (f", {back} before the newest" if back else "")
    return Snapshot(name, state, (), earlier, derived)


FORMS: Final[Mapping[str, Callable[[re.Match[str], Current], Snapshot]]] = {
    r"git:(?P<revision>.+)": _revision,
    r"registry:(?P<url>https?://[^#]*|)(?:#(?P<naming>.+))?": _registry,
    r"(?P<folder>(?:.*/)?[^/#]*\.git)#(?P<kind>tag|branch|ref|commit)=(?P<revision>.+)": _of_repository,
    r"[^:]*|[A-Za-z]:[\\/].*": _path,
}
"""The ways to write `--against`, in the order in which they are tried."""
