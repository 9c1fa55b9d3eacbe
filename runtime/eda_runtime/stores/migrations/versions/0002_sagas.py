"""Instances of sagas and their history."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "eda_saga",
        sa.Column("saga", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("progress", sa.Text, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("correlationid", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        comment="Instances of orchestrated sagas; a write names the version that it read.",
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("eda_saga_due", "eda_saga", ["saga", "due_at"], postgresql_where=due, sqlite_where=due)
    op.create_index("eda_saga_status", "eda_saga", ["saga", "status", "started_at"])
    op.create_index("eda_saga_correlation", "eda_saga", ["saga", "correlationid"])
    op.create_table(
        "eda_saga_history",
        sa.Column("position", POSITION, primary_key=True, autoincrement=True),
        sa.Column("saga", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("step", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("detail", sa.Text),
        sqlite_autoincrement=True,
        comment="What happened to instances of sagas.",
    )
    op.create_index("eda_saga_history_instance", "eda_saga_history", ["saga", "id", "position"])
