"""Tables of the desk: which topic shows which conversation, what agents sent, what is posted besides."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column
from sqlmodel import Field, SQLModel

from bot.tables import moment, new_id


class DeskTopicRow(SQLModel, table=True):
    """The topic that shows a conversation.

    `state`: `new` (no thread yet), `made`, `logged` (the log knows that the card will be opened), `open` (the
    card is there), `closed`. `queued_seq` is the handoff event that the card is about, `since_seq` the
    message that its story begins after, `shown_seq` the last one that is shown, `keys` what stands under it.
    """

    __tablename__ = "desk_topic"

    conversation_id: str = Field(primary_key=True, foreign_key="conversation.id")
    chat_id: int = Field(sa_type=BigInteger)
    thread_id: int | None = None
    card_message_id: int | None = None
    since_seq: int = 0
    shown_seq: int = 0
    queued_seq: int = 0
    state: str = "new"
    keys: str = ""
    created_at: datetime = moment(nullable=False)


class DeskUpdateRow(SQLModel, table=True):
    """What somebody wrote or pressed in the desk's group; `content` is emptied once it is `done`.

    `place` orders them: a message's number, and a press after all that was there before it.
    """

    __tablename__ = "desk_update"

    key: str = Field(primary_key=True)
    place: int = Field(sa_type=BigInteger)
    status: str = Field(default="received", index=True)
    tries: int = 0
    content: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = moment(nullable=False)


class DeskPostRow(SQLModel, table=True):
    """What the desk says by itself, once each (`key`); nothing of a customer's words.

    `text` is emptied once it is sent.
    `status`: `pending`, `sent`, `failed` or `over` (its buttons are taken away). `buttons` are kind, label
    and subject. `asks`: the phone opens a field for the answer.
    """

    __tablename__ = "desk_post"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    chat_id: int = Field(sa_type=BigInteger)
    thread_id: int | None = None
    conversation_id: str | None = Field(default=None, index=True)
    text: str
    buttons: list[list[str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    reply_to: int | None = None
    asks: bool = False
    message_id: int | None = None
    status: str = Field(default="pending", index=True)
    created_at: datetime = moment(nullable=False)


class DeskButtonRow(SQLModel, table=True):
    """What a button in the desk's group does. `place` is the message it stands under: a card or a post."""

    __tablename__ = "desk_button"

    id: str = Field(default_factory=new_id, primary_key=True)
    place: str = Field(index=True)
    chat_id: int = Field(sa_type=BigInteger)
    thread_id: int | None = None
    kind: str
    subject: str
    created_at: datetime = moment(nullable=False)


class DeskAgentRow(SQLModel, table=True):
    """The user name under which a mapped agent wrote last, in lower case, so that colleagues can be named."""

    __tablename__ = "desk_agent"

    user_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    username: str
