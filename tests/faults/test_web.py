"""The web chat when its server is killed: every message answered once and in order, the stream goes on."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select

from bot.database import Database
from bot.tables import MessageRow
from tests.load.server import environment
from tests.make import settings

SESSIONS, EACH = 5, 4
PATIENCE = 120.0
TRANSIENT = (httpx.TransportError,)


class Serving:
    """`clausewise serve` on a port that stays the same when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = "0"
        self.address = ""
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve"),
            cwd=self._folder,
            env={**environment(self._folder, ""), "PORT": self._port, "TELEGRAM_BOT_TOKEN": ""},
            stderr=asyncio.subprocess.PIPE,
        )
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while not (line := (await self.process.stderr.readline()).decode()).startswith("http://"):
                assert line, "it did not start"
        self.address = line.strip()
        self._port = self.address.rpartition(":")[2]
        self._reading = asyncio.create_task(self.process.stderr.read())

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        await self._reading


class Browser:
    """Sends each message until it is stored, and hears the answers from the last place that it has."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._own = {"Authorization": f"Bearer {token}"}
        self.heard: list[dict[str, Any]] = []

    async def write(self, text: str) -> None:
        message = {"id": str(uuid4()), "text": text, "language": "en"}
        while True:
            try:
                answer = await self._client.post("/chat/messages", json=message, headers=self._own)
                answer.raise_for_status()
            except TRANSIENT:
                await asyncio.sleep(0.1)
            else:
                return

    async def hear(self, questions: int) -> None:
        """Listen until there are so many questions, and nothing more is coming."""
        while True:
            path = f"/chat/events?after={self.heard[-1]['seq'] if self.heard else 0}"
            try:
                async with self._client.stream("GET", path, headers=self._own) as stream:
                    if await self._read(stream, questions):
                        return
            except TRANSIENT:
                await asyncio.sleep(0.1)

    async def _read(self, stream: httpx.Response, questions: int) -> bool:
        kind = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                told = json.loads(line.removeprefix("data: "))
                if kind == "message":
                    self.heard.append(told)
                elif not told["answering"] and len(self.said("customer")) == questions:
                    return True
        return False

    def said(self, side: str) -> list[dict[str, Any]]:
        return [entry for entry in self.heard if entry["from"] == side]


@pytest.fixture
async def serving(prepared_dir: Path, tmp_path: Path) -> AsyncIterator[Serving]:
    folder = tmp_path / "data"
    shutil.copytree(prepared_dir, folder)
    started = Serving(folder)
    await started.start()
    yield started
    await started.kill()


async def test_what_browsers_write_is_answered_once_and_in_order_though_the_server_is_killed(
    serving: Serving, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(base_url=serving.address, timeout=60, trust_env=False) as client:
        tokens = [(await client.post("/chat/sessions", json={})).json()["token"] for _ in range(SESSIONS)]
        browsers = [Browser(client, token) for token in tokens]
        listening = [asyncio.create_task(browser.hear(EACH)) for browser in browsers]
        questions = [f"Do I get a refund for unused months, number {number}?" for number in range(EACH)]

        async def talk(browser: Browser) -> None:
            for question in questions:
                await browser.write(question)

        talking = [asyncio.create_task(talk(browser)) for browser in browsers]
        await asyncio.wait(talking, return_when=asyncio.FIRST_COMPLETED)
        await serving.kill()
        await serving.start()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*talking, *listening)
    for browser in browsers:
        places = [entry["seq"] for entry in browser.heard]
        assert places == sorted(set(places)), "nothing is told twice, and nothing out of order"
        assert [entry["text"] for entry in browser.said("customer")] == questions
    assert await answered(settings(tmp_path / "data").database_address) == [1] * (SESSIONS * EACH)


async def answered(address: str) -> list[int]:
    """How many replies each message has. Raises AssertionError where they stand in another order."""
    database = Database(address)
    async with database.read() as session:
        rows = (await session.exec(select(MessageRow).order_by(col(MessageRow.seq)))).all()
    await database.close()
    found = []
    for conversation in {row.conversation_id for row in rows}:
        own = [row for row in rows if row.conversation_id == conversation]
        asked = [row.id for row in own if row.direction == "in"]
        replied = [row.answers_id for row in own if row.direction == "out"]
        assert replied == sorted(replied, key=lambda answers: asked.index(answers or ""))
        found += [replied.count(message) for message in asked]
    return found
