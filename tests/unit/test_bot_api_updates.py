"""How the fake Bot API hands out updates: polling and webhook; its limits and faults; as a process."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiohttp import web

from tests.bot_api import TOKEN, FakeBotApi, Fault, Limits

ROOT = Path(__file__).parents[2]
ANA, BOR, GROUP, PLAIN = 7001, 7002, -1001, -1002


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        running.group(GROUP, forum=True)
        running.group(PLAIN, admin=False)
        yield running


@pytest.fixture
async def bot(api: FakeBotApi) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(api.url))
    async with Bot(TOKEN, session=session) as made:
        yield made


async def texts(bot: Bot, offset: int | None = None, limit: int | None = None) -> list[str | None]:
    updates = await bot.get_updates(offset=offset, limit=limit, timeout=0)
    return [update.message.text if update.message else None for update in updates]


async def test_an_offset_confirms_what_is_before_it(api: FakeBotApi, bot: Bot) -> None:
    first = await api.user_says(ANA, "one")
    await api.user_says(ANA, "two")
    await api.user_says(ANA, "three")
    assert await texts(bot, limit=2) == ["one", "two"]
    assert await texts(bot, first["update_id"]) == ["one", "two", "three"]
    assert await texts(bot, first["update_id"] + 1) == ["two", "three"]
    assert await texts(bot, -1) == ["three"]
    assert await texts(bot) == ["three"]
    assert len(api.updates.acknowledged_after) == 2


async def test_a_jump_of_numbers_confirms_nothing_by_the_old_offset(api: FakeBotApi, bot: Bot) -> None:
    old = await api.user_says(ANA, "old")
    assert await texts(bot, old["update_id"] + 1) == []
    api.jump(77)
    await api.user_says(ANA, "new")
    assert await texts(bot, old["update_id"] + 1) == ["new"]
    assert await texts(bot, 78) == []


async def test_a_poll_waits_for_news_and_a_second_poll_ends_it(api: FakeBotApi, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await api.until(lambda: api.count("getUpdates") == 1)
    second = asyncio.create_task(bot.get_updates(timeout=30))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates"):
        await first
    await api.user_says(ANA, "news")
    assert [update.message.text for update in await second if update.message] == ["news"]


async def test_only_the_wanted_kinds_arrive(api: FakeBotApi, bot: Bot) -> None:
    message = (await api.user_says(ANA, "hi"))["message"]["message_id"]
    await api.user_reacts(ANA, message, "👍")
    assert await texts(bot) == ["hi"]
    await bot.get_updates(allowed_updates=["message_reaction"], timeout=0)
    await api.user_says(ANA, "unwanted")
    reaction = await api.user_reacts(ANA, message, "👍")
    found = await bot.get_updates(offset=reaction["update_id"], timeout=0)
    assert [update.event_type for update in found] == ["message_reaction"]


async def test_a_webhook_excludes_polling(api: FakeBotApi, bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/", secret_token="s")
    with pytest.raises(TelegramConflictError, match="webhook is active"):
        await bot.get_updates()
    with pytest.raises(TelegramBadRequest, match="unallowed characters"):
        await bot.set_webhook("http://127.0.0.1:9/", secret_token="ž")
    await api.user_says(ANA, "waits")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert await texts(bot) == []


async def test_the_webhook_gets_each_chat_in_order_until_it_takes_it(api: FakeBotApi, bot: Bot) -> None:
    got: list[tuple[int, str]] = []
    refusals = [503]

    async def hook(request: web.Request) -> web.Response:
        assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == "secret"
        message = (await request.json())["message"]
        if refusals and message["text"] == "0":
            return web.Response(status=refusals.pop())
        got.append((message["chat"]["id"], message["text"]))
        return web.json_response({"method": "sendMessage", "chat_id": message["chat"]["id"], "text": "ok"})

    app = web.Application()
    app.router.add_post("/", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/", secret_token="secret")
    async with api.pushing(wait=0.05):
        for n in range(4):
            await api.user_says(ANA, str(n))
            await api.user_says(BOR, str(n))
        await api.until(lambda: api.updates.pending == 0)
    await runner.cleanup()
    assert [text for chat, text in got if chat == ANA] == ["0", "1", "2", "3"]
    assert [text for chat, text in got if chat == BOR] == ["0", "1", "2", "3"]
    assert "503" in str((await bot.get_webhook_info()).last_error_message)
    assert len(api.sent(ANA)) == 4


async def test_limits_are_kept_by_a_clock(api: FakeBotApi, bot: Bot) -> None:
    moment = 100.0
    api.limits = Limits(clock=lambda: moment, burst=2)
    for _ in range(2):
        await bot.send_message(ANA, "x")
    with pytest.raises(TelegramRetryAfter) as told:
        await bot.send_message(ANA, "x")
    assert told.value.retry_after == 1
    moment += 1
    await bot.send_message(ANA, "x")
    for _ in range(20):
        moment += 1
        await bot.send_message(GROUP, "x")
    with pytest.raises(TelegramRetryAfter) as told:
        await bot.send_message(GROUP, "x")
    assert told.value.retry_after == 41
    moment += 60
    for user in range(30):
        await bot.send_message(100 + user, "x")
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(ANA, "x")
    assert api.limits.refused == 3


async def test_faults(api: FakeBotApi, bot: Bot) -> None:
    api.fail("sendMessage", Fault(0, delivered=True), Fault(0, delivered=True, hang=True), Fault(502))
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ANA, "cut off")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(ANA, "never answered", request_timeout=1)
    with pytest.raises(TelegramAPIError):
        await bot.send_message(ANA, "lost")
    assert [message.text for message in api.sent(ANA)] == ["cut off", "never answered"]


async def test_as_a_process_it_offers_thousands_a_second() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bot_api", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
    async with aiohttp.ClientSession(url) as client:
        offer = {"count": 2000, "chats": 500, "duplicates": 0.1, "shuffle": True}
        await (await client.post("/control/offer", json=offer)).json()
        seen: set[tuple[int, str]] = set()
        offset = 0
        while len(seen) < 2000:
            asked = {"offset": offset, "timeout": 5}
            found = (await (await client.post(f"/bot{TOKEN}/getUpdates", json=asked)).json())["result"]
            seen |= {(update["message"]["chat"]["id"], update["message"]["text"]) for update in found}
            offset = found[-1]["update_id"] + 1
        act = {"name": "user_says", "args": [ANA, "hi"]}
        assert (await (await client.post("/control/act", json=act)).json())["message"]["text"] == "hi"
        group = {"number": GROUP, "forum": True, "members": {"7002": "administrator"}}
        assert (await (await client.post("/control/group", json=group)).json())["is_forum"]
        stats = await (await client.get("/control/stats")).json()
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert 2100 < stats["offered"] < 2300
    assert stats["acknowledged_ms"]["p50"] > 0
