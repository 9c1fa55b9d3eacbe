"""The target `deploy-kafka`: `strimzi.yaml` and `kafka.tf` for each service."""

from __future__ import annotations

from eda_gen.diagnostics import Diagnostic, Result
from eda_gen.emit.deploy.kafka.access import rights, without_rights
from eda_gen.emit.deploy.kafka.topics import KafkaTopic, topic_problem, view_topic
from eda_gen.emit.deploy.render import render
from eda_gen.emit.deploy.text import dns_name, header
from eda_gen.emit.deploy.topology import Topology, derive, with_warnings
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Service

__all__ = ["target"]


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """The topics that `service` owns, with its dead letters, and what it may read and write."""
    return derive(catalog, service).then(_package)


def _package(topology: Topology) -> Result[Package]:
    problems = tuple(_problems(topology))
    if problems:
        return Result(None, problems)
    service = topology.service
    values = {
        "header": header(service.document.path),
        "service": service.name,
        "user": dns_name(service.name),
        "topics": _topics(topology),
        "rights": rights(topology),
    }
    files = {"strimzi.yaml": render("kafka/strimzi.yaml", **values), "kafka.tf": render("kafka/kafka.tf", **values)}
    package = Package(f"{service.name}-kafka", service.document.path, files)
    return Result(package, without_rights(topology)).then(lambda package: with_warnings(topology, package))


def _topics(topology: Topology) -> tuple[KafkaTopic, ...]:
    created = (*(each for each in topology.owns if not each.is_family), *topology.dead_letters)
    return tuple({topic.name: topic for topic in map(view_topic, created)}.values())


def _problems(topology: Topology) -> list[Diagnostic]:
    read = (topic for reading in topology.receives for topic in (*reading.topics, reading.dead_letters))
    found = {each.address: each for each in (*topology.owns, *topology.sends, *read)}
    return [problem for topic in found.values() if (problem := topic_problem(topic)) is not None]
