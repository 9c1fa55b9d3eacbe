"""The extension `x-eda`, as values. Its structure was checked before; what is missing here is what a document left out."""

from __future__ import annotations

from datetime import timedelta

from eda_gen.asyncapi.values import parse_date, parse_duration
from eda_gen.model import (
    Backoff,
    DeadLetter,
    Deprecation,
    HandlerStyle,
    Kind,
    OnFailure,
    Ordering,
    Owner,
    Part,
    Retry,
    SagaStyle,
    Sla,
    Split,
    Upcast,
    UpcastRule,
)
from eda_gen.source import Node

__all__ = [
    "boolean",
    "dead_letter",
    "deprecation",
    "duration",
    "handler",
    "integer",
    "integers",
    "kind",
    "nodes",
    "on_failure",
    "ordering",
    "owners",
    "retry",
    "saga_style",
    "sla",
    "text",
    "texts",
    "upcast",
]


def text(extension: Node | None, *path: str) -> str | None:
    return extension.text_at(*path) if extension is not None else None


def texts(extension: Node | None, *path: str) -> tuple[str, ...]:
    return tuple(item.text for item in nodes(extension, *path) if item.text is not None)


def nodes(extension: Node | None, *path: str) -> tuple[Node, ...]:
    """The elements of a list; a single value counts as a list of one."""
    found = extension.get(*path) if extension is not None else None
    if found is None:
        return ()
    return found.items if isinstance(found.value, tuple) else (found,)


def integer(extension: Node | None, *path: str) -> int | None:
    found = extension.get(*path) if extension is not None else None
    return _integer(found) if found is not None else None


def integers(extension: Node | None, *path: str) -> tuple[int, ...]:
    return tuple(value for each in nodes(extension, *path) if (value := _integer(each)) is not None)


def _integer(node: Node) -> int | None:
    value = node.value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(extension: Node | None, *path: str) -> float | None:
    found = extension.get(*path) if extension is not None else None
    value = found.value if found is not None else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def boolean(extension: Node | None, *path: str, default: bool) -> bool:
    found = extension.get(*path) if extension is not None else None
    return found.value if found is not None and isinstance(found.value, bool) else default


def duration(extension: Node | None, *path: str) -> timedelta | None:
    written = text(extension, *path)
    return parse_duration(written) if written is not None else None


def kind(extension: Node | None) -> Kind | None:
    written = text(extension, "kind")
    return Kind(written) if written is not None else None


def ordering(extension: Node | None) -> Ordering:
    return Ordering(text(extension, "ordering") or Ordering.KEY.value)


def on_failure(extension: Node | None) -> OnFailure:
    return OnFailure(text(extension, "onFailure") or OnFailure.PARK_KEY.value)


def handler(extension: Node | None) -> HandlerStyle:
    return HandlerStyle(text(extension, "handler") or HandlerStyle.EACH.value)


def saga_style(saga: Node) -> SagaStyle:
    stated = "orchestration" if saga.get("steps") is not None else "choreography"
    return SagaStyle(saga.text_at("style") or stated)


def owners(extension: Node | None) -> tuple[Owner, ...]:
    return tuple(Owner(each.text_at("team") or "", each.text_at("email")) for each in nodes(extension, "owners"))


def retry(extension: Node | None) -> Retry:
    default = Retry()
    jitter = number(extension, "retry", "jitter")
    return Retry(
        attempts=integer(extension, "retry", "attempts") or default.attempts,
        backoff=Backoff(text(extension, "retry", "backoff") or default.backoff.value),
        initial=duration(extension, "retry", "initial") or default.initial,
        max=duration(extension, "retry", "max") or default.max,
        jitter=default.jitter if jitter is None else jitter,
    )


def dead_letter(extension: Node | None, address: str) -> DeadLetter:
    """`address` is where dead letters go when the spec names no address for them."""
    retention = duration(extension, "deadLetter", "retention")
    stated = text(extension, "deadLetter", "address") or address
    return DeadLetter(stated) if retention is None else DeadLetter(stated, retention)


def deprecation(extension: Node | None) -> Deprecation | None:
    since = parse_date(text(extension, "deprecated", "since") or "")
    if since is None:
        return None
    return Deprecation(
        since, parse_date(text(extension, "deprecated", "sunset") or ""), text(extension, "deprecated", "use")
    )


def sla(extension: Node | None) -> Sla | None:
    if extension is None or extension.get("sla") is None:
        return None
    return Sla(
        duration(extension, "sla", "latency"),
        number(extension, "sla", "availability"),
        duration(extension, "sla", "freshness"),
    )


def upcast(extension: Node | None) -> Upcast | None:
    written = extension.get("upcast") if extension is not None else None
    source = integer(extension, "upcast", "from")
    if written is None or source is None:
        return None
    rules = written.get("map")
    pairs = rules.fields.items() if rules is not None else ()
    return Upcast(source, tuple(_rule(target, rule) for target, rule in pairs), written.span)


def _rule(target: str, rule: Node) -> UpcastRule:
    default, constant, nest = rule.get("default"), rule.get("constant"), rule.get("nest")
    return UpcastRule(
        target=target,
        span=rule.span,
        rename=rule.text_at("rename"),
        default=default.plain() if default is not None else None,
        has_default=default is not None,
        constant=constant.plain() if constant is not None else None,
        has_constant=constant is not None,
        nest=tuple((name, each.text or "") for name, each in nest.fields.items()) if nest is not None else (),
        split=_split(rule.get("split")),
        drop=rule.get("drop") is not None,
    )


def _split(split: Node | None) -> Split | None:
    if split is None:
        return None
    return Split(split.text_at("field") or "", split.text_at("by") or "", Part(split.text_at("part")))
