"""The tables of the runtime. Times are milliseconds since 1970 by the database's clock."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, Table, Text, text

__all__ = ["held", "inbox", "leases", "metadata", "outbox", "parked", "saga_history", "sagas", "sequences", "turns"]

metadata = MetaData()

_position = BigInteger().with_variant(Integer(), "sqlite")

outbox = Table(
    "eda_outbox",
    metadata,
    Column("position", _position, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False),
    Column("aggregatetype", Text, nullable=False),
    Column("aggregateid", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("address", Text, nullable=False),
    Column("key", Text),
    Column("shard", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("time", Text, nullable=False),
    Column("datacontenttype", Text, nullable=False),
    Column("subject", Text),
    Column("dataschema", Text),
    Column("sequence", Text),
    Column("correlationid", Text),
    Column("causationid", Text),
    Column("traceparent", Text),
    Column("tracestate", Text),
    Column("extensions", Text),
    Column("problem", Text),
    Index("eda_outbox_shard", "shard", "position"),
    Index(
        "eda_outbox_refused",
        "address",
        "key",
        postgresql_where=text("problem IS NOT NULL"),
        sqlite_where=text("problem IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
    comment="Messages to send. Columns id to payload are those of Debezium's outbox event router.",
)

inbox = Table(
    "eda_inbox",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("dedupe", Text, primary_key=True),
    Column("claimed_at", BigInteger, nullable=False),
    Index("eda_inbox_age", "consumer", "claimed_at"),
    sqlite_with_rowid=False,
    comment="Messages that a consumer has taken over: handled, parked or dead.",
)

parked = Table(
    "eda_parked",
    metadata,
    Column("position", _position, primary_key=True, autoincrement=True),
    Column("consumer", Text, nullable=False),
    Column("key", Text),
    Column("address", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("appended_at", BigInteger, nullable=False),
    Column("headers", Text, nullable=False),
    Column("envelope", Text),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger),
    Column("dead_at", BigInteger),
    Column("first_failed_at", BigInteger),
    Column("last_failed_at", BigInteger),
    Column("reason", Text),
    Column("stack", Text),
    Index("eda_parked_key", "consumer", "key", "position"),
    Index("eda_parked_due", "consumer", "due_at"),
    sqlite_autoincrement=True,
    comment="Messages to try again, those that wait behind them, and (dead_at is set) dead letters.",
)

leases = Table(
    "eda_lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    comment="Who may do what only one process may do at a time.",
)

sagas = Table(
    "eda_saga",
    metadata,
    Column("saga", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("due_at", BigInteger),
    Column("correlationid", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(
        "eda_saga_due",
        "saga",
        "due_at",
        postgresql_where=text("due_at IS NOT NULL"),
        sqlite_where=text("due_at IS NOT NULL"),
    ),
    Index("eda_saga_status", "saga", "status", "started_at"),
    Index("eda_saga_correlation", "saga", "correlationid"),
    comment="Instances of orchestrated sagas; a write names the version that it read.",
)

saga_history = Table(
    "eda_saga_history",
    metadata,
    Column("position", _position, primary_key=True, autoincrement=True),
    Column("saga", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("step", Text),
    Column("message", Text),
    Column("detail", Text),
    Index("eda_saga_history_instance", "saga", "id", "position"),
    sqlite_autoincrement=True,
    comment="What happened to instances of sagas.",
)

sequences = Table(
    "eda_sequence",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("run", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("drawn_at", BigInteger, nullable=False),
    Index("eda_sequence_age", "drawn_at"),
    sqlite_with_rowid=False,
    comment="The last number of each key that was sent to a broker without order.",
)

turns = Table(
    "eda_turn",
    metadata,
    Column("consumer", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("next", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("eda_turn_age", "seen_at"),
    sqlite_with_rowid=False,
    comment="Which message of each key a consumer takes next, where the broker keeps no order.",
)

held = Table(
    "eda_held",
    metadata,
    Column("position", _position, primary_key=True, autoincrement=True),
    Column("consumer", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("sequence", Text, nullable=False),
    Column("key", Text),
    Column("address", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("appended_at", BigInteger, nullable=False),
    Column("headers", Text, nullable=False),
    Column("envelope", Text),
    Column("body", LargeBinary, nullable=False),
    Column("held_at", BigInteger, nullable=False),
    Index("eda_held_turn", "consumer", "stream", "sequence", unique=True),
    Index("eda_held_age", "consumer", "held_at"),
    sqlite_autoincrement=True,
    comment="Messages that came before their turn.",
)
