"""Rights carried out: a key per person of the log, links to export packages, and what erasure must keep."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "subject_key",
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("identifier"),
    )
    op.create_table(
        "export_link",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["gdpr_case.id"],
        ),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_export_link_case_id", "export_link", ["case_id"], unique=False)
    op.create_index("ix_export_link_email", "export_link", ["email"], unique=False)
    op.add_column("invoice", sa.Column("restricted_until", sa.Date(), nullable=True))
    op.add_column("paper", sa.Column("restricted_until", sa.Date(), nullable=True))
