"""What happens in the desk's chat goes to the desk and nowhere else; and evidence at the command line."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from bot.attachments import Evidence, NotFetchedError, Wanted
from bot.channels.telegram import connected
from bot.channels.telegram_polling import Polling
from bot.messages import Messages
from bot.model import Incoming, Sender
from tests.bot_api import TOKEN, FakeBotApi
from tests.commands import clausewise
from tests.fake_turn import fake_app
from tests.make import settings
from tests.telegram_live import ANA, GROUP

if TYPE_CHECKING:
    from aiogram.types import Update


@dataclass
class Desk:
    """Remembers what it took."""

    chat_id: int = GROUP
    taken: list["Update"] = field(default_factory=list)

    async def take(self, update: "Update") -> None:
        self.taken.append(update)


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        running.group(GROUP)
        yield running


async def test_every_kind_of_update_of_its_chat_goes_to_the_desk(tmp_path: Path, api: FakeBotApi) -> None:
    desk, stop = Desk(), asyncio.Event()
    given: dict[str, Any] = {
        "telegram_bot_token": SecretStr(TOKEN),
        "telegram_api_url": api.url,
        "desk_chat_id": GROUP,
    }
    async with (
        fake_app(tmp_path, **given) as app,
        connected(app, lambda _bot: desk) as link,
    ):
        polling = asyncio.create_task(Polling(link.bot, link.inbox, stop).run())
        said = await api.user_says(GROUP, "hello @fake_bot", by=ANA)
        await api.until(lambda: len(desk.taken) == 1)
        await api.user_edits(GROUP, said["message"]["message_id"], "hello @fake_bot!")
        await api.group_changes_bot(GROUP, "administrator", by=ANA)
        await link.bot.send_message(GROUP, "card")
        card = api.chats[GROUP].messages[api.sent(GROUP)[0].message_id].data
        await api.user_presses_gone(GROUP, card, "take", by=ANA)
        await api.user_says(ANA, "private")
        await api.until(lambda: len(api.sent(ANA)) == 1)
        stop.set()
        await asyncio.wait_for(polling, 30)
        assert [update.event_type for update in desk.taken] == [
            "message",
            "edited_message",
            "my_chat_member",
            "callback_query",
        ]
        assert len(await app.rows("in")) == 1


def test_evidence_is_listed_and_saved_and_that_is_logged(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    content = b"%PDF-1.7 proof"

    async def fetch(file_id: str, limit: int) -> bytes:
        if file_id == "gone":
            raise NotFetchedError("no such file")
        return content

    async def keep() -> None:
        from bot.app import open_app

        async with open_app(settings(data_dir)) as app:
            evidence = Evidence(app.database, app.transcript, Messages(), app.clock, app.settings)
            result = await app.turn(Incoming("telegram", "7001", "7001:1", Sender("7001"), text="my bill?"))
            message_id = await app.transcript.message_id("telegram", "7001:1")
            assert result.replies
            assert message_id
            for _ in range(2):
                await evidence.want(message_id, Wanted("u1", "f1", "bill.pdf"))
            assert not await evidence.fetch_due(fetch)

    asyncio.run(keep())
    listed = clausewise("evidence", "list", "--json", "--as", "eva")
    rows = listed.lines
    assert [(row["name"], row["status"], row["size"]) for row in rows] == [("bill.pdf", "kept", len(content))]
    out = data_dir / "out.pdf"
    saved = clausewise("evidence", "save", rows[0]["id"][:10], "--out", str(out), "--as", "eva")
    assert saved.status == 0, saved.err
    assert out.read_bytes() == content
    missing = clausewise("evidence", "save", "nothing", "--out", str(data_dir / "no.pdf"), "--as", "eva")
    assert missing.status == 1
    assert "clausewise evidence list" in missing.err
    shown = clausewise("log", "show", "--json")
    assert shown.out.count("opened-by-staff") >= 2
