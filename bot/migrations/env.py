"""Runs the versions on the connection that `migrate` hands over, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

import bot.api_tables
import bot.desk.tables
import bot.web_tables  # noqa: F401

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
with context.begin_transaction():
    context.run_migrations()
