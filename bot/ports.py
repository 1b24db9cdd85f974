"""What a turn needs from outside."""

from collections.abc import Awaitable, Callable, Sequence
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


class Mailer(Protocol):
    async def send(self, *, to: str, subject: str, body: str) -> str:
        """Send a mail and return where it went, for a person to read ("sent", or a file's path)."""


class Channel(Protocol):
    """The sending side of a channel."""

    name: str

    async def send(self, chat_id: str, reply: Reply) -> None:
        """Deliver one reply. Raises DeliveryError, saying whether it is worth another try."""


Sleep = Callable[[float], Awaitable[None]]
Sent = Sequence[Reply]
