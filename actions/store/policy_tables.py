"""The table of what an admin, or the first sight of a clause, has accepted behind each figure."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from actions.store.types import UtcDateTime


class PolicyBinding(SQLModel, table=True):
    """One accepted wording of a figure's clause. `language` and `document` are empty where an admin accepted
    that no clause stands behind the figure.

    `is_sample`: confirmed while the samples stood in for documents, so nothing but the value was accepted.
    `value`, `held_at` and who confirmed are the figure's, the same in all its rows. `value` None: as
    policies.toml says. `held_at`: since when the log says that the figure is held.
    """

    __tablename__ = "policy_binding"

    figure: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    document: str = Field(primary_key=True)
    anchor: str
    content_hash: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    is_sample: bool = False
    value: int | None = None
    confirmed_by: str
    confirmed_at: datetime = Field(sa_type=UtcDateTime)
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
