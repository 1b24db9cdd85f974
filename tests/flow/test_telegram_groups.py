"""The bot in a group: it answers questions that are put to it, and nothing else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App
from tests.bot_api import ANONYMOUS, FakeBotApi
from tests.fakes import MovingClock
from tests.telegram_live import ANA, BOR, GROUP, REFUND, live, quiet, said


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        running.group(GROUP, forum=True, admin=True)
        yield running


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock, api: FakeBotApi) -> AsyncIterator[App]:
    async with live(data_dir, api, clock) as running:
        yield running


async def test_only_what_is_addressed_to_the_bot_is_answered(app: App, api: FakeBotApi) -> None:
    thread = api.topic(GROUP, "Help")
    await api.user_says(GROUP, REFUND, by=ANA, thread=thread)
    await api.user_says(GROUP, f"{REFUND} /help", by=ANA)
    await api.user_says(GROUP, "/help", by=ANA)
    await api.user_says(GROUP, "/help@another_bot", by=ANA)
    await api.user_says(GROUP, f"@fake_bot {REFUND}", by=ANONYMOUS)
    await api.user_says(GROUP, f"@fake_bot {REFUND}", by=BOR, as_channel=-1009)
    await quiet(api, GROUP, 0)
    asked = await api.user_says(GROUP, f"@fake_bot {REFUND}", by=ANA, thread=thread)
    answer = await said(api, GROUP, 1)
    assert answer.thread == thread
    assert answer.reply_to == asked["message"]["message_id"]
    assert answer.marked("blockquote")
    labels = [label for label, _ in answer.buttons]
    assert app.messages.say("en", "button.helpful") in labels
    assert app.messages.say("en", "button.person") not in labels
    assert (app.messages.say("en", "button.private"), "") in answer.buttons
    await api.user_says(GROUP, "thank you", by=BOR, thread=thread, reply_to=answer.message_id)
    thanked = await said(api, GROUP, 2)
    assert app.messages.say("en", "smalltalk.thanks") in thanked.text


PERSONAL = (
    "please cancel my account",
    "I want to talk to a person",
    "what is the status of my request?",
    "/status",
    "/person",
    "/privacy",
    "/cancel",
    "/language lt",
)


async def test_what_is_personal_is_sent_to_the_private_chat(app: App, api: FakeBotApi) -> None:
    for number, text in enumerate(PERSONAL, 1):
        await api.user_says(GROUP, f"@fake_bot {text}", by=ANA)
        reply = await said(api, GROUP, number)
        assert app.messages.say("en", "group.private") in reply.text
        assert reply.buttons == [(app.messages.say("en", "button.private"), "")]
        found = await app.transcript.find("telegram", f"{GROUP}:{ANA}")
        assert found is not None
        assert (found.state, found.pending, found.email, found.queued_at) == ("open", {}, None, None)


async def test_a_link_links_nobody_in_a_group_and_identity_stays_private(app: App, api: FakeBotApi) -> None:
    link = await app.links.mint("olivia.owner@example.com")
    await api.user_says(GROUP, f"/start@fake_bot {link.token}", by=ANA)
    hello = await said(api, GROUP, 1)
    assert "olivia" not in hello.text
    await api.user_says(ANA, f"/start {link.token}")
    linked = await said(api, ANA, 1)
    assert "olivia.owner@example.com" in linked.text
    await api.user_says(GROUP, "@fake_bot what is the status of my cancellation?", by=ANA)
    assert "olivia" not in (await said(api, GROUP, 2)).text
    group = await app.transcript.find("telegram", f"{GROUP}:{ANA}")
    assert group is not None
    assert (group.email, group.member_id) == (None, None)


async def test_a_button_is_its_askers_alone(app: App, api: FakeBotApi) -> None:
    api.user(BOR, "Bor", "lt")
    await api.user_says(GROUP, f"@fake_bot {REFUND}", by=ANA)
    answer = await said(api, GROUP, 1)
    helpful = app.messages.say("en", "button.helpful")
    await api.user_presses(GROUP, helpful, by=BOR)
    await api.until(lambda: len(api.answers) == 1)
    assert api.answers[0].alert
    assert api.answers[0].text == app.messages.say("lt", "rejected.others_button")
    await api.user_presses(GROUP, helpful, by=ANA)
    thanks = await said(api, GROUP, 2)
    assert app.messages.say("en", "feedback.thanks") in thanks.text
    assert not api.answers[-1].alert
    await api.until(lambda: api.sent(GROUP)[0].buttons == [])
    assert api.sent(GROUP)[0].text == answer.text


async def test_the_bot_introduces_itself_once_and_moves_with_the_group(app: App, api: FakeBotApi) -> None:
    api.group(-77, basic=True).bot_status = "left"
    added = await api.group_changes_bot(-77, "member", by=ANA)
    hello = await said(api, -77, 1)
    assert app.messages.say("sl", "group.hello") in hello.text
    await api.again(added, renumbered=True)
    await api.group_changes_bot(-77, "administrator", by=ANA)
    await quiet(api, -77, 1)
    await api.user_says(-77, f"@fake_bot {REFUND}", by=ANA)
    await said(api, -77, 2)
    await api.migrate(-77, -10077)
    await api.user_presses(-77, app.messages.say("en", "button.helpful"), by=ANA)
    await api.until(lambda: len(api.sent(-10077)) == 1)
    await api.user_says(-10077, f"@fake_bot {REFUND}", by=ANA)
    assert (await said(api, -10077, 2)).marked("blockquote")
