"""The widget on another site: a strict policy, a signed-in customer; and every language on a small screen."""

import time
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from bot.app import App
from tests.browser.looking import faults
from tests.browser.running import DESKTOP, LT, PATIENCE, PHONE, Chat, opened
from tests.browser.site import Site, signed_in

MOST_BYTES = 30_000


async def visit(browser: Browser, address: str, **options: Any) -> tuple[BrowserContext, Page, list[str]]:
    """Open a page; what its console says and which policies it broke go into the list."""
    context = await browser.new_context(**{"locale": "en-GB", "viewport": DESKTOP, **options})
    page = await context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    await page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error(e.violatedDirective, e.sourceFile))"
    )
    await page.goto(address)
    await page.get_by_role("button").first.wait_for(timeout=PATIENCE)
    return context, page, heard


@pytest.mark.asyncio(loop_scope="module")
async def test_the_widget_is_small(running: tuple[App, str]) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        served = await client.get(f"{running[1]}/widget.js", headers={"Accept-Encoding": "identity"})
    assert 1_000 < len(served.content) < MOST_BYTES


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_on_another_site_under_a_strict_policy(
    browser: Browser, running: tuple[App, str], site: Site, viewport: ViewportSize
) -> None:
    context, page, heard = await visit(browser, site.embeds(running[1]), viewport=viewport)
    async with context:
        chat = Chat(page)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="More")).to_be_focused()
        await page.keyboard.press("Tab")
        launch = page.get_by_role("button", name="Open the chat")
        await expect(launch).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await expect(chat.field).to_be_focused()
        assert await faults(page) == []
        await page.keyboard.type("Do I get a refund for unused months?")
        await page.keyboard.press("Enter")
        await chat.answered(1)
        await expect(chat.log.locator("figcaption").first).to_contain_text("No refunds")
        assert await faults(page) == []
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(launch).to_be_focused()
        assert heard == []


@pytest.mark.asyncio(loop_scope="module")
async def test_on_a_phone_it_fills_the_screen_and_keeps_the_focus(
    browser: Browser, running: tuple[App, str], site: Site
) -> None:
    context, page, _heard = await visit(browser, site.embeds(running[1]), viewport=PHONE)
    async with context:
        await page.get_by_role("button", name="Open the chat").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_have_attribute("aria-modal", "true")
        await expect(page.locator(".launch")).to_be_hidden()
        within = "document.querySelector('body > div').shadowRoot.activeElement.closest('.panel') !== null"
        for keys in ("Tab", "Shift+Tab"):
            for _ in range(14):
                await page.keyboard.press(keys)
                assert await page.evaluate(within)
        await page.get_by_role("button", name="Close the chat").click()
        await expect(page.get_by_role("button", name="Open the chat")).to_be_focused()
        await page.set_viewport_size(DESKTOP)
        await page.get_by_role("button", name="Open the chat").click()
        await expect(dialog).to_have_attribute("aria-modal", "false")


@pytest.mark.asyncio(loop_scope="module")
async def test_an_answer_that_came_unseen_is_announced(
    browser: Browser, running: tuple[App, str], site: Site
) -> None:
    context, page, _heard = await visit(browser, site.embeds(running[1]))
    async with context:
        chat = Chat(page)
        await page.get_by_role("button", name="Open the chat").click()
        await chat.says("hello")
        await page.keyboard.press("Escape")
        news = page.get_by_role("button", name="Open the chat: there is a new message")
        await expect(news).to_be_visible(timeout=PATIENCE)
        await news.click()
        await chat.answered(1)


@pytest.mark.asyncio(loop_scope="module")
async def test_who_is_signed_in_at_the_site_is_known_here(
    browser: Browser, running: tuple[App, str], site: Site
) -> None:
    token = signed_in(time.time())
    address = site.embeds(running[1], f'data-identity="{token}" data-lang="en"')
    context, page, heard = await visit(browser, address)
    async with context:
        chat = Chat(page)
        await page.get_by_role("button", name="Open the chat").click()
        await chat.says("I want to cancel my account")
        await chat.log.locator(".sheet.card").wait_for(timeout=PATIENCE)
        await expect(chat.log).to_contain_text("Invented Teapots Ltd")
        # Signed out at the site: the next one at this computer must not see it.
        site.embeds(running[1])
        await page.reload()
        await page.get_by_role("button", name="Open the chat").click()
        await expect(page.locator(".welcome")).to_be_visible()
        await expect(chat.entries).to_have_count(0)
        assert heard == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "changed", [{"aud": "another"}, {"iat": 1_000, "exp": 2_000}], ids=["foreign", "expired"]
)
async def test_a_token_that_does_not_hold_makes_a_guest(
    browser: Browser, running: tuple[App, str], site: Site, changed: dict[str, Any]
) -> None:
    token = signed_in(time.time(), **changed)
    address = site.embeds(running[1], f'data-identity="{token}"')
    context, page, _heard = await visit(browser, address)
    async with context:
        chat = Chat(page)
        await page.get_by_role("button", name="Open the chat").click()
        await chat.says("I want to cancel my account")
        await chat.shows("you are a guest in this chat")
        await chat.answered(1)
        await chat.shows("Please write your e-mail address")


@pytest.mark.asyncio(loop_scope="module")
async def test_a_site_that_is_not_named_gets_nothing(browser: Browser, running: tuple[App, str]) -> None:
    with Site() as other:
        context = await browser.new_context(locale="en-GB")
        async with context:
            page = await context.new_page()
            refused = page.wait_for_event("requestfailed", timeout=PATIENCE)
            await page.goto(other.embeds(running[1]))
            assert "/chat/texts" in (await refused).url


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("language", ["en", "sl", "lt", "et", "bg"])
async def test_every_language_fits_the_phone(
    browser: Browser, running: tuple[App, str], language: str
) -> None:
    options = {**LT, "locale": language, "viewport": {"width": 320, "height": 568}}
    context, chat = await opened(browser, running[1], **options)
    async with context:
        await chat.page.locator(".icon").first.click()
        assert await faults(chat.page) == []
        assert await chat.page.evaluate("document.documentElement.lang") == language
