"""Links and site tokens over real HTTP, on the whole application."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from pydantic import SecretStr

from bot.app import App, open_app
from bot.channels.api import LINKS_PATH, PATH
from bot.channels.http import serve
from bot.channels.signing import sign
from tests.fakes import MovingClock
from tests.make import settings

KEY = "an-api-secret"
SITE_SECRET = "0123456789abcdef" * 4
OWNER = "olivia.owner@example.com"


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock) -> AsyncIterator[App]:
    chosen = settings(
        data_dir,
        port=0,
        api_secrets=(SecretStr(KEY),),
        site_jwt_secret=SecretStr(SITE_SECRET),
        site_jwt_audience="clausewise",
        telegram_bot_name="SomeBot",
    )
    async with open_app(chosen, clock=clock) as opened:
        yield opened


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx.AsyncClient]:
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(app, stop=stop, announce=address.set_result))
    try:
        async with httpx.AsyncClient(base_url=await address, timeout=20, trust_env=False) as made:
            yield made
    finally:
        stop.set()
        await running


async def post(
    client: httpx.AsyncClient, app: App, path: str, message: Any, authorization: str | None = None
) -> httpx.Response:
    body = json.dumps(message).encode()
    assert isinstance(app.clock, MovingClock)
    app.clock.move(seconds=1)  # the very same request is taken once
    timestamp = int(app.clock.now().timestamp())
    headers = {
        "X-Clausewise-Timestamp": str(timestamp),
        "X-Clausewise-Signature": sign(KEY, timestamp=timestamp, path=path, body=body),
    }
    if authorization is not None:
        headers["Authorization"] = authorization
    return await client.post(path, content=body, headers=headers)


def token(app: App, secret: str = SITE_SECRET, **changed: object) -> str:
    now = int(app.clock.now().timestamp())
    claims = {"iat": now, "exp": now + 300, "aud": "clausewise", "email": OWNER, **changed}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret)


def message(number: int = 1, text: str = "please cancel my account") -> dict[str, str]:
    return {"conversation": "c", "message_id": str(number), "text": text}


async def test_a_site_token_vouches_for_its_address(app: App, client: httpx.AsyncClient) -> None:
    without = (await post(client, app, PATH, message(1))).json()
    assert without["state"] == "awaiting_email"
    await post(client, app, PATH, message(2, "stop"))
    signed_in = (await post(client, app, PATH, message(3), f"Bearer {token(app)}")).json()
    assert signed_in["state"] == "awaiting_confirmation"


async def test_without_an_address_the_subject_is_a_member(app: App, client: httpx.AsyncClient) -> None:
    member = await app.accounts.member_by_email(OWNER)
    assert member is not None
    by_id = token(app, email=None, sub=member.id)
    answer = (await post(client, app, PATH, message(), f"bearer {by_id}")).json()
    assert answer["state"] == "awaiting_confirmation"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": None}, "names nobody"),
        ({"email": None, "sub": "unknown"}, "names nobody"),
        ({"email": None, "sub": 7}, "names nobody"),
        ({"email": "no address"}, "names nobody"),
        ({"email": f"{OWNER} and more"}, "names nobody"),
        ({"email": [OWNER]}, "names nobody"),
        ({"email_verified": False}, "names nobody"),
        ({"email_verified": "false"}, "names nobody"),
        ({"aud": "other"}, "another audience"),
        ({"exp": 1}, "expired"),
        ({"secret": "0123456789abcdeg" * 4}, "not signed"),
    ],
)
async def test_a_bad_token_is_401_and_nothing_is_stored(
    app: App, client: httpx.AsyncClient, changed: dict[str, Any], said: str
) -> None:
    response = await post(client, app, PATH, message(), f"Bearer {token(app, **changed)}")
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert said in response.json()["detail"]
    assert await app.transcript.find("api", "c") is None


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer a b", "Bearer x.y.z"])
async def test_what_is_no_bearer_token(app: App, client: httpx.AsyncClient, header: str) -> None:
    assert (await post(client, app, PATH, message(), header)).status_code == 401


async def test_a_token_does_not_stand_in_for_the_signature(app: App, client: httpx.AsyncClient) -> None:
    unsigned = await client.post(PATH, json=message(), headers={"Authorization": f"Bearer {token(app)}"})
    assert unsigned.status_code == 401
    assert "are required" in unsigned.json()["detail"]


async def test_a_link_is_minted_and_opened(app: App, client: httpx.AsyncClient) -> None:
    minted = await post(client, app, LINKS_PATH, {"email": OWNER, "minutes": 5})
    assert minted.status_code == 201
    assert minted.headers["cache-control"] == "no-store"
    link = minted.json()
    assert link["url"] == f"https://t.me/SomeBot?start={link['token']}"
    assert set(link) == {"token", "url", "expires_at"}
    told = (await post(client, app, PATH, message(1, f"/start {link['token']}"))).json()
    assert OWNER in told["replies"][0]["text"]
    row = await app.transcript.find("api", "c")
    assert row is not None
    assert row.email == OWNER


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"email": "nobody@example.net"}, 404, "no member"),
        ({"email": OWNER, "minutes": 0}, 422, "minutes"),
        ({"email": OWNER, "minutes": 1441}, 422, "minutes"),
        ({"email": OWNER, "minutes": "5"}, 422, "minutes"),
        ({}, 422, "email"),
        ({"email": OWNER, "x": 1}, 422, "x"),
    ],
)
async def test_what_is_no_request_for_a_link(
    app: App, client: httpx.AsyncClient, body: dict[str, Any], status: int, said: str
) -> None:
    response = await post(client, app, LINKS_PATH, body)
    assert response.status_code == status
    assert said in response.json()["detail"]


async def test_a_link_needs_the_signature_of_its_own_path(app: App, client: httpx.AsyncClient) -> None:
    body = json.dumps({"email": OWNER}).encode()
    timestamp = int(app.clock.now().timestamp())
    headers = {
        "X-Clausewise-Timestamp": str(timestamp),
        "X-Clausewise-Signature": sign(KEY, timestamp=timestamp, path=PATH, body=body),
    }
    assert (await client.post(LINKS_PATH, content=body)).status_code == 401
    assert (await client.post(LINKS_PATH, content=body, headers=headers)).status_code == 401
