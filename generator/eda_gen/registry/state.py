"""An earlier state of the payloads, as a schema registry holds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from eda_gen.model import Catalog, Message, MessageId, Schema, SchemaId
from eda_gen.registry.client import Registered, Registry
from eda_gen.registry.reading import Readable, readable
from eda_gen.registry.schemas import mark_of
from eda_gen.registry.subjects import Candidate, Naming, Subject, subjects
from eda_gen.source import Files

__all__ = ["RegistryState"]


@dataclass(frozen=True, slots=True)
class RegistryState:
    """The schemas of a registry beside the current files, as files that positions can be found in."""

    registry: Registry
    naming: Naming
    current: Files
    held: dict[MessageId, tuple[Registered, ...]] = field(default_factory=dict)
    """The schemas of each message version, newest first; known once a catalog was made."""
    texts: dict[str, str] = field(default_factory=dict)

    def catalog(self, now: Catalog, back: int = 0) -> Catalog:
        """The current catalog with the payloads that were registered, `back` before the newest of each. Messages that
        the registry does not hold stay as they are. Raises `RegistryError`."""
        found = subjects(now, self.naming).value or ()
        schemas: dict[SchemaId, Schema] = dict(now.schemas)
        messages: dict[MessageId, Message] = dict(now.messages)
        for candidate, entry in ((each, entry) for subject in found for each, entry in self._entries(subject, back)):
            if not entry.schema.same_as(candidate.schema):
                read = self._read(entry)
                schemas |= read.schemas
                messages[candidate.message.id] = replace(candidate.message, payload=read.root)
        return replace(now, schemas=schemas, messages=messages)

    def depth(self) -> int:
        """How many schemas a message version has at most."""
        return max((len(each) for each in self.held.values()), default=0)

    def read(self, file: str) -> bytes:
        return self.texts[file].encode() if file in self.texts else self.current.read(file)

    def shown(self, file: str) -> str:
        return f"registry:{file.removesuffix('.json')}" if file in self.texts else self.current.shown(file)

    def _entries(self, subject: Subject, back: int) -> Iterator[tuple[Candidate, Registered]]:
        if any(each.message.id not in self.held for each in subject.candidates):
            held = self.registry.versions(subject.name)
            newest = subject.candidates[-1]
            for each in subject.candidates:
                self.held[each.message.id] = _of_version(each, held, newest=each is newest)
        for each in subject.candidates:
            yield from ((each, entry) for entry in self.held[each.message.id][back : back + 1])

    def _read(self, entry: Registered) -> Readable:
        read = readable(entry, self.registry)
        self.texts.update(read.documents)
        return read


def _of_version(candidate: Candidate, held: tuple[Registered, ...], *, newest: bool) -> tuple[Registered, ...]:
    """Pushed schemas name their version; of those that name none, all are taken for the newest version's."""
    types = [(mark_of(each.schema), each) for each in reversed(held)]
    named = tuple(each for type, each in types if type == candidate.message.type)
    return named or (tuple(each for type, each in types if type is None) if newest else ())
