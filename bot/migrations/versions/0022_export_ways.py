"""How a link to an export package went to its person; all earlier ones were mailed."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("export_link", sa.Column("way", sa.String(), nullable=False, server_default="mail"))
