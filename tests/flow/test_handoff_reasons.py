"""What brings a person without being asked for one; what the message asks for is done all the same."""

import pytest

from bot.app import App
from bot.model import ConversationState, HandoffReason
from tests.flow.test_questions import be_sure_of_nothing
from tests.make import Customer, all_text

QUESTION = "How much notice do I get before prices change?"
UNANSWERABLE = "Why do penguins waddle on ice?"
OWNER = "olivia.owner@example.com"


async def reasons(app: App) -> list[str | None]:
    return [event.reason for event in await app.handoff.events() if event.kind == "queued"]


@pytest.mark.parametrize(
    ("language", "text", "reason"),
    [
        ("en", "I will sue you.", HandoffReason.LEGAL_THREAT),
        ("sl", "prevaranti ste, sram vas bodi", HandoffReason.ANGER),
        ("lt", "Rašau savo mamos vardu", HandoffReason.REPRESENTATIVE),
        ("et", "Saatke mulle minu naise arved.", HandoffReason.THIRD_PARTY),
        ("bg", "Ще се видим в съда!", HandoffReason.LEGAL_THREAT),
    ],
)
async def test_words_that_bring_a_person(app: App, language: str, text: str, reason: HandoffReason) -> None:
    result = await Customer(app, language=language).says(text)
    assert result.state is ConversationState.QUEUED
    assert app.messages.say(language, f"handoff.why.{reason}") in all_text(result)
    assert await reasons(app) == [reason]
    [case] = await app.handoff.waiting()
    assert case.reason == reason


async def test_the_question_beside_it_is_answered_first(app: App) -> None:
    result = await Customer(app).says(f"This is outrageous! {QUESTION}")
    assert result.replies[0].citations
    assert app.messages.say("en", "handoff.why.anger") in result.replies[-1].text
    assert result.state is ConversationState.QUEUED


async def test_where_to_complain_is_a_question(app: App) -> None:
    result = await Customer(app).says("Where do I complain to the data protection authority?")
    assert result.state is ConversationState.OPEN
    assert any(
        button.label == app.messages.say("en", "button.person") for button in result.replies[0].buttons
    )


async def test_a_right_beside_a_threat_can_still_be_filed(app: App) -> None:
    """It waits in the queue meanwhile; the bot falls silent when the request is filed."""
    customer = Customer(app, email=OWNER)
    result = await customer.says("I will sue you. Please send me a copy of all the data you hold on me.")
    assert result.state is ConversationState.AWAITING_CONFIRMATION
    assert app.messages.say("en", "handoff.queued_meanwhile") in all_text(result)
    assert await reasons(app) == [HandoffReason.LEGAL_THREAT]
    assert len(await app.handoff.waiting()) == 1
    filed = await customer.presses("confirm")
    assert filed.action_id
    assert filed.state is ConversationState.QUEUED
    assert (await customer.says(QUESTION)).replies == ()


async def test_anger_while_a_code_is_waited_for_keeps_the_request(app: App) -> None:
    customer = Customer(app)
    await customer.says("Please cancel my account")
    result = await customer.says("this is ridiculous, you idiots")
    assert result.state is ConversationState.AWAITING_EMAIL
    assert await reasons(app) == [HandoffReason.ANGER]
    again = await customer.says("you are useless")
    assert app.messages.say("en", "handoff.why.anger") not in all_text(again)
    assert await reasons(app) == [HandoffReason.ANGER]
    asked = await customer.says("let me talk to a human please")
    assert asked.state is ConversationState.QUEUED
    assert await reasons(app) == [HandoffReason.ANGER]


async def test_leaving_the_queue_keeps_the_request_under_way(app: App) -> None:
    customer = Customer(app)
    await customer.says("Please cancel my account, you idiots, this is ridiculous")
    result = await customer.presses("back")
    assert result.state is ConversationState.AWAITING_EMAIL
    assert await app.handoff.waiting() == []
    assert [event.kind for event in await app.handoff.events()] == ["queued", "left"]


async def test_two_unhelpful_answers(app: App) -> None:
    customer = Customer(app)
    await customer.says(QUESTION)
    button = await customer.button("feedback", helpful="no")
    assert (await customer.presses_id(button)).state is ConversationState.OPEN
    assert (await customer.presses_id(button)).state is ConversationState.OPEN
    await customer.says(QUESTION)
    result = await customer.presses("feedback", helpful="no")
    assert result.state is ConversationState.QUEUED
    assert await reasons(app) == [HandoffReason.UNHELPFUL]


async def test_an_answer_that_helped_begins_the_count_again(app: App) -> None:
    customer = Customer(app)
    for helpful in ("no", "yes", "no"):
        await customer.says(QUESTION)
        result = await customer.presses("feedback", helpful=helpful)
        assert result.state is ConversationState.OPEN


async def test_no_answer_twice_in_a_row(app: App) -> None:
    customer, collection = Customer(app), await app.shelf.collection()
    answering = collection.answering
    await be_sure_of_nothing(app, doubts_from=2.0)
    assert (await customer.says(UNANSWERABLE)).state is ConversationState.OPEN
    collection.answering = answering
    await customer.says(QUESTION)
    await be_sure_of_nothing(app, doubts_from=2.0)
    assert (await customer.says(UNANSWERABLE)).state is ConversationState.OPEN
    assert (await customer.says(UNANSWERABLE)).state is ConversationState.QUEUED
    assert await reasons(app) == [HandoffReason.NO_ANSWER]


async def test_after_back_the_counts_begin_at_zero(app: App) -> None:
    customer = Customer(app)
    await customer.says(QUESTION)
    await customer.presses("feedback", helpful="no")
    await customer.says(UNANSWERABLE)
    await customer.says("I want to talk to a real person")
    [case] = await app.handoff.waiting()
    await app.handoff.take(case.conversation_id, "Maja")
    await app.handoff.back(case.conversation_id, "Maja")
    assert (await customer.says(UNANSWERABLE)).state is ConversationState.OPEN
    await customer.says(QUESTION)
    assert (await customer.presses("feedback", helpful="no")).state is ConversationState.OPEN
    row = await app.transcript.find("test", "chat")
    assert row is not None
    assert (row.pending, row.misses, len(row.unhelpful)) == ({}, 0, 1)


@pytest.mark.parametrize("insist", ["again", "not helpful"])
async def test_insisting_where_the_documents_disagree(app: App, insist: str) -> None:
    """The sample library has such a pair only where the company's documents have it: one is made of two."""
    customer = Customer(app)
    shown = (await customer.says(QUESTION)).replies[0].citations[0].clause_id
    clause = await app.shelf.by_id(shown)
    second = (await customer.says("Who may cancel the account?")).replies[0].citations[0].clause_id
    other = await app.shelf.by_id(second)
    assert clause is not None
    assert other is not None
    app.turn._flows.questions._disagreements = ((clause.anchor or "", other.anchor or ""),)
    assert (await customer.says(QUESTION)).state is ConversationState.OPEN
    if insist == "again":
        result = await customer.says(QUESTION)
    else:
        result = await customer.presses("feedback", helpful="no")
    assert result.state is ConversationState.QUEUED
    assert await reasons(app) == [HandoffReason.DISAGREEMENT]


async def test_a_request_that_it_is_too_late_to_take_back(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says("Please cancel my account")
    await customer.presses("confirm")
    button = await customer.button("withdraw")
    app.clock.move(days=3)  # type: ignore[attr-defined]
    await app.worker.tick()
    result = await customer.presses_id(button)
    assert result.error == "too-late"
    assert result.state is ConversationState.QUEUED
    assert await reasons(app) == [HandoffReason.RULE]
