"""What holds for every turn, whatever it is about."""

import pytest
from sqlmodel import select

from bot.app import App
from bot.model import ConversationState
from bot.tables import MessageRow
from tests.make import Customer, all_text

QUESTION = "How much notice do I get before prices change?"


async def test_a_duplicate_is_answered_once(app: App) -> None:
    customer = Customer(app)
    first = await customer.says(QUESTION, external_id="same")
    again = await customer.says(QUESTION, external_id="same")
    assert again.duplicate
    assert again.replies == first.replies
    async with app.database.read() as session:
        rows = (await session.exec(select(MessageRow))).all()
    assert [row.direction for row in rows] == ["in", "out"]


async def test_a_received_message_is_answered_after_a_restart(app: App) -> None:
    """The process that received it may die; the row is there, and whoever comes next answers it."""
    customer = Customer(app)
    incoming_id = await app.turn.receive(_incoming(customer, QUESTION))
    assert incoming_id is not None
    assert await app.transcript.unanswered("test") == [incoming_id]
    result = await app.turn.answer(incoming_id)
    assert result.replies
    assert await app.transcript.unanswered("test") == []
    assert (await app.turn.answer(incoming_id)).replies == result.replies


def _incoming(customer: Customer, text: str):  # type: ignore[no-untyped-def]
    from bot.model import Incoming

    return Incoming("test", customer.chat, "one", customer.sender, text=text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\n\n",
        "\x00\x1b[31m\x07",
        "?" * 10_000,
        "слово " * 2_000,
        "🙂" * 500,
        "{0} %s {text}",
        "' OR 1=1 --",
    ],
    ids=["empty", "blank", "lines", "control", "marks", "long", "emoji", "braces", "sql"],
)
async def test_odd_messages_get_an_answer_and_never_an_error(app: App, text: str) -> None:
    result = await Customer(app).says(text)
    assert result.error is None
    assert all_text(result).strip()


async def test_an_unknown_button_is_refused(app: App) -> None:
    customer = Customer(app)
    result = await customer.presses_id("no-such-button")
    assert result.error == "unknown-button"


async def test_a_button_works_only_in_its_own_conversation(app: App) -> None:
    mine, other = Customer(app, chat="mine"), Customer(app, chat="other")
    await mine.says(QUESTION)
    stolen = await mine.button("person")
    result = await other.presses_id(stolen)
    assert result.error == "unknown-button"
    assert result.state is ConversationState.OPEN


async def test_when_something_breaks_the_customer_gets_a_reference(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_args: object, **_values: object) -> None:
        raise RuntimeError("the index is on fire")

    monkeypatch.setattr(app.shelf, "answer", broken)
    customer = Customer(app)
    result = await customer.says(QUESTION)
    assert result.error == "internal"
    assert "on fire" not in all_text(result)
    assert await customer.button("person")


async def test_greetings_and_thanks_and_the_impossible(app: App) -> None:
    customer = Customer(app)
    assert app.messages.say("en", "smalltalk.greeting") in all_text(await customer.says("hello"))
    assert app.messages.say("en", "smalltalk.thanks") in all_text(await customer.says("thank you very much"))
    broken = await customer.says("the chat widget does not load on our page")
    assert app.messages.say("en", "other.text") in all_text(broken)
