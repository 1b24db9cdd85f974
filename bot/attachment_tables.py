"""Tables of files that customers send, and of the buttons that stand in Telegram's messages."""

from datetime import datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.tables import moment, new_id


class EvidenceRow(SQLModel, table=True):
    """A file that a customer sent for staff.

    `status`: `wanted` until it is here, then `kept`, `refused` (why: `reason`, a word) or `failed`;
    `forgotten` until the file itself is removed. `source` and `file_id` are the channel's names of it,
    `stored` is its random name in the folder, `mime` what its first bytes say.
    """

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("message_id", "source"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    message_id: str = Field(foreign_key="message.id")
    source: str
    file_id: str
    stored: str
    name: str = ""
    mime: str = ""
    size: int = 0
    sha256: str = ""
    status: str = Field(default="wanted", index=True)
    reason: str | None = None
    attempts: int = 0
    not_before: datetime | None = moment()
    created_at: datetime = moment(nullable=False)


class TelegramButtonRow(SQLModel, table=True):
    """Which message of Telegram's a button stands in, the how-manieth, until it is `gone` from there."""

    __tablename__ = "telegram_button"

    button_id: str = Field(primary_key=True, foreign_key="button.id")
    message_id: int = Field(sa_type=BigInteger)
    place: int
    label: str
    gone: bool = False
