"""Waiting for what is new in a conversation: woken by an answer, and nothing kept of those who left."""

import asyncio
import gc
from pathlib import Path

import pytest

from bot import history
from bot.channels.web_events import CHANNEL
from bot.model import Incoming, Sender
from tests.fake_turn import FakeApp, fake_app


async def offer(app: FakeApp, chat: str, text: str) -> None:
    message_id = await app.turn.receive(Incoming(CHANNEL, chat, f"{chat}:{text}", Sender(chat), text=text))
    assert message_id is not None
    app.answering.submit(chat, message_id)


async def test_an_answer_wakes_who_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had to look again by themselves would look too late."""
    monkeypatch.setattr(history, "LOOK_EVERY", 60.0)
    async with fake_app(tmp_path) as app, asyncio.timeout(30):
        await offer(app, "c", "hi")
        asked = await app.history.wait(CHANNEL, "c", 1, seconds=50)
        assert [entry.text for entry in asked] == ["you said hi"]
        waits = asyncio.create_task(app.history.wait(CHANNEL, "c", 3, seconds=50))
        await asyncio.sleep(0)
        await offer(app, "c", "again")
        assert [entry.text for entry in await waits] == ["you said again"]
        await app.answering.close()


async def test_nothing_is_kept_of_a_conversation_that_nobody_waits_for(tmp_path: Path) -> None:
    async with fake_app(tmp_path) as app:
        for number in range(50):
            assert await app.history.wait("api", f"made up {number}", 0, seconds=0) == []
        gc.collect()
        assert len(app.history._news) == 0


async def test_who_waits_hears_what_another_process_wrote_and_all_look_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "AT_ONCE", 3)
    chats = [f"c{number}" for number in range(7)]
    looks: list[str] = []
    async with fake_app(tmp_path) as app, asyncio.timeout(60):
        for chat in chats:
            await offer(app, chat, "hi")
        await app.answering.drain()
        waits = [asyncio.create_task(app.history.wait(CHANNEL, chat, 2, seconds=50)) for chat in chats]
        while len(app.history._news) < len(chats):  # noqa: ASYNC110  (they begin to wait)
            await asyncio.sleep(0.05)
        after = app.history.after

        async def counted(channel: str, chat_id: str, seq: int, *, limit: int = 100) -> list[history.Entry]:
            looks.append(chat_id)
            return await after(channel, chat_id, seq, limit=limit)

        monkeypatch.setattr(app.history, "after", counted)
        await asyncio.sleep(3 * history.LOOK_EVERY)
        assert looks == []
        await app.staff_writes(CHANNEL, chats[-1], "Eva here")
        assert [entry.text for entry in await waits[-1]] == ["Eva here"]
        assert set(looks) == {chats[-1]}
        for waiting in waits:
            waiting.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
