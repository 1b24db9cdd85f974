"""Giving on, notes, canned replies, the end and the rating; every step is a row."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from bot.app import App, open_app
from bot.errors import ConfigurationError, UsageError
from bot.handoff import shown_name
from bot.handoff_tables import RatingRow
from bot.model import ConversationState, Incoming
from tests.commands import clausewise
from tests.fakes import MovingClock
from tests.make import Customer, all_text, settings

QUESTION = "How much notice do I get before prices change?"
ANA, BOR = "ana.novak@example.com", "Bor"
CANNED = Path(__file__).parents[2] / "docs" / "canned.toml"


@pytest.fixture
async def app(data_dir: Path, clock: MovingClock) -> AsyncIterator[App]:
    async with open_app(settings(data_dir, staff=(ANA, BOR), canned_file=CANNED), clock=clock) as opened:
        yield opened


async def shown(app: App) -> list[str]:
    return [outgoing.reply.text for outgoing in await app.transcript.pending("test", now=app.clock.now())]


async def held(app: App, customer: Customer, staff: str = BOR) -> str:
    await customer.says("I want to talk to a real person")
    [case] = await app.handoff.waiting()
    await app.handoff.take(case.conversation_id, staff)
    return case.conversation_id


async def stars(app: App, customer: Customer, count: str) -> str:
    replies = await app.transcript.pending("test", now=app.clock.now())
    asking = next(one.reply for one in reversed(replies) if len(one.reply.buttons) == 5)
    return next(button.id for button in asking.buttons if button.label == count)


async def test_giving_on_tells_the_customer_who_writes_now(app: App) -> None:
    conversation = await held(app, Customer(app))
    await app.handoff.give(conversation, BOR, ANA.upper())
    assert app.messages.say("en", "handoff.given", name="Ana Novak", before=BOR) in await shown(app)
    await app.handoff.reply(conversation, ANA, "Hello")
    assert "Ana Novak: Hello" in await shown(app)
    with pytest.raises(UsageError, match=ANA):
        await app.handoff.reply(conversation, BOR, "me too")
    kinds = [(event.kind, event.staff, event.given_by) for event in await app.handoff.events()]
    assert kinds == [("queued", None, None), ("taken", BOR, None), ("given", ANA, BOR)]


@pytest.mark.parametrize(
    ("by", "to", "said"), [(BOR, "Zoe", "not in STAFF"), (ANA, BOR, "Bor holds"), (BOR, BOR, "already")]
)
async def test_what_cannot_be_given(app: App, by: str, to: str, said: str) -> None:
    conversation = await held(app, Customer(app))
    with pytest.raises(UsageError, match=said):
        await app.handoff.give(conversation, by, to)


async def test_a_note_stays_inside(app: App) -> None:
    customer = Customer(app)
    conversation = await held(app, customer)
    before = await shown(app)
    await app.handoff.note(conversation, ANA, " calls back at noon ")
    assert await shown(app) == before
    [case] = await app.handoff.waiting()
    assert [(note.author, note.text) for note in case.notes] == [(ANA, "calls back at noon")]
    with pytest.raises(UsageError, match="empty"):
        await app.handoff.note(conversation, ANA, " ")


async def test_a_canned_reply_goes_out_in_the_customers_language(app: App) -> None:
    customer = Customer(app, language="sl")
    await customer.says("rad bi govoril s človekom")
    [case] = await app.handoff.waiting()
    await app.handoff.take(case.conversation_id, BOR)
    text = await app.handoff.reply_canned(case.conversation_id, BOR, "anything-else")
    assert text == app.handoff.canned("anything-else", "sl")
    assert f"Bor: {text}" in await shown(app)
    with pytest.raises(UsageError, match="there are: anything-else, looking"):
        app.handoff.canned("nothing", "sl")


async def test_the_end_asks_for_stars_and_words(app: App) -> None:
    customer = Customer(app)
    conversation = await held(app, customer)
    await app.handoff.close(conversation, BOR)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    assert (row.state, row.held_by, row.queued_at) == (ConversationState.OPEN, None, None)
    four, one = await stars(app, customer, "4"), await stars(app, customer, "1")
    assert app.messages.say("en", "rating.thanks") in all_text(await customer.presses_id(four))
    assert app.messages.say("en", "rating.already") in all_text(await customer.presses_id(one))
    thanked = await customer.says("Bor sorted my invoice out very quickly, thank you")
    assert app.messages.say("en", "rating.words") in all_text(thanked)
    assert (await customer.says(QUESTION)).replies[0].citations
    async with app.database.read() as session:
        [rating] = (await session.exec(select(RatingRow))).all()
    assert (rating.staff, rating.stars) == (BOR, 4)
    assert rating.words == "Bor sorted my invoice out very quickly, thank you"
    [rated] = await app.handoff.ratings()
    assert (rated.staff, rated.count, rated.average) == (BOR, 1, 4.0)
    assert [event.kind for event in await app.handoff.events()] == ["queued", "taken", "closed", "rated"]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [(QUESTION, 1), ("Please cancel my account", 1), ("I will sue you", 1), ("all fine, really", 10)],
)
async def test_what_is_no_word_on_a_rating(app: App, clock: MovingClock, text: str, minutes: int) -> None:
    customer = Customer(app)
    await app.handoff.close(await held(app, customer), BOR)
    await customer.presses_id(await stars(app, customer, "5"))
    clock.move(minutes=minutes)
    assert app.messages.say("en", "rating.words") not in all_text(await customer.says(text))
    async with app.database.read() as session:
        [rating] = (await session.exec(select(RatingRow))).all()
    assert rating.words is None


async def test_what_was_written_to_a_person_is_never_answered_by_the_bot(app: App) -> None:
    """The message came in while a person held the conversation; the process died before its turn."""
    customer = Customer(app)
    conversation = await held(app, customer)
    late = await app.turn.receive(Incoming("test", "chat", "late", customer.sender, text=QUESTION))
    assert late is not None
    await app.handoff.back(conversation, BOR)
    assert await app.transcript.unanswered("test") == []
    assert (await app.turn.answer(late)).replies == ()


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    from bot.canned import load_canned

    for content, said in (
        ("x = 1", "table"),
        ("[x]\nde = 'a'", "x.de"),
        ("[x]\nen = ''", "x.en"),
        ("[", "TOML"),
    ):
        file = tmp_path / "canned.toml"
        file.write_text(content)
        with pytest.raises(ConfigurationError, match=said):
            load_canned(file)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_canned(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("staff", "name"), [("Maja", "Maja"), ("ana.novak@x.org", "Ana Novak"), ("eva@x.org", "Eva")]
)
def test_an_address_shows_only_the_name_in_it(staff: str, name: str) -> None:
    assert shown_name(staff) == name


def test_the_commands(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    for name, value in (("DATA_DIR", str(data_dir)), ("STAFF", f"{ANA},{BOR}"), ("CANNED_FILE", str(CANNED))):
        monkeypatch.setenv(name, value)

    async def queue() -> None:
        async with open_app(settings(data_dir), clock=MovingClock()) as app:
            await Customer(app).says("I want to talk to a real person")

    asyncio.run(queue())
    [case] = clausewise("handoff", "list", "--json").json
    short = case["conversation"][:8]
    assert case["reason"] == "asked"
    for arguments in (("take",), ("note", "be kind"), ("canned", "looking", "--to")):
        command, *rest = arguments
        order = (command, *rest, short) if command == "canned" else (command, short, *rest)
        assert clausewise("handoff", *order, "--as", BOR).status == 0, command
    assert "note of Bor: be kind" in clausewise("handoff", "list").out
    assert clausewise("handoff", "give", short, ANA, "--as", BOR).status == 0
    assert "Bor" in clausewise("handoff", "events", short).out
    assert clausewise("handoff", "canned").out.split() == ["anything-else", "looking"]
    assert clausewise("handoff", "close", short, "--as", ANA).status == 0
    assert clausewise("handoff", "ratings").out == "Nobody has rated yet.\n"
    kinds = [event["kind"] for event in clausewise("handoff", "events", "--json").json]
    assert kinds == ["queued", "taken", "given", "closed"]
