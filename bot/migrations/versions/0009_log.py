"""The action log, found by whom it is about."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("ix_action_log_subject", "action_log", ["subject"], unique=False)
