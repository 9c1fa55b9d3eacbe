"""The target `deploy-compose`: `compose.yaml` for each service.

Files of several services may be given to Compose together: what they share stands in each of them word for word.
"""

from __future__ import annotations

from eda_gen.diagnostics import Result
from eda_gen.emit.deploy.compose.brokers import broker_of
from eda_gen.emit.deploy.render import render
from eda_gen.emit.deploy.text import dns_name, header
from eda_gen.emit.python.package import package_name
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Service

__all__ = ["target"]

SHARED = ("kafka", "nats", "rabbitmq", "redis", "postgresql")


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """`service` by `eda run`, after `eda provision`, beside what it needs."""
    package = package_name(service.name)
    name = dns_name(service.name).replace(".", "-")
    text = render(
        "compose/compose.yaml",
        header=header(service.document.path),
        name=f"{name}-service" if name in SHARED else name,
        image=f"${{{package.upper()}_IMAGE:-{name}}}",
        package=package,
        broker=broker_of(service),
    )
    return Result(Package(f"{service.name}-compose", service.document.path, {"compose.yaml": text}))
