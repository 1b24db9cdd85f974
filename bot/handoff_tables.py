"""Tables of what people do in a conversation: the course of a handoff, notes, ratings."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.tables import moment, new_id


class HandoffEventRow(SQLModel, table=True):
    """What became of a handed-over conversation, in order. `staff` did it, or got it for `given`."""

    __tablename__ = "handoff_event"

    seq: int | None = Field(default=None, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    kind: str
    reason: str | None = None
    staff: str | None = None
    given_by: str | None = None
    stars: int | None = None
    created_at: datetime = moment(nullable=False)


class NoteRow(SQLModel, table=True):
    """What one member of staff tells the others about a conversation; no customer sees it in the chat."""

    __tablename__ = "note"

    id: str = Field(default_factory=new_id, primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    staff: str
    text: str
    created_at: datetime = moment(nullable=False)


class RatingRow(SQLModel, table=True):
    """What a customer says of the person who closed the conversation: 1 to 5 stars, and perhaps words.

    The id is made when the customer is asked, so that one asking is answered once.
    """

    __tablename__ = "rating"

    id: str = Field(primary_key=True)
    conversation_id: str = Field(foreign_key="conversation.id", index=True)
    staff: str
    stars: int
    words: str | None = None
    created_at: datetime = moment(nullable=False)
