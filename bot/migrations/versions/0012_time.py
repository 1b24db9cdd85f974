"""What time alone causes: outbox rows of no action, accounts warned of their deletion, codes that ran out."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.alter_column("action_id", existing_type=sa.String(), nullable=True)
    op.add_column("account", sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("one_time_code", sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True))
