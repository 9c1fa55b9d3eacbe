"""Version lineage: how the versions of a message follow one another, and which of them a consumer can be handed as which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eda_gen.compat.difference import ContentModel, Difference, Direction
from eda_gen.compat.json_schema import compare_json_schemas
from eda_gen.diagnostics import Diagnostic
from eda_gen.model import (
    Catalog,
    Message,
    MessageId,
    ReceiveOperation,
    Schema,
    SchemaFormat,
    SchemaId,
    SendOperation,
    Upcast,
    UpcastRule,
)
from eda_gen.passes.upcasting import Misfit, upcast_schema

__all__ = ["Handled", "Lineage", "Published", "VersionStep"]

_READABLE = (SchemaFormat.JSON_SCHEMA, SchemaFormat.OPENAPI)
_REQUIRED_WITH_DEFAULT = "required-not-judged"


@dataclass(frozen=True, slots=True)
class VersionStep:
    """From one version of a message to the next. What `rules` do not say, and cannot be left as it is, a person writes."""

    older: Message
    newer: Message
    rules: tuple[UpcastRule, ...]
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Handled:
    """What the handler of a receive operation gets, and the steps from older versions to that, the oldest first."""

    messages: tuple[MessageId, ...]
    steps: tuple[VersionStep, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A message sent in older versions too. `ways` lead back to each of them, the nearest first, by one step or more."""

    newest: Message
    ways: tuple[tuple[VersionStep, ...], ...]


class Lineage:
    """The steps between the versions that a catalog describes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._versions: dict[tuple[str, str], list[Message]] = {}
        for message in catalog.messages.values():
            self._versions.setdefault(_family(message), []).append(message)
        self._steps: dict[MessageId, VersionStep | None] = {}
        self._schemas = frozenset(catalog.schemas)

    def handled(self, operation: ReceiveOperation) -> Handled:
        """A listed version that leads to another listed one is handed over as that one. Versions that the channel
        carries, and that lead to a listed one, are taken too."""
        carried = self._carried(operation)
        steps: dict[MessageId, VersionStep] = {}
        for message in operation.messages:
            for step in self._steps_to(message, carried):
                steps[step.older.id] = step
        left = tuple(dict.fromkeys(each for each in operation.messages if each not in steps))
        return Handled(left, tuple(sorted(steps.values(), key=lambda each: (each.newer.name, each.newer.version))))

    def published(self, operation: SendOperation) -> tuple[Published, ...]:
        """The newest version of each message that an operation sends, with the older ones that go beside it."""
        families: dict[tuple[str, str], Message] = {}
        for message in (self._catalog.messages[each] for each in operation.messages if operation.publishes):
            known = families.setdefault(_family(message), message)
            families[_family(message)] = max(known, message, key=lambda each: each.version)
        return tuple(Published(each, tuple(self._ways(each, operation.publishes))) for each in families.values())

    def problems_of_send(self, operation: SendOperation) -> Iterator[Diagnostic]:
        """Versions to publish that are not there, or that the channel does not describe."""
        found = self.published(operation)
        types = {self._catalog.messages[each].type for each in self._catalog.channels[operation.channel].messages}
        sent = [each.newest for each in found] + [way[-1].older for each in found for way in each.ways]
        known = {each.version for each in sent if each.type in types}
        for each in found:
            if each.newest.version not in operation.publishes:
                told = (
                    f"`{operation.id}` sends {_called(each.newest)}, which is not among the versions that it publishes"
                )
                yield Diagnostic("EDA410", told, operation.span, f"add {each.newest.version} to `publishes`")
        for version in operation.publishes:
            if version not in known:
                told = (
                    f"`{operation.id}` publishes version {version}, which its channel does not describe as an older one"
                )
                yield Diagnostic("EDA410", told, operation.span, "add that version to the channel's messages")

    def _ways(self, newest: Message, versions: tuple[int, ...]) -> Iterator[tuple[VersionStep, ...]]:
        way: tuple[VersionStep, ...] = ()
        message, older = newest, self._older(newest)
        while older is not None:
            way = (*way, self._step_back(message, older))
            if older.version in versions:
                yield way
            message, older = older, self._older(older)

    def _step_back(self, newer: Message, older: Message) -> VersionStep:
        """Renames are undone; what is new is left out, as readers ignore what they do not know."""
        rules = tuple(_undone(newer.upcast)) if newer.upcast is not None else ()
        try:
            derived = self._readable(older, newer) and not self._differences(newer, older, rules)
        except Misfit:
            derived = False
        return VersionStep(older, newer, rules if derived else (), by_hand=not derived)

    def problems(self) -> Iterator[Diagnostic]:
        """What is wrong with declared upcasts, wherever they are."""
        for message in self._catalog.messages.values():
            if message.upcast is not None:
                yield from self.problems_of(message)

    def problems_of(self, message: Message) -> Iterator[Diagnostic]:
        upcast = message.upcast
        if upcast is None:
            return
        older = self._older(message)
        if older is None or older.version != upcast.source_version:
            yield self._wrong_source(message, older)
        elif upcast.rules and self._readable(older, message):
            yield from self._misfits(VersionStep(older, message, upcast.rules, by_hand=False))

    def step_to(self, message: Message) -> VersionStep | None:
        """The step to a version from the one before it; `None` if nothing leads there."""
        if message.id not in self._steps:
            self._steps[message.id] = self._find_step(message)
        return self._steps[message.id]

    def _find_step(self, message: Message) -> VersionStep | None:
        older, upcast = self._older(message), message.upcast
        if older is None:
            return None
        if upcast is not None and upcast.rules:
            return VersionStep(older, message, upcast.rules, by_hand=False)
        if self._readable(older, message) and self._reads_as(older, message):
            return VersionStep(older, message, (), by_hand=False)
        return VersionStep(older, message, (), by_hand=True) if upcast is not None else None

    def _steps_to(self, message_id: MessageId, carried: frozenset[MessageId]) -> list[VersionStep]:
        """The way back from a version, as far as there is something older that may come."""
        steps: list[VersionStep] = []
        step = self.step_to(self._catalog.messages[message_id])
        while step is not None:
            steps.append(step)
            step = self.step_to(step.older)
        while steps and steps[-1].older.id not in carried:
            steps.pop()
        return steps

    def _carried(self, operation: ReceiveOperation) -> frozenset[MessageId]:
        """What may come by the operation's channel, as any document describes it, with what is the same elsewhere."""
        address = self._catalog.channels[operation.channel].address
        channels = [each for each in self._catalog.channels.values() if address and each.address == address]
        found = {*operation.messages, *self._catalog.channels[operation.channel].messages}
        found |= {message for channel in channels for message in channel.messages}
        types = {self._catalog.messages[each].type for each in found}
        return frozenset(each.id for each in self._catalog.messages.values() if each.type in types)

    def _older(self, message: Message) -> Message | None:
        """The version before; of several of one number, rather the one of the same document."""
        versions = self._versions[_family(message)]
        before = max((each.version for each in versions if each.version < message.version), default=None)
        same = [each for each in versions if each.version == before]
        return next((each for each in same if _document(each) == _document(message)), same[0] if same else None)

    def _wrong_source(self, message: Message, older: Message | None) -> Diagnostic:
        assert message.upcast is not None
        source = message.upcast.source_version
        known = {each.version for each in self._versions[_family(message)]}
        if source >= message.version or source not in known or older is None:
            told = f"{_called(message)} upcasts from version {source}, which is no older version of it"
            help = "name the version before it that the workspace still describes"
            return Diagnostic("EDA406", told, message.upcast.span, help)
        told = f"{_called(message)} upcasts from version {source}, and skips version {older.version}"
        return Diagnostic(
            "EDA409", told, message.upcast.span, f"upcast from version {older.version}: steps are chained"
        )

    def _misfits(self, step: VersionStep) -> Iterator[Diagnostic]:
        try:
            remaining = self._differences(step.older, step.newer, step.rules)
        except Misfit as misfit:
            told = f"the upcast to {_called(step.newer)}: {misfit.told}"
            yield Diagnostic(misfit.code, told, misfit.rule.span, "name a field and a value that the schemas allow")
            return
        for each in remaining:
            place = f"`{each.new.field}`: " if each.new.field else ""
            told = f"the upcast to {_called(step.newer)} does not suffice: {place}{each.message}"
            assert step.newer.upcast is not None
            help = "say in `map` where the value comes from, or leave `map` out and write the upcaster by hand"
            yield Diagnostic("EDA408", told, step.newer.upcast.span, help)

    def _readable(self, *messages: Message) -> bool:
        """Whether schemas can be judged here: Avro's and Protobuf's rules are about bytes, not about fields by name."""
        found = (self._catalog.schemas.get(each.payload) for each in messages if each.payload is not None)
        return all(schema is not None and schema.format in _READABLE for schema in found)

    def _reads_as(self, older: Message, newer: Message) -> bool:
        return not self._differences(older, newer, ())

    def _differences(self, older: Message, newer: Message, rules: tuple[UpcastRule, ...]) -> tuple[Difference, ...]:
        """Why some payloads of the older version are none of the newer one, after `rules` were applied."""
        if newer.payload is None or (older.payload == newer.payload and not rules):
            return ()
        before = SchemaId(f"{older.id}/x-eda/upcast")
        body = upcast_schema(self._catalog, older.payload, newer.payload, rules) if rules else _whole(older)
        schemas: Mapping[SchemaId, Schema] = {
            **self._catalog.schemas,
            before: Schema(before, older.name, SchemaFormat.JSON_SCHEMA, body, older.span),
        }
        found = compare_json_schemas(
            (schemas, before), (self._catalog.schemas, newer.payload), ContentModel.TOLERANT, self._schemas
        )
        return tuple(each for each in found if Direction.NARROWS in each.direction or _is_required_now(each))


def _undone(upcast: Upcast) -> Iterator[UpcastRule]:
    for rule in upcast.rules:
        moves = [(rule.target, rule.rename)] if rule.rename is not None else []
        moves += [(f"{rule.target}/{name}", old) for name, old in rule.nest]
        yield from (UpcastRule(target=old, span=rule.span, rename=new) for new, old in moves)


def _is_required_now(difference: Difference) -> bool:
    """A schema's default fills nothing in where its property is required."""
    return difference.rule.name == _REQUIRED_WITH_DEFAULT


def _whole(message: Message) -> Mapping[str, str]:
    return {"$ref": message.payload} if message.payload is not None else {}


def _family(message: Message) -> tuple[str, str]:
    """What the versions of one message have in common: the CloudEvents type without its version, and the name."""
    return message.type.removesuffix(f".v{message.version}"), message.name


def _document(message: Message) -> str:
    return message.id.partition("#")[0]


def _called(message: Message) -> str:
    return f"`{message.name}` v{message.version}"
