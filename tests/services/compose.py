"""Servers as containers, where there is a Docker engine: `compose.yaml` beside this file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.services import kafka, nats, postgresql, rabbitmq, redis
from tests.services.processes import free_ports

__all__ = ["URLS", "down", "has_engine", "up"]

FILE = Path(__file__).with_name("compose.yaml")
URLS = {
    "postgresql": (postgresql.EXTERNAL, "postgresql://postgres@127.0.0.1:{POSTGRESQL_PORT}/postgres"),
    "kafka": (kafka.EXTERNAL, "kafka://127.0.0.1:{KAFKA_PORT}"),
    "nats": (nats.EXTERNAL, "nats://127.0.0.1:{NATS_PORT}"),
    "rabbitmq": (
        rabbitmq.EXTERNAL,
        "amqp://guest:guest@127.0.0.1:{RABBITMQ_PORT}/tests?management={RABBITMQ_MANAGEMENT_PORT}",
    ),
    "redis": (redis.EXTERNAL, "redis://127.0.0.1:{REDIS_PORT}"),
}
"""What names each server to the tests, and its URL."""
PORTS = ("POSTGRESQL_PORT", "KAFKA_PORT", "NATS_PORT", "RABBITMQ_PORT", "RABBITMQ_MANAGEMENT_PORT", "REDIS_PORT")


def has_engine() -> bool:
    """Whether Docker Compose is installed and an engine answers it."""
    if shutil.which("docker") is None:
        return False
    asked = (("docker", "compose", "version"), ("docker", "info"))
    return all(subprocess.run(command, capture_output=True, check=False).returncode == 0 for command in asked)


def up(environment: Path) -> Mapping[str, str]:
    """Start what does not run yet; the URLs by the variables that name them. The ports are kept in `environment`."""
    if not environment.exists():
        chosen = zip(PORTS, free_ports(len(PORTS)), strict=True)
        environment.write_text("".join(f"{name}={port}\n" for name, port in chosen))
    compose(environment, "up", "--detach", "--wait", "--quiet-pull")
    ports = dict(line.split("=") for line in environment.read_text().splitlines())
    return {variable: url.format(**ports) for variable, url in URLS.values()}


def down(environment: Path) -> None:
    compose(environment, "down", "--volumes")


def compose(environment: Path, *command: str) -> None:
    subprocess.run(("docker", "compose", "--env-file", str(environment), "--file", str(FILE), *command), check=True)
