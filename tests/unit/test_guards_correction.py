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
from bot.config import LANGUAGES
from bot.messages import Messages
from bot.render import denied_blocks

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
    ("zone", "issued", "last_minute"),
    [
        ("Europe/Bratislava", date(2026, 1, 31), datetime(2026, 2, 15, 22, 59, tzinfo=UTC)),
        ("Europe/Bratislava", date(2026, 4, 30), datetime(2026, 5, 15, 21, 59, tzinfo=UTC)),
        ("Europe/Bratislava", date(2027, 2, 28), datetime(2027, 3, 15, 22, 59, tzinfo=UTC)),
        ("Europe/Bratislava", date(2028, 2, 29), datetime(2028, 3, 15, 22, 59, tzinfo=UTC)),
        ("Europe/Bratislava", date(2028, 2, 14), datetime(2028, 2, 29, 22, 59, tzinfo=UTC)),
        # the last day is the one on which the clocks change: 23 hours long, and 25
        ("Europe/Bratislava", date(2026, 3, 14), datetime(2026, 3, 29, 21, 59, tzinfo=UTC)),
        ("Europe/Bratislava", date(2026, 10, 10), datetime(2026, 10, 25, 22, 59, tzinfo=UTC)),
        ("Pacific/Auckland", date(2026, 9, 12), datetime(2026, 9, 27, 10, 59, tzinfo=UTC)),
        ("America/New_York", date(2026, 10, 17), datetime(2026, 11, 2, 4, 59, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2026, 11, 9), datetime(2026, 11, 24, 18, 14, tzinfo=UTC)),
    ],
)
def test_day_15_is_allowed_and_day_16_denied_in_the_companys_zone(
    zone: str, issued: date, last_minute: datetime
) -> None:
    facts, calendar = replace(FACTS, issued_on=issued), Calendar(zone)
    for moment, kind in ((last_minute, Allow), (last_minute + timedelta(minutes=1), Deny)):
        today = calendar.day_of(moment)
        assert (today - issued).days == (15 if kind is Allow else 16)
        found = may_correct(REQUEST, facts, today=today, window_days=15)
        assert isinstance(found, kind)
        if isinstance(found, Deny):
            assert found.rule == "window-closed"
            assert found.values["last_day"] == (issued + timedelta(days=15)).isoformat()


RULES: list[tuple[str, InvoiceFacts, str | None]] = [
    ("foreign-invoice", InvoiceFacts(account_id="a1", is_owner=True), "2026-000001"),
    ("no-invoice", InvoiceFacts(account_id="a1", is_owner=True), None),
    ("invoice-void", replace(FACTS, status="void", is_latest=False), None),
    ("already-credited", replace(FACTS, status="credited", is_latest=False), None),
    ("not-latest-invoice", replace(FACTS, is_latest=False), None),
    ("correction-open", replace(FACTS, open_reference="CW-7KXM-2Q9F"), None),
    ("nothing-to-change", replace(FACTS, company="New Name Ltd"), None),
    ("not-owner", replace(FACTS, is_owner=False), None),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_denial_has_an_answer_of_its_own_in_each_language(language: str) -> None:
    answers = set()
    for rule, facts, invoice in RULES:
        found = verdict(facts, replace(REQUEST, invoice=invoice))
        assert isinstance(found, Deny)
        assert found.rule == rule
        first, *_ = denied_blocks(found, None, Messages(strict=True), language, "Europe/Bratislava")
        assert all(value in first.text for value in found.values.values())
        answers.add(first.text)
    assert len(answers) == len(RULES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_wrong_detail_has_an_answer_of_its_own_in_each_language(language: str) -> None:
    wrong = [
        {"company": "x" * 301},
        {"address": "x" * 501},
        {"vat_id": "1" * 41},
        {"company": "A\u0007B"},
        {"address": "A\u0007B"},
        {"vat_id": "1\u00072"},
        {"vat_id": "DE136695977"},
    ]
    answers = set()
    for arguments in wrong:
        found = problems(read_request(OWNER, arguments, "IE"), "IE")
        assert found is not None
        [problem] = found.problems.values()
        answers.add(Messages(strict=True).say(language, f"problem.{problem}"))
    assert len(answers) == len(wrong)


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


EUROPEAN = [
    ("AT", "ATU13585627", "ATU13585626"),
    ("BE", "BE0428759497", "BE0428759498"),
    ("BG", "BG175074752", "BG175074751"),
    ("CY", "CY10259033P", "CY10259033Z"),
    ("CZ", "CZ25123891", "CZ25123890"),
    ("DE", "DE136695976", "DE136695977"),
    ("DK", "DK13585628", "DK13585627"),
    ("EE", "EE100594102", "EE100594103"),
    ("ES", "ESB64717838", "ESB64717839"),
    ("FI", "FI20774740", "FI20774741"),
    ("FR", "FR23334175221", "FR24334175221"),
    ("GR", "EL094259216", "EL094259217"),
    ("HR", "HR33392005961", "HR33392005962"),
    ("HU", "HU12892312", "HU12892313"),
    ("IE", "IE6433435F", "IE6433435E"),
    ("IT", "IT00743110157", "IT00743110158"),
    ("LT", "LT119511515", "LT119511516"),
    ("LU", "LU15027442", "LU15027443"),
    ("LV", "LV40003521600", "LV40003521601"),
    ("MT", "MT11679112", "MT11679113"),
    ("NL", "NL004495445B01", "NL004495446B01"),
    ("PL", "PL8567346215", "PL8567346216"),
    ("PT", "PT501964843", "PT501964842"),
    ("RO", "RO18547290", "RO18547291"),
    ("SE", "SE123456789701", "SE123456788701"),
    ("SI", "SI50223054", "SI50223055"),
    ("SK", "SK2022749619", "SK2022749618"),
    ("XI", "XI980780684", "XI980780685"),
]
"""A number of each member state, and of Northern Ireland, with its right check digit and a wrong one."""


def test_every_member_state_is_in_the_table() -> None:
    from stdnum.eu.vat import MEMBER_STATES

    assert {country.lower() for country, _, _ in EUROPEAN} == MEMBER_STATES
    assert len(EUROPEAN) == 28


@pytest.mark.parametrize(("country", "right", "wrong"), EUROPEAN)
def test_the_check_digit_of_every_member_state(country: str, right: str, wrong: str) -> None:
    for account in (country, "SK", "IE", "US", "GB"):  # wherever the account is
        assert normalized(right, account) == right
        assert normalized(f" {right[:2].lower()} {right[2:5]} {right[5:]} ", account) == right
        assert normalized(wrong, account) is None
        found = problems(read_request(OWNER, {"vat_id": wrong}, account), account)
        assert found == NeedsArguments((), {"vat_id": "vat-id-invalid"})
    if country != "XI":  # no account is in XI: it is only a prefix
        assert normalized(right[2:], country) == right
        assert normalized(wrong[2:], country) is None


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
