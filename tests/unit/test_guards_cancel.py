"""Who may cancel, and what the card says it costs."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.calendar import Calendar
from actions.cancel_account import (
    CancelAccount,
    CancelFacts,
    CreditFacts,
    credit_ends_on,
    draft,
    least_refund_cents,
    may_cancel,
    unused_cents,
)
from actions.model import Allow, Deny, Level, Principal
from actions.planning import Request
from actions.policies import load
from actions.store.tables import Credit

OWNER = Principal(Level.VERIFIED, "o@example.com", "m1", "a1", "owner")
FACTS = CancelFacts(
    account_id="a1",
    company="Invented Ltd",
    is_owner=True,
    plan="Small",
    seats=2,
    paid_until=date(2026, 12, 1),
)
CREDIT = CreditFacts(amount_cents=120000, used_cents=70001, currency="EUR", ends_on=date(2027, 1, 1))
ASKED = datetime(2026, 11, 27, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("principal", "facts", "rule", "clause"),
    [
        (OWNER, FACTS, None, None),
        (replace(OWNER, account_id=None), FACTS, "not-member", "account-owner"),
        (replace(OWNER, account_id="a2"), FACTS, "not-member", "account-owner"),
        (Principal(Level.VERIFIED, "x@example.com"), CancelFacts(), "not-member", "account-owner"),
        (OWNER, replace(FACTS, is_owner=False), "not-owner", "account-owner"),
        (replace(OWNER, role="agent"), FACTS, None, None),  # the store says who owns, not the session
        (OWNER, replace(FACTS, is_closed=True), "account-closed", "cancellation-by-request"),
        (OWNER, replace(FACTS, other_reference="CW-1"), "already-closing", "cancellation-by-request"),
        (OWNER, replace(FACTS, is_owner=False, is_closed=True), "not-owner", "account-owner"),
        (OWNER, replace(FACTS, is_closed=True, other_reference="CW-1"), "account-closed", None),
    ],
)
def test_who_may_cancel(
    principal: Principal, facts: CancelFacts, rule: str | None, clause: str | None
) -> None:
    verdict = may_cancel(CancelAccount(principal), facts)
    if rule is None:
        assert isinstance(verdict, Allow)
        assert verdict.checks == ("member", "owner", "account-active", "not-closing")
    else:
        assert isinstance(verdict, Deny)
        assert verdict.rule == rule
        assert clause in (verdict.clause, None)


@pytest.mark.parametrize(
    ("amount", "used", "today", "unused"),
    [
        (1000, 0, date(2026, 12, 31), 1000),
        (1000, 999, date(2026, 12, 31), 1),
        (1000, 1000, date(2026, 12, 31), 0),
        (1000, 1200, date(2026, 12, 31), 0),
        (1000, 0, date(2027, 1, 1), 0),  # the first day after its term
    ],
)
def test_the_unused_part_of_a_credit(amount: int, used: int, today: date, unused: int) -> None:
    credit = CreditFacts(amount, used, "EUR", date(2027, 1, 1))
    assert unused_cents(credit, today) == unused


@pytest.mark.parametrize(
    ("unused", "share", "least"), [(1000, 50, 500), (1001, 50, 501), (1, 50, 1), (0, 50, 0), (999, 100, 999)]
)
def test_the_part_that_must_come_back(unused: int, share: int, least: int) -> None:
    assert least_refund_cents(unused, share) == least


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_the_part_is_never_below_the_share_nor_a_cent_above_it(unused: int, share: int) -> None:
    least = least_refund_cents(unused, share)
    assert unused * share <= least * 100 < unused * share + 100
    assert least <= unused


@pytest.mark.parametrize(
    ("seats", "ends_on"),
    [
        (4, date(2027, 2, 28)),  # as bought: twelve months, to the end of a shorter month
        (8, date(2026, 8, 28)),  # twice the seats, half the time
        (2, date(2028, 2, 28)),
        (0, date(2030, 2, 28)),
    ],
)
def test_the_term_of_a_credit_follows_its_seats(seats: int, ends_on: date) -> None:
    credit = Credit(
        account_id="a1",
        bought_on=date(2026, 2, 28),
        months=12,
        seats=4,
        amount_cents=1,
        currency="EUR",
    )
    assert credit_ends_on(credit, seats) == ends_on


def test_the_card() -> None:
    request = Request(OWNER, {}, ASKED)
    card = draft(request, replace(FACTS, credits=(CREDIT,)), load(), Calendar())
    assert card.effective_at == datetime(2026, 11, 30, 15, tzinfo=UTC)
    lines = {line.key: line for line in card.changes}
    assert list(lines) == [
        "cancel.closes",
        "cancel.may-take-back",
        "cancel.not-charged-again",
        "cancel.credit-refund",
        "cancel.data-deleted",
    ]
    assert lines["cancel.closes"].values["effective_at"] == card.effective_at.isoformat()
    assert lines["cancel.credit-refund"].values == {
        "unused": "499.99 EUR",
        "least": "250.00 EUR",
        "share": "50 %",
        "ends_on": "2027-01-01",
    }
    assert lines["cancel.data-deleted"].values == {"days": "30", "backup_days": "30"}
    assert {line.key: line.clause for line in card.irreversible} == {
        "cancel.content-lost": "cancellation-data-loss",
        "cancel.no-refund": "no-refunds",
    }
    assert all(line.clause and line.values["passed"] == "yes" for line in card.preconditions)


@pytest.mark.parametrize("held", [(), (replace(CREDIT, used_cents=120000),)])
def test_without_unused_credit_the_card_speaks_of_none(held: tuple[CreditFacts, ...]) -> None:
    card = draft(Request(OWNER, {}, ASKED), replace(FACTS, credits=held), load(), Calendar())
    assert "cancel.credit-refund" not in {line.key for line in card.changes}
