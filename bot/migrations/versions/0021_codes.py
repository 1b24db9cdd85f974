"""Which message used a code up, so that answering it again after a crash finds it right again."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("one_time_code", sa.Column("used_by", sa.String(), nullable=True))
