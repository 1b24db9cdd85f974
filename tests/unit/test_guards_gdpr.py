"""Filing a right: what stops it (almost nothing), at which level, and what the card says."""

from datetime import date

import pytest

from actions.calendar import Calendar
from actions.file_gdpr_request import (
    AT_ONCE,
    CLAUSES,
    FileGdprRequest,
    Filing,
    FilingFacts,
    draft,
    may_file,
)
from actions.model import Allow, Deny, Level, NeedsArguments, Principal, Right
from actions.policies import ANCHORS, load

MEMBER = Principal(Level.VERIFIED, "o@example.com", "m1", "a1", "agent")
OUTSIDER = Principal(Level.VERIFIED, "o@example.com")
OPEN = FilingFacts("o@example.com", "CW-1", date(2026, 11, 2), date(2026, 12, 2))


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("principal", [MEMBER, OUTSIDER])
def test_a_proven_address_is_all_it_takes(principal: Principal, right: Right) -> None:
    verdict = may_file(FileGdprRequest(principal, right), FilingFacts("o@example.com"))
    assert isinstance(verdict, Allow)
    assert verdict.checks == ("email-proven", "no-open-case")


@pytest.mark.parametrize("right", Right)
def test_an_open_case_is_shown_instead_of_a_second(right: Right) -> None:
    verdict = may_file(FileGdprRequest(OUTSIDER, right), OPEN)
    assert isinstance(verdict, Deny)
    assert (verdict.rule, verdict.clause) == ("case-open", CLAUSES[right])
    assert verdict.values == {
        "reference": "CW-1",
        "right_key": f"right.{right}",
        "received_on": "2026-11-02",
        "due_on": "2026-12-02",
    }


@pytest.mark.parametrize("right", Right)
def test_without_a_proven_address_there_is_nobody_to_answer(right: Right) -> None:
    verdict = may_file(FileGdprRequest(Principal(), right), FilingFacts())
    assert isinstance(verdict, Deny)
    assert verdict.rule == "email-not-proven"


def test_nothing_else_stops_a_filing() -> None:
    """Only a person refuses a legal right: the guard has no other rule to say no with."""
    facts = [FilingFacts(), FilingFacts("o@example.com"), FilingFacts("o@example.com", consents=("x",)), OPEN]
    requests = [FileGdprRequest(principal, right) for principal in (MEMBER, OUTSIDER) for right in Right]
    verdicts = [may_file(request, known) for request in requests for known in facts]
    assert {v.rule for v in verdicts if isinstance(v, Deny)} == {"email-not-proven", "case-open"}


@pytest.mark.parametrize(
    ("right", "level"),
    [
        (Right.INFORMATION, Level.VERIFIED),
        (Right.ACCESS, Level.VERIFIED),
        (Right.RECTIFICATION, Level.VERIFIED),
        (Right.ERASURE, Level.VERIFIED),
        (Right.RESTRICTION, Level.VERIFIED),
        (Right.PORTABILITY, Level.VERIFIED),
        (Right.OBJECTION, Level.LINKED),
        (Right.WITHDRAW_CONSENT, Level.LINKED),
    ],
)
def test_the_level_that_each_right_needs(right: Right, level: Level) -> None:
    assert Filing(load(), Calendar()).level({"right": right}) == level


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ({}, NeedsArguments(("right",))),
        ({"right": ""}, NeedsArguments(("right",))),
        ({"right": "complaint"}, NeedsArguments((), {"right": "right-unknown"})),
        ({"right": "access"}, None),
    ],
)
def test_which_right_is_asked_for(arguments: dict[str, str], needed: NeedsArguments | None) -> None:
    assert Filing(load(), Calendar()).malformed(arguments) == needed


@pytest.mark.parametrize("right", Right)
def test_the_card_cites_the_rights_own_clause(right: Right) -> None:
    card = draft(right, FilingFacts("o@example.com", consents=("newsletter",)), date(2026, 12, 28))
    assert {line.clause for line in (*card.changes, *card.preconditions)} == {CLAUSES[right]}
    assert CLAUSES[right] in ANCHORS
    assert card.irreversible == ()
    first = card.changes[0]
    if right in AT_ONCE:
        assert first.values == {"count": "1"}
    else:
        assert first.key == "gdpr.case-filed"
        assert first.values == {"right_key": f"right.{right}", "due_on": "2026-12-28"}
