"""The modules of `sagas`: what a saga knows, its steps, and which of its messages only a person can make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eda_gen.emit.python.fields import FieldSource
from eda_gen.emit.python.imports import import_lines
from eda_gen.emit.python.layout import EventNames
from eda_gen.emit.python.naming import Names, module_name, pascal, snake
from eda_gen.emit.python.policies import Arguments, duration, retry_policy
from eda_gen.emit.python.saga_routes import SagaRoutes
from eda_gen.emit.python.text import literal
from eda_gen.model import MessageId, Retry, Saga, SagaStep
from eda_gen.passes.flow_graph import taken_by_saga

__all__ = ["SagaModule", "saga_modules"]

_TAKEN = frozenset(
    ("failed_step", "failure", "json", "copy", "dict", "schema", "validate", "construct", "parse_obj", "parse_raw")
)
"""Names that a state has already."""

_MODULES = frozenset(
    (
        *("app", "channels", "consumers", "events", "handlers", "producers", "sagas", "upcasters"),
        *("create_app", "messages", "present", "require_runtime", "settings", "subscriptions", "timedelta"),
        *("coordinator", "definition", "start", "temporal", "workflow", "workflows"),
    )
)
"""What a saga's module and function would hide."""

_CLASSES = ("Saga", "Handlers")

FieldsOf = Mapping[MessageId, Mapping[str, FieldSource]]


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A field of the state. `sure` ones are there from the start."""

    field: str
    event: EventNames
    sure: bool


@dataclass(frozen=True, slots=True)
class Builder:
    """A function that makes a message of the state; without `arguments` a person's method does."""

    name: str
    event: EventNames
    arguments: Arguments | None


@dataclass(frozen=True, slots=True)
class StepView:
    name: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class SagaModule:
    """What the templates of a saga show."""

    name: str
    says: str
    module: str
    cls: str
    starts: tuple[str, ...]
    kept: tuple[KeptMessage, ...]
    asked: tuple[Builder, ...]
    made: tuple[Builder, ...]
    arguments: Arguments
    blocks: tuple[tuple[StepView, ...], ...]
    imports: tuple[str, ...]
    event_imports: tuple[str, ...]
    receives: tuple[tuple[str, tuple[str, ...]], ...]
    takes: tuple[EventNames, ...]
    runtime_imports: tuple[str, ...]
    uses_time: bool
    uses_retry: bool

    @property
    def state(self) -> str:
        return f"{self.cls}State"

    @property
    def messages(self) -> str:
        return f"{self.cls}Messages"

    @property
    def workflow(self) -> str:
        return f"{self.cls}Workflow"

    @property
    def correlated(self) -> bool:
        return any(name == "correlation" for name, _ in self.arguments)


def saga_modules(
    routes: Sequence[SagaRoutes],
    events: Mapping[MessageId, EventNames],
    fields: FieldsOf,
    channels: Mapping[str, str],
    policies: Mapping[str, str],
) -> Iterator[SagaModule]:
    """`channels` and `policies` are constants of `channels.py`, by channel id and by operation id."""
    names, classes = Names(_MODULES), Names(_CLASSES)
    for route in routes:
        module = names.take(module_name(route.saga.name), f"{module_name(route.saga.name)}_saga")
        yield _SagaWriter(route, events, fields, channels).module(
            module, classes.take(pascal(route.saga.name)), policies
        )


class _SagaWriter:
    """Writes one saga down as Python source."""

    def __init__(
        self,
        routes: SagaRoutes,
        events: Mapping[MessageId, EventNames],
        fields: FieldsOf,
        channels: Mapping[str, str],
    ) -> None:
        self._routes = routes
        self._saga = routes.saga
        self._events = events
        self._fields = fields
        self._channels = channels
        self._kept = {each.event.message.id: each for each in _kept(self._saga, events)}
        self._names = Names((module_name(self._saga.name),))
        self._builders: dict[tuple[MessageId, Arguments | None], Builder] = {}
        self._asked = Names()

    def module(self, module: str, cls: str, policies: Mapping[str, str]) -> SagaModule:
        blocks = tuple(
            tuple(self._step(step, number) for step in block) for number, block in enumerate(_blocks(self._saga))
        )
        arguments = tuple(self._saga_arguments())
        asked = tuple(each for each in self._builders.values() if each.arguments is None)
        made = tuple(each for each in self._builders.values() if each.arguments is not None)
        receives = tuple(
            (policies[each.id], tuple(self._events[message].constant for message in each.messages))
            for each in self._routes.receives
        )
        text = repr((blocks, arguments))
        return SagaModule(
            name=self._saga.name,
            says=f"The saga {self._saga.name}.",
            module=module,
            cls=cls,
            starts=tuple(self._events[each].constant for each in self._saga.starts),
            kept=tuple(self._kept.values()),
            asked=asked,
            made=made,
            arguments=arguments,
            blocks=blocks,
            imports=self._imports(asked, made),
            event_imports=import_lines(_by_module(".events", ((each.event, (each.event.cls,)) for each in asked))),
            receives=receives,
            takes=tuple(self._events[each] for each in dict.fromkeys((*self._saga.starts, *taken_by_saga(self._saga)))),
            runtime_imports=tuple(
                each
                for each in ("Receive", "Saga", "SagaState", "Send", "Step", "present")
                if each != "present" or "present(" in repr(made)
            ),
            uses_time="timedelta(" in text,
            uses_retry="RetryPolicy(" in text,
        )

    def _saga_arguments(self) -> Iterator[tuple[str, str]]:
        saga = self._saga
        if saga.correlation is not None:
            yield "correlation", literal(saga.correlation)
        if saga.timeout is not None:
            yield "timeout", duration(saga.timeout)
        if saga.completes:
            yield "completes", self._send(saga.completes[0], self._sure(len(saga.steps)))
        if saga.fails:
            yield "fails", self._send(saga.fails[0], self._sure(0))

    def _step(self, step: SagaStep, number: int) -> StepView:
        return StepView(step.name, tuple(self._step_arguments(step, number)))

    def _step_arguments(self, step: SagaStep, number: int) -> Iterator[tuple[str, str]]:
        before = self._sure(number)
        assert step.send is not None
        yield "name", literal(step.name)
        yield "send", self._send(step.send, before)
        yield "success", self._constants(step.success)
        if step.failure:
            yield "failure", self._constants(step.failure)
        if step.compensate is not None:
            own = (*before, *([self._kept[step.success[0]]] if len(step.success) == 1 else []))
            yield "compensate", self._send(step.compensate, own)
        if step.compensated:
            yield "compensated", self._constants(step.compensated)
        if step.timeout is not None:
            yield "timeout", duration(step.timeout)
        if step.retry != Retry():
            yield "retry", retry_policy(step.retry)
        if step.pivot:
            yield "pivot", "True"

    def _constants(self, messages: Iterable[MessageId]) -> str:
        names = [self._events[each].constant for each in messages]
        return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"

    def _send(self, message: MessageId, sure: Sequence[KeptMessage]) -> str:
        event = self._events[message]
        builder = self._builder(message, self._filled(message, sure))
        call = f"messages.{builder.name}" if builder.arguments is None else builder.name
        return f"Send({event.constant}, channels.{self._channels[self._routes.sends[message]]}, {call})"

    def _builder(self, message: MessageId, arguments: Arguments | None) -> Builder:
        if (message, arguments) not in self._builders:
            wish = self._events[message].module.rstrip("_")
            name = self._asked.take(snake(wish)) if arguments is None else self._names.take(f"_{wish}")
            self._builders[message, arguments] = Builder(name, self._events[message], arguments)
        return self._builders[message, arguments]

    def _filled(self, message: MessageId, sure: Sequence[KeptMessage]) -> Arguments | None:
        """Each field from the first message that has one of its name and type; `None` if a required one is in none."""
        if message not in self._fields:
            return None
        arguments = []
        for wire, target in self._fields[message].items():
            source = next(self._sources(wire, target, sure), None)
            if source is not None:
                arguments.append((target.name, source))
            elif target.required:
                return None
        return tuple(arguments)

    def _sources(self, wire: str, target: FieldSource, sure: Sequence[KeptMessage]) -> Iterator[str]:
        for each in sure:
            found = self._fields.get(each.event.message.id, {}).get(wire)
            if found is not None and target.takes(found) and found.required:
                kept = f"state.{each.field}" if each.sure else f"present(state.{each.field})"
                yield f"{kept}.{found.name}"

    def _sure(self, number: int) -> tuple[KeptMessage, ...]:
        """The messages that have come for sure before block `number`."""
        starts = [self._kept[each] for each in self._saga.starts] if len(self._saga.starts) == 1 else []
        done = [step for block in _blocks(self._saga)[:number] for step in block]
        return (*starts, *(self._kept[step.success[0]] for step in done if len(step.success) == 1))

    def _imports(self, asked: Sequence[Builder], made: Sequence[Builder]) -> tuple[str, ...]:
        wanted = [(each.event, (each.event.cls, each.event.constant)) for each in self._kept.values()]
        wanted += [(each.event, (each.event.cls, each.event.constant)) for each in (*asked, *made)]
        unkept = {each for step in _steps(self._saga) for each in step.compensated} - self._kept.keys()
        constants = [(self._events[each], (self._events[each].constant,)) for each in sorted(unkept)]
        return import_lines(_by_module("..events", (*wanted, *constants)))


def _kept(saga: Saga, events: Mapping[MessageId, EventNames]) -> Iterator[KeptMessage]:
    names = Names(_TAKEN)
    replies = [each for step in _steps(saga) for each in (*step.success, *step.failure)]
    for each in dict.fromkeys((*saga.starts, *replies)):
        event = events[each]
        wish = snake(event.module.rstrip("_"))
        field = names.take(wish, f"{wish}_v{event.message.version}", f"{wish}_message")
        yield KeptMessage(field, event, sure=saga.starts == (each,))


def _blocks(saga: Saga) -> tuple[tuple[SagaStep, ...], ...]:
    return tuple(tuple(_steps_of(block)) for block in saga.steps)


def _steps(saga: Saga) -> Iterator[SagaStep]:
    return (step for block in _blocks(saga) for step in block)


def _steps_of(block: SagaStep) -> Iterator[SagaStep]:
    """The steps that send something; parallel ones inside parallel ones run side by side with them."""
    if not block.parallel:
        yield block
    for step in block.parallel:
        yield from _steps_of(step)


def _by_module(package: str, wanted: Iterable[tuple[EventNames, tuple[str, ...]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for event, names in wanted:
        found.setdefault(f"{package}.{event.module}", set()).update(names)
    return found
