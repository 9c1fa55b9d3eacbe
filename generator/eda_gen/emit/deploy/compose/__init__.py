"""Docker Compose for local work: a broker, PostgreSQL, and the service."""

from eda_gen.emit.deploy.compose.package import target

__all__ = ["target"]
