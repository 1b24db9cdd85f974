"""What a turn needs from outside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

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


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is ready to go. `language` is that of the text; `key` is the same for every try of it."""

    to: str
    subject: str
    body: str
    language: str
    reference: str = ""
    key: str = ""
    attachments: Sequence[Attachment] = ()


class Mailer(Protocol):
    async def send(self, mail: Mail) -> str:
        """Send it; return the path of the file that it is in, or "" when it went out by a server.

        Raises MailError.
        """


class Channel(Protocol):
    """The sending side of a channel."""

    name: str

    async def send(self, chat_id: str, reply: Reply) -> None:
        """Deliver one reply. Raises DeliveryError, saying whether it is worth another try."""


class Poster(Protocol):
    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """POST once; return when it was taken. Raises HookError."""


Stage = Literal["receive", "route", "retrieve", "commit", "deliver"]


class Meter(Protocol):
    """Counts what happens; see `bot.metrics`."""

    def turn(self, channel: str, route: str) -> None:
        """A message was answered; `route` says what it asked for."""

    def stage(self, stage: Stage) -> AbstractContextManager[None]:
        """Time the block."""


class NoMeter:
    """Counts nothing."""

    def turn(self, channel: str, route: str) -> None: ...

    def stage(self, stage: Stage) -> AbstractContextManager[None]:
        return nullcontext()


Sleep = Callable[[float], Awaitable[None]]
Sent = Sequence[Reply]
