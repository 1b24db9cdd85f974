"""What the web chat's endpoints take and give; `docs/web-chat.md` explains it."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bot.channels.hygiene import clean
from bot.channels.web_events import CHANNEL
from bot.channels.web_sessions import WebSession
from bot.model import Incoming, Sender

HIGHEST_SEQ = 2**31 - 1
PAGE = 50
"""Messages that are shown at first, and that each look further back brings."""

LONGEST_TEXT = 8_000
"""Characters of a message, as JavaScript counts them: in UTF-16 units."""

Language = Literal["en", "sl", "lt", "et", "bg"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Identification(_Body):
    """`identity`: the embedding site's token (JWT) for who is signed in there."""

    identity: str | None = Field(None, max_length=10_000)


class Written(_Body):
    """A message; `id` is the browser's own and makes a repeat harmless."""

    id: UUID
    text: str | None = Field(None, max_length=LONGEST_TEXT)
    press: str | None = Field(None, min_length=1, max_length=200)
    language: Language | None = None

    @field_validator("text")
    @classmethod
    def _short(cls, value: str | None) -> str | None:
        if value is not None and len(value.encode("utf-16-le", "surrogatepass")) > 2 * LONGEST_TEXT:
            raise ValueError(f"at most {LONGEST_TEXT} UTF-16 units are taken")
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> "Written":
        if (self.text is None) == (self.press is None):
            raise ValueError("exactly one of text and press is required")
        return self

    def incoming(self, session: WebSession) -> Incoming:
        return Incoming(
            channel=CHANNEL,
            chat_id=session.chat_id,
            # Two browsers may make up the same id, or one may try another's.
            external_id=f"{session.chat_id}:{self.id}",
            sender=Sender(session.chat_id, "", self.language, session.vouched_email),
            text=None if self.text is None else clean(self.text),
            press=None if self.press is None else clean(self.press),
        )


class Chosen(_Body):
    """The language to answer in from now on."""

    language: Language


class Seen(_Body):
    """Everything up to this place has arrived in the browser."""

    after: int = Field(ge=0, le=HIGHEST_SEQ)


class TextsOut(BaseModel):
    """What the widget itself says; `longest` is the most UTF-16 units that a message may have."""

    language: Language
    company: str
    languages: dict[str, str]
    longest: int
    texts: dict[str, str]


class SessionOut(BaseModel):
    token: str = Field(description="Goes into the Authorization header of every further request")


class EarlierOut(BaseModel):
    """Messages as the stream's events have them, oldest first."""

    messages: list[dict[str, Any]]


class StoredOut(BaseModel):
    duplicate: bool = Field(description="It had been stored before, and is answered once")
