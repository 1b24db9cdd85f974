"""A sample of tests/torture/test_channels_*.py: many updates at once, and the server killed under load."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bot_api import FakeBotApi
from tests.load.flooding import flood
from tests.load.killing import kill_under_load
from tests.load.running import telegram
from tests.load.server import Server
from tests.make import settings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Running:
    server: Server
    api: FakeBotApi
    address: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(prepared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One server for all: its start is what takes longest."""
    folder = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(prepared_dir, folder)
    async with telegram() as api, Server(folder, api, warm=True) as server:
        yield Running(server, api, settings(folder).database_address)


async def test_of_many_updates_at_once_none_is_lost_and_none_answered_twice(running: Running) -> None:
    await flood(running.api, running.address, count=100, chats=25, rate=0)


async def test_what_is_written_is_answered_once_and_in_order_though_the_server_is_killed(
    running: Running,
) -> None:
    server, api, address = running.server, running.api, running.address
    account = await kill_under_load(server, api, address, kills=3, seed=1, rate=5, first=20_000)
    assert account.messages > 10
