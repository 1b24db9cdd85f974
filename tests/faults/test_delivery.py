"""What Telegram may answer to a reply, over real HTTP: nothing lost, nothing out of order, staff told."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import select

from bot.channels.telegram import LIMITS
from bot.channels.telegram_channel import TelegramChannel, make_bot
from bot.channels.telegram_reading import CHANNEL
from bot.delivery import Delivery
from bot.errors import UsageError
from bot.letters import Letters
from bot.model import Incoming, Sender
from bot.pacing import Pacing
from bot.tables import ConversationRow, MessageRow
from tests.fake_bot_api import TOKEN, FakeBotApi, Fault
from tests.fake_turn import FakeApp, fake_app, plain

ANA, BOR = 7001, 7002


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        yield running


@pytest.fixture
async def app(tmp_path: Path, api: FakeBotApi) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path, telegram_bot_token=SecretStr(TOKEN), telegram_api_url=api.url) as made:
        yield made


@asynccontextmanager
async def delivering(app: FakeApp) -> AsyncIterator[Delivery]:
    """Waiting for the pacing moves the clock."""
    bot = make_bot(app.settings)
    pacing = Pacing(LIMITS, now=lambda: app.clock.now().timestamp())

    async def sleep(seconds: float) -> None:
        app.clock.move(seconds=seconds)

    try:
        yield Delivery(app.transcript, TelegramChannel(bot), app.clock, sleep, pacing=pacing)
    finally:
        await bot.session.close()


async def replies(app: FakeApp, chat: int, *texts: str) -> None:
    app.turn.script = lambda _text, _press: [plain(text) for text in texts]
    number = len(await app.rows("in"))
    await app.turn(Incoming(CHANNEL, str(chat), str(number), Sender(str(chat)), text="hi"))


async def state_of(app: FakeApp, chat: int) -> ConversationRow:
    row = await app.transcript.find(CHANNEL, str(chat))
    assert row is not None
    return row


def texts(api: FakeBotApi, chat: int) -> list[str]:
    return [message.text for message in api.sent(chat)]


FAULTS: dict[str, tuple[Fault, list[str], list[str]]] = {
    "429": (Fault(429, "Too Many Requests", retry_after=7), ["one", "two", "three"], []),
    "500": (Fault(500, "Internal Server Error"), ["one", "two", "three"], []),
    "502": (Fault(502, "Bad Gateway"), ["one", "two", "three"], []),
    "no answer": (Fault(0), ["one", "two", "three"], []),
    "lost answer": (Fault(0, delivered=True), ["one", "one", "two", "three"], []),
    "late 500": (Fault(500, "late", delivered=True), ["one", "one", "two", "three"], []),
    "400": (Fault(400, "Bad Request: message text is empty"), ["two", "three"], ["one"]),
    "too long": (Fault(400, "Bad Request: message is too long"), ["two", "three"], ["one"]),
    "401": (Fault(401, "Unauthorized"), ["one", "two", "three"], []),
    "403": (Fault(403, "Forbidden: bot was blocked by the user"), [], ["one", "two", "three"]),
    "gone": (Fault(400, "Bad Request: chat not found"), [], ["one", "two", "three"]),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_after_a_fault(app: FakeApp, api: FakeBotApi, name: str) -> None:
    fault, arrived, failed = FAULTS[name]
    api.fail("sendMessage", fault)
    await replies(app, ANA, "one", "two", "three")
    async with delivering(app) as delivery:
        await delivery.drain()
        await replies(app, BOR, "other")
        await delivery.drain()
    app.clock.move(seconds=61)
    async with delivering(app) as delivery:  # what was held in memory is gone with the process
        await delivery.drain()
    assert (texts(api, ANA), texts(api, BOR)) == (arrived, ["other"])
    rows = [row for row in await app.rows("out") if row.text != "other"]
    assert [row.text for row in rows if row.status == "failed"] == failed
    assert {row.status for row in rows} <= {"sent", "failed"}


async def test_retry_after_is_obeyed_to_the_second(app: FakeApp, api: FakeBotApi) -> None:
    api.fail("sendMessage", Fault(429, "Too Many Requests", retry_after=7))
    await replies(app, ANA, "one", "two")
    async with delivering(app) as delivery:
        await delivery.drain()
        app.clock.move(seconds=6.9)
        await delivery.drain()
        assert api.count("sendMessage") == 1
        app.clock.move(seconds=0.1)
        await delivery.drain()
    assert texts(api, ANA) == ["one", "two"]


async def test_who_blocked_the_bot_is_left_alone_until_they_write(app: FakeApp, api: FakeBotApi) -> None:
    api.fail("sendMessage", Fault(403, "Forbidden: bot was blocked by the user"))
    await replies(app, ANA, "one", "two")
    async with delivering(app) as delivery:
        await delivery.drain()
        assert (await state_of(app, ANA)).blocked_at == app.clock.now()
        await app.staff_writes(CHANNEL, str(ANA), "from the desk")
        await delivery.drain()
        assert api.count("sendMessage") == 1
        await replies(app, ANA, "welcome back")
        assert (await state_of(app, ANA)).blocked_at is None
        await delivery.drain()
    assert texts(api, ANA) == ["welcome back"]
    assert [row.status for row in await app.rows("out")] == ["failed", "failed", "failed", "sent"]


async def test_staff_see_dead_letters_send_them_again_in_order_or_drop_them(
    app: FakeApp, api: FakeBotApi
) -> None:
    letters = Letters(app.database, app.clock, None, ("eva",))
    api.fail("sendMessage", Fault(403, "Forbidden: bot was blocked by the user"))
    await replies(app, ANA, "one", "two", "three")
    async with delivering(app) as delivery:
        await delivery.drain()
        found = await letters.listed()
        assert [(letter.channel, letter.chat_id, letter.is_blocked) for letter in found] == [
            (CHANNEL, str(ANA), True)
        ] * 3
        assert "blocked by the user" in found[0].reason
        with pytest.raises(UsageError, match="may not act here"):
            await letters.resend(found[0].letter_id, "mallory")
        assert (await letters.show(found[1].letter_id, "eva")).text == "two"
        await letters.drop(found[1].letter_id, "eva")
        await letters.resend(found[2].letter_id, "Eva")
        await letters.resend(found[0].letter_id, "eva")
        await delivery.drain()
    assert texts(api, ANA) == ["one", "three"]
    assert await letters.listed() == []


@pytest.mark.parametrize("known", [False, True])
async def test_a_group_that_became_a_supergroup(app: FakeApp, known: bool) -> None:
    from bot.errors import DeliveryError
    from bot.model import Reply

    class Moved:
        name = CHANNEL
        sent: list[tuple[str, str]] = []  # noqa: RUF012

        async def send(self, chat_id: str, reply: Reply) -> None:
            if chat_id == "-5":
                raise DeliveryError("migrated", retry_after=None, moved_to="-1005")
            self.sent.append((chat_id, reply.text))

    channel = Moved()
    channel.sent = []
    await replies(app, -5, "one", "two")
    if known:
        await app.transcript.receive(Incoming(CHANNEL, "-1005", "new", Sender("x"), text="hello"))
    await Delivery(app.transcript, channel, app.clock).drain()
    assert channel.sent == [("-1005", "one"), ("-1005", "two")]


async def test_a_long_conversation_starves_no_other(app: FakeApp) -> None:
    await replies(app, ANA, *(str(number) for number in range(300)))
    app.clock.move(seconds=1)
    await replies(app, BOR, "other")
    found = await app.transcript.pending(CHANNEL, now=app.clock.now(), limit=10)
    assert [one.reply.text for one in found[:3]] == ["0", "other", "1"]


def always(error: Exception) -> Callable[[str], object]:
    async def fails(_message_id: str) -> object:
        raise error

    return fails


@pytest.mark.parametrize("telling_works", [True, False])
async def test_a_message_that_no_turn_can_answer_is_left_to_staff(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch, telling_works: bool
) -> None:
    answer = app.turn.answer

    async def picky(message_id: str, **_given: object) -> object:
        if (await app.transcript.load(message_id)).message.text == "poison":
            raise RuntimeError("cannot be committed")
        return await answer(message_id)

    async def at_once(_seconds: float) -> None:
        return None

    monkeypatch.setattr(app.turn, "answer", picky)
    monkeypatch.setattr(app.answering, "_sleep", at_once)
    if not telling_works:
        monkeypatch.setattr(app.turn, "give_up", always(RuntimeError("nor this")))
    for text in ("before", "poison", "after"):
        message_id = await app.turn.receive(Incoming(CHANNEL, str(ANA), text, Sender("x"), text=text))
        assert message_id is not None
        app.answering.submit(str(ANA), message_id)
    await app.answering.drain()
    assert [row.status for row in await app.rows("in")] == ["answered", "failed", "answered"]
    said = [row.text for row in await app.rows("out")]
    assert (said[0], said[-1]) == ("you said before", "you said after")
    assert len(said) == 2 + telling_works
    (letter,) = await Letters(app.database, app.clock, None, ("eva",)).listed()
    assert (letter.direction, letter.reason, letter.attempts) == ("in", "RuntimeError", 3)


async def test_a_message_on_which_the_process_dies_again_and_again(app: FakeApp) -> None:
    await app.turn.receive(Incoming(CHANNEL, str(ANA), "deadly", Sender("x"), text="deadly"))
    (row,) = await app.rows("in")
    for _ in range(5):
        await app.transcript.note_try(row.id, "died")
    await app.answering.serve(CHANNEL)
    await app.answering.drain()
    async with app.database.read() as session:
        again = (await session.exec(select(MessageRow).where(MessageRow.id == row.id))).one()
    assert (again.status, app.turn.answered) == ("failed", [])


async def test_the_sweep_takes_up_what_was_left_in_any_served_channel(app: FakeApp) -> None:
    await app.answering.serve("web")
    for channel in ("web", "elsewhere"):
        await app.turn.receive(Incoming(channel, "x", f"{channel}:1", Sender("x"), text=channel))
    await app.answering.sweep()
    await app.answering.drain()
    assert app.turn.answered == ["web"]
