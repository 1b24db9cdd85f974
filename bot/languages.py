"""Which language to answer in: chosen, else the text's, else the conversation's, else the channel's."""

import asyncio

from bot.config import LANGUAGES
from bot.model import ConversationState
from bot.ports import LanguageGuesser
from bot.transcript import Received

TYPING_DETAILS = (
    ConversationState.AWAITING_EMAIL,
    ConversationState.AWAITING_CODE,
    ConversationState.AWAITING_DETAILS,
)


class Speaking:
    """Decides the language of a turn and remembers it in the conversation."""

    def __init__(self, guesser: LanguageGuesser, default: str) -> None:
        self._guesser = guesser
        self._default = default

    async def written_in(self, received: Received, answers: str) -> str:
        """The language of the message itself: who chose one for the answers may write in another."""
        if not received.conversation.language_chosen or not received.message.text:
            return answers
        return await asyncio.to_thread(self._guesser.guess, received.message.text[:1_000]) or answers

    async def language_of(self, received: Received) -> str:
        """Guessing may load a model, so it happens in a thread."""
        conversation, message = received.conversation, received.message
        if conversation.language and conversation.language_chosen:
            return conversation.language
        guessed = None
        if message.text and conversation.state not in TYPING_DETAILS:
            guessed = await asyncio.to_thread(self._guesser.guess, message.text[:1_000])
        told = (message.body.get("language_code") or "")[:2].lower()
        language = guessed or conversation.language or (told if told in LANGUAGES else self._default)
        conversation.language = language
        return language
