"""The link to a package: looking at it, as mail scanners do, uses nothing; its button fetches the package."""

import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from actions.log import entries
from actions.store.tables import Member
from bot.app import App, open_app
from bot.config import LANGUAGES
from bot.messages import Messages
from bot.tables import ExportLinkRow
from tests.fakes import MovingClock
from tests.flow.test_rights import SITE, link_in, planted
from tests.make import settings
from tests.serving import served

TITLES = {
    "en": "Your data",
    "sl": "Vaši podatki",
    "lt": "Jūsų duomenys",
    "et": "Teie andmed",
    "bg": "Вашите данни",
}


@pytest.fixture
async def app(tmp_path: Path, clock: MovingClock) -> AsyncIterator[App]:
    async with open_app(settings(tmp_path / "data", public_url=SITE, port=0), clock=clock) as opened:
        yield opened


@pytest.fixture
async def path(app: App) -> str:
    """Where the link of one planted customer leads."""
    planting = await planted(app, 1)
    await app.cases.done(planting.reference, "local")
    await app.rights_mail.deliver()
    return link_in(app)


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx.AsyncClient]:
    async with served(app) as opened:
        yield opened


async def is_used(app: App) -> bool:
    async with app.database.read() as session:
        return (await session.exec(select(ExportLinkRow))).one().used_at is not None


def is_discreet(headers: httpx.Headers) -> bool:
    return (
        headers["cache-control"] == "no-store"
        and headers["referrer-policy"] == "no-referrer"
        and "noindex" in headers["x-robots-tag"]
    )


async def test_a_scanner_uses_nothing_up_and_the_button_still_works(
    app: App, client: httpx.AsyncClient, path: str
) -> None:
    for _ in range(3):
        head, page = await client.head(path), await client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert page.status_code == 200
        assert is_discreet(head.headers)
        assert is_discreet(page.headers)
    assert not await is_used(app)
    assert "canary" not in page.text
    assert "<script" not in page.text
    assert path.rpartition("/")[2] not in page.text
    got = await client.post(path)
    assert (got.status_code, got.headers["content-type"]) == (200, "application/zip")
    assert is_discreet(got.headers)
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert "canary01x" in archive.read("data.json").decode()
    assert await is_used(app)
    gone = [await client.get(path), await client.head(path), await client.post(path)]
    assert [answer.status_code for answer in gone] == [410] * 3
    downloads = [entry for entry in await entries(app.database, kind="access") if entry.actor == "customer"]
    assert [entry.rule for entry in downloads] == ["export-downloaded"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_speaks_the_customers_language(
    app: App, client: httpx.AsyncClient, path: str, language: str
) -> None:
    async with app.database.write() as session:
        (await session.exec(select(Member))).one().language = language
    page = await client.get(path)
    assert f'<html lang="{language}">' in page.text
    assert f"<h1>{TITLES[language]}</h1>" in page.text
    assert f">{Messages().say(language, 'export.page.button')}</button>" in page.text
    assert "CW-GD-01" in page.text


@pytest.mark.parametrize(
    ("wished", "language"),
    [("sl-SI,sl;q=0.9,en;q=0.8", "sl"), ("de, lt;q=0.5", "lt"), ("de", "en"), ("", "en")],
)
async def test_a_browser_is_told_in_words_that_a_link_is_gone(
    client: httpx.AsyncClient, wished: str, language: str
) -> None:
    headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": wished}
    for method in "GET", "POST":
        gone = await client.request(method, "/api/v1/exports/never", headers=headers)
        assert (gone.status_code, gone.headers["content-language"]) == (410, language)
        assert Messages().say(language, "export.page.gone") in gone.text
        assert "<button" not in gone.text
        assert is_discreet(gone.headers)


async def test_what_no_longer_works_shows_no_page(
    app: App, client: httpx.AsyncClient, path: str, clock: MovingClock
) -> None:
    async with app.database.write() as session:
        member = (await session.exec(select(Member))).one()
        proven, member.email = member.email, "new@example.com"
    assert (await client.get(path)).status_code == 410
    async with app.database.write() as session:
        (await session.exec(select(Member))).one().email = proven
    clock.move(hours=23, minutes=59)
    assert (await client.get(path)).status_code == 200
    clock.move(minutes=1)
    late, never = await client.get(path), await client.get("/api/v1/exports/never")
    assert {**late.json(), "instance": None} == {**never.json(), "instance": None}
    assert (late.status_code, never.status_code) == (410, 410)
    assert is_discreet(late.headers)


async def test_the_button_works_in_a_browser_without_scripts(app: App, path: str, tmp_path: Path) -> None:
    from playwright.async_api import async_playwright

    async with served(app) as client, async_playwright() as play:
        browser = await play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context(java_script_enabled=False, accept_downloads=True)
        page = await context.new_page()
        page.set_default_timeout(30_000)
        await page.goto(f"{client.base_url}{path}")
        async with page.expect_download() as downloading:
            await page.get_by_role("button").click()
        download = await downloading.value
        assert re.fullmatch(r"data-CW-GD-01\.zip", download.suggested_filename)
        await download.save_as(tmp_path / "data.zip")
        await browser.close()
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        assert "canary01x" in archive.read("data.json").decode()
