"""A schema registry that speaks Confluent's API: what belongs there, what it holds, and what it says of a change."""

from eda_gen.registry.client import Access, Registry, RegistryError
from eda_gen.registry.subjects import Candidate, Naming, Subject, subjects

__all__ = ["Access", "Candidate", "Naming", "Registry", "RegistryError", "Subject", "subjects"]
