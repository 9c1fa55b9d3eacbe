"""The version of this runtime, and the check that generated code makes against it."""

from __future__ import annotations

from eda_runtime.errors import ConfigurationError

__all__ = ["VERSION", "require_runtime"]

VERSION = "0.1.0"
RELEASE = ".".join(VERSION.split(".")[:2])


def require_runtime(release: str) -> None:
    """Refuse to go on unless this runtime is of the release, such as `0.1`, that generated code was made for.

    Raises `ConfigurationError`.
    """
    if ".".join(release.split(".")[:2]) != RELEASE:
        raise ConfigurationError(
            f"this code was generated for eda-runtime {release}, and {VERSION} is installed: "
            f"install `eda-runtime~={release}.0`, or run `eda-gen generate` with an eda-gen of release {RELEASE}"
        )
