"""Who may decide, and how many it takes: the truth table of tier, approvers and asker."""

import pytest

from actions.approving import is_enough, may_decide, staff_id
from actions.policies import APPROVALS

KNOWN = frozenset({"eva", "maria@example.com", "tomas"})
MEMBER = frozenset({"0a1b2c", "customer@example.com"})


@pytest.mark.parametrize(
    ("staff", "asker", "rule"),
    [
        ("eva", MEMBER, None),
        ("maria@example.com", MEMBER, None),
        ("eva", frozenset(), None),
        ("", MEMBER, "not-staff"),
        ("ev", MEMBER, "not-staff"),
        ("evan", MEMBER, "not-staff"),
        ("customer@example.com", MEMBER, "not-staff"),
        ("maria@example.com", MEMBER | {"maria@example.com"}, "own-request"),
        ("eva", MEMBER | {"eva"}, "own-request"),
        ("eva", MEMBER | {"maria@example.com"}, None),
    ],
)
def test_who_may_decide(staff: str, asker: frozenset[str], rule: str | None) -> None:
    assert may_decide(staff, KNOWN, asker) == rule


def test_nobody_decides_where_nobody_is_named() -> None:
    assert may_decide("eva", frozenset(), frozenset()) == "not-staff"
    assert may_decide("", {""}, frozenset()) == "not-staff"


@pytest.mark.parametrize(
    ("tier", "approvers", "enough"),
    [
        ("auto", [], False),  # it waits for staff for another reason than its tier
        ("auto", ["eva"], True),
        ("staff", [], False),
        ("staff", ["eva"], True),
        ("staff", ["eva", "tomas"], True),
        ("four-eyes", [], False),
        ("four-eyes", ["eva"], False),
        ("four-eyes", ["eva", "eva"], False),
        ("four-eyes", ["eva", "tomas"], True),
        ("four-eyes", ["eva", "tomas", "maria@example.com"], True),
    ],
)
def test_how_many_it_takes(tier: str, approvers: list[str], enough: bool) -> None:
    assert is_enough(approvers, APPROVALS[tier]) is enough


@pytest.mark.parametrize("written", ["Eva", " eva ", "EVA", "eva\n"])
def test_an_id_of_staff_is_one_however_it_is_written(written: str) -> None:
    assert staff_id(written) == "eva"
