"""One service as a Python package."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from eda_gen.diagnostics import Diagnostic, Result
from eda_gen.emit.python.classes import ClassSource, GenerationFailed, generate_classes
from eda_gen.emit.python.events import event_modules
from eda_gen.emit.python.fields import fields_of
from eda_gen.emit.python.formats import as_json_schemas
from eda_gen.emit.python.imports import import_lines
from eda_gen.emit.python.layout import event_groups, message_names, place_classes
from eda_gen.emit.python.naming import module_name
from eda_gen.emit.python.render import header, render
from eda_gen.emit.python.saga_routes import saga_routes
from eda_gen.emit.python.service import ServiceView, event_imports, view_service
from eda_gen.emit.python.shapes import Definition, Owner, Shapes
from eda_gen.emit.python.versions import Versions, versions_of
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Message, MessageId, Schema, SchemaId, Service

__all__ = ["RUNTIME", "package", "target"]

RUNTIME = "0.1"
PREFIX = "EdaDefinition"
_ALLOWED = "# pyright: reportDeprecated=false"
_TAKEN = frozenset(("eda_runtime", "eda_gen", "pydantic", "temporalio"))

Variant = Callable[[ServiceView, str], Mapping[str, str]]
"""Files that a target has beside the package's own, or in place of them; it takes their header."""


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """Events, channels, producers, consumers and the application of `service`, and handlers to begin with."""
    return package(catalog, service, lambda view, top: {})


def package(catalog: Catalog, service: Service, variant: Variant) -> Result[Package]:
    """The package of `service`, as another target varies it."""
    sagas = saga_routes(catalog, service)
    if problems := tuple(problem for saga in sagas for problem in saga.problems):
        return Result(None, problems)
    versions = versions_of(catalog, service)
    if versions.problems:
        return Result(None, versions.problems)
    wanted = _reachable(catalog, versions.service)
    return as_json_schemas(wanted).then(lambda schemas: _package(catalog, versions, schemas, variant))


def _reachable(catalog: Catalog, service: Service) -> tuple[Schema, ...]:
    """The schemas of a service's payloads, with all that they refer to."""
    waiting = [message.payload for message in service.messages if message.payload is not None]
    found: dict[SchemaId, Schema] = {}
    while waiting:
        schema_id = waiting.pop()
        if schema_id not in found:
            found[schema_id] = schema = catalog.schemas[schema_id]
            waiting += _references(schema.body, catalog)
    return tuple(found.values())


def _references(body: object, catalog: Catalog) -> Iterator[SchemaId]:
    if isinstance(body, Mapping):
        target = body.get("$ref")
        if isinstance(target, str) and SchemaId(target) in catalog.schemas:
            yield SchemaId(target)
    if isinstance(body, Mapping | list | tuple):
        for each in body.values() if isinstance(body, Mapping) else body:
            yield from _references(each, catalog)


def _package(
    catalog: Catalog, versions: Versions, schemas: Mapping[SchemaId, Schema], variant: Variant
) -> Result[Package]:
    service = versions.service
    shapes = Shapes(schemas, PREFIX)
    for message in service.messages:
        shapes.payload(Owner("message", message.id), message.payload, message.description)
    try:
        sources = generate_classes(shapes.definitions, PREFIX)
    except GenerationFailed as failure:
        return Result(None, tuple(_culprits(service.messages, schemas, failure)))
    files = _files(catalog, versions, schemas, shapes.definitions, sources, variant)
    return Result(files)


def _culprits(
    messages: Sequence[Message], schemas: Mapping[SchemaId, Schema], failure: GenerationFailed
) -> Iterator[Diagnostic]:
    """The messages that the library fails on by themselves; all of them where none does."""
    alone = [(message, reason) for message in messages if (reason := _failure(message, schemas)) is not None]
    for message, reason in alone or [(message, failure) for message in messages]:
        span = schemas[message.payload].span if message.payload is not None else message.span
        yield Diagnostic("EDA193", f"no class can be made of the payload of {message.name}: {reason}", span)


def _failure(message: Message, schemas: Mapping[SchemaId, Schema]) -> GenerationFailed | None:
    shapes = Shapes(schemas, PREFIX)
    shapes.payload(Owner("message", message.id), message.payload, message.description)
    try:
        generate_classes(shapes.definitions, PREFIX)
    except GenerationFailed as failure:
        return failure
    return None


def _files(
    catalog: Catalog,
    versions: Versions,
    schemas: Mapping[SchemaId, Schema],
    definitions: Mapping[str, Definition],
    sources: Mapping[str, ClassSource],
    variant: Variant,
) -> Package:
    service = versions.service
    groups = event_groups(service)
    layout = place_classes(groups, definitions, sources, schemas, service.document.path)
    fields = {
        MessageId(definitions[key].place.owner.id): fields_of(source)
        for key, source in sources.items()
        if definitions[key].place.owner.kind == "message" and not definitions[key].place.path
    }
    events = message_names(groups)
    view = view_service(catalog, versions, events, fields, saga_routes(catalog, service))
    top = header(service.document.path)
    files = {
        module.path: render("event.py", header=top, module=module)
        for module in event_modules(groups, layout, sources, PREFIX, (*view.upcasts, *view.downcasts))
    }
    files |= _service_files(service, view, top)
    if any(path.startswith("events/types/") for path in files):
        files["events/types/__init__.py"] = render("package.py", header=top, says="Types that events share.")
    for saga in view.sagas:
        files[f"sagas/{saga.module}.py"] = render("saga.py", header=top, saga=saga)
    if view.sagas:
        files["sagas/__init__.py"] = render("package.py", header=top, says="One module a saga.")
    files |= variant(view, top)
    own, wanted = _own_files(view)
    old = [names.cls for names in events.values() if names.message.deprecated is not None]
    return Package(
        package_name(service.name), service.document.path, _allowing(files, old), _allowing(own, old), wanted
    )


def _own_files(view: ServiceView) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """What is written once and then its owner's, and the methods that it is to have."""
    files = {"handlers.py": _handlers(view)}
    wanted = {"handlers.py": tuple(method.name for method in view.receives)}
    for name, asked in (("upcasters", view.asked_upcasts), ("downcasters", view.asked_downcasts)):
        if asked:
            lines = event_imports((each.made, (each.given.cls, each.made.cls)) for each in asked)
            files[f"{name}.py"] = render(f"{name}.py", service=view, imports=lines)
            wanted[f"{name}.py"] = tuple(each.name for each in asked)
    for saga in view.sagas:
        if saga.asked:
            files[f"{saga.module}.py"] = render("saga_messages.py", saga=saga)
            wanted[f"{saga.module}.py"] = tuple(each.name for each in saga.asked)
    return files, wanted


def _allowing(files: Mapping[str, str], deprecated: Sequence[str]) -> dict[str, str]:
    """Generated code may use what is deprecated: pyright is told so at the top of the files that do."""
    if not deprecated:
        return dict(files)
    token = re.compile(rf"\b({'|'.join(map(re.escape, deprecated))})\b")
    return {path: _allowed(text) if token.search(text) else text for path, text in files.items()}


def _allowed(text: str) -> str:
    """Below the header where there is one."""
    first, _, rest = text.partition("\n")
    return "\n".join((first, _ALLOWED, rest) if first.startswith("#") else (_ALLOWED, text))


def _service_files(service: Service, view: ServiceView, top: str) -> dict[str, str]:
    says = service.description or f"{view.title}."
    channels = render("channels.py", header=top, service=view, **_channel_values(view))
    return {
        "__init__.py": render("package.py", header=top, says=says),
        "py.typed": "",
        "channels.py": channels,
        "producers.py": render(
            "producers.py", header=top, service=view, methods=view.sends, imports=_producer_imports(view)
        ),
        "consumers.py": render("consumers.py", header=top, service=view, **_consumer_values(view)),
        "app.py": render("app.py", header=top, service=view, runtime=RUNTIME),
        "events/__init__.py": render("package.py", header=top, says="One module a message; import what you use."),
    }


def _channel_values(view: ServiceView) -> dict[str, object]:
    source = repr((view.channels, view.policies))
    names = ("ChannelContract", "DeadLetterPolicy", "ReceivePolicy", "RetryPolicy")
    needed = {
        "ChannelContract": bool(view.channels),
        "ReceivePolicy": bool(view.policies),
        "DeadLetterPolicy": bool(view.policies),
    }
    needed["RetryPolicy"] = "RetryPolicy(" in source
    imports = [*(name for name in names if needed[name]), "Topology"]
    return {
        "channels": view.channels,
        "policies": view.policies,
        "provisioned": [channel.constant for channel in view.channels if channel.provisioned],
        "received": [policy.constant for policy in view.policies],
        "imports": imports,
        "uses_time": "timedelta(" in source,
    }


def _producer_imports(view: ServiceView) -> tuple[str, ...]:
    wanted = [(method.event, (method.event.cls, method.event.constant)) for method in view.sends]
    return event_imports((*wanted, *((each.made, each.imported) for each in view.downcasts)))


def _consumer_values(view: ServiceView) -> dict[str, object]:
    wanted = [(event, (event.cls, event.constant)) for method in view.receives for event in method.events]
    lines = event_imports((*wanted, *((each.made, each.imported) for each in view.upcasts)))
    used = {"AnySubscription", *(method.subscription for method in view.receives)}
    used |= {"Upcast"} if view.upcasts else set()
    return {
        "methods": view.receives,
        "imports": (*lines, f"from .producers import {view.publisher}"),
        "runtime_imports": sorted(used),
        "uses_sequence": any(method.parameter == "events" for method in view.receives),
    }


def _handlers(view: ServiceView) -> str:
    lines = event_imports((event, (event.cls,)) for method in view.receives for event in method.events)
    makers = {f".{saga.module}": (saga.cls,) for saga in view.sagas if saga.asked}
    makers |= {".upcasters": ("Upcasters",)} if view.asked_upcasts else {}
    makers |= {".downcasters": ("Downcasters",)} if view.asked_downcasts else {}
    own = {".app": ("create_app",)} | ({".consumers": ("Context",)} if view.receives else {}) | makers
    imports = sorted((*import_lines(own), *lines), key=lambda line: line.split()[1])
    batches = any(method.parameter == "events" for method in view.receives)
    return render("handlers.py", service=view, methods=view.receives, imports=imports, uses_sequence=batches)


def package_name(service: str) -> str:
    """The service's name as a package that hides none of Python's own."""
    name = module_name(service)
    return f"{name}_service" if name in sys.stdlib_module_names or name in _TAKEN else name
