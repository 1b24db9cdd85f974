"""Who may have an invoice corrected, until which day, and into what."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.billing import InvoiceFacts
from actions.calendar import Calendar
from actions.correct_invoice import CorrectInvoice, draft, may_correct, problems, read_request
from actions.model import Allow, Deny, Level, NeedsArguments, Principal
from actions.policies import load
from actions.vat import normalized

OWNER = Principal(Level.VERIFIED, "o@example.com", "m1", "a1", "owner")
REQUEST = CorrectInvoice(OWNER, company="New Name Ltd")
ISSUED = date(2026, 10, 20)
FACTS = InvoiceFacts(
    account_id="a1",
    country="IE",
    is_owner=True,
    invoice_id="i1",
    number="2026-000007",
    issued_on=ISSUED,
    status="paid",
    is_latest=True,
    company="Old Name Ltd",
    address="1 Nowhere Lane",
    total_cents=12345,
    currency="EUR",
)


def verdict(facts: InvoiceFacts = FACTS, request: CorrectInvoice = REQUEST, days: int = 0) -> Allow | Deny:
    return may_correct(request, facts, today=ISSUED + timedelta(days=days), window_days=15)


@pytest.mark.parametrize(
    ("days", "allowed"),
    [(0, True), (1, True), (14, True), (15, True), (16, False), (17, False), (400, False)],
)
def test_the_fifteenth_day_is_the_last(days: int, allowed: bool) -> None:
    found = verdict(days=days)
    assert isinstance(found, Allow if allowed else Deny)
    if isinstance(found, Deny):
        assert (found.rule, found.clause) == ("window-closed", "billing-details-update")
        assert found.values["last_day"] == "2026-11-04"


@pytest.mark.parametrize(
    ("issued", "last_minute"),
    [
        (date(2026, 3, 20), datetime(2026, 4, 4, 21, 59, tzinfo=UTC)),  # clocks went forward between
        (date(2026, 10, 20), datetime(2026, 11, 4, 22, 59, tzinfo=UTC)),  # and back
        (date(2026, 2, 20), datetime(2026, 3, 7, 22, 59, tzinfo=UTC)),  # over the end of February
        (date(2028, 2, 20), datetime(2028, 3, 6, 22, 59, tzinfo=UTC)),  # in a leap year
        (date(2026, 12, 20), datetime(2027, 1, 4, 22, 59, tzinfo=UTC)),  # over New Year
    ],
)
def test_the_window_closes_at_the_companys_midnight(issued: date, last_minute: datetime) -> None:
    facts = replace(FACTS, issued_on=issued)
    for moment, kind in ((last_minute, Allow), (last_minute + timedelta(minutes=1), Deny)):
        today = Calendar().day_of(moment)
        assert isinstance(may_correct(REQUEST, facts, today=today, window_days=15), kind)


@pytest.mark.parametrize(
    ("principal", "changes", "rule"),
    [
        (OWNER, {}, None),
        (replace(OWNER, account_id=None), {}, "not-member"),
        (replace(OWNER, account_id="a2"), {}, "not-member"),
        (OWNER, {"is_owner": False}, "not-owner"),
        (OWNER, {"number": None, "issued_on": None}, "no-invoice"),
        (OWNER, {"status": "void", "is_latest": False}, "invoice-void"),
        (OWNER, {"status": "credited", "is_latest": False}, "already-credited"),
        (OWNER, {"status": "open"}, None),
        (OWNER, {"is_latest": False}, "not-latest-invoice"),
        (OWNER, {"open_reference": "CW-1"}, "correction-open"),
        (OWNER, {"company": "New Name Ltd"}, "nothing-to-change"),
    ],
)
def test_who_may_correct_what(principal: Principal, changes: dict[str, object], rule: str | None) -> None:
    found = verdict(replace(FACTS, **changes), replace(REQUEST, principal=principal))  # type: ignore[arg-type]
    assert isinstance(found, Allow) if rule is None else isinstance(found, Deny) and found.rule == rule
    if isinstance(found, Deny):
        assert found.clause in ("account-owner", "billing-details-update")


def test_an_invoice_that_is_not_the_accounts_is_foreign() -> None:
    found = verdict(InvoiceFacts(account_id="a1", is_owner=True), replace(REQUEST, invoice="2026-000001"))
    assert isinstance(found, Deny)
    assert found.rule == "foreign-invoice"
    assert found.values == {}


def test_one_new_detail_among_known_ones_is_enough() -> None:
    request = replace(REQUEST, company="Old Name Ltd", address="2 Nowhere Lane")
    assert isinstance(verdict(request=request), Allow)


@given(st.integers(0, 60), st.integers(1, 60))
def test_the_window_is_exactly_its_days(days: int, window: int) -> None:
    found = may_correct(REQUEST, FACTS, today=ISSUED + timedelta(days=days), window_days=window)
    assert isinstance(found, Allow) is (days <= window)


@pytest.mark.parametrize(
    ("arguments", "missing", "wrong"),
    [
        ({}, ("company", "address", "vat_id"), {}),
        ({"company": "  ", "vat_id": ""}, ("company", "address", "vat_id"), {}),
        ({"invoice": "2026-000001"}, ("company", "address", "vat_id"), {}),
        ({"company": "x" * 301}, (), {"company": "company-too-long"}),
        ({"address": "x" * 501}, (), {"address": "address-too-long"}),
        ({"vat_id": "1" * 41}, (), {"vat_id": "vat-id-too-long"}),
        ({"company": "A\u0007B"}, (), {"company": "company-unreadable"}),
        ({"vat_id": "DE136695977"}, (), {"vat_id": "vat-id-invalid"}),
        ({"vat_id": "hello"}, (), {"vat_id": "vat-id-invalid"}),
        ({"company": "Fine", "vat_id": "SI123"}, (), {"vat_id": "vat-id-invalid"}),
    ],
)
def test_what_is_missing_or_wrong(
    arguments: dict[str, str], missing: tuple[str, ...], wrong: dict[str, str]
) -> None:
    assert problems(read_request(OWNER, arguments, "IE"), "IE") == NeedsArguments(missing, wrong)


@pytest.mark.parametrize(
    "arguments",
    [{"company": "x" * 300}, {"address": "Cesta 1\nLjubljana"}, {"vat_id": "de 136.695.976"}],
)
def test_what_is_fine(arguments: dict[str, str]) -> None:
    assert problems(read_request(OWNER, arguments, "IE"), "IE") is None


@pytest.mark.parametrize(
    ("number", "country", "written"),
    [
        ("DE136695976", "DE", "DE136695976"),
        (" de 136 695 976 ", "SI", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("50223054", "SI", "SI50223054"),
        ("LT119511515", "LT", "LT119511515"),
        ("EE100931558", "EE", "EE100931558"),
        ("BG175074752", "BG", "BG175074752"),
        ("SK2022749619", "SK", "SK2022749619"),
        ("SK2022749618", "SK", None),
        ("136695976", "SI", None),
        ("GB980780684", "GB", "980780684"),
        ("CHE107787577IVA", "CH", "CHE107787577IVA"),
        ("AB-12345", "US", "AB12345"),
        ("nonsense", "US", None),
        ("ДE136695976", "DE", None),
        ("", "DE", None),
    ],
)
def test_vat_numbers(number: str, country: str, written: str | None) -> None:
    assert normalized(number, country) == written


def test_the_card() -> None:
    request = replace(REQUEST, vat_id="DE136695976", address="1 Nowhere Lane")
    card = draft(request, FACTS, load())
    assert [line.key for line in card.changes] == [
        "correct.company",
        "correct.vat-id",
        "correct.credit-note",
        "correct.new-invoice",
    ]
    assert card.changes[0].values == {"from": "Old Name Ltd", "to": "New Name Ltd"}
    assert card.changes[1].clause == "vat-id"
    assert card.changes[2].values == {"invoice": "2026-000007", "total": "123.45 EUR"}
    window = next(line for line in card.preconditions if line.key == "check.window")
    assert (window.values["issued_on"], window.values["last_day"]) == ("2026-10-20", "2026-11-04")
    assert [line.key for line in card.irreversible] == ["correct.invoice-credited"]
    assert card.effective_at is None
