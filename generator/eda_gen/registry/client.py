"""Confluent's schema registry API, as far as it is needed, over the standard library's HTTP."""

from __future__ import annotations

import base64
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from eda_gen.model import Json
from eda_gen.registry.schemas import SchemaText, SchemaType

__all__ = ["Access", "Reference", "Registered", "Registry", "RegistryError"]

MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
PATIENCE_SECONDS: Final = 10.0
MOST_BYTES: Final = 16 * 1024 * 1024
KINDS: Final[Mapping[str, SchemaType]] = {"JSON": "JSON", "PROTOBUF": "PROTOBUF"}
"""Languages as the API names them; Avro needs no name."""
INCOMPATIBLE, INVALID, MISSING = 409, 422, 404


class RegistryError(Exception):
    """The registry cannot be reached, refuses us, or fails; the message says which, and `help` what to do."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.help = help

    @property
    def sentence(self) -> str:
        """What is wrong, and what to do."""
        return f"{self}; {self.help}" if self.help else str(self)


@dataclass(frozen=True, slots=True)
class Reference:
    """A `$ref` of a registered schema that leads to another subject."""

    name: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Registered:
    """One version of a subject."""

    subject: str
    version: int
    id: int
    schema: SchemaText
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registry says of a schema: taken, with its id; or refused or invalid, with why."""

    accepted: bool
    id: int | None = None
    why: str = ""
    valid: bool = True


@dataclass(frozen=True, slots=True)
class Access:
    """Where a registry is, and how we prove who we are.

    | variable | meaning |
    | --- | --- |
    | `EDA_REGISTRY_URL` | the registry, where the command line names none |
    | `EDA_REGISTRY_USERNAME`, `EDA_REGISTRY_PASSWORD` | sent as HTTP basic authentication |
    | `EDA_REGISTRY_TOKEN` | sent as a bearer token instead |
    | `EDA_REGISTRY_CA_FILE` | who signed the registry's certificate; the system's authorities if absent |
    """

    url: str
    authorization: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @classmethod
    def read(cls, url: str | None, environment: Mapping[str, str] = os.environ) -> Access:
        """Raises `RegistryError` where nothing names a registry, or what does makes no sense."""
        where = (url or environment.get("EDA_REGISTRY_URL") or "").rstrip("/")
        if not where:
            raise RegistryError("nothing says where the registry is", "give --url, or set EDA_REGISTRY_URL")
        try:
            parts = urlsplit(where)
        except ValueError:
            raise RegistryError("the registry's URL cannot be read") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RegistryError("the registry's URL starts with http:// or https://, and a host")
        if "@" in parts.netloc:
            help = "set EDA_REGISTRY_USERNAME and EDA_REGISTRY_PASSWORD, or EDA_REGISTRY_TOKEN"
            raise RegistryError("credentials do not belong into the registry's URL, where others see them", help)
        return cls(where, _authorization(environment), environment.get("EDA_REGISTRY_CA_FILE") or None)


def _authorization(environment: Mapping[str, str]) -> str | None:
    username, token = environment.get("EDA_REGISTRY_USERNAME"), environment.get("EDA_REGISTRY_TOKEN")
    if username and token:
        raise RegistryError("EDA_REGISTRY_USERNAME and EDA_REGISTRY_TOKEN are both set", "set one of them")
    if username:
        pair = f"{username}:{environment.get('EDA_REGISTRY_PASSWORD', '')}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    return f"Bearer {token}" if token else None


class _NoRedirects(HTTPRedirectHandler):
    """Credentials are for the host that was named, and for no other."""

    def redirect_request(self, *args: object, **named: object) -> None:
        return None


class Registry:
    """One registry. Every method raises `RegistryError` where it does not answer, or refuses us."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._opener = _opener(access)

    @property
    def url(self) -> str:
        return self._access.url

    def versions(self, subject: str) -> tuple[Registered, ...]:
        """What a subject holds, oldest first; nothing if there is no such subject."""
        path = f"/subjects/{quote(subject, safe='')}/versions"
        status, numbers = self._call("GET", path, known=(MISSING,))
        if status == MISSING or not isinstance(numbers, list):
            return ()
        return tuple(self.version(subject, number) for number in numbers if isinstance(number, int))

    def version(self, subject: str, number: int) -> Registered:
        _, body = self._call("GET", f"/subjects/{quote(subject, safe='')}/versions/{number}")
        found = body if isinstance(body, Mapping) else {}
        kind: SchemaType = KINDS.get(str(found.get("schemaType")), "AVRO")
        return Registered(
            subject,
            number,
            _number(found.get("id")),
            SchemaText(kind, str(found.get("schema", ""))),
            tuple(_references(found.get("references"))),
        )

    def level(self, subject: str) -> tuple[str, bool]:
        """A subject's compatibility level, and whether it is its own rather than the registry's default."""
        for path, own in ((f"/config/{quote(subject, safe='')}", True), ("/config", False)):
            status, body = self._call("GET", path, known=(MISSING,))
            if status != MISSING and isinstance(body, Mapping) and "compatibilityLevel" in body:
                return str(body["compatibilityLevel"]), own
        return "BACKWARD", False

    def set_level(self, subject: str, level: str) -> None:
        self._call("PUT", f"/config/{quote(subject, safe='')}", {"compatibility": level})

    def would_take(self, subject: str, schema: SchemaText, level: str) -> Answer | None:
        """What registering would say, at the level that the subject has; `None` where the registry cannot tell."""
        version = "" if level.endswith("_TRANSITIVE") else "/latest"
        path = f"/compatibility/subjects/{quote(subject, safe='')}/versions{version}?verbose=true"
        status, body = self._call("POST", path, _request(schema), known=(MISSING, INVALID))
        if status == INVALID:
            return Answer(False, why=_message(body), valid=False)
        if status == MISSING or not isinstance(body, Mapping) or "is_compatible" not in body:
            return None
        told = body.get("messages")
        why = "; ".join(map(str, told)) if isinstance(told, Sequence) and not isinstance(told, str) else ""
        return Answer(body["is_compatible"] is True, why=why)

    def register(self, subject: str, schema: SchemaText) -> Answer:
        """Idempotent: what is there already keeps its id."""
        path = f"/subjects/{quote(subject, safe='')}/versions"
        status, body = self._call("POST", path, _request(schema), known=(INCOMPATIBLE, INVALID))
        if status in (INCOMPATIBLE, INVALID):
            return Answer(False, why=_message(body), valid=status == INCOMPATIBLE)
        return Answer(True, id=_number(body.get("id") if isinstance(body, Mapping) else None))

    def _call(self, method: str, path: str, body: Json = None, known: Sequence[int] = ()) -> tuple[int, Json]:
        """The status, which is a success or one of `known`, and the JSON of the answer."""
        headers = {"Accept": f"{MEDIA_TYPE}, application/json", "Content-Type": MEDIA_TYPE}
        if self._access.authorization is not None:
            headers["Authorization"] = self._access.authorization
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, headers, method=method)  # noqa: S310  the scheme is checked
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                return answer.status, self._json(answer.read(MOST_BYTES))
        except HTTPError as error:
            with error:
                told = error.read(MOST_BYTES)
            if error.code in known and _is_of_registry(told):
                return error.code, self._json(told)
            raise self._refusal(error, told) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise RegistryError(f"the registry at {self.url} cannot be reached: {reason}", _help(reason)) from None

    def _json(self, content: bytes) -> Json:
        try:
            value: Json = json.loads(content)
        except ValueError:
            raise RegistryError(f"{self.url} does not answer as a schema registry does", _URL_HELP) from None
        return value

    def _refusal(self, error: HTTPError, content: bytes) -> RegistryError:
        if error.code in (401, 403):
            help = "set EDA_REGISTRY_USERNAME and EDA_REGISTRY_PASSWORD, or EDA_REGISTRY_TOKEN, of someone who may"
            return RegistryError(f"the registry at {self.url} refuses us ({error.code} {error.reason})", help)
        told = _message(self._json(content)) if _is_of_registry(content) else ""
        why = f"{error.code} {error.reason}" + (f": {told}" if told else "")
        return RegistryError(f"the registry at {self.url} fails: {why}", _URL_HELP if error.code == MISSING else None)


_URL_HELP: Final = "the URL is the root of Confluent's API, below which `/subjects` lies"


def _opener(access: Access) -> OpenerDirector:
    try:
        context = ssl.create_default_context(cafile=access.ca_file)
    except OSError as error:
        raise RegistryError(f"EDA_REGISTRY_CA_FILE cannot be read: {error.strerror or error}") from None
    return build_opener(_NoRedirects, HTTPSHandler(context=context))


def _is_of_registry(content: bytes) -> bool:
    """Whether an error is told as the API tells errors, and not by a web server that knows nothing of it."""
    try:
        value: Json = json.loads(content)
    except ValueError:
        return False
    return isinstance(value, Mapping) and "error_code" in value


def _help(reason: object) -> str:
    if isinstance(reason, ssl.SSLError):
        return "EDA_REGISTRY_CA_FILE names a file with the authority that signed the registry's certificate"
    return "check --url or EDA_REGISTRY_URL, and that the registry runs"


def _request(schema: SchemaText) -> Json:
    """Registries that are older than schema types know Avro only, and no field for the type."""
    return {"schema": schema.text} | ({"schemaType": schema.type} if schema.type != "AVRO" else {})


def _references(value: Json) -> list[Reference]:
    entries = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return [
        Reference(str(each.get("name")), str(each.get("subject")), _number(each.get("version")))
        for each in entries
        if isinstance(each, Mapping)
    ]


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _message(body: Json) -> str:
    return str(body.get("message", "")) if isinstance(body, Mapping) else ""
