"""The extension `x-eda`. `specs/x-eda.schema.json` says the same for editors; a test holds the two together."""

from __future__ import annotations

from functools import cache

from eda_gen.asyncapi.grammar.formats import DATE, DURATION, EMAIL, EXPRESSION
from eda_gen.asyncapi.grammar.types import (
    ANYTHING,
    BOOLEAN,
    TEXT,
    Choice,
    Entries,
    Findings,
    Format,
    Group,
    Items,
    Number,
    Object,
    RefOr,
    Switch,
    Text,
    Type,
)
from eda_gen.source import Node

__all__ = ["CHANNEL", "INFO", "MESSAGE", "document", "operation"]

EVENTS, OWNERSHIP, VERSIONS, DELIVERY, SAGAS, OBSERVABILITY, DEAD_LETTERS = (Group(digit) for digit in range(2, 9))

_SERVICE = Text(
    Format(
        "a service name: letters, digits, `_` and `-`, with a letter first",
        lambda text: text[:1].isalpha() and text.isascii() and text.replace("-", "").replace("_", "").isalnum(),
    )
)
_NOT_EMPTY = Text(Format("a name", lambda text: bool(text.strip())))
_VERSION = Number(minimum=1, maximum=1_000_000)
_ATTEMPTS = Number(minimum=1, maximum=1_000)


def _object(name: str, group: Group, fields: dict[str, Type], required: tuple[str, ...] = ()) -> Object:
    return Object(f"`{name}` object", fields, required, extensible=False, group=group)


def _one_or_list(kind: Type) -> Type:
    several = Items(kind, least=1)
    return Switch(lambda node: several if isinstance(node.value, tuple) else kind)


_OWNER = _object("owner", OWNERSHIP, {"team": _NOT_EMPTY, "email": EMAIL}, ("team",))
INFO = _object(
    "x-eda",
    OWNERSHIP,
    {
        "service": _SERVICE,
        "domain": _SERVICE,
        "owners": Items(_OWNER, least=1),
        "store": Choice(("postgresql", "sqlite")),
    },
)

CHANNEL = _object(
    "x-eda",
    DELIVERY,
    {"partitions": Number(minimum=1, maximum=100_000), "retention": DURATION, "ordering": Choice(("key", "none"))},
)


def _one_source(node: Node, findings: Findings) -> None:
    """A field of the newer version comes from one place."""
    sources = node.fields.keys() - {"default"} if node.fields.keys() & {"rename", "split"} else node.fields.keys()
    if len(sources) != 1:
        told = (
            "exactly one of `rename`, `default`, `constant`, `nest`, `split` and `drop` says where a field comes from"
        )
        findings.report("04", f"{told}; a `default` may stand beside `rename` and `split`", node.span)


def _is_true(node: Node, findings: Findings) -> None:
    """There is nothing that `drop: false` could mean."""
    dropped = node.get("drop")
    if dropped is not None and dropped.value is False:
        findings.report("04", "`drop` is true, or not there at all", dropped.span)


_SPLIT = _object(
    "split",
    VERSIONS,
    {"field": _NOT_EMPTY, "by": Text(Format("a separator", bool)), "part": Choice(("first", "rest"))},
    ("field", "by", "part"),
)
_UPCAST_RULE = Object(
    "`upcast` rule",
    {
        "rename": _NOT_EMPTY,
        "default": ANYTHING,
        "constant": ANYTHING,
        "nest": Entries(_NOT_EMPTY),
        "split": _SPLIT,
        "drop": BOOLEAN,
    },
    extensible=False,
    rules=(_one_source, _is_true),
    group=VERSIONS,
)
_UPCAST = _object("upcast", VERSIONS, {"from": _VERSION, "map": Entries(_UPCAST_RULE)}, ("from",))
_DEPRECATED = _object("deprecated", VERSIONS, {"since": DATE, "sunset": DATE, "use": _NOT_EMPTY}, ("since",))
_SLA = _object(
    "sla",
    OBSERVABILITY,
    {"latency": DURATION, "availability": Number(integer=False, minimum=0, maximum=100), "freshness": DURATION},
)

MESSAGE = _object(
    "x-eda",
    EVENTS,
    {
        "kind": Choice(("event", "command", "query", "reply")),
        "version": _VERSION,
        "key": EXPRESSION,
        "dedupe": EXPRESSION,
        "upcast": _UPCAST,
        "deprecated": _DEPRECATED,
        "sla": _SLA,
        "pii": Items(EXPRESSION),
    },
)


def _retry_fields() -> dict[str, Type]:
    return {
        "attempts": _ATTEMPTS,
        "backoff": Choice(("exponential", "fixed")),
        "initial": DURATION,
        "max": DURATION,
        "jitter": Number(integer=False, minimum=0, maximum=1),
    }


_RETRY = _object("retry", DELIVERY, _retry_fields())
_SAGA_RETRY = _object("retry", SAGAS, _retry_fields())
_DEAD_LETTER = _object("deadLetter", DEAD_LETTERS, {"address": _NOT_EMPTY, "retention": DURATION})


@cache
def operation(message: Type) -> Object:
    """`x-eda` of an operation. `message` is what its `emits` lead to."""
    return _object(
        "x-eda",
        DELIVERY,
        {
            "service": _SERVICE,
            "group": _NOT_EMPTY,
            "idempotency": _object("idempotency", DELIVERY, {"window": DURATION}),
            "retry": _RETRY,
            "onFailure": Choice(("park-key", "skip")),
            "deadLetter": _DEAD_LETTER,
            "concurrency": Number(minimum=1, maximum=10_000),
            "batch": Number(minimum=1, maximum=100_000),
            "handler": Choice(("each", "batch")),
            "emits": Items(_reference(message)),
            "outbox": BOOLEAN,
            "publishes": Items(_VERSION, unique=True, least=1),
        },
    )


@cache
def document(message: Type) -> Object:
    """`x-eda` of a whole document: its sagas."""
    return _object("x-eda", SAGAS, {"sagas": Entries(_saga(message))})


def _reference(message: Type) -> Type:
    only_reference = Object("reference to a message", {"$ref": TEXT}, ("$ref",), extensible=False, group=EVENTS)
    leads_to_message = RefOr(message)
    return Switch(lambda node: leads_to_message if "$ref" in node.fields else only_reference)


def _saga(message: Type) -> Object:
    to_message = _reference(message)
    parallel: dict[str, Type] = {
        "name": _NOT_EMPTY,
        "send": to_message,
        "success": _one_or_list(to_message),
        "failure": _one_or_list(to_message),
        "compensate": to_message,
        "compensated": _one_or_list(to_message),
        "timeout": DURATION,
        "retry": _SAGA_RETRY,
        "pivot": BOOLEAN,
    }
    inner = Object("saga step", parallel, extensible=False, rules=(_sends,), group=SAGAS)
    step = Object(
        "saga step", {**parallel, "parallel": Items(inner, least=2)}, extensible=False, rules=(_sends,), group=SAGAS
    )
    return Object(
        "saga",
        {
            "style": Choice(("orchestration", "choreography")),
            "starts": _one_or_list(to_message),
            "correlation": EXPRESSION,
            "timeout": DURATION,
            "steps": Items(step, least=1),
            "completes": _one_or_list(to_message),
            "fails": _one_or_list(to_message),
        },
        ("starts",),
        extensible=False,
        rules=(_style_fits,),
        group=SAGAS,
    )


def _sends(node: Node, findings: Findings) -> None:
    """A step sends one command, or holds steps that run side by side; only a compensation is answered as one."""
    if (node.get("send") is None) == (node.get("parallel") is None):
        findings.report("04", "a saga step has either `send` or `parallel`", node.span)
    if node.get("compensated") is not None and node.get("compensate") is None:
        told = "`compensated` are the answers to `compensate`, which the step does not have"
        findings.report("04", told, node.key_span("compensated"))


def _style_fits(node: Node, findings: Findings) -> None:
    """Orchestration has steps; choreography has none, its steps follow from what operations emit."""
    style, steps = node.text_at("style"), node.get("steps")
    if style == "orchestration" and steps is None:
        findings.report("01", "an orchestrated saga needs `steps`", node.span)
    if style == "choreography" and steps is not None:
        findings.report("04", "a choreographed saga has no `steps`: they follow from `emits`", node.key_span("steps"))
