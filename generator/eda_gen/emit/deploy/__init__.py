"""Topology, permissions and dead letters in the forms that people deploy: one folder, one target, a broker.

What all of them start from is `topology.derive`: who owns, sends to and receives from each address.
"""

from eda_gen.emit.deploy.topology import Reading, Topic, Topology, derive

__all__ = ["Reading", "Topic", "Topology", "derive"]
