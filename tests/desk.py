"""A desk to try: a group of three agents and a stranger, the real application, a bot that polls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

import actions.policies
from bot.app import App, open_app
from bot.channels.telegram import poll
from bot.pacing import Limits
from tests.bot_api import ANONYMOUS, TOKEN, FakeBotApi, Sent
from tests.bot_api.model import Json
from tests.fakes import MovingClock
from tests.make import settings

DESK = -1001234567890
ANA, BOR, EVE, MARA = 7001, 7002, 7003, 8001
STAFF = ("ana", "bor", "cene")
MAPPED = ((ANA, "ana"), (BOR, "bor"))
PERSON = "I want to talk to a real person"
QUESTION = "How much notice do I get before prices change?"
NOBODY = (EVE, ANONYMOUS)


def at_full_speed(patch: Any) -> None:
    """What a busy Telegram would slow down has tests of its own."""
    patch.setattr("bot.channels.telegram.LIMITS", Limits())
    patch.setattr("bot.desk.desk.LOOK_EVERY", 0.1)


def four_eyes(folder: Path, tier: str = "four-eyes") -> Path:
    """Policies by which a cancellation waits for staff."""
    text = Path(actions.policies.__file__).with_name("policies.toml").read_text(encoding="utf-8")
    file = folder / "policies.toml"
    file.write_text(text.replace('cancel_account = "auto"', f'cancel_account = "{tier}"'), encoding="utf-8")
    return file


def furnish(api: FakeBotApi) -> None:
    """The group with Topics on and the bot as its administrator; the customer speaks English."""
    api.group(DESK, forum=True, admin=True, title="Desk")
    for number, name in ((ANA, "Ana"), (BOR, "Bor"), (EVE, "Eve")):
        api.user(number, name, "en", username=name.lower() + "_x")
        api.chats[DESK].members[number] = "member"
    api.user(MARA, "Mara", "en")


@asynccontextmanager
async def at_work(
    data_dir: Path, api: FakeBotApi, clock: MovingClock, **values: Any
) -> AsyncIterator["Office"]:
    """The application polls until the block ends."""
    values = {"staff": STAFF, "telegram_staff": MAPPED, "desk_chat_id": DESK, **values}
    configured = settings(data_dir, telegram_bot_token=SecretStr(TOKEN), telegram_api_url=api.url, **values)
    async with open_app(configured, clock=clock) as app:
        stop = asyncio.Event()
        running = asyncio.create_task(poll(app, stop=stop))
        try:
            yield Office(app, api)
        finally:
            stop.set()
            async with asyncio.timeout(30):
                await running


class Office:
    """What the phones of the group show, and waiting for it."""

    def __init__(self, app: App, api: FakeBotApi) -> None:
        self.app = app
        self.api = api

    @property
    def threads(self) -> list[int]:
        return [thread for thread, topic in self.api.chats[DESK].topics.items() if not topic.deleted]

    def posts(self, thread: int | None) -> list[Sent]:
        """What the bot wrote in a topic; None is the general one."""
        return [sent for sent in self.api.sent(DESK) if sent.thread == thread]

    def text(self, thread: int | None) -> str:
        return "\n".join(sent.text for sent in self.posts(thread))

    async def topic(self, number: int = 1) -> int:
        """The thread of the topic made so manieth, once its card is there."""
        await self.api.until(
            lambda: len(self.threads) >= number and "Why:" in self.text(self.threads[number - 1])
        )
        return self.threads[number - 1]

    async def shows(self, thread: int | None, text: str) -> Sent:
        await self.api.until(lambda: text in self.text(thread))
        return next(sent for sent in reversed(self.posts(thread)) if text in sent.text)

    async def customer_reads(self, text: str, customer: int = MARA) -> Sent:
        await self.api.until(lambda: any(text in sent.text for sent in self.api.sent(customer)))
        return next(sent for sent in reversed(self.api.sent(customer)) if text in sent.text)

    def customer_texts(self, customer: int = MARA) -> list[str]:
        return [sent.text for sent in self.api.sent(customer)]

    async def asks_for_a_person(self, customer: int = MARA) -> int:
        """A new conversation's topic."""
        known = len(self.threads)
        await self.api.user_says(customer, PERSON)
        return await self.topic(known + 1)

    async def taken(self, by: int = ANA) -> int:
        """A new conversation's topic, taken."""
        thread = await self.asks_for_a_person()
        await self.api.user_says(DESK, "/take", by=by, thread=thread)
        await self.shows(thread, "holds this conversation now")
        return thread

    async def presses(self, label: str, *, by: int, message_id: int | None = None) -> str:
        """Press a button of the group; what the phone shows in answer."""
        pressed = await self.api.user_presses(DESK, label, by=by, message_id=message_id)
        return await self.answered(pressed)

    async def answered(self, pressed: Json) -> str:
        query = str(pressed["callback_query"]["id"])
        await self.api.until(lambda: query in [answer.query for answer in self.api.answers])
        return next(answer.text or "" for answer in self.api.answers if answer.query == query)
