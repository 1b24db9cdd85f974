"""Many updates, some twice, out of order, over many chats: how fast they are taken, and
what becomes of them."""

from dataclasses import dataclass

from bot.database import Database
from tests.bot_api import FakeBotApi
from tests.bot_api.control import percentiles
from tests.load.crowd import FIRST, Crowd
from tests.load.killing import finished
from tests.load.ledger import read_ledger


@dataclass(frozen=True)
class Flood:
    """Milliseconds from the offer to the acknowledgement, and seconds until all was answered and sent."""

    acknowledged: dict[str, float]
    seconds: float
    replies: int
    refused: int


async def flood(
    api: FakeBotApi,
    address: str,
    *,
    count: int,
    chats: int,
    rate: float,
    duplicates: float = 0.1,
    shuffle: bool = True,
    seed: int = 0,
    first: int = FIRST,
) -> Flood:
    """Offer and wait until all is done. Per chat Telegram's order is that of the offer, shuffled or not."""
    crowd, database, begun = Crowd(api, seed, first), Database(address), api.clock()
    before = len(api.updates.acknowledged_after)
    try:
        await crowd.burst(count, chats, duplicates=duplicates, rate=rate, shuffle=shuffle)
        await finished(api, database)
    finally:
        await database.close()
    seconds = api.clock() - begun
    ledger = (await read_ledger(address)).of(crowd.written)
    once = {one.key: one for one in reversed(crowd.written)}
    written = sorted(once.values(), key=lambda one: one.at)
    assert len(written) == count
    ledger.check(written)
    shown = {chat: [sent.text for sent in api.sent(int(chat))] for chat in ledger.chats}
    assert [ledger.shown_again(chat, texts) for chat, texts in shown.items()] == [0] * chats
    replies, refused = sum(map(len, shown.values())), 0 if api.limits is None else api.limits.refused
    return Flood(percentiles(api.updates.acknowledged_after[before:]), seconds, replies, refused)
