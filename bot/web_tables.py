"""The web chat's sessions: which browser writes in which conversation."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.tables import moment


class WebSessionRow(SQLModel, table=True):
    """A browser's session, kept as the digest of its token, for one conversation.

    `email` is the address that the embedding site vouched for, and holds until `vouched_until`.
    """

    __tablename__ = "web_session"

    digest: str = Field(primary_key=True)
    chat_id: str = Field(unique=True)
    email: str | None = Field(default=None, index=True)
    vouched_until: datetime | None = moment()
    used_at: datetime = moment(nullable=False, index=True)
    created_at: datetime = moment(nullable=False)
