import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from actions import cancel_account, correct_invoice, file_gdpr_request
from actions.billing import InvoiceFacts
from actions.calendar import Calendar
from actions.cancel_account import CancelAccount, CancelFacts, CreditFacts, may_cancel
from actions.correct_invoice import CorrectInvoice, may_correct
from actions.file_gdpr_request import FileGdprRequest, FilingFacts, may_file
from actions.model import ActionKind, Deny, Line, Plan, Principal, Receipt, Right, Step, Verdict
from actions.planning import Draft, Request
from actions.policies import load as load_policies
from bot.config import LANGUAGES
from bot.messages import Messages
from bot.model import Block
from bot.render import (
    answer_blocks,
    card_blocks,
    citation_view,
    denied_blocks,
    not_found_blocks,
    receipt_blocks,
    status_blocks,
)
from knowledge.model import Citation, Clause, Grounded, NotFound, Passage

ZONE = "Europe/Bratislava"
NOW = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
MESSAGES = Messages(strict=True)
POLICIES = load_policies()
OWNER = Principal(email="ana@example.com", member_id="m1", account_id="a1", role="owner")

CANCEL_FACTS = CancelFacts(
    account_id="a1",
    company="Mlin {d.o.o.}",
    is_owner=True,
    plan="Medium",
    seats=3,
    paid_until=date(2026, 12, 1),
    credits=(CreditFacts(120_000, 20_000, "EUR", date(2026, 12, 1)),),
)
INVOICE_FACTS = InvoiceFacts(
    account_id="a1",
    country="SI",
    is_owner=True,
    number="2026-00007",
    issued_on=date(2026, 2, 25),
    status="paid",
    is_latest=True,
    company="Mlin",
    address="Trg 1, Kranj",
    total_cents=12_200,
    currency="EUR",
)
CORRECTION = CorrectInvoice(OWNER, company="2026-01-01", address="Trg 2, Kranj", vat_id="SI50223054")

# A raw moment, day, amount or key: what must never reach a customer.
RAW = re.compile(r"\d{4}-\d{2}-\d{2}T|\d\.\d{2} EUR|\b(line|rule|check|right|kind)\.[a-z]")


def clause(text: str = "We close it. Really.", **changes: object) -> Clause:
    made = Clause(
        clause_id="c1",
        document="terms.en.md",
        title="Terms",
        version=1,
        version_date=date(2026, 1, 15),
        anchor="account-owner",
        heading="Owner",
        path=("Terms", "Accounts", "Owner"),
        ordinal=3,
        language="en",
        text=text,
        content_hash="h",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def plan_of(kind: ActionKind, draft: Draft) -> Plan:
    return Plan(kind, draft.changes, draft.preconditions, draft.irreversible, draft.effective_at, "hash")


def cancel_plan() -> Plan:
    draft = cancel_account.draft(Request(OWNER, {}, NOW), CANCEL_FACTS, POLICIES, Calendar())
    return plan_of(ActionKind.CANCEL_ACCOUNT, draft)


def correction_plan() -> Plan:
    return plan_of(ActionKind.INVOICE_CORRECTION, correct_invoice.draft(CORRECTION, INVOICE_FACTS, POLICIES))


def filing_plan(right: Right) -> Plan:
    facts = FilingFacts(email="ana@example.com", consents=("newsletter",))
    return plan_of(ActionKind.GDPR_REQUEST, file_gdpr_request.draft(right, facts, date(2026, 4, 7)))


PLANS = [cancel_plan(), correction_plan(), *(filing_plan(right) for right in Right)]


def denials() -> list[Deny]:
    """One of every refusal that the guards know, with the values that they give it."""
    cancel, ask, file = CancelAccount(OWNER), CORRECTION, FileGdprRequest(OWNER, Right.ACCESS)
    closing = replace(CANCEL_FACTS, other_reference="CW-1")
    open_case = FilingFacts("ana@example.com", "CW-2", date(2026, 2, 27), date(2026, 3, 27))
    same = replace(ask, company="Mlin", address=None, vat_id=None)

    def corrected(facts: InvoiceFacts, request: CorrectInvoice = ask, day: int = 4) -> Verdict:
        return may_correct(request, facts, today=date(2026, 3, day), window_days=15)

    verdicts = [
        may_cancel(cancel, CancelFacts()),
        may_cancel(cancel, replace(CANCEL_FACTS, is_owner=False)),
        may_cancel(cancel, replace(CANCEL_FACTS, is_closed=True)),
        may_cancel(cancel, closing),
        corrected(replace(INVOICE_FACTS, number=None)),
        corrected(replace(INVOICE_FACTS, number=None), replace(ask, invoice="7")),
        corrected(replace(INVOICE_FACTS, status="void")),
        corrected(replace(INVOICE_FACTS, status="credited")),
        corrected(replace(INVOICE_FACTS, is_latest=False)),
        corrected(INVOICE_FACTS, day=13),
        corrected(replace(INVOICE_FACTS, open_reference="CW-3")),
        corrected(INVOICE_FACTS, same),
        may_file(file, FilingFacts()),
        may_file(file, open_case),
    ]
    return [verdict for verdict in verdicts if isinstance(verdict, Deny)]


def text_of(blocks: tuple[Block, ...]) -> str:
    return "\n\n".join(block.text for block in blocks)


def receipt_at(step: Step, *lines: Line, **changes: object) -> Receipt:
    made = Receipt("a", "CW-AB12-CD34", ActionKind.CANCEL_ACCOUNT, step, lines)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_an_answer_leads_quotes_word_for_word_and_names_its_source() -> None:
    quote = "You may {cancel} at any time,\n* even today."
    blocks = answer_blocks(Grounded((Citation(clause(), quote),), "en"), MESSAGES)
    assert [(block.kind, block.text) for block in blocks] == [
        ("lead", "This is settled in “Owner”:"),
        ("quote", quote),
        ("source", "Terms, version of 15 January 2026, Accounts › Owner"),
    ]


def test_further_citations_are_announced_and_quoted_as_well() -> None:
    citations = (Citation(clause(), "one"), Citation(clause(heading="Other", path=()), "two"))
    blocks = answer_blocks(Grounded(citations, "en"), MESSAGES)
    assert [block.kind for block in blocks] == ["lead", "quote", "source", "note", "quote", "source"]
    assert blocks[-1].text == "Terms, version of 15 January 2026"


@pytest.mark.parametrize(("language", "name"), [("sl", "angleščina"), ("et", "inglise"), ("bg", "английски")])
def test_a_clause_in_another_language_says_so_before_the_quote(language: str, name: str) -> None:
    blocks = answer_blocks(Grounded((Citation(clause(), "one", other_language=True),), language), MESSAGES)
    assert [block.kind for block in blocks] == ["lead", "note", "quote", "source"]
    assert f"({name})" in blocks[1].text


def test_a_clause_without_a_heading_is_led_in_by_its_document() -> None:
    blocks = answer_blocks(Grounded((Citation(clause(heading="", path=()), "one"),), "en"), MESSAGES)
    assert blocks[0].text == "This is settled in “Terms”:"


def test_a_citation_shows_its_whole_path() -> None:
    view = citation_view(Citation(clause(), "one"))
    assert (view.document, view.clause_id, view.heading, view.quote, view.language) == (
        "terms.en.md",
        "c1",
        "Accounts › Owner",
        "one",
        "en",
    )


def test_no_answer_names_the_nearest_sections_once_each() -> None:
    headings = ("Owner", "Owner", "Refunds", "Seats", "Plans")
    nearest = tuple(Passage(clause(heading=heading), 0.1) for heading in headings)
    blocks = not_found_blocks(NotFound(nearest, "en"), MESSAGES)
    assert [block.kind for block in blocks] == ["say", "note"]
    assert blocks[1].text.endswith("Owner; Refunds; Seats")
    assert len(not_found_blocks(NotFound((), "lt"), MESSAGES)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(len(PLANS)))
def test_every_card_has_all_its_words_in_every_language(number: int, language: str) -> None:
    blocks = card_blocks(PLANS[number], {}, MESSAGES, language, ZONE)
    text = text_of(blocks)
    assert {block.kind for block in blocks} == {"card"}
    assert not RAW.search(text), text
    assert text.count("✓ ") == len(PLANS[number].preconditions)
    assert text.count("• ") == len(PLANS[number].changes) + len(PLANS[number].irreversible)


def test_the_cancellation_card_says_what_goes_when_and_what_may_come_back() -> None:
    owner = clause()
    text = text_of(card_blocks(cancel_plan(), {"account-owner": owner}, MESSAGES, "en", ZONE))
    assert "The account of Mlin {d.o.o.} will be closed: 5 March 2026 at 10:30 (CET)." in text
    assert text.count("10:30 (CET)") == 2  # the closing, and until when it can be taken back
    assert "Medium (3 seats), paid until 1 December 2026" in text
    assert "€1,000.00 is unused" in text
    assert "50 % of that, which is €500.00" in text
    assert "✓ You are the owner of the account (Owner)" in text
    assert "cannot be restored" in text
    assert "are not refunded" in text


def test_what_a_person_typed_stands_on_the_card_letter_by_letter() -> None:
    text = text_of(card_blocks(correction_plan(), {}, MESSAGES, "en", ZONE))
    assert "Company: Mlin → 2026-01-01" in text
    assert "VAT ID: – → SI50223054" in text
    assert "issued on 25 February 2026 and may be corrected until 12 March 2026" in text


def test_a_check_that_failed_is_marked_so() -> None:
    plan = replace(cancel_plan(), preconditions=(Line("check.owner", {"passed": "no"}, None),))
    assert "✗ You are the owner" in text_of(card_blocks(plan, {}, MESSAGES, "en", ZONE))


def test_a_card_names_the_moment_where_no_line_does_and_when_the_button_expires() -> None:
    plan = replace(filing_plan(Right.ACCESS), effective_at=NOW)
    blocks = card_blocks(plan, {}, MESSAGES, "en", ZONE, expires_at=NOW.replace(hour=10))
    assert [block.text for block in blocks[-2:]] == [
        "Takes effect: 4 March 2026 at 10:30 (CET)",
        "You can confirm until 4 March 2026 at 11:30 (CET).",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_gives_its_reason_in_every_language(language: str) -> None:
    said = denials()
    assert len(said) == 14
    texts = [denied_blocks(deny, None, MESSAGES, language, ZONE)[0].text for deny in said]
    assert not [text for text in texts if RAW.search(text)]
    assert len(set(texts)) == len(said)


def test_a_refusal_quotes_the_clause_that_decides() -> None:
    blocks = denied_blocks(Deny("not-owner"), clause(), MESSAGES, "en", ZONE)
    assert [block.kind for block in blocks] == ["say", "quote", "source"]
    assert blocks[1].text == clause().text
    foreign = denied_blocks(Deny("not-owner"), clause(), MESSAGES, "sl", ZONE)
    assert [block.kind for block in foreign] == ["say", "note", "quote", "source"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_asks_again_reads_the_reference_and_the_day_of_the_open_case(language: str) -> None:
    values = {
        "reference": "CW-7K2M-9QXR", "right_key": "right.access",
        "received_on": "2026-02-27", "due_on": "2026-03-27",
    }  # fmt: skip
    text = denied_blocks(Deny("case-open", values=values), None, MESSAGES, language, ZONE)[0].text
    parts = ["CW-7K2M-9QXR", MESSAGES.say(language, "right.access")]
    parts += [MESSAGES.day(language, values[name]).rstrip(".") for name in ("received_on", "due_on")]
    assert not [part for part in parts if part not in text]


def test_values_are_words_of_the_language() -> None:
    values = {"received_on": "2026-02-27", "due_on": "2026-03-27", "right": "access", "reference": "CW-2"}
    text = denied_blocks(Deny("case-open", values=values), None, MESSAGES, "sl", ZONE)[0].text
    assert "z dne 27. 2. 2026" in text
    assert "(Dostop do vaših podatkov)" in text
    named = {**values, "right_key": "right.erasure"}
    del named["right"]
    text = denied_blocks(Deny("case-open", values=named), None, MESSAGES, "sl", ZONE)[0].text
    assert "(Izbris vaših podatkov)" in text


def test_a_value_that_only_looks_like_a_day_stays_as_it_is() -> None:
    text = denied_blocks(
        Deny("already-closing", values={"reference": "2026-99-99"}), None, MESSAGES, "en", ZONE
    )
    assert "2026-99-99" in text[0].text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", list(Step))
def test_every_step_has_a_receipt_in_every_language(step: Step, language: str) -> None:
    blocks = receipt_blocks(receipt_at(step), MESSAGES, language, ZONE)
    assert [block.kind for block in blocks] == ["receipt", "note"]
    title, said = blocks[0].text.split("\n")
    assert title == MESSAGES.say(language, "kind.cancel_account")
    assert said == MESSAGES.say(language, f"receipt.step.{step}")
    assert "CW-AB12-CD34" in blocks[-1].text


OUTCOMES = (
    Line("cancel.closed", {"closed_at": "2026-03-05T09:30:00+00:00"}),
    Line("cancel.deletion-due", {"delete_after": "2026-04-04T09:30:00+00:00"}),
    Line("cancel.refund-decided-by-staff"),
    Line("correct.credit-note-issued", {"number": "CN-2026-00001", "total": "122.00 EUR"}),
    Line("correct.invoice-issued", {"number": "2026-00008", "total": "122.00 EUR"}),
    Line("gdpr.case-open", {"reference": "CW-2", "right": "erasure", "due_on": "2026-04-07"}),
    Line("gdpr.marketing-stopped", {"count": "0"}),
    Line("gdpr.consent-is-withdrawn", {"count": "2"}),
    Line("ended.facts-changed"),
    Line("ended.plan-altered"),
    Line("ended.refused", {"reason": "2026-01-01"}),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_receipts_say_what_happened_in_every_language(language: str) -> None:
    done = receipt_at(Step.DONE, *OUTCOMES)
    text = text_of(receipt_blocks(done, MESSAGES, language, ZONE))
    assert not RAW.search(text), text
    assert text.count("• ") == len(OUTCOMES)
    assert (
        text.rstrip()
        .split("\n• ")[-1]
        .startswith(MESSAGES.say(language, "line.ended.refused", reason="2026"))
    )


def test_a_scheduled_receipt_says_when_and_until_when_it_can_be_taken_back() -> None:
    scheduled = receipt_at(Step.SCHEDULED, effective_at=NOW, may_withdraw=True)
    text = text_of(receipt_blocks(scheduled, MESSAGES, "en", ZONE))
    assert "Takes effect: 4 March 2026 at 10:30 (CET)" in text
    assert "You can take it back until 4 March 2026 at 10:30 (CET)." in text
    said_already = replace(scheduled, lines=cancel_plan().changes, effective_at=cancel_plan().effective_at)
    assert "Takes effect" not in text_of(receipt_blocks(said_already, MESSAGES, "en", ZONE))
    # Before staff have decided, the moment of the confirmation is no promise.
    for step in Step.AWAITING_CONFIRMATION, Step.AWAITING_APPROVAL:
        text = text_of(receipt_blocks(replace(scheduled, step=step), MESSAGES, "en", ZONE))
        assert "take it back" not in text
        assert "Takes effect" not in text


def test_the_status_lists_every_request_with_its_reference() -> None:
    receipts = [
        receipt_at(Step.DONE, Line("cancel.closed", {"closed_at": "2026-03-05T09:30:00+00:00"})),
        receipt_at(Step.SCHEDULED, reference="CW-2", kind=ActionKind.GDPR_REQUEST),
    ]
    blocks = status_blocks(receipts, MESSAGES, "en", ZONE)
    assert [block.text for block in blocks] == [
        "Account cancellation (CW-AB12-CD34): Done.\n• The account was closed: 5 March 2026 at 10:30 (CET).",
        "Data-protection request (CW-2): Confirmed and scheduled.",
    ]


def test_without_requests_the_status_says_so() -> None:
    assert [block.text for block in status_blocks([], MESSAGES, "bg", ZONE)] == ["Нямате заявки при нас."]
