"""Order by key on brokers that keep none: numbers, turns, and what is held back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "eda_sequence",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("run", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("drawn_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        comment="The last number of each key that was sent to a broker without order.",
    )
    op.create_index("eda_sequence_age", "eda_sequence", ["drawn_at"])
    op.create_table(
        "eda_turn",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("next", sa.Text, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
        comment="Which message of each key a consumer takes next, where the broker keeps no order.",
    )
    op.create_index("eda_turn_age", "eda_turn", ["seen_at"])
    op.create_table(
        "eda_held",
        sa.Column("position", POSITION, primary_key=True, autoincrement=True),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("sequence", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("appended_at", sa.BigInteger, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("envelope", sa.Text),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("held_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
        comment="Messages that came before their turn.",
    )
    op.create_index("eda_held_turn", "eda_held", ["consumer", "stream", "sequence"], unique=True)
    op.create_index("eda_held_age", "eda_held", ["consumer", "held_at"])
