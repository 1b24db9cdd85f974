"""What a turn needs from outside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model import Intent, Reply
from knowledge.model import Answer, Clause


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""


class Router(Protocol):
    def route(self, text: str, language: str) -> Intent:
        """Decide what a message asks for. `language` is the customer's, an ISO 639-1 code."""


class LanguageGuesser(Protocol):
    def guess(self, text: str) -> str | None:
        """Return one of the product's languages, or None where the text gives no ground to decide."""


class Answerer(Protocol):
    async def answer(self, question: str, *, language: str) -> Answer: ...


class Clauses(Protocol):
    async def by_anchor(self, anchor: str, language: str) -> Clause | None: ...

    async def by_id(self, clause_id: str) -> Clause | None: ...


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF that goes with a mail."""

    name: str
    content: bytes


class Mailer(Protocol):
    async def send(
        self,
        *,
        to: str,
        subject: str,
        body: str,
        language: str,
        reference: str = "",
        key: str = "",
        attachments: Sequence[Attachment] = (),
    ) -> str:
        """Send a mail; return the path of the file that it is in, or "" when it went out by a server.

        `language` is that of the text. `key` is the same for every try of one mail. Raises MailError.
        """


class Channel(Protocol):
    """The sending side of a channel."""

    name: str

    async def send(self, chat_id: str, reply: Reply) -> None:
        """Deliver one reply. Raises DeliveryError, saying whether it is worth another try."""


class Poster(Protocol):
    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """POST once; return when it was taken. Raises HookError."""


Sleep = Callable[[float], Awaitable[None]]
Sent = Sequence[Reply]
