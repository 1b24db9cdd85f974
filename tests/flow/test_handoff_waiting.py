"""Nobody takes over, or nobody is there: what the customer is told, and when."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import App, open_app
from bot.model import ConversationState
from tests.commands import clausewise
from tests.fakes import MovingClock
from tests.make import Customer, all_text, settings

OFFICE = "Mon-Fri 09:00-17:00"
WANTED = {
    "en": "let me talk to a human please",
    "sl": "rad bi govoril s človekom",
    "lt": "noriu pakalbėti su žmogumi",
    "et": "soovin rääkida inimesega",
    "bg": "искам да говоря с човек",
}
# A Saturday; the Monday after it is the day after summer time ended, and in Slovakia no holiday.
SATURDAY = datetime(2026, 10, 24, 10, 0, tzinfo=UTC)
FRIDAY_LATE = datetime(2026, 11, 20, 15, 55, tzinfo=UTC)


async def told(app: App) -> list[str]:
    await app.worker.tick()
    replies = await app.transcript.pending("test", now=app.clock.now())
    marks = [app.messages.say("en", "handoff.nobody_yet")]
    return [one.reply.text for one in replies if one.reply.text.startswith(marks[0])]


async def test_after_some_minutes_the_customer_is_told_once_and_may_go_on(
    app: App, clock: MovingClock
) -> None:
    customer = Customer(app)
    await customer.says(WANTED["en"])
    clock.move(minutes=9, seconds=59)
    assert await told(app) == []
    clock.move(seconds=1)
    assert len(await told(app)) == 1
    clock.move(hours=2)
    assert len(await told(app)) == 1
    replies = await app.transcript.pending("test", now=clock.now())
    [button] = replies[-1].reply.buttons
    assert button.label == app.messages.say("en", "button.go_on")
    assert (await customer.presses_id(button.id)).state is ConversationState.OPEN
    assert await app.handoff.waiting() == []
    assert (await customer.says("How much notice do I get before prices change?")).replies[0].citations
    await customer.says(WANTED["en"])
    clock.move(minutes=10)
    assert len(await told(app)) == 2


async def test_whoever_is_with_a_person_is_not_told(app: App, clock: MovingClock) -> None:
    await Customer(app).says(WANTED["en"])
    [case] = await app.handoff.waiting()
    await app.handoff.take(case.conversation_id, "Maja")
    clock.move(minutes=30)
    assert await told(app) == []


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Monday, 26 October 2026, from 09:00 (CET)"),
        ("sl", "ponedeljek, 26. 10. 2026, od 09:00 (CET)"),
        ("lt", "pirmadienis, 2026 m. spalio 26 d., nuo 09:00 (CET)"),
        ("et", "esmaspäev, 26.10.2026, alates 09:00 (CET)"),
        ("bg", "понеделник, 26 октомври 2026 г., от 09:00 (CET)"),
    ],
)
async def test_outside_the_hours_it_is_said_at_once_when_to_expect_whom(
    data_dir: Path, language: str, expected: str
) -> None:
    async with open_app(settings(data_dir, business_hours=OFFICE), clock=MovingClock(SATURDAY)) as app:
        text = all_text(await Customer(app, language=language).says(WANTED[language]))
    assert expected in text.replace("\u00a0", " ")


async def test_the_minutes_count_while_people_are_there(data_dir: Path) -> None:
    clock = MovingClock(SATURDAY)
    async with open_app(settings(data_dir, business_hours=OFFICE, handoff_minutes=15), clock=clock) as app:
        await Customer(app).says(WANTED["en"])
        clock.move(hours=40)
        assert await told(app) == []
        # Monday, 08:00 UTC is 09:00 there, an hour later by UTC than a week before
        clock.move(hours=6, minutes=14)
        assert await told(app) == []
        clock.move(minutes=1)
        assert len(await told(app)) == 1


async def test_whoever_waits_over_the_end_of_the_day_is_told_the_next(data_dir: Path) -> None:
    clock = MovingClock(FRIDAY_LATE)
    async with open_app(settings(data_dir, business_hours=OFFICE), clock=clock) as app:
        first = await Customer(app).says(WANTED["en"])
        assert "Monday" not in all_text(first)
        clock.move(minutes=10)
        [text] = await told(app)
    assert "Monday, 23 November 2026, from 09:00 (CET)" in text


def test_hours_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUSINESS_HOURS", "nine to five")
    ran = clausewise("handoff", "list")
    assert ran.status == 2
    assert "BUSINESS_HOURS" in ran.err
    assert "Mon-Fri 09:00-17:00" in ran.err
