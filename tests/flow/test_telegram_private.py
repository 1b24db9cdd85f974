"""A private chat: commands, what is no text, edits, forwards, buttons, and what goes wrong with updates."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.app import App
from bot.config import LANGUAGES
from tests.bot_api import FakeBotApi, Fault
from tests.fakes import MovingClock
from tests.telegram_live import ANA, BOR, REFUND, conversation, live, quiet, said

OWNER = "olivia.owner@example.com"


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        running.group(-500)
        yield running


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock, api: FakeBotApi) -> AsyncIterator[App]:
    async with live(data_dir, api, clock, desk_chat_id=-500) as running:
        yield running


async def test_commands_do_what_they_say_in_the_language_that_is_chosen(app: App, api: FakeBotApi) -> None:
    say = app.messages.say
    await api.user_says(ANA, "/help")
    assert say("sl", "help.text") in (await said(api, ANA, 1)).text
    await api.user_says(ANA, "/language")
    offered = await said(api, ANA, 2)
    assert [label for label, _ in offered.buttons] == [
        app.messages.language_name(code, code).capitalize() for code in LANGUAGES
    ]
    await api.user_presses(ANA, app.messages.language_name("et", "et").capitalize())
    assert (await said(api, ANA, 3)).text == say("et", "language.changed")
    await api.until(lambda: api.sent(ANA)[1].buttons == [])
    await api.user_says(ANA, REFUND)
    assert say("et", "button.helpful") in [label for label, _ in (await said(api, ANA, 4)).buttons]
    await api.user_says(ANA, "/cancel")
    assert (await said(api, ANA, 5)).text == say("et", "cancel.nothing")
    await api.user_says(ANA, "please cancel my account")
    asked = await said(api, ANA, 6)
    assert [label for label, _ in asked.buttons] == [say("et", "button.stop")]
    await api.user_says(ANA, "/cancel@fake_bot")
    assert (await said(api, ANA, 7)).text == say("et", "form.stopped")
    await api.until(lambda: api.sent(ANA)[5].buttons == [])
    await api.user_says(ANA, "/privacy")
    await api.user_says(ANA, "/status")
    await api.user_says(ANA, "/person")
    assert (await said(api, ANA, 10)).text.startswith(say("et", "handoff.queued"))
    assert say("et", "privacy.text") in api.sent(ANA)[7].text


async def test_the_profile_is_set_once_in_five_languages(
    app: App, api: FakeBotApi, data_dir: Path, clock: MovingClock
) -> None:
    await api.until(lambda: api.count("setMyShortDescription") == 6)
    private = json.dumps({"type": "all_private_chats"})
    commands = {
        key[1]: value for key, value in api.commands.items() if json.loads(key[0]) == json.loads(private)
    }
    assert set(commands) == {"", *LANGUAGES}
    names = ["help", "language", "status", "person", "privacy", "cancel"]
    assert [command["command"] for command in commands["lt"]] == names
    assert commands["lt"][0]["description"] == app.messages.say("lt", "command.help")
    assert "Quality Unit" in api.profile[("description", "bg")]
    written = api.count("setMyCommands")
    async with live(data_dir / "second", api, clock):
        await api.until(lambda: api.count("getMyShortDescription") == 12)
    assert (api.count("setMyCommands"), api.count("setMyDescription")) == (written, 6)


NOT_READ = {
    "voice": "media.voice",
    "video_note": "media.voice",
    "sticker": "media.sticker",
    "animation": "media.sticker",
    "dice": "media.sticker",
    "contact": "media.contact",
    "location": "media.contact",
    "poll": "media.poll",
    "video": "media.video",
}


async def test_what_is_no_text_gets_a_sentence(app: App, api: FakeBotApi) -> None:
    for chat, (kind, key) in enumerate(NOT_READ.items(), 8001):
        await api.user_sends(chat, kind)
        assert app.messages.say("sl", key) in (await said(api, chat, 1)).text
        assert (await conversation(app, str(chat))).email is None


async def test_a_forwarded_message_is_a_question_at_most(app: App, api: FakeBotApi) -> None:
    link = await app.links.mint(OWNER)
    texts = ("please cancel my account", f"/start {link.token}", "/person", "I want to talk to a person")
    for number, text in enumerate(texts, 1):
        await api.user_forwards(ANA, text, hidden="Eva")
        reply = await said(api, ANA, number)
        assert (
            reply.text.endswith(app.messages.say("en", "forwarded.text")) or "»" in reply.text or reply.text
        )
        place = await conversation(app, str(ANA))
        assert (place.state, place.pending, place.email) == ("open", {}, None)
    await api.user_forwards(ANA, REFUND)
    assert (await said(api, ANA, 5)).marked("blockquote")


async def test_an_edit_is_answered_while_it_is_the_last_word_and_never_confirms(
    app: App, api: FakeBotApi
) -> None:
    first = await api.user_says(ANA, "How long do you keep my dta?")
    await said(api, ANA, 1)
    await api.user_edits(ANA, first["message"]["message_id"], REFUND)
    assert (await said(api, ANA, 2)).marked("blockquote")
    again = await api.user_edits(ANA, first["message"]["message_id"], REFUND)
    await api.again(again, renumbered=True)
    request = await api.user_says(ANA, "please cancel my account")
    await said(api, ANA, 3)
    await api.user_edits(ANA, request["message"]["message_id"], "please correct my invoice?")
    assert (await said(api, ANA, 4)).text == app.messages.say("en", "edited.text")
    await api.user_edits(ANA, first["message"]["message_id"], "Do I get a refund at all?")
    assert (await said(api, ANA, 5)).text == app.messages.say("en", "edited.text")
    place = await conversation(app, str(ANA))
    assert place.pending["kind"] == "cancel_account"
    kept = await app.transcript.message_id("telegram", f"{ANA}:{first['message']['message_id']}")
    assert (await app.transcript.load(kept or "")).message.text == "How long do you keep my dta?"


async def test_old_odd_and_repeated_updates(app: App, api: FakeBotApi, clock: MovingClock) -> None:
    say = app.messages.say
    week_ago = 1_770_000_000 - 7 * 86_400
    await api.user_says(ANA, REFUND, date=week_ago)
    answer = await said(api, ANA, 1)
    assert answer.marked("blockquote")
    api.jump(9)
    press = await api.user_presses(ANA, say("en", "button.helpful"), inaccessible=True)
    await said(api, ANA, 2)
    await api.again(press, renumbered=True)
    await api.until(lambda: [label for label, _ in api.sent(ANA)[0].buttons] == [say("en", "button.person")])
    clock.move(days=31)
    api.fail("editMessageReplyMarkup", Fault(400, "Bad Request: message is not modified"))
    await api.user_presses(ANA, say("en", "button.person"))
    assert (await said(api, ANA, 3)).text == say("en", "rejected.expired")
    api.jump(5_000_000)
    old = [await api.user_says(BOR, f"{REFUND} {n}", date=week_ago) for n in range(3)]
    await said(api, BOR, 3)
    await api.shuffled(old, duplicates=1.0, seed=1)
    await quiet(api, BOR, 3)


async def test_a_button_under_another_message_is_refused(app: App, api: FakeBotApi) -> None:
    await api.user_says(ANA, REFUND)
    answer = await said(api, ANA, 1)
    await api.user_says(ANA, "thanks")
    other = await said(api, ANA, 2)
    copied = api.chats[ANA].messages[other.message_id].data
    await api.user_presses_gone(ANA, copied, answer.buttons[0][1])
    await api.until(lambda: bool(api.answers))
    assert api.answers[0].text == app.messages.say("sl", "rejected.unknown-button")
    await quiet(api, ANA, 2)


async def test_who_blocks_the_bot_is_marked_until_they_come_back(app: App, api: FakeBotApi) -> None:
    await api.user_says(ANA, "hello")
    await said(api, ANA, 1)
    await api.user_blocks(ANA)
    await quiet(api, ANA, 1)
    assert (await conversation(app, str(ANA))).blocked_at is not None
    await api.user_unblocks(ANA)
    await quiet(api, ANA, 1)
    assert (await conversation(app, str(ANA))).blocked_at is None


async def test_the_desks_chat_is_nobodys_conversation(app: App, api: FakeBotApi) -> None:
    await api.user_says(-500, f"@fake_bot {REFUND}", by=ANA)
    await quiet(api, -500, 0)
    assert await app.transcript.find("telegram", f"-500:{ANA}") is None


async def test_a_webhook_set_meanwhile_is_taken_away_and_a_second_poller_is_named(
    app: App, api: FakeBotApi
) -> None:
    conflict = (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    hidden = "Conflict: can't use getUpdates method while webhook is active"
    api.fail("getUpdates", None, Fault(409, hidden), Fault(409, conflict))
    with capture_logs() as logs:
        await api.user_says(ANA, "hello")
        await api.until(lambda: any(e["event"] == "another-process-polls-with-this-token" for e in logs))
    assert any(entry["event"] == "webhook-taken-away" for entry in logs)
    assert api.count("deleteWebhook") == 1
    await said(api, ANA, 1)


async def test_typing_is_shown_only_where_a_turn_takes_its_time(
    app: App, api: FakeBotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.user_says(BOR, "hello")
    await said(api, BOR, 1)
    thought, answer = asyncio.Event(), app.turn.answer

    async def slow(message_id: str) -> object:
        await thought.wait()
        return await answer(message_id)

    monkeypatch.setattr(type(app.turn), "answer", lambda _turn, message_id, **_given: slow(message_id))
    await api.user_says(ANA, "hello")
    await api.until(lambda: api.chats[ANA].actions == [("typing", None)])
    thought.set()
    await said(api, ANA, 1)
    assert api.chats[BOR].actions == []


async def test_poll_says_that_it_takes_a_webhook_away(
    data_dir: Path, clock: MovingClock, api: FakeBotApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.webhook = {"url": "https://example.com/telegram/webhook"}
    async with live(data_dir, api, clock):
        await api.user_says(ANA, "hello")
        await said(api, ANA, 1)
    assert "https://example.com/telegram/webhook" in capsys.readouterr().err
