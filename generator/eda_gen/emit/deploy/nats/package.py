"""The target `deploy-nats`: `nack.yaml`, JSON for `nats stream add` and `nats consumer add`, and `permissions.conf`."""

from __future__ import annotations

from collections.abc import Mapping

from eda_gen.diagnostics import Diagnostic, Result
from eda_gen.emit.deploy.nats.names import subject_problem
from eda_gen.emit.deploy.nats.permissions import permissions
from eda_gen.emit.deploy.nats.streams import Bucket, Consumer, Stream, view_buckets, view_consumers, view_stream
from eda_gen.emit.deploy.render import render
from eda_gen.emit.deploy.text import dns_name, header, identifier, json_text
from eda_gen.emit.deploy.topology import Topology, derive, with_families
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Service

__all__ = ["target"]


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """The streams that `service` owns, with those of its dead letters, its consumers, and what it may do."""
    return derive(catalog, service).then(lambda topology: _package(with_families(topology)))


def _package(topology: Topology) -> Result[Package]:
    problems = tuple(_problems(topology))
    if problems:
        return Result(None, problems)
    service = topology.service
    streams = tuple(view_stream(topic) for topic in (*topology.owns, *topology.dead_letters))
    consumers = tuple({(each.stream, each.name): each for each in view_consumers(topology)}.values())
    buckets = tuple(view_buckets(topology))
    top = header(service.document.path)
    allowed = permissions(topology)
    variable = f"{identifier(service.name)}_permissions"
    files = {
        "nack.yaml": render(
            "nats/nack.yaml", header=top, streams=streams, buckets=buckets, consumers=consumers, dns=dns_name
        ),
        "permissions.conf": render("nats/permissions.conf", header=top, variable=variable, allowed=allowed),
        **_json(streams, buckets, consumers),
    }
    return Result(Package(f"{service.name}-nats", service.document.path, files))


def _json(
    streams: tuple[Stream, ...], buckets: tuple[Bucket, ...], consumers: tuple[Consumer, ...]
) -> Mapping[str, str]:
    return {
        **{f"streams/{each.stream}.json": json_text(each.configuration()) for each in buckets},
        **{f"streams/{each.name}.json": json_text(each.configuration()) for each in streams},
        **{f"consumers/{each.stream}/{each.name}.json": json_text(each.configuration()) for each in consumers},
    }


def _problems(topology: Topology) -> list[Diagnostic]:
    read = (topic for reading in topology.receives for topic in (*reading.topics, reading.dead_letters))
    found = {each.address: each for each in (*topology.owns, *topology.sends, *read)}
    return [problem for topic in found.values() if (problem := subject_problem(topic)) is not None]
