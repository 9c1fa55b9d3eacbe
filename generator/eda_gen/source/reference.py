"""What the text of a `$ref` says (RFC 3986, RFC 6901), before anything is read."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from eda_gen.source.node import unescape

__all__ = ["BadReference", "Reference", "is_remote", "parse_reference"]


class BadReference(ValueError):
    """A reference that is never followed; the message says why."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.help = help


@dataclass(frozen=True, slots=True)
class Reference:
    """A file, relative to the workspace, and the steps into it."""

    file: str
    steps: tuple[str, ...]


def parse_reference(text: str, base: str) -> Reference:
    """Read `text` as it stands in the file `base`. Raises `BadReference`."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise BadReference("EDA011", f"`{text}` is not a URI reference") from None
    if parts.scheme in ("http", "https") or parts.netloc:
        raise BadReference(
            "EDA013",
            f"`{text}` leads to the network, where nothing is read",
            "keep a copy in the workspace and refer to that",
        )
    if parts.scheme or parts.query:
        raise BadReference("EDA011", f"`{text}` is neither a relative path nor a `#/…` pointer")
    return Reference(_file(unquote(parts.path), text, base), _steps(parts.fragment, text))


def _file(path: str, text: str, base: str) -> str:
    if not path:
        return base
    file = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
    if "\0" in path or path.startswith("/") or file == ".." or file.startswith("../"):
        raise BadReference(
            "EDA012",
            f"`{text}` leads out of the workspace",
            "keep specs in one folder, or run from the folder that holds them all",
        )
    return file


def _steps(fragment: str, text: str) -> tuple[str, ...]:
    pointer = unquote(fragment)
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise BadReference("EDA011", f"`#{fragment}` in `{text}` is not a JSON pointer", f"did you mean `#/{pointer}`?")
    return tuple(unescape(step) for step in pointer[1:].split("/"))


def is_remote(text: str) -> bool:
    """Whether a reference leads to the network."""
    return text.lower().startswith(("http:", "https:", "//"))
