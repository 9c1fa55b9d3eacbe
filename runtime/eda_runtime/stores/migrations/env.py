"""Alembic runs this for each upgrade; the connection comes with a transaction already begun."""

from alembic import context

from eda_runtime.stores.migrate import VERSION_TABLE
from eda_runtime.stores.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
context.run_migrations()
