"""The target `deploy-pubsub`: `pubsub.tf` for each service."""

from __future__ import annotations

from eda_gen.diagnostics import Result
from eda_gen.emit.deploy.pubsub.view import pubsub_id, view_dead_letters, view_subscriptions, view_topic
from eda_gen.emit.deploy.render import render
from eda_gen.emit.deploy.text import header
from eda_gen.emit.deploy.topology import Topology, derive, with_warnings
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Service

__all__ = ["target"]


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """The topics that `service` owns, its subscriptions and dead letters, and the grants of both."""
    return derive(catalog, service).then(lambda topology: with_warnings(topology, _package(topology)))


def _package(topology: Topology) -> Package:
    service = topology.service
    text = render(
        "pubsub/pubsub.tf",
        header=header(service.document.path),
        service=service.name,
        topics=tuple(view_topic(topic) for topic in topology.owns if not topic.is_family),
        subscriptions=view_subscriptions(topology),
        dead_letters=view_dead_letters(topology),
        sends=tuple(dict.fromkeys(pubsub_id(topic.address) for topic in topology.sends if not topic.is_family)),
    )
    return Package(f"{service.name}-pubsub", service.document.path, {"pubsub.tf": text})
