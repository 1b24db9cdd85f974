"""Each action, from the first sentence to the receipt and the log, in whole conversations."""

import pytest
from sqlmodel import col, select

from actions.audit import verify
from actions.model import Right, Step
from actions.store.tables import Account, Action, Consent, CreditNote, GdprCase, Invoice, Member
from bot.app import App
from bot.model import ConversationState
from tests.fakes import MovingClock
from tests.make import Customer, all_text, mails, words

OWNERS = {
    "en": ("olivia.owner@example.com", "please cancel my account"),
    "sl": ("lastnica.zgled@example.com", "prosim prekličite moj račun"),
    "lt": ("savininkas.pavyzdys@example.org", "prašau panaikinkite mano paskyrą"),
    "et": ("omanik.naidis@example.org", "palun tühistage minu konto"),
    "bg": ("sobstvenik.primer@example.com", "моля, прекратете акаунта ми"),
}


async def _action(app: App, action_id: str | None) -> Action:
    async with app.database.read() as session:
        return await session.get_one(Action, action_id)


async def _account_of(app: App, email: str) -> Account:
    async with app.database.read() as session:
        member = (await session.exec(select(Member).where(Member.email == email))).one()
        return await session.get_one(Account, member.account_id)


async def _assert_log_verifies(app: App) -> int:
    report = await verify(app.database, app.seal)
    assert report.ok, report.reason
    return report.entries


@pytest.mark.parametrize("language", OWNERS)
async def test_cancelling_an_account_in_each_language(app: App, clock: MovingClock, language: str) -> None:
    email, sentence = OWNERS[language]
    customer = Customer(app, email=email, language=language)
    card = await customer.says(sentence)
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    title = app.messages.say(language, "card.title.cancel_account")
    assert title in all_text(card)
    receipt = await customer.presses("confirm")
    assert receipt.state is ConversationState.OPEN
    action = await _action(app, receipt.action_id)
    assert action.step == Step.SCHEDULED
    assert action.reference in all_text(receipt)
    assert (await _account_of(app, email)).status == "closing"
    clock.move(days=1, minutes=1)
    await app.worker.tick()
    assert (await _action(app, action.id)).step == Step.DONE
    account = await _account_of(app, email)
    assert account.status == "closed"
    assert account.delete_after is not None
    told = await app.transcript.pending("test", now=clock.now())
    assert any(action.reference in outgoing.reply.text for outgoing in told)
    assert any(mail["To"] == email and action.reference in words(mail) for mail in mails(app))
    assert await _assert_log_verifies(app) >= 5


async def test_what_is_told_later_is_told_once(app: App, clock: MovingClock) -> None:
    customer = Customer(app, email=OWNERS["en"][0])
    await customer.says("please cancel my account")
    await customer.presses("confirm")
    clock.move(days=1, minutes=1)
    for _ in range(3):
        await app.worker.tick()
    told = await app.transcript.pending("test", now=clock.now())
    closed = app.messages.say("en", "receipt.step.DONE")
    assert len([outgoing for outgoing in told if closed in outgoing.reply.text]) == 1
    assert len(mails(app)) == 1


async def test_a_cancellation_can_be_taken_back_until_it_takes_effect(app: App, clock: MovingClock) -> None:
    email = OWNERS["en"][0]
    customer = Customer(app, email=email)
    await customer.says("please cancel my account")
    receipt = await customer.presses("confirm")
    clock.move(hours=23)
    await app.worker.tick()
    result = await customer.presses("withdraw")
    assert (await _action(app, receipt.action_id)).step == Step.WITHDRAWN
    assert result.error is None
    clock.move(days=2)
    await app.worker.tick()
    assert (await _account_of(app, email)).status == "active"
    await _assert_log_verifies(app)


async def test_too_late_to_take_back(app: App, clock: MovingClock) -> None:
    email = OWNERS["en"][0]
    customer = Customer(app, email=email)
    await customer.says("please cancel my account")
    await customer.presses("confirm")
    withdraw = await customer.button("withdraw")
    clock.move(days=1, minutes=1)
    await app.worker.tick()
    result = await customer.presses_id(withdraw)
    assert result.error
    assert (await _account_of(app, email)).status == "closed"


async def test_the_card_names_what_is_lost_and_both_figures_of_a_prepaid_credit(app: App) -> None:
    """2400.00 bought, 1000.01 used: 1399.99 unused, of which half and the broken cent must come back."""
    customer = Customer(app, email=OWNERS["sl"][0])
    text = all_text(await customer.says(OWNERS["sl"][1])).replace("\u00a0", " ")
    assert "1.399,99" in text
    assert "700,00" in text
    for anchor in ("cancellation-data-loss", "no-refunds", "prepaid-credit-refund"):
        clause = await app.shelf.by_anchor(anchor, "sl")
        assert clause is not None
        assert clause.heading in text


@pytest.mark.parametrize("yes", ["yes", "yes please, confirm", "ok", "I confirm the cancellation", "1"])
async def test_a_typed_yes_confirms_nothing(app: App, yes: str) -> None:
    email = OWNERS["en"][0]
    customer = Customer(app, email=email)
    card = await customer.says("please cancel my account")
    await customer.says(yes)
    assert (await _action(app, card.action_id)).step == Step.AWAITING_CONFIRMATION
    assert (await _account_of(app, email)).status == "active"


@pytest.mark.parametrize(
    "text",
    [
        "I do not want to cancel my account",
        "what happens if I cancel my account?",
        "my colleague cancelled his account yesterday",
        "nočem preklicati računa",
        "nenoriu uždaryti paskyros",
        "ma ei taha kontot sulgeda",
        "не искам да закривам акаунта си",
    ],
)
async def test_what_is_no_request_proposes_nothing(app: App, text: str) -> None:
    result = await Customer(app, email=OWNERS["en"][0]).says(text)
    assert result.state is not ConversationState.AWAITING_CONFIRMATION
    async with app.database.read() as session:
        assert (await session.exec(select(Action))).all() == []


async def test_an_agent_may_not_cancel_and_is_shown_the_clause(app: App) -> None:
    result = await Customer(app, email="andy.agent@example.com").says("please cancel my account")
    clause = await app.shelf.by_anchor("account-owner", "en")
    assert clause is not None
    assert clause.text in all_text(result)
    assert (await _action(app, result.action_id)).step == Step.DENIED
    await _assert_log_verifies(app)


async def test_pressing_twice_acts_once(app: App) -> None:
    customer = Customer(app, email=OWNERS["en"][0])
    await customer.says("please cancel my account")
    button = await customer.button("confirm")
    first = await customer.presses_id(button)
    entries = await _assert_log_verifies(app)
    second = await customer.presses_id(button)
    assert second.action_id == first.action_id
    assert second.error is None
    assert await _assert_log_verifies(app) == entries


async def test_an_expired_card_does_nothing(app: App, clock: MovingClock) -> None:
    email = OWNERS["en"][0]
    customer = Customer(app, email=email)
    await customer.says("please cancel my account")
    clock.move(minutes=31)
    result = await customer.presses("confirm")
    assert result.error
    assert (await _account_of(app, email)).status == "active"


async def test_correcting_an_invoice_through_the_form(app: App) -> None:
    email = OWNERS["en"][0]
    customer = Customer(app, email=email)
    asked = await customer.says("there is a wrong company name on our last invoice, please correct it")
    assert asked.state is ConversationState.AWAITING_DETAILS
    await customer.says("Renamed Teapots Ltd")
    await customer.presses("skip")
    wrong = await customer.says("IE0000000X")
    assert wrong.state is ConversationState.AWAITING_DETAILS
    assert app.messages.say("en", "problem.vat-id-invalid") in all_text(wrong)
    card = await customer.presses("skip")
    assert card.state is ConversationState.AWAITING_CONFIRMATION
    assert "Renamed Teapots Ltd" in all_text(card)
    receipt = await customer.presses("confirm")
    assert (await _action(app, receipt.action_id)).step == Step.DONE
    async with app.database.read() as session:
        note = (await session.exec(select(CreditNote))).one()
        original = await session.get_one(Invoice, note.invoice_id)
        corrected = (await session.exec(select(Invoice).where(Invoice.corrects_id == original.id))).one()
    assert corrected.billed_company == "Renamed Teapots Ltd"
    assert corrected.billed_address == original.billed_address
    assert note.total_cents == original.total_cents == corrected.total_cents
    assert original.status == "credited"
    assert note.number in all_text(receipt)
    assert corrected.number in all_text(receipt)
    await _assert_log_verifies(app)


async def test_correcting_an_invoice_in_one_message(app: App) -> None:
    customer = Customer(app, email=OWNERS["sl"][0])
    card = await customer.says(
        "prosim popravite zadnji račun\npodjetje: Nova Čebelica d.o.o.\nnaslov: Nova ulica 2, Maribor"
    )
    text = all_text(card)
    while card.state is ConversationState.AWAITING_DETAILS:
        card = await customer.presses("skip")
        text = all_text(card)
    assert "Nova Čebelica d.o.o." in text
    assert "Nova ulica 2, Maribor" in text


async def test_one_day_too_late_shows_the_clause(app: App) -> None:
    customer = Customer(app, email=OWNERS["lt"][0])
    result = await customer.says("paskutinėje sąskaitoje neteisingas adresas, prašau pataisyti")
    clause = await app.shelf.by_anchor("billing-details-update", "lt")
    assert clause is not None
    assert clause.text in all_text(result)
    assert result.state is ConversationState.OPEN


@pytest.mark.parametrize("right", Right)
async def test_each_right_makes_one_case(app: App, right: Right) -> None:
    email = OWNERS["bg"][0]
    customer = Customer(app, email=email)
    asked = await customer.says("I want to file a GDPR request")
    assert asked.state is ConversationState.AWAITING_CHOICE
    await customer.presses("right", right=right)
    receipt = await customer.presses("confirm")
    async with app.database.read() as session:
        [case] = (await session.exec(select(GdprCase))).all()
        consents = (await session.exec(select(Consent).where(col(Consent.email) == email))).all()
    assert case.right == right
    assert case.action_id == receipt.action_id
    at_once = right in (Right.OBJECTION, Right.WITHDRAW_CONSENT)
    assert case.status == ("done" if at_once else "open")
    if at_once:
        assert all(consent.withdrawn_at is not None for consent in consents if consent.given_at)
    else:
        # received on 24 November; 24 to 27 December are holidays and a week-end in Slovakia
        assert case.due_on.isoformat() == "2026-12-28"
    await _assert_log_verifies(app)


async def test_status_shows_what_is_under_way_to_its_owner_alone(app: App) -> None:
    customer = Customer(app, email=OWNERS["en"][0])
    await customer.says("please cancel my account")
    receipt = await customer.presses("confirm")
    reference = (await _action(app, receipt.action_id)).reference
    status = await customer.says("I asked you to cancel my account yesterday, is it done?")
    assert reference in all_text(status)
    other = Customer(app, email=OWNERS["bg"][0], chat="other")
    elsewhere = await other.says("I asked you to cancel my account yesterday, is it done?")
    assert reference not in all_text(elsewhere)
