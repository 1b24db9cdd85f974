"""Whether agents can work in the desk's group, and what an administrator has to do about it."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.config import Settings
from bot.errors import ConfigurationError

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.types import Chat

SECONDS = 10
SETUP = "see docs/desk.md"
RIGHTS = {
    "can_manage_topics": ("Manage topics", "conversations cannot have topics"),
    "can_pin_messages": ("Pin messages", "cards are not pinned"),
    "can_delete_messages": ("Delete messages", "the topics of forgotten customers stay"),
}


@dataclass(frozen=True, slots=True)
class State:
    """`missing`: not set up, which may be as wanted; `fault` never is."""

    status: Literal["ok", "missing", "fault"]
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A group that the bot has heard from, with the id that DESK_CHAT_ID takes."""

    chat_id: int
    title: str
    has_topics: bool


async def desk_state(settings: Settings) -> State:
    """Look at settings and group; asks Telegram where there is something to ask."""
    if settings.desk_chat_id is None:
        return State("missing", "no group for agents", f"set DESK_CHAT_ID and TELEGRAM_STAFF; {SETUP}")
    if not settings.telegram_staff:
        remedy = "set TELEGRAM_STAFF to who is who, such as ana@example.com=123456789"
        return State("fault", "nobody is heard in the group: TELEGRAM_STAFF is empty", remedy)
    if settings.telegram_bot_token is None:
        return State("fault", "DESK_CHAT_ID needs a bot", "set TELEGRAM_BOT_TOKEN (from BotFather)")
    from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError

    from bot.channels.telegram_channel import make_bot

    bot = make_bot(settings)
    try:
        async with asyncio.timeout(SECONDS):
            return await _group(bot, settings.desk_chat_id, len(settings.telegram_staff))
    except (TelegramBadRequest, TelegramForbiddenError) as error:
        remedy = f"add the bot to the group, and set DESK_CHAT_ID to what /id there says; {SETUP}"
        return State("fault", f"group {settings.desk_chat_id}: {error.message}", remedy)
    except (AiogramError, TimeoutError) as error:
        return State("fault", f"Telegram does not answer ({type(error).__name__})", "try again later")
    finally:
        await bot.session.close()


async def _group(bot: "Bot", chat_id: int, agents: int) -> State:
    chat = await bot.get_chat(chat_id)
    if chat.type != "supergroup" or not chat.is_forum:
        return State("fault", f"{chat.title or chat_id}: has no topics", "turn on Topics in its settings")
    member = await bot.get_chat_member(chat_id, bot.id)
    if member.status not in ("administrator", "creator"):
        remedy = 'make it one, with the right "Manage topics"'
        return State("fault", f"{chat.title}: the bot is no administrator there", remedy)
    lost = [] if member.status == "creator" else [one for one in RIGHTS if not getattr(member, one, False)]
    if lost:
        why = "; ".join(f"{RIGHTS[one][1]}" for one in lost)
        rights = ", ".join(f'"{RIGHTS[one][0]}"' for one in lost)
        return State("fault", f"{chat.title}: {why}", f"give the bot the right {rights}")
    return State("ok", f"{chat.title}, {agents} of staff are heard there")


async def groups(settings: Settings) -> list[Found]:
    """The groups in which somebody wrote to the bot of late. Raises ConfigurationError."""
    from aiogram.exceptions import AiogramError

    from bot.channels.telegram_channel import make_bot

    bot = make_bot(settings)
    try:
        # without an offset nothing is confirmed: the bot gets all of it again once it runs
        updates = await bot.get_updates(timeout=0, request_timeout=SECONDS)
    except AiogramError as error:
        raise ConfigurationError(
            f"Telegram does not say ({getattr(error, 'message', error)}). "
            "Stop `poll` or `serve` for this command: Telegram tells one of them at a time. A webhook that "
            "is still set is taken away by starting `poll` once; write /id in the group after that"
        ) from error
    finally:
        await bot.session.close()
    chats = [_chat(one.message or one.my_chat_member or one.edited_message) for one in updates]
    return list({chat.id: _found(chat) for chat in chats if chat is not None and chat.id < 0}.values())


def _chat(event: object) -> "Chat | None":
    return getattr(event, "chat", None)


def _found(chat: "Chat") -> Found:
    return Found(chat.id, chat.title or "", bool(chat.is_forum))
