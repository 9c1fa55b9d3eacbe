"""What one broker calls the channels and groups of a service, where a spec's bindings give them names of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eda_runtime.contracts import ChannelContract, ReceivePolicy, Topology
from eda_runtime.transports import Lag, Outgoing

__all__ = ["Naming"]


@dataclass(frozen=True, slots=True)
class Naming:
    """Between the names of the spec, which the service uses, and those of the broker that its URL leads to."""

    scheme: str
    renamed: Mapping[str, str]
    """The broker's names by address."""

    @classmethod
    def of(cls, url: str, topology: Topology) -> Naming:
        scheme = url.partition(":")[0].partition("+")[0]
        channels = (*topology.channels, *(each.channel for each in topology.receives))
        named = ((each.address, _named(each.names, scheme)) for each in channels)
        return cls(scheme, {address: name for address, name in named if name})

    def message(self, message: Outgoing) -> Outgoing:
        name = self.renamed.get(message.address)
        return replace(message, address=name) if name else message

    def channel(self, channel: ChannelContract) -> ChannelContract:
        name = self.renamed.get(channel.address)
        return replace(channel, address=name) if name else channel

    def policy(self, policy: ReceivePolicy) -> ReceivePolicy:
        group = _named(policy.names, self.scheme) or policy.group
        return replace(policy, group=group, channel=self.channel(policy.channel))

    def topology(self, topology: Topology) -> Topology:
        return Topology(tuple(map(self.channel, topology.channels)), tuple(map(self.policy, topology.receives)))

    def lags(self, topology: Topology, found: Sequence[Lag]) -> list[Lag]:
        """In the names of the spec again."""
        known = {(there.channel.address, there.group): here for here, there in self._pairs(topology)}
        return [
            (
                replace(lag, address=here.channel.address, group=here.group)
                if (here := known.get((lag.address, lag.group)))
                else lag
            )
            for lag in found
        ]

    def _pairs(self, topology: Topology) -> list[tuple[ReceivePolicy, ReceivePolicy]]:
        return [(policy, self.policy(policy)) for policy in topology.receives]


def _named(names: Mapping[str, str], scheme: str) -> str | None:
    """`amqps` goes by the name for `amqp`."""
    return names.get(scheme) or names.get(scheme.removesuffix("s"))
