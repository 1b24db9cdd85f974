"""A person takes over; the bot is silent until it is given back."""

import pytest

from bot.app import App
from bot.errors import UsageError
from bot.model import ConversationState
from tests.make import Customer, all_text

QUESTION = "How much notice do I get before prices change?"


async def _pending(app: App) -> list[str]:
    return [outgoing.reply.text for outgoing in await app.transcript.pending("test", now=app.clock.now())]


async def test_asking_for_a_person_silences_the_bot_and_queues(app: App) -> None:
    customer = Customer(app)
    result = await customer.says("I want to talk to a real person")
    assert result.state is ConversationState.QUEUED
    silent = await customer.says(QUESTION)
    assert silent.replies == ()
    assert silent.state is ConversationState.QUEUED
    [case] = await app.handoff.waiting()
    assert case.held_by is None
    assert [line.text for line in case.lines if line.author == "customer"] == [
        "I want to talk to a real person",
        QUESTION,
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "let me talk to a human please"),
        ("sl", "rad bi govoril s človekom"),
        ("lt", "noriu pakalbėti su žmogumi"),
        ("et", "soovin rääkida inimesega"),
        ("bg", "искам да говоря с човек"),
    ],
)
async def test_in_every_language(app: App, language: str, text: str) -> None:
    result = await Customer(app).says(text)
    assert result.state is ConversationState.QUEUED
    assert app.messages.say(language, "handoff.queued") in all_text(result)


async def test_the_person_holds_writes_and_gives_back(app: App) -> None:
    customer = Customer(app)
    await customer.says("I want to talk to a real person")
    [case] = await app.handoff.waiting()
    await app.handoff.take(case.conversation_id[:8], "Maja")
    await app.handoff.reply(case.conversation_id, "Maja", "Hello, how can I help?")
    silent = await customer.says(QUESTION)
    assert silent.replies == ()
    assert silent.state is ConversationState.WITH_PERSON
    shown = await _pending(app)
    assert app.messages.say("en", "handoff.taken", name="Maja") in shown
    assert any(text.startswith("Maja:") and "Hello, how can I help?" in text for text in shown)
    await app.handoff.back(case.conversation_id, "Maja")
    assert app.messages.say("en", "handoff.back") in await _pending(app)
    assert (await customer.says(QUESTION)).replies[0].citations
    assert await app.handoff.waiting() == []


async def test_the_person_reads_which_button_was_pressed(app: App) -> None:
    customer = Customer(app)
    await customer.says(QUESTION)
    await customer.presses("person")
    [case] = await app.handoff.waiting()
    assert case.lines[-2].text == f"[{app.messages.say('en', 'button.person')}]"


async def test_one_holder_at_a_time(app: App) -> None:
    customer = Customer(app)
    await customer.says("I want to talk to a real person")
    [case] = await app.handoff.waiting()
    await app.handoff.take(case.conversation_id, "Maja")
    for attempt in (
        app.handoff.take(case.conversation_id, "Tomas"),
        app.handoff.reply(case.conversation_id, "Tomas", "hi"),
        app.handoff.back(case.conversation_id, "Tomas"),
    ):
        with pytest.raises(UsageError, match="Maja"):
            await attempt


async def test_the_customer_may_leave_the_queue_but_not_a_person(app: App) -> None:
    customer = Customer(app)
    await customer.says("I want to talk to a real person")
    back = await customer.button("back")
    result = await customer.presses_id(back)
    assert result.state is ConversationState.OPEN
    await customer.says("I want to talk to a real person")
    again = await customer.button("back")
    [case] = await app.handoff.waiting()
    await app.handoff.take(case.conversation_id, "Maja")
    assert (await customer.presses_id(again)).state is ConversationState.WITH_PERSON


async def test_a_person_who_takes_over_during_a_turn_is_not_overwritten(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn had read the conversation before; it must think again, and then be silent."""
    customer = Customer(app)
    await customer.says(QUESTION)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    answer = app.shelf.answer

    async def slow(question: str, *, language: str):  # type: ignore[no-untyped-def]
        await app.handoff.take(row.id, "Maja")
        return await answer(question, language=language)

    monkeypatch.setattr(app.shelf, "answer", slow)
    result = await customer.says(QUESTION)
    assert result.replies == ()
    assert result.state is ConversationState.WITH_PERSON


@pytest.mark.parametrize("name", ["", "nothing-like-this"])
async def test_an_unknown_conversation_is_named(app: App, name: str) -> None:
    with pytest.raises(UsageError, match="handoff list"):
        await app.handoff.take(name, "Maja")
