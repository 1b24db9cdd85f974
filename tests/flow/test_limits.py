"""How often somebody may ask, and where a request comes from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from starlette.requests import Request

from bot.channels.api import PATH
from bot.channels.http import create_app
from bot.channels.limiting import Limits, client_address
from bot.channels.problems import Problem
from bot.config import Settings
from bot.errors import ConfigurationError
from tests.fake_turn import fake_app
from tests.make import settings
from tests.serving import KEY, call, served

OTHER = "another-secret"
PROXIES = ("10.0.0.0/8", "::1")


def message(number: int, conversation: str = "c") -> dict[str, Any]:
    return {"conversation": conversation, "message_id": str(number), "text": "hi"}


async def test_a_conversation_has_its_limit_and_another_its_own(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"api_secrets": (SecretStr(KEY),), "limit_per_conversation": "2/minute"}
    async with fake_app(tmp_path, port=0, **chosen) as app, served(app) as client:
        for number in (1, 2):
            assert (await call(client, app, PATH, message(number))).status_code == 200
        refused = await call(client, app, PATH, message(3))
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert "at most 2 requests in 60 seconds per conversation" in refused.json()["detail"]
        assert (await call(client, app, PATH, message(1, "d"))).status_code == 200
        assert (await call(client, app, "/api/v1/conversations/c/messages")).status_code == 200


async def test_a_secret_has_its_limit_and_another_its_own(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"api_secrets": (SecretStr(KEY), SecretStr(OTHER)), "limit_per_key": "2/minute"}
    async with fake_app(tmp_path, port=0, **chosen) as app, served(app) as client:
        statuses = [(await call(client, app, PATH, message(n))).status_code for n in range(3)]
        assert statuses == [200, 200, 429]
        assert (await call(client, app, PATH, message(9), key=OTHER)).status_code == 200


async def test_an_address_has_its_limit_also_without_a_signature(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {
        "api_secrets": (SecretStr(KEY),),
        "limit_per_address": "2/minute",
        "trusted_proxies": ("127.0.0.1",),
    }
    async with fake_app(tmp_path, port=0, **chosen) as app, served(app) as client:
        forwarded = [{"X-Forwarded-For": address} for address in ("203.0.113.1", "203.0.113.2")]
        statuses = [(await client.post(PATH, headers=forwarded[0])).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        assert (await client.post(PATH, headers=forwarded[1])).status_code == 401


async def test_without_trusted_proxies_a_forwarded_address_is_nobodys(tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"api_secrets": (SecretStr(KEY),), "limit_per_address": "1/minute"}
    async with fake_app(tmp_path, port=0, **chosen) as app, served(app) as client:
        statuses = [
            (await client.post(PATH, headers={"X-Forwarded-For": f"203.0.113.{n}"})).status_code
            for n in (1, 2)
        ]
    assert statuses == [401, 429]


def request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "headers": headers, "client": (peer, 1) if peer else None})


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["1.1.1.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["1.1.1.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("11.0.0.1", ["198.51.100.1"], "11.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::1", ["[2001:db8:1:2:3::4]:80"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::5", [], "2001:db8:1:2::/64"),
        ("2001:db8:1:3::5", [], "2001:db8:1:3::/64"),
        ("testclient", ["1.1.1.1"], "testclient"),
        (None, ["1.1.1.1"], ""),
    ],
)
def test_where_a_request_comes_from(peer: str | None, forwarded: Sequence[str], address: str) -> None:
    assert client_address(request(peer, *forwarded), PROXIES) == address


async def test_the_window_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, now = Limits(settings(tmp_path, limit_per_key="2/minute")), 1_000_000.0
    monkeypatch.setattr("time.time", lambda: now)
    await limits.count("key", "k")
    now += 30
    await limits.count("key", "k")
    now += 29
    with pytest.raises(Problem) as refused:
        await limits.count("key", "k")
    assert refused.value.headers == {"Retry-After": "1"}
    now += 1.1
    await limits.count("key", "k")
    with pytest.raises(Problem):
        await limits.count("key", "k")


async def test_a_counter_that_cannot_be_reached_refuses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limits.errors import StorageError

    limits = Limits(settings(tmp_path, limit_per_key="1/minute"))

    async def broken(*_given: object) -> bool:
        raise StorageError(OSError("gone"))

    monkeypatch.setattr(limits._limiter, "hit", broken)
    for _ in range(3):
        await limits.count("key", "k")


@pytest.mark.parametrize(
    ("url", "said"),
    [("memcached://h", "must begin with redis://"), ("valkey://127.0.0.1:1", "Python package valkey")],
)
async def test_counters_that_cannot_be_used(tmp_path: Path, url: str, said: str) -> None:
    async with fake_app(tmp_path, limits_url=url) as app:
        with pytest.raises(ConfigurationError, match=said):
            create_app(app)


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit_per_key", "often"), ("limit_per_address", "0/minute"), ("trusted_proxies", "10.0.0.0/8, proxy")],
)
def test_settings_that_say_nothing(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ValidationError, match=r"such as|write"):
        settings(tmp_path, **{name: value})


def test_proxies_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.7, 10.1.0.0/16")
    assert Settings(_env_file=None).trusted_proxies == ("10.0.0.7", "10.1.0.0/16")
