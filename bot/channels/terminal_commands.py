"""What /language and /whoami do and say."""

from dataclasses import dataclass
from typing import Protocol

from bot.channels.terminal_choices import Command
from bot.channels.terminal_session import TerminalSession
from bot.config import LANGUAGES


class Phrases(Protocol):
    """`bot.messages.Messages`, as far as a terminal needs it."""

    def say(self, language: str, key: str, /, **values: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Told:
    """A command's answer, and the language that is spoken from now on."""

    text: str
    language: str


async def tell(command: Command, session: TerminalSession, phrases: Phrases, language: str) -> Told:
    """Carry out one of the commands that need the application."""
    if command.name == "language":
        return await _language(command.argument.lower(), session, phrases, language)
    email = await session.profile.who()
    if email is None:
        text = phrases.say(language, "terminal.whoami_unknown", conversation=session.chat_id)
    else:
        text = phrases.say(language, "terminal.whoami", email=email, conversation=session.chat_id)
    return Told(text, language)


async def _language(wanted: str, session: TerminalSession, phrases: Phrases, language: str) -> Told:
    if wanted in LANGUAGES:
        await session.profile.set_language(wanted)
        return Told(phrases.say(wanted, "language.changed"), wanted)
    names = (f"{phrases.say(language, f'language_name.{code}')} ({code})" for code in LANGUAGES)
    return Told(phrases.say(language, "language.list", languages=", ".join(names)), language)
