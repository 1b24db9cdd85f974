"""The signed API as two replicas on one PostgreSQL: one effect, one recorded answer, each push once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from bot.api_tables import RecordedAnswerRow
from bot.channels.api import PATH
from bot.database import Database
from bot.migrations import migrate
from bot.tables import MessageRow
from tests.contract.test_migrations import fresh_postgresql
from tests.contract.test_migrations import server as server  # the fixture
from tests.fake_turn import FakeApp, fake_app
from tests.receivers import Receiver, receiving
from tests.serving import KEY, served, signature

AT_ONCE = 8


class Pair:
    """Two replicas, each with connections of its own; requests go to them in turn."""

    def __init__(self, apps: list[FakeApp], clients: list[httpx.AsyncClient]) -> None:
        self.apps = apps
        self._clients = clients

    async def send(self, number: int, body: bytes, **headers: str) -> httpx.Response:
        sent = {**headers, "Content-Type": "application/json"}
        return await self._clients[number % 2].post(PATH, content=body, headers=sent)

    async def at_once(self, body: bytes, requests: list[dict[str, str]]) -> list[httpx.Response]:
        sending = (self.send(number, body, **headers) for number, headers in enumerate(requests))
        return list(await asyncio.gather(*sending))

    async def rows(self, direction: str) -> list[MessageRow]:
        async with self.apps[0].database.read() as session:
            found = select(MessageRow).where(MessageRow.direction == direction)
            return list(await session.exec(found.order_by(col(MessageRow.seq))))

    async def pushed(self, count: int) -> bool:
        rows = await self.rows("out")
        return len(rows) == count and {row.status for row in rows} == {"sent"}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def pair(server: str, tmp_path: Path, receiver: Receiver) -> AsyncIterator[Pair]:
    address = await fresh_postgresql(server)
    database = Database(address)
    await migrate(database)
    await database.close()
    chosen: dict[str, Any] = {
        "port": 0,
        "api_secrets": (SecretStr(KEY),),
        "api_push_url": receiver.url,
        "api_push_secret": SecretStr("push-secret"),
    }
    async with AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(fake_app(tmp_path, address, **chosen)) for _ in range(2)]
        yield Pair(apps, [await stack.enter_async_context(served(app)) for app in apps])


def message(number: int, deliver: str = "answer", chat: str = "c") -> bytes:
    told = {"conversation": chat, "message_id": str(number), "text": f"say {number}", "deliver": deliver}
    return json.dumps(told).encode()


async def test_of_the_same_signed_bytes_one_gets_through(pair: Pair) -> None:
    body = message(1)
    headers = signature(pair.apps[0], PATH, body)
    answers = await pair.at_once(body, [headers] * AT_ONCE)
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * (AT_ONCE - 1)]
    assert len(await pair.rows("in")) == len(await pair.rows("out")) == 1


async def test_an_idempotency_key_has_one_effect_and_one_recorded_answer(pair: Pair) -> None:
    body = message(1)
    ages = [signature(pair.apps[0], PATH, body, age=age) for age in range(2 * AT_ONCE)]
    requests = [{**signed, "Idempotency-Key": "k"} for signed in ages]
    answers = await pair.at_once(body, requests[:AT_ONCE])
    assert {answer.status_code for answer in answers} <= {200, 409}
    answers += [await pair.send(number, body, **requests[AT_ONCE + number]) for number in range(2)]
    told = [answer for answer in answers if answer.status_code == 200]
    assert len({answer.content for answer in told}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in told) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers[-2:]] == ["true", "true"]
    assert len(await pair.rows("in")) == len(await pair.rows("out")) == 1
    async with pair.apps[0].database.read() as session:
        assert len((await session.exec(select(RecordedAnswerRow))).all()) == 1


async def test_each_reply_is_pushed_once_by_one_of_them(pair: Pair, receiver: Receiver) -> None:
    chats = [f"c{number}" for number in range(4)]
    bodies = [message(number, "later", chat) for number in range(3) for chat in chats]
    for number, body in enumerate(bodies):
        headers = signature(pair.apps[0], PATH, body)
        assert (await pair.send(number, body, **headers)).status_code == 202
    async with asyncio.timeout(60):
        while not await pair.pushed(len(bodies)):  # noqa: ASYNC110  (another side of a socket)
            await asyncio.sleep(0.1)
    pushed = [json.loads(body) for _, body in receiver.calls]
    assert Counter(told["id"] for told in pushed) == Counter(row.id for row in await pair.rows("out"))
    for chat in chats:
        own = [told["message"]["text"] for told in pushed if told["conversation"] == chat]
        assert own == [f"you said say {number}" for number in range(3)]


async def test_what_an_answer_carries_is_not_pushed_by_the_other(pair: Pair, receiver: Receiver) -> None:
    for number in range(6):
        body = message(number)
        answer = await pair.send(number, body, **signature(pair.apps[0], PATH, body))
        assert [reply["text"] for reply in answer.json()["replies"]] == [f"you said say {number}"]
    last = message(9, "later")
    assert (await pair.send(1, last, **signature(pair.apps[0], PATH, last))).status_code == 202
    async with asyncio.timeout(60):
        while not receiver.calls:  # noqa: ASYNC110  (another side of a socket)
            await asyncio.sleep(0.1)
    assert [json.loads(body)["message"]["text"] for _, body in receiver.calls] == ["you said say 9"]
