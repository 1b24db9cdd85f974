"""Telegram by long polling, over real HTTP against a fake Bot API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.app import open_app
from bot.channels.telegram import poll
from bot.channels.telegram_channel import TelegramChannel, make_bot
from bot.channels.telegram_format import LIMIT, cut, keyboard_of, parts_of, units
from bot.config import Settings
from bot.errors import ConfigurationError, DeliveryError
from bot.model import Block, Button, CitationView, Incoming, Reply, Sender
from tests.fake_bot_api import TOKEN, FakeBotApi, Fault
from tests.fake_turn import FakeApp, fake_app, plain
from tests.fakes import MovingClock
from tests.make import settings

ANA, BOR = 7001, 7002
ANSWER = Reply(
    blocks=(
        Block("note", "🤖 I am a machine."),
        Block("lead", "Refunds 💶 are settled here:"),
        Block("quote", "Unused months are not refunded 🚫."),
        Block("source", "Terms, 1 March 2026, Billing › Refunds"),
    ),
    buttons=(Button("b-yes", "Helpful"), Button("b-no", "Not helpful")),
    citations=(
        CitationView("terms.md", "Terms", date(2026, 3, 1), "t1", "Billing › Refunds", "Unused", "en"),
    ),
)


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        yield running


@pytest.fixture
async def app(tmp_path: Path, api: FakeBotApi) -> AsyncIterator[FakeApp]:
    async with fake_app(tmp_path, telegram_bot_token=SecretStr(TOKEN), telegram_api_url=api.url) as made:
        yield made


@asynccontextmanager
async def polling(app: FakeApp) -> AsyncIterator[None]:
    """The bot runs while the block does, and ends in good order."""
    stop = asyncio.Event()
    running = asyncio.create_task(poll(app, stop=stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await running


async def test_a_question_is_answered_with_entities_and_buttons(app: FakeApp, api: FakeBotApi) -> None:
    app.turn.script = lambda _text, _press: [ANSWER]
    async with polling(app):
        await api.user_says(ANA, "refunds?")
        await api.until(lambda: len(api.sent(ANA)) == 1)
    (message,) = api.sent(ANA)
    assert message.text == ANSWER.text
    assert message.marked("bold") == ["Refunds 💶 are settled here:"]
    assert message.marked("blockquote") == ["Unused months are not refunded 🚫."]
    assert message.marked("italic") == ["🤖 I am a machine.", "Terms, 1 March 2026, Billing › Refunds"]
    assert message.buttons == [("Helpful", "b-yes"), ("Not helpful", "b-no")]


async def test_who_writes_reaches_the_turn(app: FakeApp, api: FakeBotApi) -> None:
    seen: list[Incoming] = []
    receive = app.turn.receive

    async def watch(incoming: Incoming) -> str | None:
        seen.append(incoming)
        return await receive(incoming)

    app.turn.receive = watch  # type: ignore[method-assign]
    async with polling(app):
        update = await api.user_says(
            ANA, "zdravo\x1b[31m \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")
        )
        await api.until(lambda: bool(api.sent(ANA)))
    assert seen == [
        Incoming(
            channel="telegram",
            chat_id=str(ANA),
            external_id=f"{ANA}:{update['message']['message_id']}",
            sender=Sender(str(ANA), name="Ana", language_code="sl"),
            text="zdravo 😀",
        )
    ]


async def test_a_press_carries_the_button_and_is_acknowledged(app: FakeApp, api: FakeBotApi) -> None:
    app.turn.script = lambda _text, press: [plain(f"pressed {press}")] if press else [ANSWER]
    async with polling(app):
        await api.user_says(ANA, "refunds?")
        await api.until(lambda: len(api.sent(ANA)) == 1)
        press = await api.user_presses(ANA, "Not helpful")
        await api.until(lambda: len(api.sent(ANA)) == 2 and bool(api.answered_queries))
    assert api.sent(ANA)[1].text == "pressed b-no"
    assert api.answered_queries == [press["callback_query"]["id"]]


async def test_an_old_press_that_cannot_be_acknowledged_counts(app: FakeApp, api: FakeBotApi) -> None:
    app.turn.script = lambda _text, press: [plain(f"pressed {press}")] if press else [ANSWER]
    api.fail("answerCallbackQuery", Fault(400, "Bad Request: query is too old"))
    async with polling(app):
        await api.user_says(ANA, "refunds?")
        await api.until(lambda: len(api.sent(ANA)) == 1)
        await api.user_presses(ANA, "Helpful")
        await api.until(lambda: len(api.sent(ANA)) == 2)
    assert api.sent(ANA)[1].text == "pressed b-yes"


async def test_a_redelivered_message_is_answered_once(app: FakeApp, api: FakeBotApi) -> None:
    async with polling(app):
        first = await api.user_says(ANA, "one")
        await api.again(first)
        await api.again(first, renumbered=True)
        await api.user_says(ANA, "two")
        await api.until(lambda: len(api.sent(ANA)) == 2)
        await api.again(first, renumbered=True)
        await api.user_says(ANA, "three")
        await api.until(lambda: len(api.sent(ANA)) == 3)
    assert [message.text for message in api.sent(ANA)] == [f"you said {n}" for n in ("one", "two", "three")]


async def test_update_numbers_that_start_over_lose_nothing(app: FakeApp, api: FakeBotApi) -> None:
    """Telegram picks numbers at random after a quiet week: a lower one is no older one."""
    async with polling(app):
        high = await api.user_says(ANA, "high")
        await api.until(lambda: len(api.sent(ANA)) == 1)
    async with polling(app):
        low = {**high, "update_id": 5, "message": {**high["message"], "message_id": 90_000, "text": "low"}}
        await api.again(low)
        await api.until(lambda: len(api.sent(ANA)) == 2)
    assert api.sent(ANA)[1].text == "you said low"


async def test_nothing_is_confirmed_before_it_is_stored(app: FakeApp, api: FakeBotApi) -> None:
    app.turn.storing_failures = 1
    with capture_logs() as logs:
        async with polling(app):
            await api.user_says(ANA, "keep me")
            await api.until(lambda: len(api.sent(ANA)) == 1)
    assert api.sent(ANA)[0].text == "you said keep me"
    assert "polling-interrupted" in [entry["event"] for entry in logs]


async def test_what_an_earlier_run_stored_is_answered_first(app: FakeApp, api: FakeBotApi) -> None:
    for number, text in enumerate(("left over", "left over too")):
        await app.turn.receive(Incoming("telegram", str(ANA), f"{ANA}:{number}", Sender(str(ANA)), text=text))
    await api.user_says(ANA, "new")
    async with polling(app):
        await api.until(lambda: len(api.sent(ANA)) == 3)
    assert [message.text for message in api.sent(ANA)] == [
        "you said left over",
        "you said left over too",
        "you said new",
    ]


async def test_chats_are_answered_in_order_and_side_by_side(app: FakeApp, api: FakeBotApi) -> None:
    held = asyncio.Event()
    answer = app.turn.answer

    async def slow(message_id: str, **_given: object) -> object:
        received = await app.transcript.load(message_id)
        if received.message.text == "slow":
            await held.wait()
        return await answer(message_id)

    app.turn.answer = slow  # type: ignore[method-assign,assignment]
    async with polling(app):
        await api.user_says(ANA, "slow")
        await api.user_says(ANA, "after")
        await api.user_says(BOR, "other")
        await api.until(lambda: len(api.sent(BOR)) == 1)
        assert api.sent(ANA) == []
        held.set()
        await api.until(lambda: len(api.sent(ANA)) == 2)
    assert [message.text for message in api.sent(ANA)] == ["you said slow", "you said after"]


async def test_a_turn_that_fails_is_tried_again(app: FakeApp, api: FakeBotApi) -> None:
    app.turn.failures = 1
    with capture_logs():
        async with polling(app):
            await api.user_says(ANA, "stubborn")
            await api.until(lambda: len(api.sent(ANA)) == 1)
    assert api.sent(ANA)[0].text == "you said stubborn"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]}, ["you said "]),
        ({"voice": {"file_id": "f", "file_unique_id": "u", "duration": 3}}, ["you said "]),
        ({"document": {"file_id": "f", "file_unique_id": "u"}, "caption": "my bill"}, ["you said my bill"]),
        ({"pinned_message": None, "group_chat_created": True}, []),
        ({"chat": {"id": -100, "type": "supergroup", "title": "us"}, "text": "@fake_bot hi"}, []),
        ({"from": {"id": 9, "is_bot": True, "first_name": "B"}, "text": "hi"}, []),
    ],
)
async def test_what_is_not_a_private_text(
    app: FakeApp, api: FakeBotApi, fields: dict[str, Any], expected: list[str]
) -> None:
    async with polling(app):
        await api.user_says(ANA, None, **fields)
        await api.user_says(BOR, "mark")
        await api.until(lambda: len(api.sent(BOR)) == 1 and len(api.sent(ANA)) == len(expected))
    assert [message.text for message in api.sent(ANA)] == [text.strip() for text in expected]
    assert api.sent(-100) == []


async def test_an_album_gets_one_reply(app: FakeApp, api: FakeBotApi) -> None:
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    async with polling(app):
        for _ in range(3):
            await api.user_says(ANA, None, photo=photo, media_group_id="77")
        await api.user_says(ANA, "after")
        await api.until(lambda: len(api.sent(ANA)) == 2)
    assert api.sent(ANA)[1].text == "you said after"


async def test_an_update_that_cannot_be_read_holds_up_none(app: FakeApp, api: FakeBotApi) -> None:
    with capture_logs() as logs:
        async with polling(app):
            await api.user_says(ANA, "odd", date="not a moment")
            await api.user_says(ANA, "fine")
            await api.until(lambda: len(api.sent(ANA)) == 1)
    assert api.sent(ANA)[0].text == "you said fine"
    assert "update-not-understood" in [entry["event"] for entry in logs]


async def test_a_reply_from_the_desk_is_sent(app: FakeApp, api: FakeBotApi) -> None:
    async with polling(app):
        await api.user_says(ANA, "hello")
        await api.until(lambda: len(api.sent(ANA)) == 1)
        await app.staff_writes("telegram", str(ANA), "Eva here")
        await api.until(lambda: len(api.sent(ANA)) == 2)
    assert api.sent(ANA)[1].text == "Eva here"


async def test_a_wrong_token_is_a_clear_error(tmp_path: Path, api: FakeBotApi) -> None:
    wrong = SecretStr("4242:" + "B" * 35)
    async with fake_app(tmp_path, telegram_bot_token=wrong, telegram_api_url=api.url) as app:
        with pytest.raises(ConfigurationError, match="does not accept TELEGRAM_BOT_TOKEN"):
            await poll(app, stop=asyncio.Event())


@pytest.mark.parametrize(
    ("token", "said"),
    [(None, "is not set"), ("nonsense", "does not look like"), ("1:", "does not look like")],
)
async def test_no_token_at_all(tmp_path: Path, token: str | None, said: str) -> None:
    async with fake_app(tmp_path, telegram_bot_token=SecretStr(token) if token else None) as app:
        with pytest.raises(ConfigurationError, match=said):
            await poll(app, stop=asyncio.Event())


async def test_waits_for_a_telegram_that_is_down_and_stops_when_told(app: FakeApp, api: FakeBotApi) -> None:
    api.fail("getMe", *(Fault(502, "Bad Gateway") for _ in range(9)))
    with capture_logs() as logs:
        async with polling(app):
            await api.until(lambda: api.count("getMe") >= 1)
    assert api.count("getUpdates") == 0
    assert all(TOKEN not in str(entry) for entry in logs)


async def test_polling_survives_faults_of_getupdates(
    app: FakeApp, api: FakeBotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.channels.telegram_polling.FIRST_WAIT", 0.01)
    api.fail(
        "getUpdates",
        Fault(500, "Internal Server Error"),
        Fault(0),
        Fault(409, "Conflict: terminated by other getUpdates request"),
        Fault(429, "Too Many Requests", retry_after=1),
    )
    with capture_logs() as logs:
        async with polling(app):
            await api.user_says(ANA, "still there?")
            await api.until(lambda: len(api.sent(ANA)) == 1)
    assert "another-process-polls-with-this-token" in [entry["event"] for entry in logs]


async def test_the_whole_house_answers_in_telegram(
    data_dir: Path, api: FakeBotApi, clock: MovingClock
) -> None:
    """The real turn behind the adapter: a clause that is quoted, and a button that is understood."""
    configured = settings(data_dir, telegram_bot_token=SecretStr(TOKEN), telegram_api_url=api.url)
    async with open_app(configured, clock=clock) as app:
        stop = asyncio.Event()
        running = asyncio.create_task(poll(app, stop=stop))
        await api.user_says(ANA, "Ali dobim povračilo za neizkoriščene mesece?")
        await api.until(lambda: len(api.sent(ANA)) == 1, 30)
        answer = api.sent(ANA)[0]
        (quote,) = answer.marked("blockquote") or answer.marked("expandable_blockquote")
        assert quote in answer.text
        assert len(answer.marked("bold")) == 1
        label = answer.buttons[-1][0]
        await api.user_presses(ANA, label)
        await api.until(lambda: len(api.sent(ANA)) == 2, 30)
        stop.set()
        async with asyncio.timeout(10):
            await running
        conversation = await app.transcript.find("telegram", str(ANA))
    assert conversation is not None
    assert (conversation.language, conversation.state) == ("sl", "queued")


def channel_settings(api: FakeBotApi) -> Settings:
    return Settings(_env_file=None, telegram_bot_token=SecretStr(TOKEN), telegram_api_url=api.url)


@asynccontextmanager
async def channel_to(api: FakeBotApi) -> AsyncIterator[TelegramChannel]:
    bot = make_bot(channel_settings(api))
    try:
        yield TelegramChannel(bot)
    finally:
        await bot.session.close()


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        (Fault(429, "Too Many Requests", retry_after=17), 17.0),
        (Fault(403, "Forbidden: bot was blocked by the user"), None),
        (Fault(400, "Bad Request: chat not found"), None),
        (Fault(500, "Internal Server Error"), 1.0),
        (Fault(0), 1.0),
        (Fault(401, "Unauthorized"), 60.0),
    ],
)
async def test_what_a_failure_means_for_another_try(
    api: FakeBotApi, fault: Fault, retry_after: float | None
) -> None:
    api.fail("sendMessage", fault)
    async with channel_to(api) as channel:
        with pytest.raises(DeliveryError) as caught:
            await channel.send(str(ANA), plain("hi"))
    assert caught.value.retry_after == retry_after
    assert TOKEN not in str(caught.value)
    assert api.sent(ANA) == []


async def test_delivered_then_cut_off_is_sent_again_rather_than_lost(app: FakeApp, api: FakeBotApi) -> None:
    api.fail("sendMessage", Fault(0, delivered=True))
    async with polling(app):
        await api.user_says(ANA, "hi")
        await api.until(lambda: len(api.sent(ANA)) == 1)

        def sent_again() -> bool:
            app.clock.move(seconds=2)  # the failure is written down at a moment that only the bot knows
            return len(api.sent(ANA)) == 2

        await api.until(sent_again)
    assert {message.text for message in api.sent(ANA)} == {"you said hi"}
    assert [row.status for row in await app.rows("out")] == ["sent"]


@pytest.mark.parametrize(
    "refusal",
    [
        "can't parse entities: unsupported",
        "entity begins in a middle of a UTF-16 symbol at byte offset 3",
        "ENTITY_BOUNDS_INVALID",
        "entities are too long",
    ],
)
async def test_rejected_markup_is_sent_as_plain_text(api: FakeBotApi, refusal: str) -> None:
    api.fail("sendMessage", Fault(400, f"Bad Request: {refusal}"))
    async with channel_to(api) as channel:
        await channel.send(str(ANA), ANSWER)
    (message,) = api.sent(ANA)
    assert (message.text, message.entities) == (ANSWER.text, [])
    assert len(message.buttons) == 2


async def test_a_long_reply_goes_on_where_it_failed(api: FakeBotApi) -> None:
    reply = Reply((Block("say", "a" * 4000), Block("quote", "b " * 1500), Block("say", "c")), ANSWER.buttons)
    async with channel_to(api) as channel:
        assert len(parts_of(reply)) == 2
        api.fail("sendMessage", None, Fault(500))
        with pytest.raises(DeliveryError):
            await channel.send(str(ANA), reply)
        await channel.send(str(ANA), reply)
        await channel.send(str(ANA), reply)
    assert [message.text[:1] for message in api.sent(ANA)] == ["a", "b", "a", "b"]
    assert [bool(message.buttons) for message in api.sent(ANA)] == [False, True, False, True]


async def test_a_foreign_server_answer_is_no_crash(api: FakeBotApi) -> None:
    api.fail("sendMessage", Fault(200, "not ok"))
    async with channel_to(api) as channel:
        with pytest.raises(DeliveryError):
            await channel.send(str(ANA), plain("hi"))


@pytest.mark.parametrize(
    "text",
    [
        "word " * 3000,
        "x" * 10_000,
        "😀" * 5000,
        "Stavek je tu. " * 900,
        "line\n" * 2500,
        ("Ä" * 4095) + " " + ("é" * 4097),
    ],
)
def test_long_texts_are_cut_within_the_limit_and_complete(text: str) -> None:
    pieces = list(cut(text))
    assert all(0 < units(piece) <= LIMIT for piece in pieces)
    assert "".join("".join(piece.split()) for piece in pieces) == "".join(text.split())


def test_cuts_fall_between_sentences_before_words() -> None:
    text = "First one. " * 10 + "And then a rather long one follows here"
    first, *_ = cut(text, 120)
    assert first.endswith("First one.")


@pytest.mark.parametrize(("size", "parts"), [(4096, 1), (4097, 2)])
def test_the_limit_itself_fits(size: int, parts: int) -> None:
    assert len(parts_of(plain("x" * size))) == parts
    assert len(parts_of(plain("😀" * (size // 2) + "x" * (size % 2)))) == parts


def test_blocks_stay_whole_where_they_fit() -> None:
    reply = Reply(tuple(Block("say", letter * 2000) for letter in "abc"))
    assert [part.text for part in parts_of(reply)] == ["a" * 2000 + "\n\n" + "b" * 2000, "c" * 2000]


def test_only_the_heading_of_a_card_is_bold() -> None:
    (part,) = parts_of(Reply((Block("card", "Cancel 📦 account\n- ends today"),)))
    (bold,) = part.entities
    assert (bold.type, bold.offset, bold.length) == ("bold", 0, units("Cancel 📦 account"))


def test_a_reply_without_words_is_no_message() -> None:
    assert parts_of(Reply((Block("say", " \n "),))) == []


def test_a_button_that_telegram_could_not_carry_is_refused() -> None:
    assert keyboard_of([Button("x" * 64, "fits")]) is not None
    with pytest.raises(ValueError, match="64 bytes"):
        keyboard_of([Button("č" * 33, "too long")])
