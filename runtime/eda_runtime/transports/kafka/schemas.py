"""The schema registry (Confluent's API) that gives the schemas of messages their ids."""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener

from eda_runtime.errors import ConfigurationError, TransportError

__all__ = ["NoSchema", "RegistryOptions", "SchemaRegistry"]

PATIENCE_SECONDS = 10.0
NAMINGS = ("topic", "record", "topic-record")
REFUSED = "set EDA_REGISTRY_USERNAME and EDA_REGISTRY_PASSWORD, or EDA_REGISTRY_TOKEN, of someone who may"
FAILED = "EDA_REGISTRY_URL is the root of Confluent's API, below which `/subjects` lies"
VERSION = re.compile(r"\.v\d+$")


class NoSchema(Exception):
    """The registry holds no schema that a message could be sent with; the text says what to do."""


@dataclass(frozen=True, slots=True)
class RegistryOptions:
    """Where the registry is, and how subjects are named.

    | variable | meaning |
    | --- | --- |
    | `EDA_KAFKA_WIRE_FORMAT` | `confluent`: payloads are preceded by the id of their schema. By default they are not |
    | `EDA_REGISTRY_URL` | the root of the registry's API |
    | `EDA_REGISTRY_NAMING` | what subjects are named after: `topic` (default), `record` or `topic-record` |
    | `EDA_REGISTRY_USERNAME`, `EDA_REGISTRY_PASSWORD` | HTTP basic authentication |
    | `EDA_REGISTRY_TOKEN` | a bearer token instead |
    | `EDA_REGISTRY_CA_FILE` | who signed the registry's certificate; the system's authorities if absent |
    """

    url: str
    naming: str = "topic"
    authorization: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> RegistryOptions | None:
        """`None` unless the wire format asks for a registry. Raises `ConfigurationError`."""
        format = environment.get("EDA_KAFKA_WIRE_FORMAT") or "plain"
        if format == "plain":
            return None
        if format != "confluent":
            raise ConfigurationError(f"EDA_KAFKA_WIRE_FORMAT is `confluent` or `plain`, not {format!r}")
        url = environment.get("EDA_REGISTRY_URL", "").rstrip("/")
        if not url.startswith(("http://", "https://")) or "@" in url:
            raise ConfigurationError(
                "EDA_KAFKA_WIRE_FORMAT=confluent needs EDA_REGISTRY_URL, an http:// or https:// URL without credentials"
            )
        naming = environment.get("EDA_REGISTRY_NAMING") or "topic"
        if naming not in NAMINGS:
            raise ConfigurationError(f"EDA_REGISTRY_NAMING is one of {', '.join(NAMINGS)}, not {naming!r}")
        return cls(url, naming, authorization(environment), environment.get("EDA_REGISTRY_CA_FILE") or None)

    def subject(self, address: str, type_: str) -> str:
        """The subject of a message, by its CloudEvents type: all versions of a message are one, as `eda-gen` pushes them."""
        record = VERSION.sub("", type_)
        return {"topic": f"{address}-value", "record": record}.get(self.naming, f"{address}-{record}")


def authorization(environment: Mapping[str, str]) -> str | None:
    if username := environment.get("EDA_REGISTRY_USERNAME"):
        pair = f"{username}:{environment.get('EDA_REGISTRY_PASSWORD', '')}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    token = environment.get("EDA_REGISTRY_TOKEN")
    return f"Bearer {token}" if token else None


class NoRedirects(HTTPRedirectHandler):
    """Credentials are for the host that was named, and for no other."""

    def redirect_request(self, *args: object, **named: object) -> None:
        return None


class SchemaRegistry:
    """Blocks while it asks: call it in a thread. Raises `TransportError` where the registry does not answer."""

    def __init__(self, options: RegistryOptions) -> None:
        self.options = options
        self._opener = opener(options)

    def check(self) -> None:
        """Raise unless this is a registry that lets us in."""
        self._get("/schemas/types")

    def id_of(self, address: str, type_: str) -> int:
        """The id of the newest schema of a message's version. Raises `NoSchema`."""
        subject = self.options.subject(address, type_)
        versions = list(self._versions(subject, type_))
        chosen = next((each for each in versions if mark_of(each) == type_), None)
        chosen = chosen or next((each for each in versions if mark_of(each) is None), None)
        if chosen is None:
            told = f"`{subject}` holds no schema of {type_}" if versions else f"there is no subject `{subject}`"
            raise NoSchema(f"{told} in the schema registry: run `eda-gen registry push` first")
        if chosen.get("schemaType", "AVRO") != "JSON":
            kind = chosen.get("schemaType", "AVRO")
            raise NoSchema(f"the schema of {type_} in `{subject}` is {kind}, and payloads are written as JSON")
        return int(chosen["id"])

    def type_of(self, id_: int) -> str | None:
        """The CloudEvents type that a schema names; nothing if it names none. Raises `NoSchema` for an unknown id."""
        found = self._get(f"/schemas/ids/{id_}")
        if found is None:
            raise NoSchema(f"the schema registry has no schema {id_}")
        return mark_of(found)

    def _versions(self, subject: str, type_: str) -> Iterator[dict[str, Any]]:
        """Newest first, as far as the one that names the type."""
        path = f"/subjects/{quote(subject, safe='')}/versions"
        for number in reversed(self._get(path) or []):
            found = self._get(f"{path}/{number}") or {}
            yield found
            if mark_of(found) == type_:
                return

    def _get(self, path: str) -> Any:
        """The JSON of an answer; `None` for what is not there."""
        where = self.options.url
        headers = {"Accept": "application/vnd.schemaregistry.v1+json, application/json"}
        if self.options.authorization is not None:
            headers["Authorization"] = self.options.authorization
        request = Request(where + path, headers=headers)  # noqa: S310  the scheme is checked
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                if error.code == 404 and b"error_code" in error.read():
                    return None
            why, help = ("refuses us", REFUSED) if error.code in (401, 403) else ("fails", FAILED)
            raise TransportError(f"the schema registry at {where} {why}: {error.code} {error.reason}; {help}") from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise TransportError(f"the schema registry at {where} cannot be reached: {reason}") from None
        except ValueError:
            raise TransportError(f"{where} does not answer as a schema registry does") from None


def opener(options: RegistryOptions) -> OpenerDirector:
    try:
        context = ssl.create_default_context(cafile=options.ca_file)
    except OSError as error:
        raise ConfigurationError(f"EDA_REGISTRY_CA_FILE cannot be read: {error.strerror or error}") from None
    return build_opener(NoRedirects, HTTPSHandler(context=context))


def mark_of(entry: Mapping[str, Any]) -> str | None:
    """The CloudEvents type that `eda-gen registry push` writes into a schema."""
    try:
        body = json.loads(entry.get("schema", ""))
    except ValueError:
        return None
    mark = body.get("x-eda") if isinstance(body, dict) else None
    named = mark.get("type") if isinstance(mark, dict) else None
    return named if isinstance(named, str) else None
