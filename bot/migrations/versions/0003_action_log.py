"""The action log, append-only in the database itself."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_IMMUTABLE = ("action_log", "log_checkpoint")

_SQLITE = (
    """
    CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
    """,
    """
    CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
    """,
    # INSERT OR REPLACE deletes without firing a delete trigger unless recursive_triggers is on
    """
    CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE seq = NEW.seq)
    BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
    """,
)

_SQLITE_CHAIN = """
CREATE TRIGGER action_log_chain BEFORE INSERT ON action_log
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM action_log)
  OR NEW.prev_hash IS NOT
     COALESCE((SELECT hash FROM action_log ORDER BY seq DESC LIMIT 1), '{genesis}')
BEGIN SELECT RAISE(ABORT, 'action_log takes only the entry that continues it'); END
"""

_POSTGRESQL = (
    """
    CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
    """,
    """
    CREATE FUNCTION action_log_continues() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE last record;
    BEGIN
      SELECT seq, hash INTO last FROM action_log ORDER BY seq DESC LIMIT 1;
      IF NEW.seq IS DISTINCT FROM COALESCE(last.seq, 0) + 1
         OR NEW.prev_hash IS DISTINCT FROM COALESCE(last.hash, '{genesis}') THEN
        RAISE EXCEPTION 'action_log takes only the entry that continues it';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER action_log_chain BEFORE INSERT ON action_log
    FOR EACH ROW EXECUTE FUNCTION action_log_continues()
    """,
)

_POSTGRESQL_TABLE = (
    """
    CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION append_only()
    """,
    """
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION append_only()
    """,
)

_GENESIS = "0" * 64


def upgrade() -> None:
    op.create_table(
        "action_log",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("clauses", sa.String(), nullable=False),
        sa.Column("plan_hash", sa.String(), nullable=True),
        sa.Column("params_hash", sa.String(), nullable=True),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_action_log_action_id", "action_log", ["action_id"], unique=False)
    op.create_table(
        "log_checkpoint",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    _make_append_only()


def _make_append_only() -> None:
    """No row of the log changes or goes, and none enters but the one that continues the chain."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _IMMUTABLE:
            for statement in _SQLITE:
                op.execute(statement.format(table=table))
        op.execute(_SQLITE_CHAIN.format(genesis=_GENESIS))
        return
    for statement in _POSTGRESQL:
        op.execute(statement.format(genesis=_GENESIS))
    for table in _IMMUTABLE:
        for statement in _POSTGRESQL_TABLE:
            op.execute(statement.format(table=table))
