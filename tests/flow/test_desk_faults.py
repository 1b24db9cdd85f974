"""The desk when things go wrong: twice, out of order, in the middle, refused, deleted."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from bot.desk.tables import DeskButtonRow, DeskTopicRow, DeskUpdateRow
from bot.pacing import Limit, Limits
from tests.bot_api import FakeBotApi, Fault
from tests.bot_api import Limits as RealLimits
from tests.desk import ANA, BOR, DESK, MARA, PERSON, Office, at_full_speed, at_work, furnish
from tests.fakes import MovingClock

CANNED = Path(__file__).parents[2] / "docs" / "canned.toml"


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeBotApi]:
    at_full_speed(monkeypatch)
    async with FakeBotApi() as running:
        furnish(running)
        yield running


@pytest.fixture
async def desk(data_dir: Path, api: FakeBotApi, clock: MovingClock) -> AsyncIterator[Office]:
    async with at_work(data_dir, api, clock) as office:
        yield office


async def test_what_comes_twice_and_out_of_order_is_written_once(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.taken()
    said = [await api.user_says(DESK, f"line {n}", by=ANA, thread=thread) for n in range(5)]
    await desk.customer_reads("line 4")
    await api.shuffled(said, duplicates=0.5, seed=3)
    await api.again(said[0])
    await api.user_says(DESK, "the end", by=ANA, thread=thread)
    await desk.customer_reads("the end")
    lines = [text for text in desk.customer_texts() if text.startswith("ana: ")]
    assert lines == [f"ana: line {n}" for n in range(5)] + ["ana: the end"]


async def test_a_process_that_died_acts_on_the_rest_and_on_nothing_twice(
    data_dir: Path, api: FakeBotApi, clock: MovingClock
) -> None:
    async with at_work(data_dir, api, clock) as desk:
        thread = await desk.taken()
        done = await api.user_says(DESK, "before", by=ANA, thread=thread)
        await desk.customer_reads("before")
        async with desk.app.database.write() as session:  # it died after the act, before it noted so
            number = done["message"]["message_id"]
            row = await session.get_one(DeskUpdateRow, f"text:{number}")
            assert (row.status, row.content) == ("done", {})
            heard = {"kind": "text", "message_id": number, "thread_id": thread, "sender_id": ANA}
            row.status, row.content = "received", {**heard, "text": "before"}
            topic = (await session.exec(select(DeskTopicRow))).one()
            topic.shown_seq -= 1  # and after a post, before it noted that
    await api.user_says(DESK, "while it was down", by=ANA, thread=thread)
    await api.user_says(MARA, "are you there?")
    async with at_work(data_dir, api, clock) as desk:
        await desk.customer_reads("while it was down")
        await desk.shows(thread, "are you there?")
        assert sum("before" in text for text in desk.customer_texts()) == 1
        assert len([post for post in desk.posts(thread) if "Why:" in post.text]) == 1


async def test_a_note_whose_order_is_read_again_stands_once(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.taken()
    order = await api.user_says(DESK, "/note likes tea", by=ANA, thread=thread)
    await desk.shows(thread, "Noted.")
    number = order["message"]["message_id"]
    async with desk.app.database.write() as session:  # it died after the act, before it noted so
        row = await session.get_one(DeskUpdateRow, f"text:{number}")
        heard = {"kind": "text", "message_id": number, "thread_id": thread, "sender_id": ANA}
        row.status, row.content = "received", {**heard, "text": "/note likes tea"}
    await api.user_says(DESK, "/note likes tea", by=ANA, thread=thread)
    await api.until(lambda: desk.text(thread).count("Noted.") == 2)
    [case] = await desk.app.handoff.waiting()
    assert [note.text for note in case.notes] == ["likes tea"] * 2  # and not three times


async def test_a_topic_deleted_by_hand_is_made_anew_with_a_card(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.taken()
    await api.user_says(MARA, "my first words to ana")
    await desk.shows(thread, "my first words")
    api.staff_deletes_topic(DESK, thread)
    await api.user_says(MARA, "and more of them")
    anew = await desk.topic(1)
    assert anew != thread
    await desk.shows(anew, "and more of them")
    await desk.shows(anew, "my first words")
    await api.user_says(DESK, "still here", by=ANA, thread=anew)
    await desk.customer_reads("ana: still here")


@pytest.mark.parametrize(
    ("rights", "forum", "said"), [(False, True, "Manage topics"), (True, False, "turn on Topics")]
)
async def test_a_group_that_is_not_in_order_is_named_and_nothing_is_lost(
    desk: Office, api: FakeBotApi, rights: bool, forum: bool, said: str
) -> None:
    group = api.chats[DESK]
    kept, group.forum = group.rights, forum
    if not rights:
        group.rights = frozenset()
    with capture_logs() as logs:
        await api.user_says(MARA, PERSON)
        await api.until(lambda: any(entry["event"] == "desk-cannot-be-used" for entry in logs))
    (told,) = [entry for entry in logs if entry["event"] == "desk-cannot-be-used"]
    assert said in told["reason"]
    group.rights, group.forum = kept, True
    await desk.topic()


async def test_a_telegram_that_is_down_or_busy_delays_and_loses_nothing(
    desk: Office, api: FakeBotApi
) -> None:
    thread = await desk.taken()
    api.fail("sendMessage", Fault(429, "Too Many Requests", retry_after=1), Fault(502), Fault(0))
    for n in range(4):
        await api.user_says(MARA, f"line {n}")
    await desk.shows(thread, "line 3")
    places = [desk.text(thread).index(f"line {n}") for n in range(4)]
    assert places == sorted(places)


async def test_many_messages_go_in_few_posts(
    data_dir: Path, api: FakeBotApi, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram.LIMITS", Limits(chat=Limit(3, 3.0), group=Limit(20, 60.0)))
    api.limits = RealLimits()
    async with at_work(data_dir, api, clock) as desk:
        thread = await desk.asks_for_a_person()
        for n in range(30):
            await api.user_says(MARA, f"line {n}.")
        await desk.shows(thread, "line 29.")
        places = [desk.text(thread).index(f"line {n}.") for n in range(30)]
        assert places == sorted(places)
        assert api.limits.refused == 0


async def test_buttons_are_bound_to_topic_and_holder(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.asks_for_a_person()
    async with desk.app.database.read() as session:
        button = (await session.exec(select(DeskButtonRow))).one()
    assert len(button.id.encode()) <= 64
    elsewhere = api.topic(DESK, "elsewhere")
    message = {**api.chats[DESK].messages[elsewhere].data, "text": "x"}
    foreign = await api.user_presses_gone(DESK, message, button.id, by=ANA)
    assert "no longer works" in await desk.answered(foreign)
    card = api.chats[DESK].messages[desk.posts(thread)[0].message_id].data
    assert "holds" in await desk.presses("Take", by=ANA)
    await api.until(lambda: desk.posts(thread)[0].buttons[0][0] == "Give back")
    old = await api.user_presses_gone(DESK, card, button.id, by=BOR)
    assert "no longer works" in await desk.answered(old)
    assert "ana holds" in await desk.presses("Close", by=BOR)


async def test_what_cannot_be_passed_on_is_said(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.taken()
    said = await api.user_says(DESK, "wrnog", by=ANA, thread=thread)
    await desk.customer_reads("wrnog")
    await api.user_edits(DESK, said["message"]["message_id"], "wrong")
    await desk.shows(thread, "keeps reading what you wrote first")
    await api.user_sends(DESK, "voice", by=ANA, thread=thread)
    await desk.shows(thread, "only documents and photos")
    await api.user_says(DESK, "/tkae", by=ANA, thread=thread)
    await desk.shows(thread, "there is no command /tkae")
    await api.user_says(DESK, "/take", by=ANA)
    await desk.shows(None, "works in the topic of a conversation")
    await api.user_says(DESK, "lunch?", by=BOR)
    await api.user_says(DESK, "/give @nobody", by=ANA, thread=thread)
    await desk.shows(thread, "called '@nobody'")
    texts = desk.customer_texts()
    assert not any(word in text for text in texts for word in ("tkae", "wrong", "lunch"))


async def test_canned_replies_other_bots_and_a_customer_who_blocked(
    data_dir: Path, api: FakeBotApi, clock: MovingClock
) -> None:
    async with at_work(data_dir, api, clock, canned_file=CANNED) as desk:
        thread = await desk.taken()
        await api.user_says(DESK, "/canned", by=ANA, thread=thread)
        await desk.shows(thread, "Prepared replies: anything-else, looking")
        await api.user_says(DESK, "/back@other_bot", by=ANA, thread=thread)
        await api.user_says(DESK, "/canned@fake_bot looking", by=ANA, thread=thread)
        text = desk.app.handoff.canned("looking", "en")
        await desk.customer_reads(f"ana: {text}")
        await desk.shows(thread, f"To the customer:\nana: {text}")
        await api.user_blocks(MARA)
        await api.user_says(DESK, "does it arrive?", by=ANA, thread=thread)
        await desk.shows(thread, "has blocked the bot")


async def test_what_breaks_is_tried_again_and_then_said(
    desk: Office, api: FakeBotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await desk.taken()

    async def breaks(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("bot.desk.inbox.TRIES", 2)
    monkeypatch.setattr(desk.app.handoff, "reply", breaks)
    with capture_logs() as logs:
        await api.user_says(DESK, "hello", by=ANA, thread=thread)
        await desk.shows(thread, "This did not work")
    assert "desk-update-given-up" in [entry["event"] for entry in logs]


async def test_a_forgotten_customers_topic_is_deleted(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.asks_for_a_person()
    async with desk.app.database.write() as session:
        topic = (await session.exec(select(DeskTopicRow))).one()
        row = await desk.app.transcript.find("telegram", str(MARA))
        assert row is not None
        assert row.id == topic.conversation_id
        row.channel, row.chat_id, row.state, row.queued_at = "erased", row.id, "open", None
        await session.merge(row)
    await api.until(lambda: api.chats[DESK].topics[thread].deleted)
    assert await gone(desk)


async def gone(desk: Office) -> bool:
    """Whether, within half a minute, nothing of any topic is left."""
    for _ in range(600):
        async with desk.app.database.read() as session:
            left = [(await session.exec(select(row))).first() for row in (DeskTopicRow, DeskButtonRow)]
        if left == [None, None]:
            return True
        await asyncio.sleep(0.05)
    return False
