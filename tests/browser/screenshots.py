"""The README's pictures of the web chat: `python -m tests.browser.screenshots docs/images`."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from actions.store.demo import fill
from bot.app import App
from tests.browser.running import DESKTOP, PHONE, Chat, chromium, service
from tests.browser.site import Site
from tests.make import mailed_code

PHONE_SHARP: dict[str, Any] = {
    "viewport": PHONE,
    "device_scale_factor": 1.5,
    "is_mobile": True,
    "has_touch": True,
}


async def answer(browser: Browser, _app: App, address: str, target: Path) -> None:
    """A question, and the clause that settles it."""
    chat, close = await _open(browser, address, locale="en-GB", viewport=DESKTOP)
    await chat.says("Do I get a refund for unused months?")
    await chat.answered(1)
    await chat.press("Helpful")
    await chat.answered(2)
    await chat.says("How long do you keep my data?")
    await chat.answered(3)
    await _shoot(chat, target / "web-chat-answer.png")
    await close()


async def card(browser: Browser, app: App, address: str, target: Path) -> None:
    """What is asked to be confirmed, on a phone in the dark."""
    chat, close = await _open(browser, address, locale="lt-LT", color_scheme="dark", **PHONE_SHARP)
    await _to_the_card(chat, app, "Noriu uždaryti savo paskyrą", "savininkas.pavyzdys@example.org")
    await chat.log.locator(".sheet.card").evaluate("e => e.parentElement.parentElement.scrollIntoView()")
    await _shoot(chat, target / "web-chat-card.png")
    await close()


async def receipt(browser: Browser, app: App, address: str, target: Path) -> None:
    """What was done, on a phone."""
    chat, close = await _open(browser, address, locale="en-GB", **PHONE_SHARP)
    await _to_the_card(chat, app, "I want to cancel my account", "olivia.owner@example.com")
    await chat.press("Cancel my account")
    await chat.log.locator(".sheet.receipt").wait_for()
    await _shoot(chat, target / "web-chat-receipt.png")
    await close()


async def widget(browser: Browser, _app: App, address: str, target: Path, site: Site) -> None:
    """The widget in the corner of another site."""
    context = await browser.new_context(locale="sl-SI", viewport=DESKTOP)
    page = await context.new_page()
    await page.goto(site.embeds(address))
    await page.get_by_role("button", name="Odpri klepet").click()
    chat = Chat(page)
    await chat.says("Ali dobim povračilo za neizkoriščene mesece?")
    await chat.answered(1)
    await _shoot(chat, target / "web-chat-widget.png")
    await context.close()


async def _to_the_card(chat: Chat, app: App, wish: str, email: str) -> None:
    await chat.says(wish)
    await chat.answered(1)
    await chat.says(email)
    await chat.answered(2)
    await chat.says(mailed_code(app))
    await chat.log.locator(".sheet.card").wait_for()
    await chat.page.locator(".typing").wait_for(state="hidden")


async def _open(browser: Browser, address: str, **options: Any) -> tuple[Chat, Any]:
    context = await browser.new_context(**options)
    page = await context.new_page()
    await page.goto(address)
    chat = Chat(page)
    await chat.field.wait_for()
    return chat, context.close


async def _shoot(chat: Chat, file: Path) -> None:
    await chat.page.wait_for_timeout(500)
    await chat.page.screenshot(path=file, animations="disabled", caret="hide")


async def main(target: Path) -> None:
    await asyncio.to_thread(target.mkdir, parents=True, exist_ok=True)
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp))
    try:
        with Site() as site:
            async with service(folder, web_origins=(site.origin,)) as (app, address), chromium() as browser:
                await fill(app.database, app.clock)
                await app.shelf.warm()
                for scene in (answer, card, receipt):
                    await scene(browser, app, address, target)
                await widget(browser, app, address, target, site)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
