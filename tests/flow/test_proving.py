"""Who the customer is: an address that is claimed, a code that proves it."""

import asyncio
import json
import re
import statistics
import time

import pytest
from sqlmodel import func, select
from structlog.testing import capture_logs

from bot.app import App
from bot.codes import CODE_TRIES, CODES_PER_DAY, TRIES_PER_DAY, TypedCode, typed
from bot.config import LANGUAGES
from bot.model import ConversationState
from bot.tables import ConversationRow, MessageRow, OneTimeCodeRow, UnansweredRow
from tests.fakes import MovingClock
from tests.make import Customer, all_text, guess, mailed_code, mails, words

OWNER = "olivia.owner@example.com"
AGENT = "andy.agent@example.com"
OTHER = "lastnica.zgled@example.com"
TIMED = 12


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
    card = await customer.says(mailed_code(app))
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    assert OWNER in all_text(card)
    receipt = await customer.presses("confirm")
    assert receipt.action_id == card.action_id


async def test_a_code_is_kept_nowhere_as_it_is(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    code = mailed_code(app)
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
    assert not re.search(r"\b\d{6}\b", words(mails(app)[-1]))


async def test_five_tries_and_no_more(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    code = mailed_code(app)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(CODE_TRIES - 1):
        assert (await customer.says(wrong)).state is ConversationState.AWAITING_CODE
    assert (await customer.says(wrong)).state is ConversationState.OPEN
    row = await app.transcript.find("test", "chat")
    assert row is not None
    assert (await guess(app, row.id, code)).result != "right"


async def test_of_two_hundred_parallel_guesses_five_are_evaluated(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    code = mailed_code(app)
    guesses = [f"{(int(code) + offset) % 10**6:06d}" for offset in range(1, 201)]
    results = await asyncio.gather(*(guess(app, row.id, one) for one in guesses))
    assert sum(result.result == "wrong" for result in results) == CODE_TRIES - 1
    async with app.database.read() as session:
        [stored] = (await session.exec(select(OneTimeCodeRow))).all()
    assert stored.tries == CODE_TRIES


async def test_a_code_works_once(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    code = mailed_code(app)
    results = await asyncio.gather(*(guess(app, row.id, code) for _ in range(4)))
    assert [result.result for result in results].count("right") == 1


async def test_a_code_lives_ten_minutes(app: App, clock: MovingClock) -> None:
    for minutes, expected in ((10, "expired"), (9.99, "right")):
        chat = f"chat-{minutes}"
        await _asked_for_code(app, Customer(app, chat=chat))
        row = await app.transcript.find("test", chat)
        assert row is not None
        clock.move(minutes=minutes)
        assert (await guess(app, row.id, mailed_code(app))).result == expected


async def test_sending_again_does_not_reset_the_count(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    code = mailed_code(app)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(CODE_TRIES - 1):
        await customer.says(wrong)
    await customer.presses("resend")
    assert len(mails(app)) == 2
    fresh = mailed_code(app)
    wrong = "000000" if fresh != "000000" else "111111"
    assert (await customer.says(wrong)).state is ConversationState.OPEN


async def test_a_code_of_another_conversation_is_worth_nothing(app: App) -> None:
    mine, other = Customer(app, chat="mine"), Customer(app, chat="other")
    await _asked_for_code(app, mine)
    code = mailed_code(app)
    await _asked_for_code(app, other)
    other_code = mailed_code(app)
    if code != other_code:
        assert (await other.says(code)).state is ConversationState.AWAITING_CODE


async def test_a_question_in_between_is_answered_and_the_proof_goes_on(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    result = await customer.says("How much notice do I get before prices change?")
    assert result.replies[0].citations
    assert result.state is ConversationState.AWAITING_CODE
    assert (await customer.says(mailed_code(app))).state is ConversationState.AWAITING_CONFIRMATION


async def test_a_proof_grows_old(app: App, clock: MovingClock) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    await customer.says(mailed_code(app))
    await customer.presses("stop")
    clock.move(minutes=31)
    assert (await customer.says("please cancel my account")).state is ConversationState.AWAITING_EMAIL


async def test_who_has_no_account_may_still_file_a_data_protection_request(app: App) -> None:
    customer = Customer(app)
    asked = await customer.says("please delete all personal data you have about me")
    assert asked.state is ConversationState.AWAITING_EMAIL
    await customer.says("someone.else@example.net")
    card = await customer.says(mailed_code(app))
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    receipt = await customer.presses("confirm")
    assert receipt.action_id
    assert receipt.error is None


async def test_waiting_for_a_code_to_expire_wins_no_tries_either(app: App, clock: MovingClock) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    for _ in range(CODE_TRIES - 1):
        await customer.says(_wrong(app))
    clock.move(minutes=11)
    await customer.presses("resend")
    assert (await customer.says(_wrong(app))).state is ConversationState.OPEN


async def test_a_code_serves_only_the_request_that_it_was_sent_for(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    open_code = await _open(app)
    tried = await typed(open_code, mailed_code(app))
    assert (await app.codes.check(row.id, tried, "another request")).result == "expired"
    assert (await app.codes.check(row.id, tried, open_code.origin)).result == "right"


async def test_a_message_that_used_its_code_up_may_be_answered_again(app: App) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    tried = await typed(await _open(app), mailed_code(app))
    for _ in range(2):  # the second time is after a crash before the turn was written
        check = await app.codes.check(row.id, tried, message_id="message-1")
        assert (check.result, check.email) == ("right", OWNER)
    assert (await app.codes.check(row.id, tried, message_id="message-2")).result == "expired"


def _wrong(app: App) -> str:
    return "000000" if mailed_code(app) != "000000" else "111111"


async def _open(app: App) -> OneTimeCodeRow:
    async with app.database.read() as session:
        return (await session.exec(select(OneTimeCodeRow))).one()


async def _texts(app: App) -> list[str]:
    """Everything that is stored of what was said."""
    async with app.database.read() as session:
        messages = (await session.exec(select(MessageRow))).all()
        questions = (await session.exec(select(UnansweredRow))).all()
    return [row.text + json.dumps(row.body) for row in messages] + [row.question for row in questions]


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ((), ConversationState.AWAITING_CODE),
        (("stop",), ConversationState.OPEN),
        (("I want to talk to a real person",), ConversationState.QUEUED),
        (("take",), ConversationState.WITH_PERSON),
        (("please delete all personal data you have about me",), ConversationState.AWAITING_EMAIL),
        (("I have a data protection request",), None),
    ],
)
async def test_a_code_is_masked_wherever_it_is_typed(
    app: App, before: tuple[str, ...], state: ConversationState | None
) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    code = mailed_code(app)
    for text in before:
        if text == "take":
            row = await app.transcript.find("test", "chat")
            assert row is not None
            await app.handoff.take(row.id, "Eva")
        else:
            await customer.says(text)
    row = await app.transcript.find("test", "chat")
    assert row is not None
    assert state in (None, row.state)
    with capture_logs() as logs:
        await customer.says(f"Hello, about my cancellation: I was sent {code} and what do I do now?")
        await customer.says(f"{code[:3]} {code[3:]} is it")
    assert not [text for text in await _texts(app) if code in text or f"{code[:3]} {code[3:]}" in text]
    assert code not in str(logs)
    for case in await app.handoff.waiting():
        assert code not in str(case)


async def test_a_code_typed_in_another_conversation_of_the_same_person_is_masked(app: App) -> None:
    await _asked_for_code(app, Customer(app))
    other = Customer(app, email=OWNER, chat="other")
    await other.says(f"your number {mailed_code(app)} came, thank you")
    assert not [text for text in await _texts(app) if mailed_code(app) in text]


async def test_a_number_is_left_alone_where_no_code_was_sent(app: App) -> None:
    await Customer(app).says("what does the plan for 100000 visitors cost?")
    assert [text for text in await _texts(app) if "100000" in text]


async def test_an_expired_code_is_masked_and_called_expired(app: App, clock: MovingClock) -> None:
    customer = Customer(app)
    await _asked_for_code(app, customer)
    clock.move(minutes=10)
    told = all_text(await customer.says(mailed_code(app)))
    assert "no longer valid" in told
    assert not [text for text in await _texts(app) if mailed_code(app) in text]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_mail_names_the_request_and_what_to_do_if_it_was_not_you(app: App, language: str) -> None:
    say = app.messages.say
    body = say(language, "mail.code.body", code="123456", request="REQUEST", minutes=10)
    assert "123456" in body
    assert "REQUEST" in body
    assert len(body.split("\n\n")[-1]) > 60


async def test_a_day_has_so_many_codes_for_an_address(app: App, clock: MovingClock) -> None:
    for email in (OWNER, "nobody@example.net"):
        refusals = []
        for number in range(CODES_PER_DAY + 1):
            place = await _place(app, f"{email}-{number}")
            clock.move(minutes=5)
            refusals.append((await app.codes.issue(place, email, "test")).refused)
        assert refusals == [None] * CODES_PER_DAY + ["too-many-codes"]
    clock.move(days=1)
    assert (await app.codes.issue(place, email, "test")).code


async def test_tries_of_a_day_are_counted_over_codes_that_are_open_at_once(app: App) -> None:
    """Thirty conversations with a code each must not give five tries each."""
    places = [await _place(app, f"open-{number}") for number in range(TRIES_PER_DAY // CODE_TRIES + 3)]
    for place in places:
        assert (await app.codes.issue(place, "nobody@example.net", "test")).code
    results = [
        (await app.codes.check(place, TypedCode())).result for place in places for _ in range(CODE_TRIES)
    ]
    assert results.count("wrong") <= TRIES_PER_DAY
    assert results[-1] == "too-many"
    async with app.database.read() as session:
        tries = (await session.exec(select(func.sum(OneTimeCodeRow.tries)))).one()
    assert tries <= TRIES_PER_DAY


async def test_a_full_account_is_told_in_the_mail_alone(app: App, clock: MovingClock) -> None:
    """What is said in the conversation must not tell whose addresses belong together."""
    for number in range(CODES_PER_DAY):
        clock.move(minutes=5)
        await app.codes.issue(await _place(app, f"full-{number}"), OWNER, "test")
    for email, has_code in ((AGENT, False), ("nobody@example.net", False), (OTHER, True)):
        told = await _asked_for_code(app, Customer(app, chat=email), email)
        assert "there is a code in it" in told
        assert bool(re.search(r"\b\d{6}\b", str(mails(app)[-1].get_body(("plain",))))) is has_code
    assert "Too many codes" in next(mail for mail in mails(app) if mail["To"] == AGENT).as_string()


async def _place(app: App, chat: str) -> str:
    async with app.database.write() as session:
        row = ConversationRow(channel="test", chat_id=chat, created_at=app.clock.now())
        session.add(row)
    return row.id


async def test_the_answer_for_an_unknown_address_takes_as_long(app: App, clock: MovingClock) -> None:
    """Taken by turns, so that whatever else the machine does falls on both alike."""
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(TIMED):
        clock.move(minutes=40)
        for name, email in (("known", OWNER), ("unknown", "nobody@example.net")):
            customer = Customer(app, chat=f"{name}-{number}")
            await customer.says("please cancel my account")
            began = time.perf_counter()
            await customer.says(email)
            took[name].append(time.perf_counter() - began)
    known, unknown = (statistics.quantiles(times, n=4) for times in took.values())
    spread = max(known[2] - known[0], unknown[2] - unknown[0])
    assert abs(known[1] - unknown[1]) < spread
