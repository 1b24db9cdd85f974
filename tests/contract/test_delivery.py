"""Delivery over the real transcript: order, repeats, waits, giving up."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.delivery import Delivery
from bot.errors import DeliveryError
from bot.model import Incoming, Reply, Sender
from tests.fake_turn import FakeApp, fake_app, plain


class Recorder:
    """A channel that fails as told, per chat, before it takes anything."""

    name = "recorder"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.tried = 0
        self.faults: dict[str, list[Exception]] = {}

    async def send(self, chat_id: str, reply: Reply) -> None:
        self.tried += 1
        if self.faults.get(chat_id):
            raise self.faults[chat_id].pop(0)
        self.sent.append((chat_id, reply.text))


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path) as made:
        yield made


@pytest.fixture
def channel() -> Recorder:
    return Recorder()


@pytest.fixture
def delivery(app: FakeApp, channel: Recorder) -> Delivery:
    return Delivery(app.transcript, channel, app.clock, tries=4)


async def replies(app: FakeApp, chat: str, *texts: str) -> None:
    app.turn.script = lambda _text, _press: [plain(text) for text in texts]
    number = len(await app.rows("in"))
    await app.turn(Incoming("recorder", chat, str(number), Sender("someone"), text="hi"))


async def test_sends_once_and_in_order(app: FakeApp, channel: Recorder, delivery: Delivery) -> None:
    await replies(app, "a", "one", "two", "three")
    await delivery.drain()
    await delivery.drain()
    assert channel.sent == [("a", "one"), ("a", "two"), ("a", "three")]
    assert {row.status for row in await app.rows("out")} == {"sent"}


async def test_more_replies_than_one_look_finds(app: FakeApp, channel: Recorder, delivery: Delivery) -> None:
    await replies(app, "a", *(str(number) for number in range(120)))
    await delivery.drain()
    assert [text for _chat, text in channel.sent] == [str(number) for number in range(120)]


async def test_waits_as_long_as_the_channel_asks(app: FakeApp, channel: Recorder, delivery: Delivery) -> None:
    channel.faults["a"] = [DeliveryError("slow down", retry_after=30)]
    await replies(app, "a", "one", "two")
    await delivery.drain()
    app.clock.move(seconds=29)
    await delivery.drain()
    assert channel.tried == 1
    app.clock.move(seconds=1)
    await delivery.drain()
    assert channel.sent == [("a", "one"), ("a", "two")]


async def test_one_chat_in_trouble_holds_up_no_other(
    app: FakeApp, channel: Recorder, delivery: Delivery
) -> None:
    channel.faults["a"] = [DeliveryError("down", retry_after=5)]
    await replies(app, "a", "for a")
    await replies(app, "b", "for b")
    await delivery.drain()
    assert channel.sent == [("b", "for b")]


async def test_waits_longer_each_time_and_gives_up_loudly(
    app: FakeApp, channel: Recorder, delivery: Delivery
) -> None:
    channel.faults["a"] = [DeliveryError("down", retry_after=0.0) for _ in range(4)]
    await replies(app, "a", "lost", "next")
    waits = []
    with capture_logs() as logs:
        for _ in range(3):
            await delivery.drain()
            row = (await app.rows("out"))[0]
            assert row.status == "pending"
            assert row.not_before is not None
            waits.append((row.not_before - app.clock.now()).total_seconds())
            app.clock.move(seconds=waits[-1])
        await delivery.drain()
    assert waits == [1, 2, 4]
    lost, following = await app.rows("out")
    assert (lost.status, lost.failure, lost.attempts) == ("failed", "down", 4)
    assert following.status == "sent"
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["reply-given-up"]


async def test_a_hopeless_reply_is_not_tried_again(
    app: FakeApp, channel: Recorder, delivery: Delivery
) -> None:
    channel.faults["a"] = [DeliveryError("blocked by the user", retry_after=None)]
    await replies(app, "a", "one")
    await delivery.drain()
    app.clock.move(seconds=10_000)
    await delivery.drain()
    assert channel.tried == 1
    assert (await app.rows("out"))[0].failure == "blocked by the user"


async def test_a_bug_in_the_channel_is_tried_again(
    app: FakeApp, channel: Recorder, delivery: Delivery
) -> None:
    channel.faults["a"] = [KeyError("a bug")]
    await replies(app, "a", "one")
    await delivery.drain()
    assert (await app.rows("out"))[0].failure == "KeyError"
    app.clock.move(seconds=1)
    await delivery.drain()
    assert channel.sent == [("a", "one")]


async def test_run_sends_when_woken_and_when_another_process_wrote(app: FakeApp, channel: Recorder) -> None:
    looks: asyncio.Queue[float] = asyncio.Queue()
    slept = asyncio.Event()

    async def sleep(seconds: float) -> None:
        looks.put_nowait(seconds)
        await slept.wait()

    delivery = Delivery(app.transcript, channel, app.clock, sleep)
    running = asyncio.create_task(delivery.run())
    await looks.get()
    await replies(app, "a", "woken")
    delivery.wake()
    await looks.get()
    assert channel.sent == [("a", "woken")]
    await app.staff_writes("recorder", "a", "from the desk")
    slept.set()
    async with asyncio.timeout(5):
        while len(channel.sent) < 2:
            await looks.get()
    assert channel.sent[1] == ("a", "from the desk")
    delivery.stop()
    await running


async def test_run_goes_on_after_the_database_failed(
    app: FakeApp, channel: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: asyncio.Queue[float] = asyncio.Queue()

    async def sleep(seconds: float) -> None:
        await looks.put(seconds)
        await asyncio.sleep(0)

    async def broken(*_arguments: object, **_named: object) -> None:
        raise OSError("disk")

    await replies(app, "a", "one")
    delivery = Delivery(app.transcript, channel, app.clock, sleep)
    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(app.transcript, "pending", broken)
        running = asyncio.create_task(delivery.run())
        await looks.get()
    assert logs[0]["event"] == "delivery-interrupted"
    async with asyncio.timeout(5):
        while not channel.sent:
            await looks.get()
    delivery.stop()
    await running


async def test_what_was_sent_but_could_not_be_noted_is_not_sent_again(
    app: FakeApp, channel: Recorder, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_message_id: str) -> None:
        raise OSError("disk")

    await replies(app, "a", "one")
    await replies(app, "b", "two")
    with monkeypatch.context() as patch:
        patch.setattr(app.transcript, "mark_sent", broken)
        with pytest.raises(OSError, match="disk"):
            await delivery.drain()
    await delivery.drain()
    assert sorted(channel.sent) == [("a", "one"), ("b", "two")]
    assert {row.status for row in await app.rows("out")} == {"sent"}
