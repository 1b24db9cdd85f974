"""The page of the web chat in a real browser: whole conversations, reconnecting, hostile text."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from sqlmodel import delete, select

from actions.store.tables import Action
from bot.app import App
from bot.tables import ConversationRow, MessageRow
from bot.web_tables import WebSessionRow
from tests.browser.looking import faults
from tests.browser.running import EN, LT, PATIENCE, opened
from tests.make import mailed_code

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script> javascript:alert(1) {{7*7}}'


async def inbound(app: App, text: str) -> int:
    async with app.database.read() as session:
        found = select(MessageRow).where(MessageRow.text == text, MessageRow.direction == "in")
        return len((await session.exec(found)).all())


async def newest(app: App) -> ConversationRow:
    async with app.database.read() as session:
        rows = await session.exec(select(ConversationRow).where(ConversationRow.channel == "web"))
        return max(rows, key=lambda row: row.created_at)


@pytest.mark.parametrize(
    ("options", "question", "source", "wish", "email", "confirm", "done"),
    [
        (
            EN,
            "Do I get a refund for unused months?",
            "No refunds",
            "I want to cancel my account",
            "olivia.owner@example.com",
            "Cancel my account",
            "Reference",
        ),
        (
            LT,
            "Ar grąžinsite pinigus už nepanaudotus mėnesius?",
            "2023 m.",
            "Noriu uždaryti savo paskyrą",
            "savininkas.pavyzdys@example.org",
            "Uždaryti mano paskyrą",
            "Numeris",
        ),
    ],
    ids=["english-desktop-light", "lithuanian-phone-dark"],
)
async def test_a_whole_conversation(
    browser: Browser,
    running: tuple[App, str],
    options: dict[str, Any],
    question: str,
    source: str,
    wish: str,
    email: str,
    confirm: str,
    done: str,
) -> None:
    app, address = running
    context, chat = await opened(browser, address, **options)
    async with context:
        assert await faults(chat.page) == []
        await chat.says(question)
        await chat.answered(1)
        figure = chat.log.locator("figure").first
        await expect(figure.locator("blockquote")).not_to_be_empty()
        await expect(figure.locator("figcaption")).to_contain_text(source)
        await chat.says(wish)
        await chat.answered(2)
        await chat.says(email)
        await chat.answered(3)
        await chat.says(mailed_code(app))
        await chat.log.locator(".sheet.card").wait_for(timeout=PATIENCE)
        assert await faults(chat.page) == []
        await chat.press(confirm)
        receipt = chat.log.locator(".sheet.receipt")
        await receipt.wait_for(timeout=PATIENCE)
        await chat.shows(done)
        assert await faults(chat.page) == []
        used = chat.log.get_by_role("button", name=confirm, exact=True)
        await expect(used).to_be_disabled()
        await expect(used).to_have_attribute("aria-pressed", "true")
        async with app.database.read() as session:
            actions = (await session.exec(select(Action).where(Action.email == email))).all()
        assert [(row.kind, row.step) for row in actions] == [("cancel_account", "SCHEDULED")]


async def test_with_the_keyboard_alone(browser: Browser, running: tuple[App, str]) -> None:
    context, chat = await opened(browser, running[1])
    async with context:
        keys = chat.page.keyboard
        await expect(chat.field).to_be_focused()
        await keys.type("one")
        await keys.press("Shift+Enter")
        await keys.type("two")
        await expect(chat.field).to_have_value("one\ntwo")
        await chat.field.fill("thank you")
        await keys.press("Enter")
        await chat.answered(1)
        await expect(chat.field).to_be_focused()
        await chat.says("Do I get a refund for unused months?")
        await chat.answered(2)
        helpful = chat.log.get_by_role("button", name="Helpful", exact=True)
        for _ in range(12):
            await keys.press("Shift+Tab")
            if await helpful.evaluate("e => e.getRootNode().activeElement === e"):
                break
        await expect(helpful).to_be_focused()
        await keys.press("Enter")
        await chat.answered(3)
        await expect(chat.field).to_be_focused()


async def test_what_is_written_offline_is_sent_once_and_answered_once(
    browser: Browser, running: tuple[App, str]
) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    async with context:
        await chat.says("hello")
        await chat.answered(1)
        await context.set_offline(True)
        await expect(chat.state).to_contain_text("Reconnecting", timeout=PATIENCE)
        await chat.says("How long do you keep my data, once I am online again?")
        await expect(chat.log.get_by_text("Not sent yet")).to_be_visible(timeout=PATIENCE)
        assert await faults(chat.page) == []
        await context.set_offline(False)
        await chat.answered(2)
        await expect(chat.log.get_by_text("Not sent yet")).to_be_hidden()
        await expect(chat.state).to_be_hidden(timeout=PATIENCE)
        await chat.page.reload()
        await chat.answered(2)
        assert await chat.answers.count() == 2
        assert await chat.page.locator(".entry.own").count() == 2
        assert await inbound(app, "How long do you keep my data, once I am online again?") == 1


async def test_a_reload_while_the_answer_is_made_loses_nothing(
    browser: Browser, running: tuple[App, str]
) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    async with context:
        for _ in range(2):
            await chat.says("Do I get a refund for unused months, reloading?")
            await chat.page.reload()
        await chat.answered(2)
        await expect(chat.page.locator(".entry.own")).to_have_count(2)
        await expect(chat.page.locator(".entry.own.late")).to_have_count(0)
        assert await chat.answers.count() == 2
        assert await inbound(app, "Do I get a refund for unused months, reloading?") == 2


async def test_an_acknowledgement_that_is_lost_leads_to_no_second_message(
    browser: Browser, running: tuple[App, str]
) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    lost = 0

    async def lose(route: Any) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    async with context:
        await chat.page.route("**/chat/messages", lose)
        await chat.says("hello, whose acknowledgement is lost")
        await chat.answered(1)
        await expect(chat.page.locator(".entry.own.late")).to_have_count(0, timeout=PATIENCE)
        await expect(chat.answers).to_have_count(1)
        assert await inbound(app, "hello, whose acknowledgement is lost") == 1


async def test_hostile_text_is_only_text(browser: Browser, running: tuple[App, str]) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    async with context:
        await chat.says(HOSTILE)
        await chat.answered(1)
        row = await newest(app)
        await app.handoff.take(row.id, "<b>Eva</b>")
        await app.handoff.reply(row.id, "<b>Eva</b>", HOSTILE + " https://example.com/a?b=1.")
        person = chat.page.locator(".entry.person")
        await person.wait_for(timeout=PATIENCE)
        await expect(person.locator(".label")).to_have_text("<b>Eva</b>, a person from our team")
        await expect(person.locator(".body")).to_contain_text(HOSTILE)
        await expect(person.locator("a")).to_have_attribute("href", "https://example.com/a?b=1")
        await expect(chat.page.locator(".entry.own .body")).to_have_text(HOSTILE)
        assert await chat.page.locator(".log img, .log script, .log b").count() == 0
        assert await chat.page.evaluate("window.hit") is None
        await app.handoff.back(row.id, "<b>Eva</b>")
        await chat.shows("the assistant (AI) answers again")


async def test_the_language_menu_and_a_new_conversation(browser: Browser, running: tuple[App, str]) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    page = chat.page
    async with context:
        await page.get_by_role("button", name="Settings").click()
        assert await faults(page) == []
        await page.get_by_label("Language").select_option("sl")
        await expect(chat.field).to_have_attribute("placeholder", "Vaše sporočilo")
        assert await page.evaluate("document.documentElement.lang") == "sl"
        await chat.says("ok")
        await chat.answered(1)
        assert (await newest(app)).language == "sl"
        await page.get_by_role("button", name="Nov pogovor").click()
        await expect(chat.entries).to_have_count(0)
        before = (await newest(app)).id
        await chat.says("hvala")
        await chat.answered(1)
        row = await newest(app)
        assert row.id != before
        assert row.language_chosen


async def test_a_session_that_ended_gives_way_to_a_new_one(
    browser: Browser, running: tuple[App, str]
) -> None:
    app, address = running
    context, chat = await opened(browser, address)
    async with context:
        await chat.says("hello")
        await chat.answered(1)
        async with app.database.write() as session:
            await session.exec(delete(WebSessionRow))
        await chat.says("hello again")
        await chat.shows("The earlier conversation has ended")
        await chat.answered(2)
        assert re.search("hello again", "\n".join(await chat.texts()))
