"""The target `deploy-eventbridge`: `cloudformation.yaml` and `eventbridge.tf` for each service."""

from __future__ import annotations

from eda_gen.diagnostics import Result
from eda_gen.emit.deploy.eventbridge.names import queue_name
from eda_gen.emit.deploy.eventbridge.view import bus_name, view_buses, view_dead_letters, view_queues
from eda_gen.emit.deploy.render import render
from eda_gen.emit.deploy.text import header
from eda_gen.emit.deploy.topology import Topology, derive, with_warnings
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Service

__all__ = ["target"]


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """The buses that `service` owns, with their archives, its queues with rules and dead letters, and its rights."""
    return derive(catalog, service).then(lambda topology: with_warnings(topology, _package(topology)))


def _package(topology: Topology) -> Package:
    service = topology.service
    values = {
        "header": header(service.document.path),
        "service": queue_name(service.name),
        "title": service.title,
        "buses": view_buses(topology),
        "queues": view_queues(topology),
        "dead_letters": view_dead_letters(topology),
        "sends": tuple(dict.fromkeys(bus_name(topic.address) for topic in topology.sends if not topic.is_family)),
    }
    files = {
        "cloudformation.yaml": render("eventbridge/cloudformation.yaml", **values),
        "eventbridge.tf": render("eventbridge/eventbridge.tf", **values),
    }
    return Package(f"{service.name}-eventbridge", service.document.path, files)
