"""What agents send beside words: documents and photos reach a customer in Telegram, once; the rest stays."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.desk.tables import DeskUpdateRow
from bot.model import Incoming, Sender
from tests.bot_api import FakeBotApi, Fault, Sent
from tests.desk import ANA, BOR, DESK, MARA, PERSON, Office, at_full_speed, at_work, furnish
from tests.fakes import MovingClock

PDF = b"%PDF-1.7\n%from the desk"


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        furnish(running)
        yield running


@pytest.fixture
async def desk(
    data_dir: Path, api: FakeBotApi, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    at_full_speed(monkeypatch)
    async with at_work(data_dir, api, clock) as office:
        yield office


async def received(api: FakeBotApi, count: int = 1) -> list[Sent]:
    """The files on the customer's phone, once there are so many."""
    await api.until(lambda: sum(sent.document is not None for sent in api.sent(MARA)) >= count)
    return [sent for sent in api.sent(MARA) if sent.document is not None]


async def test_a_document_goes_with_its_caption_under_the_agents_name(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.taken()
    await api.user_sends(DESK, "document", PDF, name="offer.pdf", caption="the offer", by=ANA, thread=thread)
    (file,) = await received(api)
    assert (file.document, file.file_name) == (PDF, "offer.pdf")
    assert any(text == "ana: the offer" for text in desk.customer_texts())
    assert "Not sent" not in desk.text(thread)
    [case] = await desk.app.handoff.waiting()
    assert case.lines[-1].text == "ana: the offer"


async def test_a_photo_without_words_is_announced_in_the_customers_language(
    desk: Office, api: FakeBotApi
) -> None:
    thread = await desk.taken()
    await api.user_sends(DESK, "photo", b"\xff\xd8\xffphoto", mime="image/jpeg", by=ANA, thread=thread)
    (file,) = await received(api)
    assert file.document == b"\xff\xd8\xffphoto"
    assert any(text == "ana: has sent you a file: photo" for text in desk.customer_texts())


async def test_it_goes_once_whatever_happens_in_between(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.taken()
    sent = await api.user_sends(DESK, "document", PDF, by=ANA, thread=thread)
    await received(api)
    number = sent["message"]["message_id"]
    async with desk.app.database.write() as session:  # it died after the act, before it noted so
        row = await session.get_one(DeskUpdateRow, f"file:{number}")
        heard = {"kind": "file", "message_id": number, "thread_id": thread, "sender_id": ANA}
        row.status, row.content = "received", {**heard, "file_id": "f", "file_name": "file.pdf"}
    await api.again(sent, renumbered=True)
    await api.user_says(DESK, "that was it", by=ANA, thread=thread)
    await desk.customer_reads("that was it")
    assert len(await received(api)) == 1


async def test_after_the_words_went_only_the_file_is_tried_again(
    desk: Office, api: FakeBotApi, clock: MovingClock
) -> None:
    thread = await desk.taken()
    api.fail("sendDocument", Fault(500, "Internal Server Error"))
    await api.user_sends(DESK, "document", PDF, caption="the offer", by=ANA, thread=thread)
    await api.until(lambda: api.count("sendDocument") == 1)
    clock.move(seconds=5)
    await received(api)
    assert [text for text in desk.customer_texts() if "offer" in text] == ["ana: the offer"]


async def test_who_does_not_hold_it_sends_nothing(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.asks_for_a_person()
    await api.user_sends(DESK, "document", PDF, by=ANA, thread=thread)
    await desk.shows(thread, "Take it first")
    await api.user_says(DESK, "/take", by=BOR, thread=thread)
    await desk.shows(thread, "bor holds this conversation now")
    await api.user_sends(DESK, "document", PDF, by=ANA, thread=thread)
    await desk.shows(thread, "bor holds this conversation.")
    assert not any(sent.document for sent in api.sent(MARA))


@pytest.mark.parametrize("kind", ["voice", "sticker", "animation", "video", "contact", "location"])
async def test_other_things_are_not_passed_on(desk: Office, api: FakeBotApi, kind: str) -> None:
    thread = await desk.taken()
    await api.user_sends(DESK, kind, by=ANA, thread=thread)
    await desk.shows(thread, "only documents and photos")
    assert not any(sent.document for sent in api.sent(MARA))


async def test_a_file_with_a_command_stays_inside(desk: Office, api: FakeBotApi) -> None:
    thread = await desk.taken()
    await api.user_sends(DESK, "document", PDF, caption="/note for Bor only", by=ANA, thread=thread)
    await desk.shows(thread, "takes words alone")
    assert not any("Bor only" in text for text in desk.customer_texts())
    assert not any(sent.document for sent in api.sent(MARA))


async def test_where_the_customers_chat_carries_no_files_the_agent_is_told(
    desk: Office, api: FakeBotApi
) -> None:
    await desk.app.turn(Incoming("web", "w1", "w1:1", Sender("w1"), text=PERSON))
    thread = await desk.topic()
    await api.user_says(DESK, "/take", by=ANA, thread=thread)
    await desk.shows(thread, "holds this conversation now")
    await api.user_sends(DESK, "document", PDF, caption="the offer", by=ANA, thread=thread)
    await desk.shows(thread, "carries no files")
    [case] = await desk.app.handoff.waiting()
    assert not any("the offer" in line.text for line in case.lines)
