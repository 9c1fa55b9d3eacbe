"""A schema registry with Confluent's API: the one that `EDA_TEST_REGISTRY_URL` names, or Apicurio Registry, in memory.

Needs `java` (17 or later) and `mvn`. `EDA_TEST_REGISTRY_URL=skip` leaves it out, and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from tests.services import maven
from tests.services.processes import free_ports, spawn

__all__ = ["EXTERNAL", "MAIN", "SKIP", "Server", "clear", "create", "own_server", "running_server"]

EXTERNAL = "EDA_TEST_REGISTRY_URL"
SKIP = "skip"
FILES = maven.folder("registry")
MAIN = "apicurio-registry-app"
JAVA = ("java", "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(slots=True)
class Server:
    """A registry that forgets all when it stops."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> None:
        (jar,) = FILES.glob("*-runner.jar")
        address = "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self.port}"
        self.process = spawn([*JAVA, *address, "-jar", str(jar)], self.port, self.folder / "server.log")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def clear(self) -> None:
        clear(self.url)


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a registry for the time of the block; one that we started is stopped."""
    external = os.environ.get(EXTERNAL)
    if external == SKIP:
        pytest.skip(f"{EXTERNAL} says to leave the schema registry out")
    if external:
        yield external
        return
    with own_server() as server:
        yield server.url


@contextmanager
def own_server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="eda-registry-"))
    server = create(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path) -> Server:
    """A new registry, not yet started."""
    maven.fetch(FILES, "dependency:unpack", EXTERNAL)
    return Server(folder, free_ports(1)[0])


def clear(url: str) -> None:
    """Delete every subject; those that others refer to go after them."""
    while subjects := _subjects(url):
        for subject in subjects:
            for permanent in ("false", "true"):
                path = f"{url}/subjects/{quote(subject, safe='')}?permanent={permanent}"
                with suppress(HTTPError), urlopen(Request(path, method="DELETE")):
                    pass


def _subjects(url: str) -> list[str]:
    with urlopen(f"{url}/subjects") as answer:
        found: list[str] = json.load(answer)
    return found
