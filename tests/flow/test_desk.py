"""The desk in Telegram: one conversation from its card to its rating."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import func, select

from actions.store.tables import ActionLog
from tests.bot_api import FakeBotApi, Sent
from tests.desk import (
    ANA,
    BOR,
    DESK,
    EVE,
    MARA,
    NOBODY,
    PERSON,
    QUESTION,
    Office,
    at_full_speed,
    at_work,
    four_eyes,
    furnish,
)
from tests.fakes import MovingClock
from tests.make import mails, words

OLIVIA = "olivia.owner@example.com"


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBotApi]:
    at_full_speed(monkeypatch)
    async with FakeBotApi() as running:
        furnish(running)
        yield running


async def test_a_conversation_from_its_card_to_its_rating(
    data_dir: Path, api: FakeBotApi, clock: MovingClock
) -> None:
    async with at_work(data_dir, api, clock) as desk:
        await api.user_says(MARA, QUESTION)
        await api.until(lambda: bool(api.sent(MARA)), 30)
        thread = await desk.asks_for_a_person()
        card = (await desk.shows(thread, "Why:")).text
        assert "asked for a person" in card
        assert "not identified" in card
        assert QUESTION in card
        assert "Clauses shown:" in card
        assert "Mara" not in card + api.chats[DESK].topics[thread].name
        assert await opened(desk) == 1
        assert "https://t.me/c/1234567890/" in (await desk.shows(None, "asked for a person")).text

        for who in NOBODY:
            await api.user_says(DESK, "hello customer", by=who, thread=thread)
        await api.user_says(DESK, "/take", as_channel=-1005, thread=thread)
        await desk.shows(thread, "a channel is no colleague")
        await desk.shows(thread, "anonymous administrator")
        await desk.shows(thread, f"user id, for an administrator to add: {EVE}")
        assert "TELEGRAM_STAFF" in await desk.presses("Take", by=EVE)

        await api.user_says(DESK, "too early", by=ANA, thread=thread)
        await desk.shows(thread, "Take it first")
        await api.user_presses(DESK, "Take", by=ANA)
        await desk.customer_reads("ana")
        assert await opened(desk) == 2
        for text in ("one", "two", "three"):
            await api.user_says(DESK, text, by=ANA, thread=thread)
        await desk.customer_reads("ana: three")
        for text in ("first", "second"):
            await api.user_says(MARA, text)
        await desk.shows(thread, "second")
        texts = desk.customer_texts()
        assert [text for text in texts if text.startswith("ana: ")] == ["ana: one", "ana: two", "ana: three"]
        assert desk.text(thread).index("first") < desk.text(thread).index("second")
        assert "ana: one" not in desk.text(thread)
        for secret in ("hello customer", "too early"):
            assert not any(secret in text for text in texts)

        await api.user_says(DESK, "me too", by=BOR, thread=thread)
        await desk.shows(thread, "ana holds this conversation")
        await api.user_says(DESK, "/give @bor_x", by=ANA, thread=thread)
        await desk.shows(thread, "bor holds this conversation now")
        await desk.customer_reads("bor")
        await api.user_says(DESK, "/note likes tea", by=ANA, thread=thread)
        await desk.shows(thread, "Noted.")
        await api.user_says(DESK, "/who", by=ANA, thread=thread)
        await desk.shows(thread, "bor holds it")

        clock.move(minutes=1)
        await api.user_says(DESK, "/back", by=BOR, thread=thread)
        await api.until(lambda: api.chats[DESK].topics[thread].closed)
        await desk.shows(thread, "Given back to the assistant by bor.")
        clock.move(minutes=1)
        count = len(api.sent(MARA))
        await api.user_says(MARA, QUESTION)
        await api.until(lambda: len(api.sent(MARA)) > count)
        assert "likes tea" not in "\n".join(desk.customer_texts())

        clock.move(minutes=1)
        shown = len(desk.posts(thread))
        await api.user_says(MARA, PERSON)
        await api.until(lambda: not api.chats[DESK].topics[thread].closed)
        await api.until(lambda: any("Why:" in post.text for post in desk.posts(thread)[shown:]))
        assert desk.threads == [thread]
        fresh = next(post for post in desk.posts(thread)[shown:] if "Why:" in post.text)
        assert "second" not in fresh.text
        await api.user_presses(DESK, "Take", by=BOR)
        await api.until(
            lambda: any(post.buttons and post.buttons[-1][0] == "Close" for post in desk.posts(thread))
        )
        await api.user_presses(DESK, "Close", by=BOR)
        await api.until(lambda: api.chats[DESK].topics[thread].closed)
        await api.until(lambda: len(api.sent(MARA)[-1].buttons) == 5)
        assert [label for label, _ in api.sent(MARA)[-1].buttons] == ["1", "2", "3", "4", "5"]


async def test_requests_are_decided_in_the_topic(
    data_dir: Path, api: FakeBotApi, clock: MovingClock, tmp_path: Path
) -> None:
    async with at_work(data_dir, api, clock, policies_file=four_eyes(tmp_path)) as desk:
        await api.user_says(MARA, "please cancel my account")
        await desk.customer_reads("e-mail")
        await api.user_says(MARA, OLIVIA)
        await api.until(lambda: bool(mails(desk.app)))
        found = re.search(r"\b\d{6}\b", words(mails(desk.app)[-1]))
        assert found
        await api.user_says(MARA, found[0])
        confirm = desk.app.messages.say("en", "button.confirm.cancel_account")
        await api.until(lambda: confirm in [label for label, _ in api.sent(MARA)[-1].buttons])
        await api.user_presses(MARA, confirm)
        general = await desk.shows(None, "waits for approval")
        reference = general.buttons[0][0].removeprefix("Approve ")
        thread = await desk.asks_for_a_person()
        card = await desk.shows(thread, "Why:")
        assert reference in card.text
        assert "verified" in card.text
        assert OLIVIA not in card.text.split("What was said")[0]
        assert "TELEGRAM_STAFF" in await desk.presses("Refuse", by=EVE, message_id=card.message_id)
        await api.user_says(DESK, "/approve", by=ANA, thread=thread)
        await desk.shows(thread, "approved by ana, 1 of 2")
        approve = f"Approve {reference}"
        assert "1 of 2" in await desk.presses(approve, by=ANA, message_id=card.message_id)
        await desk.presses("Refuse", by=BOR, message_id=general.message_id)
        asked = await desk.shows(None, f"Refusing {reference}")
        await api.user_says(DESK, "an invoice is open", by=BOR, reply_to=asked.message_id)
        await desk.shows(None, "refused by bor")
        await desk.app.worker.tick()
        await desk.customer_reads("an invoice is open")
        await api.until(lambda: not any(_decides(post) for post in desk.posts(None) + desk.posts(thread)))


async def opened(desk: Office) -> int:
    """How often the log says that somebody opened a person's data."""
    async with desk.app.database.read() as session:
        query = select(func.count()).where(ActionLog.rule == "opened-by-staff")
        return (await session.exec(query)).one()


def _decides(post: Sent) -> bool:
    return any(label.startswith(("Approve", "Refuse")) for label, _ in post.buttons)
