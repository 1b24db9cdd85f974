"""People: why a conversation waits, what became of it, notes, ratings."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("conversation", sa.Column("unhelpful", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("conversation", sa.Column("disagreement", sa.String(), nullable=True))
    op.add_column("conversation", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("conversation", sa.Column("rating_id", sa.String(), nullable=True))
    op.add_column("conversation", sa.Column("words_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "handoff_event",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("staff", sa.String(), nullable=True),
        sa.Column("given_by", sa.String(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        *_rest("seq"),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("staff", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        *_rest("id"),
    )
    op.create_table(
        "rating",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("conversation_id", sa.String(), nullable=False),
        sa.Column("staff", sa.String(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        *_rest("id"),
    )
    for table in ("handoff_event", "note", "rating"):
        op.create_index(f"ix_{table}_conversation_id", table, ["conversation_id"], unique=False)


def _rest(key: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint(key),
    )
