"""Who the customer is: an address that is claimed, a code that proves it."""

import asyncio
import re

from sqlmodel import select

from bot.app import App
from bot.identity import CODE_TRIES
from bot.model import ConversationState
from bot.tables import MessageRow, OneTimeCodeRow
from tests.fakes import MovingClock
from tests.make import Customer, all_text, mails

OWNER = "olivia.owner@example.com"


def _code(app: App) -> str:
    found = re.search(r"\b\d{6}\b", mails(app)[-1].get_content())
    assert found
    return found[0]


async def _asked_for_code(app: App, customer: Customer, email: str = OWNER) -> str:
    asked = await customer.says("please cancel my account")
    assert asked.state is ConversationState.AWAITING_EMAIL
    sent = await customer.says(email)
    assert sent.state is ConversationState.AWAITING_CODE
    return all_text(sent)


async def test_a_code_from_the_mail_proves_the_address(app: App) -> None:
    customer = Customer(app)
    told = await _asked_for_code(app, customer)
    [mail] = mails(app)
    assert mail["To"] == OWNER
    assert str(app.settings.outbox_dir) in told
    card = await customer.says(_code(app))
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    assert OWNER in all_text(card)
    receipt = await customer.presses("confirm")
    assert receipt.action_id == card.action_id


async def test_a_code_is_kept_nowhere_as_it_is(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    code = _code(app)
    await customer.says(f" {code} ")
    async with app.database.read() as session:
        rows = [row.model_dump_json() for row in (await session.exec(select(OneTimeCodeRow))).all()]
        rows += [row.model_dump_json() for row in (await session.exec(select(MessageRow))).all()]
    assert rows
    assert not [row for row in rows if code in row]


async def test_the_answer_for_an_unknown_address_is_the_same(app: App) -> None:
    def without_path(text: str) -> str:
        return re.sub(r"\S+\.eml", "FILE", text)

    known = await _asked_for_code(app, Customer(app, chat="a"))
    unknown = await _asked_for_code(app, Customer(app, chat="b"), "nobody@example.net")
    assert without_path(known).replace(OWNER, "X") == without_path(unknown).replace("nobody@example.net", "X")
    assert not re.search(r"\b\d{6}\b", mails(app)[-1].get_content())


async def test_five_tries_and_no_more(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    code = _code(app)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(CODE_TRIES - 1):
        assert (await customer.says(wrong)).state is ConversationState.AWAITING_CODE
    assert (await customer.says(wrong)).state is ConversationState.OPEN
    row = await app.transcript.find("test", "chat")
    assert row is not None
    assert (await app.identity.check(row.id, code)).result != "right"


async def test_parallel_guesses_are_counted_one_by_one(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    code = _code(app)
    guesses = [f"{(int(code) + offset) % 10**6:06d}" for offset in range(1, 60)]
    results = await asyncio.gather(*(app.identity.check(row.id, guess) for guess in guesses))
    assert sum(result.result == "wrong" for result in results) == CODE_TRIES - 1
    async with app.database.read() as session:
        [stored] = (await session.exec(select(OneTimeCodeRow))).all()
    assert stored.tries == CODE_TRIES


async def test_a_code_works_once(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    code = _code(app)
    results = await asyncio.gather(*(app.identity.check(row.id, code) for _ in range(4)))
    assert [result.result for result in results].count("right") == 1


async def test_a_code_lives_ten_minutes(app: App, clock: MovingClock) -> None:
    for minutes, expected in ((10, "expired"), (9.99, "right")):
        chat = f"chat-{minutes}"
        await _asked_for_code(app, Customer(app, chat=chat))
        row = await app.transcript.find("test", chat)
        assert row is not None
        clock.move(minutes=minutes)
        assert (await app.identity.check(row.id, _code(app))).result == expected


async def test_sending_again_does_not_reset_the_count(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    code = _code(app)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(CODE_TRIES - 1):
        await customer.says(wrong)
    await customer.presses("resend")
    assert len(mails(app)) == 2
    fresh = _code(app)
    wrong = "000000" if fresh != "000000" else "111111"
    assert (await customer.says(wrong)).state is ConversationState.OPEN


async def test_a_code_of_another_conversation_is_worth_nothing(app: App) -> None:
    mine, other = Customer(app, chat="mine"), Customer(app, chat="other")
    await _asked_for_code(app, mine)
    code = _code(app)
    await _asked_for_code(app, other)
    other_code = _code(app)
    if code != other_code:
        assert (await other.says(code)).state is ConversationState.AWAITING_CODE


async def test_a_question_in_between_is_answered_and_the_proof_goes_on(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    result = await customer.says("How much notice do I get before prices change?")
    assert result.replies[0].citations
    assert result.state is ConversationState.AWAITING_CODE
    assert (await customer.says(_code(app))).state is ConversationState.AWAITING_CONFIRMATION


async def test_a_proof_grows_old(app: App, clock: MovingClock) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    await customer.says(_code(app))
    await customer.presses("stop")
    clock.move(minutes=31)
    assert (await customer.says("please cancel my account")).state is ConversationState.AWAITING_EMAIL


async def test_who_has_no_account_may_still_file_a_data_protection_request(app: App) -> None:
    customer = Customer(app)
    asked = await customer.says("please delete all personal data you have about me")
    assert asked.state is ConversationState.AWAITING_EMAIL
    await customer.says("someone.else@example.net")
    card = await customer.says(_code(app))
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    receipt = await customer.presses("confirm")
    assert receipt.action_id
    assert receipt.error is None
