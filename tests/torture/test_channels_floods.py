"""2,000 updates over 500 chats, a tenth of them twice, shuffled: at 50 a second, and all at once."""

from pathlib import Path

import pytest

from tests.load.flooding import Flood, flood
from tests.load.running import telegram
from tests.load.server import Server
from tests.make import settings

UPDATES, CHATS = 2000, 500


async def flooded(data_dir: Path, rate: float, *, shuffle: bool = True) -> Flood:
    async with telegram() as api, Server(data_dir, api):
        address = settings(data_dir).database_address
        found = await flood(api, address, count=UPDATES, chats=CHATS, rate=rate, shuffle=shuffle)
    print(found)
    return found


@pytest.mark.torture
async def test_at_fifty_a_second_each_is_acknowledged_within_a_second(data_dir: Path) -> None:
    assert (await flooded(data_dir, 50)).acknowledged["p99"] < 1000


@pytest.mark.torture
@pytest.mark.parametrize("shuffle", [True, False])
async def test_at_once_none_is_lost_none_answered_twice_and_order_is_kept(
    data_dir: Path, *, shuffle: bool
) -> None:
    await flooded(data_dir, 0, shuffle=shuffle)
