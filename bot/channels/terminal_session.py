"""A conversation held in a terminal, by a person or by a program."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from bot.channels.hygiene import clean
from bot.channels.ports import Turns
from bot.model import ConversationState, Incoming, Reply, Sender, TurnResult
from bot.ports import Clock
from bot.transcript import Transcript

CHANNEL = "terminal"


class Profile(Protocol):
    """What the slash commands ask and change; bound to one conversation by whoever makes it."""

    async def language(self) -> str:
        """The language the customer is answered in, one of `bot.config.LANGUAGES`."""

    async def set_language(self, language: str) -> None:
        """Answer in this language from now on, whatever language a message is in."""

    async def who(self) -> str | None:
        """The e-mail address that was proven or vouched for; None for a customer nobody knows."""


@dataclass(frozen=True, slots=True)
class TerminalSession:
    """Everything a terminal needs of the application. `chat_id` names the conversation (`--conversation`)."""

    turn: Turns
    transcript: Transcript
    clock: Clock
    chat_id: str
    sender: Sender
    profile: Profile
    _showing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, *, text: str | None = None, press: str | None = None) -> TurnResult:
        """Take one message through its turn. Its replies then wait, for `show_waiting` to show."""
        return await self.turn(
            Incoming(
                channel=CHANNEL,
                chat_id=self.chat_id,
                external_id=uuid4().hex,
                sender=self.sender,
                text=None if text is None else clean(text),
                press=None if press is None else clean(press),
            )
        )

    async def show_waiting(self, show: Callable[[Reply], None]) -> int:
        """Show this conversation's replies that were not shown yet, whoever wrote them; return how many."""
        shown = 0
        async with self._showing:
            while waiting := await self.transcript.pending(
                CHANNEL, now=self.clock.now(), chat_id=self.chat_id
            ):
                for outgoing in waiting:
                    show(outgoing.reply)
                    await _to_the_end(self.transcript.mark_sent(outgoing.message_id))
                    shown += 1
        return shown

    async def state(self) -> ConversationState:
        conversation = await self.transcript.find(CHANNEL, self.chat_id)
        return ConversationState.OPEN if conversation is None else ConversationState(conversation.state)


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish the work also where the chat ends meanwhile: what was shown must not be shown again."""
    going_on = asyncio.ensure_future(work)
    try:
        await asyncio.shield(going_on)
    except asyncio.CancelledError:
        await going_on
        raise
