"""What the signed API takes and gives; `docs/http.md` explains it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.channels.hygiene import clean
from bot.config import LINK_MINUTES, MOST_LINK_MINUTES
from bot.history import Entry
from bot.model import ConversationState, Incoming, Sender
from bot.wire import reply_for_programs

CHANNEL = "api"


def plain(value: str | None) -> str | None:
    """Raises ValueError for control characters: cleaning an id could make two of them one."""
    if value is not None and value != clean(value):
        raise ValueError("control characters are not allowed")
    return value


class MessageIn(BaseModel):
    """One message of one conversation; `message_id` is the caller's own and makes a repeat harmless."""

    model_config = ConfigDict(extra="forbid", strict=True)

    conversation: str = Field(min_length=1, max_length=200)
    message_id: str = Field(min_length=1, max_length=200)
    text: str | None = None
    press: str | None = Field(None, min_length=1, max_length=200)
    language: Literal["en", "sl", "lt", "et", "bg"] | None = None
    deliver: Literal["answer", "later"] = "answer"

    @field_validator("conversation", "message_id", "press")
    @classmethod
    def _plain(cls, value: str | None) -> str | None:
        return plain(value)

    @model_validator(mode="after")
    def _one_of_two(self) -> "MessageIn":
        if (self.text is None) == (self.press is None):
            raise ValueError("exactly one of text and press is required")
        return self

    def incoming(self, vouched_email: str | None) -> Incoming:
        # Ids are unique within a conversation only; the length tells "a:b" and "c" from "a" and "b:c".
        return Incoming(
            channel=CHANNEL,
            chat_id=self.conversation,
            external_id=_prefix(self.conversation) + self.message_id,
            sender=Sender(
                external_id=self.conversation, language_code=self.language, vouched_email=vouched_email
            ),
            text=None if self.text is None else clean(self.text),
            press=self.press,
        )


class LinkIn(BaseModel):
    """The member, signed in at the caller's, whom a link is for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    email: str = Field(min_length=3, max_length=320)
    minutes: int = Field(LINK_MINUTES, ge=1, le=MOST_LINK_MINUTES)


class ButtonOut(BaseModel):
    id: str = Field(description="Goes back as `press` when the customer presses it")
    label: str


class CitationOut(BaseModel):
    document: str
    clause_id: str
    heading: str
    quote: str


class ReplyOut(BaseModel):
    text: str
    buttons: list[ButtonOut]
    citations: list[CitationOut]


class AnswerOut(BaseModel):
    """What a message led to."""

    replies: list[ReplyOut]
    state: ConversationState
    action_id: str | None
    error: str | None = Field(description="A word for what did not work, such as for a button of yesterday")
    duplicate: bool = Field(description="The message had been answered before; these are the replies of then")


class TakenOut(BaseModel):
    """A message that is stored and will be answered; the replies come by poll or push."""

    id: str = Field(description="The message's id in its conversation's list")
    conversation: str
    message_id: str
    duplicate: bool


class LinkOut(BaseModel):
    token: str
    url: str | None
    expires_at: datetime


class MessageOut(ReplyOut):
    """One message of a conversation, in either direction."""

    seq: int = Field(description="Its place in the conversation; rises with each message")
    id: str
    message_id: str | None = Field(description="The caller's own id, of a message that it sent")
    author: Literal["customer", "bot", "person"]
    name: str | None = Field(description="The person's name, where a person wrote it")
    at: datetime

    @classmethod
    def of(cls, entry: Entry, conversation: str) -> "MessageOut":
        """Show an entry of this conversation's history."""
        shown = reply_for_programs(entry.reply) if entry.reply else {"buttons": [], "citations": []}
        kind, _, name = entry.author.partition(":")
        own = entry.external_id.removeprefix(_prefix(conversation)) if entry.external_id else None
        facts = {
            "seq": entry.seq,
            "id": entry.message_id,
            "message_id": own,
            "author": "person" if kind == "staff" else kind,
            "name": name or None,
            "text": entry.text,
            "at": entry.at,
        }
        return cls.model_validate({**shown, **facts})


class MessagesOut(BaseModel):
    """What stands in a conversation after a place. `next` is the `after` of the next request."""

    conversation: str
    messages: list[MessageOut]
    next: int


class PushOut(BaseModel):
    """What API_PUSH_URL gets. `id` is the message's, and the same at every try."""

    id: str
    type: Literal["message"] = "message"
    conversation: str
    message: MessageOut


def _prefix(conversation: str) -> str:
    return f"{len(conversation)}:{conversation}:"
