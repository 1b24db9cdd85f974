"""The page of the web chat with two tabs, without storage, with a long history, with a hostile clause."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from bot.app import App
from bot.channels.web_events import CHANNEL
from bot.channels.web_models import LONGEST_TEXT, PAGE
from bot.model import Block, Reply
from bot.shelf import open_library
from tests.browser.looking import faults
from tests.browser.running import PATIENCE, Chat, opened, service
from tests.browser.test_page import HOSTILE, inbound, newest
from tests.make import settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

NO_STORAGE = """
const get = () => { throw new DOMException("denied", "SecurityError"); };
Object.defineProperty(window, "localStorage", { get });
"""
FULL_STORAGE = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
"""


async def test_two_tabs_show_one_conversation_and_send_nothing_twice(
    browser: Browser, running: tuple[App, str]
) -> None:
    app, address = running
    context, one = await opened(browser, address)
    async with context:
        two = Chat(await context.new_page())
        await two.page.goto(address)
        await two.field.wait_for(timeout=PATIENCE)
        await one.says("Do I get a refund for unused months, says one tab?")
        for tab in (one, two):
            await tab.answered(1)
        await asyncio.gather(one.says("thank you, says one tab"), two.says("thank you, says the other"))
        for tab in (one, two):
            await expect(tab.page.locator(".entry.own")).to_have_count(3, timeout=PATIENCE)
            await tab.answered(3)
        assert sorted(await one.texts()) == sorted(await two.texts())
        for text in ("thank you, says one tab", "thank you, says the other"):
            assert await inbound(app, text) == 1
        await one.page.get_by_role("button", name="Settings").click()
        await one.page.get_by_role("button", name="New conversation").click()
        for tab in (one, two):
            await expect(tab.entries).to_have_count(0, timeout=PATIENCE)


@pytest.mark.parametrize("refusal", [NO_STORAGE, FULL_STORAGE], ids=["denied", "full"])
async def test_without_storage_it_works_for_the_life_of_the_page(
    browser: Browser, running: tuple[App, str], refusal: str
) -> None:
    context = await browser.new_context(locale="en-GB")
    async with context:
        page = await context.new_page()
        await page.add_init_script(refusal)
        await page.goto(running[1])
        chat = Chat(page)
        await chat.field.wait_for(timeout=PATIENCE)
        for count, text in enumerate(("hello there", "thank you"), start=1):
            await chat.says(text)
            await chat.answered(count)
        await expect(page.locator(".entry.own.late")).to_have_count(0)
        assert await page.locator(".entry.own").count() == 2


async def test_a_text_that_is_too_long_is_said_before_it_is_sent(
    browser: Browser, running: tuple[App, str]
) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    async with context:
        await chat.field.fill("x" * (LONGEST_TEXT + 1))
        await expect(chat.state).to_contain_text("at most")
        await chat.field.press("Enter")
        await expect(chat.entries).to_have_count(0)
        assert await faults(chat.page) == []
        await chat.field.fill("x" * LONGEST_TEXT)
        await expect(chat.state).to_be_hidden()
        await chat.field.press("Enter")
        await chat.answered(1)
        assert await inbound(app, "x" * LONGEST_TEXT) == 1


async def test_a_reload_while_the_turn_is_open_shows_its_answer_once(
    browser: Browser, running: tuple[App, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, address = running
    begun, go = asyncio.Event(), asyncio.Event()
    answer = app.turn.answer

    async def held(message_id: str) -> Any:
        begun.set()
        await go.wait()
        return await answer(message_id)

    monkeypatch.setattr(type(app.turn), "answer", lambda _turn, message_id, **_given: held(message_id))
    context, chat = await opened(browser, address)
    async with context:
        await chat.says("hello, and then the page is loaded again")
        await begun.wait()
        await chat.page.reload()
        await expect(chat.page.locator(".entry.own")).to_have_count(1, timeout=PATIENCE)
        await expect(chat.page.locator(".typing")).to_be_visible(timeout=PATIENCE)
        await expect(chat.answers).to_have_count(0)
        go.set()
        await chat.answered(1)
        await expect(chat.answers).to_have_count(1)
        assert await inbound(app, "hello, and then the page is loaded again") == 1


async def test_of_a_long_history_a_reload_brings_the_end_and_the_rest_on_demand(
    browser: Browser, running: tuple[App, str]
) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    async with context:
        await chat.says("hello")
        await chat.answered(1)
        row = await newest(app)
        async with app.database.write() as session:
            for number in range(198):
                reply = Reply((Block("say", f"message number {number} of many"),))
                await app.transcript.say(session, row.id, reply)
        app.history.wake(CHANNEL, row.chat_id)
        await chat.shows("message number 197 of many")
        heard: list[str] = []
        chat.page.on("request", lambda request: heard.append(request.url))
        await chat.page.reload()
        await chat.shows("message number 197 of many")
        await expect(chat.entries).to_have_count(PAGE)
        assert [url.partition("?")[2] for url in heard if "/events" in url] == [f"last={PAGE}"]
        earlier = chat.page.get_by_role("button", name="Earlier messages")
        for count in (2, 3, 4):
            await earlier.click()
            await expect(chat.entries).to_have_count(count * PAGE, timeout=PATIENCE)
        await expect(earlier).to_be_hidden()
        texts = [text.strip() for text in await chat.texts()]
        assert "hello" in texts[0]
        assert [text.splitlines()[-1] for text in texts[2:]] == [
            f"message number {number} of many" for number in range(198)
        ]
        assert json.dumps(await faults(chat.page)) == "[]"


async def test_a_hostile_clause_is_only_text(browser: Browser, tmp_path: Path) -> None:
    terms = tmp_path / "terms.en.txt"
    clause = f"Teapots that are returned within thirty days are refunded in full. {HOSTILE}"
    terms.write_text(f"Terms of teapots\n\n1. Returns of teapots\n\n{clause}\n", encoding="utf-8")
    async with open_library(settings(tmp_path / "data")) as library:
        await library.ingest([terms])
    async with service(tmp_path / "data") as (_app, address):
        context, chat = await opened(browser, address)
        async with context:
            await chat.says("Are teapots refunded that are returned within thirty days?")
            await chat.answered(1)
            await expect(chat.log.locator("blockquote").first).to_contain_text(HOSTILE)
            assert await chat.page.locator(".log img, .log script, .log b").count() == 0
            assert await chat.page.evaluate("window.hit") is None
