"""Words that take something back show the button that does it; nothing is undone by words alone."""

import pytest
from sqlmodel import select

from actions.model import Step
from actions.store.tables import Action
from bot.app import App
from bot.model import TurnResult
from tests.fakes import MovingClock
from tests.flow.test_acting import OWNERS
from tests.make import Customer

WORDS = {
    "en": ("Please take that back!", "no, wait - I changed my mind", "don't close my account, sorry"),
    "sl": ("Prosim, vzemite to nazaj.", "premislila sem si", "umikam zahtevo"),
    "lt": ("Persigalvojau", "prašau, atšaukite mano prašymą", "neuždarykite mano paskyros"),
    "et": ("mõtlesin ümber", "Palun võtke see tagasi", "ärge sulgege minu kontot"),
    "bg": ("Размислих.", "моля, оттеглете искането ми", "не закривайте акаунта ми"),
}
NOT_ITS_WORDS = (
    "how do I take that back?",
    "I do not take that back",
    "my colleague changed his mind",
    "please take that back to the shop",
    "undo the wrong invoice of March",
    "never take that back",
)


async def step_of(app: App) -> str:
    async with app.database.read() as session:
        return (await session.exec(select(Action))).one().step


async def cancelled(app: App, language: str) -> Customer:
    email, sentence = OWNERS[language]
    customer = Customer(app, email=email, language=language)
    await customer.says(sentence)
    await customer.presses("confirm")
    return customer


def offers(app: App, result: TurnResult, language: str) -> bool:
    label = app.messages.say(language, "button.withdraw")
    return any(button.label == label for reply in result.replies for button in reply.buttons)


@pytest.mark.parametrize("language", WORDS)
async def test_they_show_the_button_and_the_button_does_it(app: App, language: str) -> None:
    customer = await cancelled(app, language)
    for text in WORDS[language]:
        result = await customer.says(text)
        assert offers(app, result, language), text
        assert await step_of(app) == Step.SCHEDULED
    await customer.says(WORDS[language][0])
    await customer.presses("withdraw")
    assert await step_of(app) == Step.WITHDRAWN


@pytest.mark.parametrize("text", NOT_ITS_WORDS)
async def test_other_words_are_taken_as_ever(app: App, text: str) -> None:
    customer = await cancelled(app, "en")
    assert not offers(app, await customer.says(text), "en")
    assert await step_of(app) == Step.SCHEDULED


async def test_where_nothing_can_be_taken_back_they_mean_nothing_special(
    app: App, clock: MovingClock
) -> None:
    stranger = Customer(app, chat="stranger")
    assert not offers(app, await stranger.says("please take that back"), "en")
    customer = await cancelled(app, "en")
    clock.move(days=1, minutes=1)
    await app.worker.tick()
    assert not offers(app, await customer.says("please take that back"), "en")
    assert await step_of(app) == Step.DONE


async def test_somebody_elses_cancellation_is_not_offered(app: App) -> None:
    await cancelled(app, "en")
    other = Customer(app, chat="other", email=OWNERS["sl"][0], language="en")
    assert not offers(app, await other.says("please take that back"), "en")
