"""The web chat's page, texts and sessions, and which sites may embed it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from sqlmodel import select

from bot.channels.web_sessions import LIFE, VOUCHED, WebSessions
from bot.config import Settings
from bot.web_tables import WebSessionRow
from tests.fake_turn import FakeApp, fake_app
from tests.flow.test_web_chat import SHOP
from tests.serving import served


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path, port=0, web_origins=SHOP) as made:
        yield made


@pytest.fixture
async def client(app: FakeApp) -> AsyncIterator[httpx.AsyncClient]:
    async with served(app) as made:
        yield made


async def test_a_session_ends_after_thirty_days_without_use(app: FakeApp) -> None:
    sessions = WebSessions(app.database, app.clock)
    unused, used = await sessions.begin(None), await sessions.begin(None)
    app.clock.move(seconds=LIFE.total_seconds() - 1)
    assert await sessions.find(used) is not None
    app.clock.move(seconds=1)
    assert await sessions.find(unused) is None
    assert await sessions.find(used) is not None
    await sessions.begin(None)
    async with app.database.read() as session:
        assert len((await session.exec(select(WebSessionRow))).all()) == 2


async def test_the_sites_word_holds_for_an_hour_and_one_person(app: FakeApp) -> None:
    sessions = WebSessions(app.database, app.clock)
    secret = await sessions.begin("a@example.com")
    app.clock.move(seconds=VOUCHED.total_seconds() - 1)
    found = await sessions.find(secret)
    assert found is not None
    assert found.vouched_email == "a@example.com"
    app.clock.move(seconds=1)
    found = await sessions.find(secret)
    assert found is not None
    assert found.vouched_email is None
    assert not await sessions.vouch(found, "b@example.com")
    assert await sessions.vouch(found, "a@example.com")
    again = await sessions.find(secret)
    assert again is not None
    assert again.vouched_email == "a@example.com"


@pytest.mark.parametrize(
    ("origin", "allowed"), [(SHOP, SHOP), ("https://evil.example", None), ("null", None)]
)
async def test_only_named_sites_may_ask(client: httpx.AsyncClient, origin: str, allowed: str | None) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    preflight = await client.options("/chat/messages", headers=asked)
    assert preflight.headers.get("access-control-allow-origin") == allowed
    answer = await client.get("/chat/texts", headers={"Origin": origin})
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert "access-control-allow-credentials" not in answer.headers


async def test_the_page_is_served_under_a_strict_policy(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    policy = page.headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert f"frame-ancestors 'self' {SHOP}" in policy
    assert "unsafe" not in page.headers["content-security-policy"]
    again = await client.get("/widget.js")
    assert (again.status_code, again.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    known = await client.get("/widget.js", headers={"If-None-Match": again.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert "set-cookie" not in page.headers


async def test_texts_come_in_the_nearest_language(client: httpx.AsyncClient) -> None:
    for asked, given in (("lt-LT", "lt"), ("de", "en"), ("", "en")):
        said = (await client.get("/chat/texts", params={"language": asked})).json()
        assert (said["language"], list(said["languages"])) == (given, ["en", "sl", "lt", "et", "bg"])
        assert "{name}" in said["texts"]["person"]


@pytest.mark.parametrize(
    "wrong", ["shop.example", "https://shop.example/path", "*", "https://a;b", "ftp://a"]
)
def test_an_origin_is_written_as_browsers_write_it(wrong: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        Settings(_env_file=None, web_origins=wrong)
    chosen = Settings(_env_file=None, web_origins="https://Shop.example:443/, http://localhost:5173")
    assert chosen.web_origins == ("https://shop.example", "http://localhost:5173")
