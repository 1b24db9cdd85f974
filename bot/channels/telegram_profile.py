"""What Telegram shows of the bot before anyone writes to it: commands and what it is, in five languages."""

from typing import TYPE_CHECKING

import structlog

from bot.config import LANGUAGES, Settings
from bot.messages import Messages

if TYPE_CHECKING:
    from aiogram import Bot

COMMANDS = {
    "help": "command.help",
    "language": "command.language",
    "status": "command.status",
    "person": "command.person",
    "privacy": "command.privacy",
    "cancel": "command.cancel",
}
IN_GROUPS = ("help",)
LONGEST_DESCRIPTION, LONGEST_ABOUT = 512, 120

log = structlog.get_logger(__name__)


async def introduce(bot: "Bot", messages: Messages, settings: Settings) -> None:
    """Bring the profile up to date, writing only what differs. What fails is tried at the next start."""
    from aiogram.exceptions import AiogramError

    try:
        for code in ("", *LANGUAGES):
            language = code or settings.default_language
            await _commands(bot, messages, code, language)
            company = settings.company_name
            about = messages.say(language, "profile.about", company=company)[:LONGEST_ABOUT]
            description = messages.say(language, "profile.description", company=company)
            await _description(bot, code, description[:LONGEST_DESCRIPTION])
            await _short_description(bot, code, about)
    except AiogramError as error:
        log.warning("profile-not-set", reason=getattr(error, "message", type(error).__name__))


async def _commands(bot: "Bot", messages: Messages, code: str, language: str) -> None:
    from aiogram.types import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats

    every = [
        BotCommand(command=name, description=messages.say(language, key)) for name, key in COMMANDS.items()
    ]
    few = [command for command in every if command.command in IN_GROUPS]
    scopes: tuple[
        tuple[BotCommandScopeAllPrivateChats | BotCommandScopeAllGroupChats, list[BotCommand]], ...
    ] = (
        (BotCommandScopeAllPrivateChats(), every),
        (BotCommandScopeAllGroupChats(), few),
    )
    for scope, wanted in scopes:
        known = await bot.get_my_commands(scope=scope, language_code=code)
        if [(command.command, command.description) for command in known] != [
            (command.command, command.description) for command in wanted
        ]:
            await bot.set_my_commands(wanted, scope=scope, language_code=code)


async def _description(bot: "Bot", code: str, wanted: str) -> None:
    if (await bot.get_my_description(language_code=code)).description != wanted:
        await bot.set_my_description(wanted, language_code=code)


async def _short_description(bot: "Bot", code: str, wanted: str) -> None:
    if (await bot.get_my_short_description(language_code=code)).short_description != wanted:
        await bot.set_my_short_description(wanted, language_code=code)
