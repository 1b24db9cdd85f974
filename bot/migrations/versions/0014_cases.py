"""Data-protection cases: the one extension, the pause, and the end."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("gdpr_case", sa.Column("extended_until", sa.Date(), nullable=True))
    op.add_column("gdpr_case", sa.Column("extension_reason", sa.String(), nullable=True))
    op.add_column("gdpr_case", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("gdpr_case", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("gdpr_case", sa.Column("note", sa.String(), nullable=True))
