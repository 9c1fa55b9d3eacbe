"""Catalogs of the specs as they are and as they were. What is the same in both states is read once."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from eda_gen.cli.against import Current, Snapshot
from eda_gen.diagnostics import Result
from eda_gen.model import Catalog, Service
from eda_gen.passes import compile_documents
from eda_gen.source import Files, NotReadable, Workspace

__all__ = ["CurrentCatalog", "read_current", "read_earlier", "read_state"]

_ESCAPES = (b"%", b"\\x", b"\\u", b"\\U")
"""What may hide a file's name in a reference."""


@dataclass(frozen=True, slots=True)
class CurrentCatalog:
    result: Result[Catalog]
    files: Files
    documents: frozenset[str]
    contents: Mapping[str, bytes]
    """Every file that was read for it."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    """Files, and what was read of them."""

    files: Files
    contents: dict[str, bytes] = field(default_factory=dict)

    def read(self, file: str) -> bytes:
        self.contents[file] = content = self.files.read(file)
        return content

    def shown(self, file: str) -> str:
        return self.files.shown(file)


def read_state(files: Files, documents: Iterable[str], *, found: bool = True) -> Result[Catalog]:
    """`found` documents are those of a glob: the ones without a field `asyncapi` are fragments of others."""
    workspace = Workspace(files)
    roots = ((file, workspace.read(file)) for file in documents)
    specs = tuple(file for file, root in roots if not found or root is None or root.get("asyncapi") is not None)
    return compile_documents(specs, workspace)


def read_current(current: Current) -> CurrentCatalog:
    files = _Recorded(current.files)
    result = read_state(files, current.documents, found=bool(current.patterns))
    return CurrentCatalog(result, current.files, frozenset(current.documents), files.contents)


def read_earlier(snapshot: Snapshot, current: CurrentCatalog) -> Result[Catalog]:
    """Reads the documents that changed, or that refer to a file that did, and takes the others from `current`."""
    derive = snapshot.derived
    if derive is not None:
        return current.result.then(lambda now: Result(derive(now)))
    changed = _reached(_changed(snapshot.files, current.contents), current.contents)
    same = frozenset(each for each in snapshot.documents if each in current.documents and each not in changed)
    catalog = current.result.value
    if catalog is None or not same & current.contents.keys():
        return read_state(snapshot.files, snapshot.documents)
    read = read_state(snapshot.files, [each for each in snapshot.documents if each not in same])
    if read.value is None:
        return read
    return Result(_joined(read.value, catalog, same), read.diagnostics)


def _changed(files: Files, contents: Mapping[str, bytes]) -> set[str]:
    return {file for file, content in contents.items() if _content(files, file) != content}


def _content(files: Files, file: str) -> bytes | None:
    try:
        return files.read(file)
    except NotReadable:
        return None


def _reached(changed: set[str], contents: Mapping[str, bytes]) -> set[str]:
    """The files, and all that may refer to one of them, however far away: rather too many than too few."""
    reached, waiting = set(changed), list(changed)
    while waiting:
        name = posixpath.basename(waiting.pop()).encode()
        users = {file for file, content in contents.items() if file not in reached and _mentions(content, name)}
        reached |= users
        waiting += users
    return reached


def _mentions(content: bytes, name: bytes) -> bool:
    return name in content or any(escape in content for escape in _ESCAPES)


def _joined(read: Catalog, current: Catalog, same: frozenset[str]) -> Catalog:
    """The catalog of the documents that were read, and of those that are the same."""
    services = tuple(each for each in current.services if each.document.path in same)
    used = {id for service in services for id in _used(service)}
    return Catalog(
        documents=(*read.documents, *(each for each in current.documents if each.path in same)),
        services=(*read.services, *services),
        channels={id: each for id, each in current.channels.items() if _file(id) in same or id in used} | dict(read.channels),
        messages={id: each for id, each in current.messages.items() if _file(id) in same or id in used} | dict(read.messages),
        schemas=dict(current.schemas) | dict(read.schemas),
    )  # fmt: skip


def _used(service: Service) -> Iterator[str]:
    yield from (channel.id for channel in service.channels)
    yield from (message.id for message in service.messages)
    yield from (message for channel in service.channels for message in channel.messages)


def _file(id: str) -> str:
    return id.partition("#")[0]
