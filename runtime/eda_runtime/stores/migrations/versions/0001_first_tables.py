"""Outbox, inbox, parked messages and leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "eda_outbox",
        sa.Column("position", POSITION, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("aggregatetype", sa.Text, nullable=False),
        sa.Column("aggregateid", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("shard", sa.SmallInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("datacontenttype", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("dataschema", sa.Text),
        sa.Column("sequence", sa.Text),
        sa.Column("correlationid", sa.Text),
        sa.Column("causationid", sa.Text),
        sa.Column("traceparent", sa.Text),
        sa.Column("tracestate", sa.Text),
        sa.Column("extensions", sa.Text),
        sa.Column("problem", sa.Text),
        sqlite_autoincrement=True,
        comment="Messages to send. Columns id to payload are those of Debezium's outbox event router.",
    )
    op.create_index("eda_outbox_shard", "eda_outbox", ["shard", "position"])
    refused = sa.text("problem IS NOT NULL")
    op.create_index(
        "eda_outbox_refused", "eda_outbox", ["address", "key"], postgresql_where=refused, sqlite_where=refused
    )
    op.create_table(
        "eda_inbox",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("dedupe", sa.Text, primary_key=True),
        sa.Column("claimed_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        comment="Messages that a consumer has taken over: handled, parked or dead.",
    )
    op.create_index("eda_inbox_age", "eda_inbox", ["consumer", "claimed_at"])
    op.create_table(
        "eda_parked",
        sa.Column("position", POSITION, primary_key=True, autoincrement=True),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("appended_at", sa.BigInteger, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("envelope", sa.Text),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("dead_at", sa.BigInteger),
        sa.Column("first_failed_at", sa.BigInteger),
        sa.Column("last_failed_at", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sa.Column("stack", sa.Text),
        sqlite_autoincrement=True,
        comment="Messages to try again, those that wait behind them, and (dead_at is set) dead letters.",
    )
    op.create_index("eda_parked_key", "eda_parked", ["consumer", "key", "position"])
    op.create_index("eda_parked_due", "eda_parked", ["consumer", "due_at"])
    op.create_table(
        "eda_lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        comment="Who may do what only one process may do at a time.",
    )
