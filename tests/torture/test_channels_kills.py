"""kill -9 of the server at random under 20 messages a second from Telegram."""

from pathlib import Path

import pytest

from tests.load.killing import kill_under_load
from tests.load.running import telegram
from tests.load.server import Server
from tests.make import settings

KILLS = 50
NEW_INTERPRETERS = 10


@pytest.mark.torture
async def test_every_message_is_answered_once_in_order_within_thirty_seconds(data_dir: Path) -> None:
    address = settings(data_dir).database_address
    async with telegram() as api, Server(data_dir, api, warm=True) as server:
        print(await kill_under_load(server, api, address, kills=KILLS, seed=1))


@pytest.mark.torture
async def test_the_same_where_each_start_is_a_new_interpreter(data_dir: Path) -> None:
    """It takes seconds until it listens; at half the rate, and killed once it has caught up with them."""
    address = settings(data_dir).database_address
    async with telegram() as api, Server(data_dir, api) as server:
        kills = NEW_INTERPRETERS
        print(await kill_under_load(server, api, address, kills=kills, seed=2, rate=10, hurried=0.0))
