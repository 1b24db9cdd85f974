"""A browser, and the service on the demo store that it looks at."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from bot.app import App, open_app
from bot.channels.http import serve
from bot.ports import Clock
from tests import install
from tests.make import settings

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
EN: dict[str, Any] = {
    "locale": "en-GB",
    "viewport": DESKTOP,
    "color_scheme": "light",
}
LT: dict[str, Any] = {
    "locale": "lt-LT",
    "viewport": PHONE,
    "color_scheme": "dark",
    "has_touch": True,
    "is_mobile": True,
}
PATIENCE = 60_000
"""Milliseconds; the machine may be slow, and its model has to load."""


class ChromiumMissingError(RuntimeError):
    """There is no browser to test with."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium. Raises ChromiumMissingError, with what to do, where none is installed."""
    path = await asyncio.to_thread(install.chromium)
    if path is None:
        raise ChromiumMissingError(
            "the browser tests need Chromium: as root, apt-get install chromium; "
            "or: python -m playwright install chromium"
        )
    # Chromium keeps a profile and a crash folder even when headless.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def service(
    folder: Path, *, clock: Clock | None = None, **values: Any
) -> AsyncIterator[tuple[App, str]]:
    """The whole application on a copy of a prepared folder, as `clausewise serve` serves it; its address."""
    stop: asyncio.Event = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    values = {"port": 0, **values}
    async with open_app(settings(folder, **values), clock=clock, serving=True) as app:
        running = asyncio.create_task(serve(app, stop=stop, announce=address.set_result))
        try:
            either: set[asyncio.Future[Any]] = {running, address}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            yield app, address.result()
        finally:
            stop.set()
            await running


def copied(prepared: Path, target: Path) -> Path:
    """A copy of a prepared data folder, for one test to change."""
    shutil.copytree(prepared, target)
    return target


class Chat:
    """Somebody before the chat of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.field = page.locator("textarea")
        self.log = page.get_by_role("log")
        self.entries = page.locator(".entry")
        self.answers = page.locator(".entry.assistant")
        self.state = page.locator(".state")

    async def says(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def press(self, label: str) -> None:
        await self.log.get_by_role("button", name=label, exact=True).last.click()

    async def shows(self, text: str) -> None:
        """Wait until the conversation shows this text."""
        await self.log.get_by_text(text).last.wait_for(timeout=PATIENCE)

    async def answered(self, count: int) -> None:
        """Wait until there are so many answers, and nothing more is coming."""
        await self.answers.nth(count - 1).wait_for(timeout=PATIENCE)
        await self.page.locator(".typing").wait_for(state="hidden", timeout=PATIENCE)

    async def texts(self) -> list[str]:
        return await self.entries.all_inner_texts()


async def opened(browser: Browser, address: str, **options: Any) -> tuple[BrowserContext, Chat]:
    context = await browser.new_context(**{**EN, **options})
    page = await context.new_page()
    await page.goto(address)
    chat = Chat(page)
    await chat.field.wait_for(timeout=PATIENCE)
    return context, chat
