"""What a customer hears of a data-protection case, in chat and by mail, and what staff do by command."""

import asyncio
from pathlib import Path

import pytest

from actions.casework import Case
from actions.model import ActionKind, Level, NeedsConfirmation, Proposal, Receipt, Right
from bot.app import App, open_app
from bot.config import LANGUAGES
from tests.commands import clausewise
from tests.fakes import MovingClock
from tests.make import Customer, all_text, mails, settings, words

OWNERS = {
    "en": ("olivia.owner@example.com", "status of my case"),
    "sl": ("lastnica.zgled@example.com", "stanje mojega primera"),
    "lt": ("savininkas.pavyzdys@example.org", "mano bylos būsena"),
    "et": ("omanik.naidis@example.org", "minu juhtumi seis"),
    "bg": ("sobstvenik.primer@example.com", "състояние на моя случай"),
}
OLIVIA = OWNERS["en"][0]
REASON = "Nine years of archives <b>& {more}</b>, 2026-01-01."


async def filed(app: App, customer: Customer, language: str, right: Right = Right.ACCESS) -> Receipt:
    """A confirmed request made in the customer's conversation."""
    email, question = OWNERS[language]
    await customer.says(question)
    spoken = await app.transcript.find("test", customer.chat)
    member = await app.accounts.member_by_email(email)
    assert spoken
    assert member
    principal = await app.accounts.principal(member.id, Level.VERIFIED)
    assert principal
    proposal = Proposal(
        ActionKind.GDPR_REQUEST, principal, spoken.id, f"origin {customer.chat}", {"right": right}
    )
    card = await app.actions.propose(proposal)
    assert isinstance(card, NeedsConfirmation)
    receipt = await app.actions.confirm(card.token, principal, spoken.id)
    assert isinstance(receipt, Receipt)
    return receipt


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_customer_hears_how_far_a_request_is(app: App, clock: MovingClock, language: str) -> None:
    email, question = OWNERS[language]
    customer = Customer(app, email=email, language=language)
    receipt, zone = await filed(app, customer, language), app.settings.company_time_zone
    received = app.messages.moment(language, clock.now(), zone)
    first, longer = (app.messages.day(language, day) for day in ("2026-12-28", "2027-02-24"))

    async def hears() -> str:
        return all_text(await customer.says(question))

    def say(key: str, **values: str) -> str:
        return app.messages.say(language, key, **values)

    right = say("right.access")
    status = await hears()
    for part in (receipt.reference, say("line.gdpr.case-received", right=right, received_at=received)):
        assert part in status
    assert say("line.gdpr.case-due", due_on=first) in status
    assert say("receipt.case-open") in status
    assert say("receipt.step.DONE") not in status

    clock.move(days=2)
    await app.cases.pause(receipt.reference, "local")
    await app.cases.extend(receipt.reference, "local", REASON)
    status = await hears()
    waiting = app.messages.moment(language, clock.now(), zone)
    assert say("line.gdpr.case-due", due_on=longer) in status
    assert say("line.gdpr.case-due", due_on=first) not in status
    assert say("line.gdpr.case-extended", first_due_on=first, reason=REASON) in status
    assert say("line.gdpr.case-paused", paused_at=waiting) in status

    clock.move(days=1)
    await app.cases.done(receipt.reference, "local", "posted by Monday")
    status = await hears()
    assert say("line.gdpr.case-done", closed_at=app.messages.moment(language, clock.now(), zone)) in status
    assert say("receipt.step.DONE") in status
    assert REASON not in status
    assert "posted by Monday" not in status


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_extension_is_told_by_mail_and_in_the_conversation(
    app: App, clock: MovingClock, language: str
) -> None:
    email = OWNERS[language][0]
    customer = Customer(app, email=email, language=language)
    receipt = await filed(app, customer, language)
    await app.worker.tick()
    clock.move(days=1)
    await app.cases.extend(receipt.reference, "local", REASON)
    await app.worker.tick()
    await app.worker.tick()
    [_, mail] = mails(app)
    assert mail["To"] == email
    assert mail["X-Reference"] == receipt.reference
    told = words(mail)
    assert REASON in told
    assert app.messages.day(language, "2027-02-24") in told
    assert app.messages.day(language, "2026-12-28") in told
    pending = await app.transcript.pending("test", now=clock.now())
    assert [REASON in outgoing.reply.text for outgoing in pending].count(True) == 1


async def test_nobody_hears_of_the_case_of_another(app: App) -> None:
    receipt = await filed(app, Customer(app, email=OLIVIA), "en")
    other = Customer(app, email=OWNERS["sl"][0], language="en", chat="other")
    assert receipt.reference not in all_text(await other.says("status of my case"))


async def test_a_withdrawn_consent_is_done_at_once(app: App) -> None:
    customer = Customer(app, email=OLIVIA)
    receipt = await filed(app, customer, "en", Right.WITHDRAW_CONSENT)
    status = all_text(await customer.says("status of my case"))
    assert receipt.reference in status
    assert "Your consents are withdrawn now" in status
    assert "received on" in status
    assert "You will have an answer" not in status


async def test_the_worker_reminds_staff(app: App, clock: MovingClock) -> None:
    await filed(app, Customer(app, email=OLIVIA), "en")
    clock.move(days=40)
    await app.worker.tick()
    assert await app.cases.remind() == ()
    [case] = await app.cases.listed()
    assert case.days_left < 0


@pytest.fixture
def reference(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An open case in a store that commands find; the clock of the commands is the machine's."""
    monkeypatch.setenv("DATA_DIR", str(data_dir))
    monkeypatch.setenv("STAFF", "eva@example.com,tomas")

    async def work() -> str:
        async with open_app(settings(data_dir)) as app:
            return (await filed(app, Customer(app, email=OLIVIA), "en")).reference

    return asyncio.run(work())


def test_staff_lead_a_case_to_its_end(reference: str) -> None:
    [listed] = clausewise("cases", "list", "--json").lines
    assert (listed["reference"], listed["right"], listed["status"]) == (reference, "access", "open")
    assert 27 <= listed["days_left"] <= 37
    assert clausewise("cases", "list", "--due", "20", "--json").lines == []
    assert "due in 20 days" in clausewise("cases", "list", "--due", 20).err
    paused = clausewise("cases", "pause", reference, "--as", "Tomas", "--json").json
    assert paused["paused_at"]
    assert "paused" in clausewise("cases", "list").out
    assert clausewise("cases", "resume", reference, "--as", "tomas", "--json").json["paused_at"] is None
    extended = clausewise("cases", "extend", reference, "--as", "tomas", "--reason", "Archives.", "--json")
    assert (extended.json["extended"], extended.json["first_due_on"]) == (True, listed["due_on"])
    assert extended.json["due_on"] > listed["due_on"]
    shown = clausewise("cases", "show", reference, "--as", "eva@example.com")
    assert "Archives." in shown.out
    assert OLIVIA in shown.out
    closed = clausewise("cases", "done", reference, "--as", "tomas", "--note", "sent", "--json")
    assert closed.json["status"] == "done"
    assert f"clausewise export {reference} --out FILE" in closed.err
    assert clausewise("cases", "list", "--json").lines == []
    history = clausewise("cases", "show", reference, "--as", "tomas", "--json").json["history"]
    rules = [event["rule"] for event in history]
    assert rules[-6:] == [
        *("case-paused", "case-resumed", "case-extended"),
        *("opened-by-staff", "case-done", "opened-by-staff"),
    ]
    assert clausewise("log", "verify").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "CW-NONE-SUCH", "--as", "tomas"), "no data-protection case CW-NONE-SUCH"),
        (("done", "{reference}", "--as", "somebody"), "may not act here"),
        (("pause", "{reference}"), "may not act here"),
        (("resume", "{reference}", "--as", "tomas"), "is not paused"),
        (("extend", "{reference}", "--as", "tomas", "--reason", " "), "needs a reason"),
    ],
)
def test_a_refusal_says_what_to_do(reference: str, arguments: tuple[str, ...], said: str) -> None:
    ran = clausewise("cases", *(argument.format(reference=reference) for argument in arguments))
    assert (ran.status, ran.out) == (1, "")
    assert said in ran.err


def test_the_list_says_nothing_of_a_person(reference: str) -> None:
    listed = clausewise("cases", "list").out
    assert reference in listed
    assert OLIVIA not in listed


async def test_the_last_day_of_the_month_is_in_time_for_an_extension(app: App, clock: MovingClock) -> None:
    receipt = await filed(app, Customer(app, email=OLIVIA), "en")
    clock.move(days=34)
    assert isinstance(await app.cases.extend(receipt.reference, "local", "in time"), Case)
