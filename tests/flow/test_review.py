"""Careless, confused and hostile customers: old buttons, changed minds, second persons, floods."""

import asyncio
import re
from typing import Any

import pytest
from sqlmodel import select

from actions.audit import verify
from actions.model import ActionKind, Step
from actions.store.tables import Account, Action, ActionLog, GdprCase, Invoice, Member, Outbox
from actions.vat import normalized
from bot.app import App, open_app
from bot.clock import SystemClock
from bot.codes import CODE_TRIES, CODES_PER_ADDRESS, CODES_PER_CONVERSATION, TRIES_PER_DAY
from bot.config import LANGUAGES
from bot.model import ConversationState, Incoming, TurnResult
from bot.ports import Mail
from bot.tables import ConversationRow, MessageRow
from tests.fakes import MovingClock
from tests.make import Customer, all_text, guess, mails, settings, words

OWNER = "olivia.owner@example.com"
OTHER_OWNER = "lastnica.zgled@example.com"
CANCEL = "please cancel my account"
CORRECT = "there is a wrong company name on our last invoice, please correct it"
ERASE = "please delete all personal data you have about me"
PERSON = "I want to talk to a real person"
QUESTION = "How much notice do I get before prices change?"


async def _step(app: App, action_id: str | None) -> str:
    async with app.database.read() as session:
        return (await session.get_one(Action, action_id)).step


async def _status(app: App, email: str) -> str:
    async with app.database.read() as session:
        member = (await session.exec(select(Member).where(Member.email == email))).one()
        return (await session.get_one(Account, member.account_id)).status


async def _conversation(app: App, chat: str = "chat") -> ConversationRow:
    row = await app.transcript.find("test", chat)
    assert row is not None
    return row


async def _new_conversation(app: App, chat: str) -> str:
    await app.transcript.choose_language("test", chat, "en")
    return (await _conversation(app, chat)).id


def _code(app: App) -> str:
    found = re.search(r"\b\d{6}\b", words(mails(app)[-1]))
    assert found
    return found[0]


async def _proves(app: App, customer: Customer, email: str) -> TurnResult:
    await customer.says(email)
    return await customer.says(_code(app))


async def _assert_log_verifies(app: App) -> None:
    report = await verify(app.database, app.seal)
    assert report.ok, report.reason


async def test_do_nothing_on_a_card_ends_it(app: App) -> None:
    customer = Customer(app, email=OWNER)
    card = await customer.says(CANCEL)
    confirm = await customer.button("confirm")
    await customer.presses("stop")
    assert await _step(app, card.action_id) == Step.WITHDRAWN
    late = await customer.presses_id(confirm)
    assert late.error == "withdrawn"
    assert await _status(app, OWNER) == "active"
    await _assert_log_verifies(app)


async def test_do_nothing_after_the_confirmation_does_not_say_that_nothing_changed(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(CANCEL)
    keep = await customer.button("stop")
    receipt = await customer.presses("confirm")
    result = await customer.presses_id(keep)
    assert app.messages.say("en", "form.stopped") not in all_text(result)
    assert app.messages.say("en", "receipt.step.SCHEDULED") in all_text(result)
    assert await customer.button("withdraw")
    assert await _step(app, receipt.action_id) == Step.SCHEDULED


@pytest.mark.parametrize("press", ["confirm", "withdraw"])
@pytest.mark.parametrize("taken", [True, False], ids=["with-person", "queued"])
async def test_an_old_button_does_not_take_the_conversation_from_the_team(
    app: App, press: str, *, taken: bool
) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(CANCEL)
    if press == "withdraw":
        await customer.presses("confirm")
    old = await customer.button(press)
    await customer.says(PERSON)
    if taken:
        await app.handoff.take((await _conversation(app)).id, "Maja")
    state = ConversationState.WITH_PERSON if taken else ConversationState.QUEUED
    assert (await customer.presses_id(old)).state is state
    silent = await customer.says(QUESTION)
    assert (silent.state, silent.replies) == (state, ())
    assert len(await app.handoff.waiting()) == 1


async def test_a_proof_that_grew_old_does_not_make_the_bot_speak_beside_a_person(
    app: App, clock: MovingClock
) -> None:
    customer = Customer(app)
    await customer.says(CANCEL)
    await _proves(app, customer, OWNER)
    await customer.presses("stop")
    clock.move(minutes=20)
    await customer.says(CANCEL)
    confirm = await customer.button("confirm")
    await customer.says(PERSON)
    await app.handoff.take((await _conversation(app)).id, "Maja")
    clock.move(minutes=11)
    result = await customer.presses_id(confirm)
    assert (result.state, result.error) == (ConversationState.WITH_PERSON, "identity-too-low")


@pytest.mark.parametrize("button", ["feedback", "unknown"])
async def test_other_buttons_are_passed_over_in_silence_while_a_person_writes(app: App, button: str) -> None:
    customer = Customer(app)
    await customer.says(QUESTION)
    press = await customer.button("feedback", helpful="yes") if button == "feedback" else "no-such-button"
    await app.handoff.take((await _conversation(app)).id, "Maja")
    assert (await customer.presses_id(press)).replies == ()


async def test_an_old_choice_of_rights_starts_no_cancellation(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says("I want to exercise my rights under the GDPR")
    access = await customer.button("right", right="access")
    await customer.says(CORRECT)
    result = await customer.presses_id(access)
    async with app.database.read() as session:
        action = await session.get_one(Action, result.action_id)
    assert action.kind == ActionKind.GDPR_REQUEST
    assert action.arguments == {"right": "access"}


async def test_buttons_of_an_earlier_form_do_nothing_in_a_later_one(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(CORRECT)
    skip, stop = await customer.button("skip"), await customer.button("stop")
    await customer.says("Renamed Teapots Ltd")
    assert (await customer.presses_id(skip)).error == "expired"
    row = await _conversation(app)
    assert row.pending["asking"] == "address"
    await customer.presses_id(stop)
    await customer.says(CORRECT)
    assert (await customer.presses_id(stop)).error == "expired"
    assert (await _conversation(app)).state == ConversationState.AWAITING_DETAILS


async def test_taking_back_one_request_leaves_the_form_of_another_open(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(CANCEL)
    await customer.presses("confirm")
    withdraw = await customer.button("withdraw")
    await customer.says(CORRECT)
    result = await customer.presses_id(withdraw)
    assert result.state is ConversationState.AWAITING_DETAILS
    assert await _status(app, OWNER) == "active"
    await customer.says("Renamed Teapots Ltd")
    assert (await _conversation(app)).pending["arguments"] == {"company": "Renamed Teapots Ltd"}


STOPPING = {"en": "Never mind.", "sl": "prekliči", "lt": "nereikia", "et": "Tühista!", "bg": "откажи"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_stop_is_no_company(app: App, language: str) -> None:
    customer = Customer(app, email=OWNER, language=language)
    await app.transcript.choose_language("test", "chat", language)
    for word in (STOPPING[language], "stop", "forget it"):
        assert (await customer.says(CORRECT)).state is ConversationState.AWAITING_DETAILS
        result = await customer.says(word)
        assert result.state is ConversationState.OPEN
        assert app.messages.say(language, "form.stopped") in all_text(result)


async def test_cancel_does_not_stop_a_cancellation_and_does_not_confirm_it(app: App) -> None:
    customer = Customer(app, email=OWNER)
    card = await customer.says(CANCEL)
    await customer.says("cancel")
    assert await _step(app, card.action_id) == Step.AWAITING_CONFIRMATION
    assert (await customer.says("never mind")).state is ConversationState.OPEN
    assert await _step(app, card.action_id) == Step.WITHDRAWN


async def test_a_typed_skip_is_no_address(app: App) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(CORRECT)
    await customer.says("Renamed Teapots Ltd")
    await customer.says("same")
    card = await customer.says("skip")
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    assert "1 Nowhere Lane" not in all_text(card)


async def test_half_a_code_is_not_called_a_bad_address(app: App) -> None:
    customer = Customer(app)
    await customer.says(CANCEL)
    await customer.says(OWNER)
    result = await customer.says("12345")
    assert app.messages.say("en", "identity.not_code") in all_text(result)
    assert (await customer.says(_code(app))).state is ConversationState.AWAITING_CONFIRMATION


async def test_a_card_that_lapsed_during_the_proof_is_made_anew(app: App, clock: MovingClock) -> None:
    customer = Customer(app)
    first = await customer.says(CANCEL)
    await customer.says(OWNER)
    clock.move(minutes=40)
    await app.worker.tick()
    await customer.says(OWNER)
    card = await customer.says(_code(app))
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    assert card.action_id != first.action_id
    assert (await customer.presses("confirm")).error is None


async def test_what_one_person_asked_for_is_not_the_next_persons(app: App, clock: MovingClock) -> None:
    """Two people at one screen: the second one proves another address."""
    customer = Customer(app)
    await customer.says(CANCEL)
    card = await _proves(app, customer, OWNER)
    confirm, keep = await customer.button("confirm"), await customer.button("stop")
    clock.move(minutes=25)
    await customer.says(ERASE)
    clock.move(minutes=10)
    await customer.says(ERASE)
    assert (await _conversation(app)).state == ConversationState.AWAITING_EMAIL
    await _proves(app, customer, OTHER_OWNER)
    for press in (confirm, keep):
        assert (await customer.presses_id(press)).error == "foreign"
    assert await _step(app, card.action_id) == Step.AWAITING_CONFIRMATION
    assert await _status(app, OWNER) == await _status(app, OTHER_OWNER) == "active"
    shown = all_text(await customer.says("what is the status of my requests?"))
    async with app.database.read() as session:
        first = await session.get_one(Action, card.action_id)
    assert first.reference not in shown
    await _assert_log_verifies(app)


async def test_another_conversation_of_the_same_person_may_take_back_but_not_confirm(app: App) -> None:
    here, there = Customer(app, email=OWNER, chat="here"), Customer(app, email=OWNER, chat="there")
    card = await here.says(CANCEL)
    receipt = await here.presses("confirm")
    assert receipt.action_id == card.action_id
    await there.says("what is the status of my requests?")
    await there.presses("withdraw")
    assert await _step(app, card.action_id) == Step.WITHDRAWN
    await here.says(CANCEL)
    newer = await there.says(CANCEL)
    assert (await here.presses("confirm")).error == "superseded"
    assert await _step(app, newer.action_id) == Step.AWAITING_CONFIRMATION


async def test_two_requests_have_their_own_buttons(app: App) -> None:
    customer = Customer(app, email=OWNER)
    cancelling = await customer.says(CANCEL)
    await customer.presses("confirm")
    await customer.says(ERASE)
    result = await customer.says("what is the status of my requests?")
    assert [len(reply.buttons) for reply in result.replies] == [1, 1]
    await customer.presses("withdraw", action=cancelling.action_id or "")
    assert await _step(app, cancelling.action_id) == Step.WITHDRAWN


async def test_a_receipt_is_told_once_by_a_real_clock(data_dir: Any) -> None:
    async with open_app(settings(data_dir), clock=SystemClock()) as app:
        customer = Customer(app, chat="real")
        await customer.says(ERASE)
        await _proves(app, customer, "someone.else@example.net")
        receipt = await customer.presses("confirm")
        assert app.messages.say("en", "receipt.step.DONE") in all_text(receipt)
        before = len(await app.transcript.pending("test", now=app.clock.now()))
        await app.worker.tick()
        assert len(await app.transcript.pending("test", now=app.clock.now())) == before
        async with app.database.read() as session:
            [reference] = [case.reference for case in (await session.exec(select(GdprCase))).all()]
        assert len([mail for mail in mails(app) if reference in words(mail)]) == 1


async def test_one_notice_that_cannot_be_sent_does_not_hold_up_the_rest(
    app: App, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chat, email in (("a", "broken@example.net"), ("b", "whole@example.net")):
        customer = Customer(app, chat=chat)
        await customer.says(ERASE)
        await _proves(app, customer, email)
        await customer.presses("confirm")
        clock.move(seconds=1)
    mailer = app.worker._mailer
    send = mailer.send

    async def picky(mail: Mail) -> str:
        if mail.to == "broken@example.net":
            raise OSError("mailbox unavailable")
        return await send(mail)

    monkeypatch.setattr(mailer, "send", picky)
    await app.worker.tick()
    assert mails(app)[-1]["To"] == "whole@example.net"
    async with app.database.read() as session:
        rows = (await session.exec(select(Outbox).where(Outbox.topic == "mail.receipt"))).all()
    assert sorted(row.done_at is not None for row in rows) == [False, True]


async def test_a_mailbox_is_not_flooded_from_one_conversation(app: App) -> None:
    customer = Customer(app)
    await customer.says(CANCEL)
    await customer.says(OWNER)
    for _ in range(CODES_PER_CONVERSATION - 1):
        await customer.presses("resend")
    result = await customer.presses("resend")
    assert app.messages.say("en", "identity.too_many_codes") in all_text(result)
    assert result.state is ConversationState.OPEN
    assert len(mails(app)) == CODES_PER_CONVERSATION


@pytest.mark.parametrize("email", [OWNER, "nobody@example.net"])
async def test_a_mailbox_is_not_flooded_from_many_conversations(
    app: App, clock: MovingClock, email: str
) -> None:
    places = [await _new_conversation(app, f"chat-{number}") for number in range(CODES_PER_ADDRESS + 1)]
    issued = [await app.codes.issue(place, email.upper(), "test") for place in places]
    assert [one.refused for one in issued[-2:]] == [None, "too-many-codes"]
    clock.move(hours=1, seconds=1)
    assert (await app.codes.issue(places[0], email, "test")).code


async def test_new_conversations_give_no_new_guesses_without_end(app: App) -> None:
    guesses = 0
    for number in range(100):
        place = await _new_conversation(app, f"chat-{number}")
        issued = await app.codes.issue(place, OWNER, "test")
        if issued.code is None:
            break
        wrong = "000000" if issued.code != "000000" else "111111"
        for _ in range(CODE_TRIES):
            await guess(app, place, wrong)
            guesses += 1
    assert issued.refused == "too-many-tries"
    assert guesses == TRIES_PER_DAY


async def test_who_used_up_the_tries_gets_no_code_that_cannot_work(app: App, clock: MovingClock) -> None:
    customer = Customer(app)
    await customer.says(CANCEL)
    await customer.says(OWNER)
    wrong = "000000" if _code(app) != "000000" else "111111"
    for _ in range(CODE_TRIES):
        await customer.says(wrong)
    await customer.says(CANCEL)
    result = await customer.says(OWNER)
    assert app.messages.say("en", "identity.too_many") in all_text(result)
    assert len(mails(app)) == 1
    clock.move(minutes=11)
    await customer.says(CANCEL)
    assert (await _proves(app, customer, OWNER)).state is ConversationState.AWAITING_CONFIRMATION


async def test_what_was_received_before_a_kill_is_answered_with_the_next_message(app: App) -> None:
    customer = Customer(app)
    lost = await app.turn.receive(Incoming("test", "chat", "lost", customer.sender, text=QUESTION))
    assert lost is not None
    result = await customer.says("thank you very much")
    assert app.messages.say("en", "smalltalk.thanks") in all_text(result)
    waiting = [one.reply for one in await app.transcript.pending("test", now=app.clock.now())]
    assert [bool(reply.citations) for reply in waiting] == [True, False]


async def test_two_processes_and_parallel_presses_act_once(app: App, data_dir: Any) -> None:
    customer = Customer(app, email=OWNER)
    card = await customer.says(CANCEL)
    confirm = await customer.button("confirm")
    async with open_app(settings(data_dir), clock=app.clock) as second:
        presses = [
            one.turn(Incoming("test", "chat", f"press-{number}", customer.sender, press=confirm))
            for number, one in enumerate([app, second] * 4)
        ]
        results = await asyncio.gather(*presses)
        same = Incoming("test", "chat", "same", customer.sender, text="what is the status of my requests?")
        twice = await asyncio.gather(app.turn(same), second.turn(same))
    assert {result.action_id for result in results} == {card.action_id}
    assert {result.error for result in results} == {None}
    assert twice[0].replies == twice[1].replies
    async with app.database.read() as session:
        entries = (await session.exec(select(ActionLog).where(ActionLog.rule == "confirmed"))).all()
        answers = (await session.exec(select(MessageRow).where(MessageRow.direction == "out"))).all()
    assert len(entries) == 1
    assert len([row for row in answers if row.answers_id is None]) == 0
    assert len({row.answers_id for row in answers}) == len(answers) == 10
    await _assert_log_verifies(app)


async def test_changed_facts_void_the_card_and_say_so(app: App) -> None:
    customer = Customer(app, email=OWNER)
    card = await customer.says(CANCEL)
    async with app.database.write() as session:
        member = (await session.exec(select(Member).where(Member.email == OWNER))).one()
        account = await session.get_one(Account, member.account_id)
        account.company = "Sold Teapots Ltd"
    result = await customer.presses("confirm")
    assert result.error == "plan-altered"
    assert await _step(app, card.action_id) == Step.EXPIRED
    assert await _status(app, OWNER) == "active"


async def test_an_owner_who_is_no_longer_one_is_denied_at_the_button(app: App) -> None:
    customer = Customer(app, email=OWNER)
    card = await customer.says(CANCEL)
    async with app.database.write() as session:
        member = (await session.exec(select(Member).where(Member.email == OWNER))).one()
        member.role = "agent"
    result = await customer.presses("confirm")
    assert app.messages.say("en", "rule.not-owner") in all_text(result)
    assert await _step(app, card.action_id) == Step.DENIED
    await _assert_log_verifies(app)


ODD_VALUES = [
    "Line\nbreak\r\nLtd",
    "x" * 10_000,
    "N" * 301,
    "N" * 300,
    "<b>Bold</b> & <script>alert(1)</script>",
    "bell\x07 null\x00 esc\x1b[31m",
    "\u202egnp.exe",
    "{reference} %s {0}",
    "🙂",
    "О\u0301'Brien \u200b Ltd",
]


@pytest.mark.parametrize("value", ODD_VALUES, ids=range(len(ODD_VALUES)))
async def test_odd_company_names_change_no_meaning(app: App, value: str) -> None:
    customer = Customer(app, email=OWNER)
    await customer.says(CORRECT)
    await customer.says(value)
    await customer.presses("skip")
    result = await customer.presses("skip")
    assert result.error is None
    assert result.state in (ConversationState.AWAITING_CONFIRMATION, ConversationState.AWAITING_DETAILS)
    if result.state is ConversationState.AWAITING_CONFIRMATION:
        assert " ".join(value.split()) in all_text(result)
        await customer.presses("confirm")
    async with app.database.read() as session:
        names = [row.billed_company for row in (await session.exec(select(Invoice))).all()]
    assert all(len(name) <= 300 and name.isprintable() for name in names)
    await _assert_log_verifies(app)


async def test_the_log_holds_no_names_addresses_or_codes(app: App) -> None:
    customer = Customer(app)
    await customer.says(CORRECT)
    await _proves(app, customer, OWNER)
    code = _code(app)
    await customer.says("company: Secretive Teapots Ltd\naddress: Hidden Lane 7")
    await customer.presses("confirm")
    async with app.database.read() as session:
        rows = (await session.exec(select(ActionLog))).all()
        payloads = (await session.exec(select(Outbox))).all()
    text = " ".join(row.model_dump_json(exclude={"at", "hash", "prev_hash"}) for row in rows)
    text += " ".join(str(row.payload) for row in payloads)
    assert len(rows) >= 5
    for secret in ("Secretive", "Hidden", "olivia", "example.com", "Invented"):
        assert secret.lower() not in text.lower()
    assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", text)


@pytest.mark.parametrize("typed", ["GR094014201", "EL 094014201", "094014201"])
def test_a_greek_vat_id_is_written_as_on_an_invoice(typed: str) -> None:
    assert normalized(typed, "GR") == "EL094014201"
