"""Tables of the conversation: the transcript is inbox, outbox and history."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from actions.store.types import UtcDateTime


def moment(*, nullable: bool = True, index: bool = False) -> Any:
    """A column that holds an aware moment."""
    return Field(default=None, sa_column=Column(UtcDateTime(), nullable=nullable, index=index))


def new_id() -> str:
    return uuid4().hex


class ConversationRow(SQLModel, table=True):
    """One conversation on one channel. `pending` is what the bot asked last and waits for.

    `version` rises with every change, so that a turn never overwrites what a person did meanwhile.
    `unhelpful` are the buttons that said so, `disagreement` the contradicted clause that was shown last,
    `told_at` when a waiting customer was told that nobody is free. Words on the rating `rating_id` are taken
    until `words_until`.
    `blocked_at`: since when the customer lets nothing through; writing again ends it.
    """

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "chat_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    channel: str
    chat_id: str
    language: str | None = None
    language_chosen: bool = False
    state: str = "open"
    pending: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    member_id: str | None = None
    email: str | None = None
    verified_until: datetime | None = moment()
    introduced: bool = False
    misses: int = 0
    unhelpful: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    disagreement: str | None = None
    held_by: str | None = None
    queued_at: datetime | None = moment()
    told_at: datetime | None = moment()
    rating_id: str | None = None
    words_until: datetime | None = moment()
    blocked_at: datetime | None = moment()
    version: int = 0
    created_at: datetime = moment(nullable=False)

    def is_verified(self, now: datetime) -> bool:
        """Whether somebody has proven here who they are, and lately."""
        return self.verified_until is not None and self.verified_until > now


class MessageRow(SQLModel, table=True):
    """A message in either direction. Inbound: `received` until it is `answered`; outbound: `pending` until
    `sent`. Either may become `failed`, which staff see, and `dropped`, once they have seen it.

    `seq` counts within the conversation. `author` is customer, bot, or staff:NAME. `attempts` are tries to
    send; of an inbound one, tries to answer that failed.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("channel", "external_id"),
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_message_status", "channel", "status", "conversation_id", "seq"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id")
    seq: int
    channel: str
    external_id: str | None = None
    direction: str
    author: str
    status: str
    text: str = ""
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    answers_id: str | None = Field(default=None, foreign_key="message.id", index=True)
    attempts: int = 0
    not_before: datetime | None = moment()
    failure: str | None = None
    created_at: datetime = moment(nullable=False)


class LeaseRow(SQLModel, table=True):
    """Which process works on something at the moment: a conversation, or the sending side of a channel."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    holder: str
    until: datetime = moment(nullable=False)


class ButtonRow(SQLModel, table=True):
    """What a button does. The channel carries only the id; the conversation it was shown in may press it."""

    __tablename__ = "button"

    id: str = Field(primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    kind: str
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    expires_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment()


class OneTimeCodeRow(SQLModel, table=True):
    """A code sent by e-mail: hashed, bound to conversation, request (`origin`) and address, counted by the
    database. `used_by` is the message that carried it; `expired_at`: when the log was told that it ran out
    unused."""

    __tablename__ = "one_time_code"

    id: str = Field(default_factory=new_id, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    email: str = Field(index=True)
    purpose: str
    origin: str = ""
    salt: str
    digest: str
    tries: int = 0
    expires_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment()
    used_by: str | None = None
    expired_at: datetime | None = moment()
    created_at: datetime = moment(nullable=False)


class IdentityLinkRow(SQLModel, table=True):
    """A deep link for a member, kept as its digest. `message_id` is the message that redeemed it."""

    __tablename__ = "identity_link"

    digest: str = Field(primary_key=True)
    member_id: str = Field(index=True)
    email: str = Field(index=True)
    expires_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment()
    message_id: str | None = None
    created_at: datetime = moment(nullable=False)


class ExportLinkRow(SQLModel, table=True):
    """A link to an export package, kept as its digest, for the person with this address. `way` is how it went
    to them, see `bot.export_links`; when one link of a case is used, all of them are."""

    __tablename__ = "export_link"

    digest: str = Field(primary_key=True)
    case_id: str = Field(foreign_key="gdpr_case.id", index=True)
    email: str = Field(index=True)
    way: str = "mail"
    expires_at: datetime = moment(nullable=False)
    used_at: datetime | None = moment()
    created_at: datetime = moment(nullable=False)


class FeedbackRow(SQLModel, table=True):
    """Whether an answer helped."""

    __tablename__ = "feedback"

    id: str = Field(default_factory=new_id, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id")
    message_id: str = Field(unique=True)
    clause_id: str
    helpful: bool
    created_at: datetime = moment(nullable=False)


class UnansweredRow(SQLModel, table=True):
    """A question that found no answer, for an admin to review."""

    __tablename__ = "unanswered"

    id: str = Field(default_factory=new_id, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id")
    message_id: str = Field(unique=True)
    language: str
    question: str
    created_at: datetime = moment(nullable=False)
