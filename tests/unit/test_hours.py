"""Business hours: how they are written, and when people are there next."""

from datetime import UTC, datetime

import pytest

from actions.calendar import Calendar
from bot.hours import BusinessHours, week_of

OFFICE = "Mon-Fri 09:00-17:00"


def opening(hours: str, at: str) -> str:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = BusinessHours(week_of(hours), Calendar("Europe/Bratislava", "SK")).opening(moment)
    return found.strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        ("", "2026-11-22T03:00", "Sun 2026-11-22 03:00"),
        (OFFICE, "2026-11-24T07:59", "Tue 2026-11-24 08:00"),
        (OFFICE, "2026-11-24T08:00", "Tue 2026-11-24 08:00"),
        (OFFICE, "2026-11-24T15:59", "Tue 2026-11-24 15:59"),
        (OFFICE, "2026-11-24T16:00", "Wed 2026-11-25 08:00"),
        (OFFICE, "2026-11-20T16:00", "Mon 2026-11-23 08:00"),
        # a holiday of the country, on a Tuesday
        (OFFICE, "2026-01-06T09:00", "Wed 2026-01-07 08:00"),
        # 25 and 26 December, and then a weekend
        (OFFICE, "2026-12-24T23:30", "Mon 2026-12-28 08:00"),
        # summer time begins and ends on a Sunday: 9 o'clock stays 9 o'clock
        (OFFICE, "2026-03-27T16:00", "Mon 2026-03-30 07:00"),
        (OFFICE, "2026-10-23T15:00", "Mon 2026-10-26 08:00"),
        (
            "Mon-Fri 9:00-12:00, Mon-Fri 13:00-17:00, Sat 10:00-24:00",
            "2026-11-24T11:00",
            "Tue 2026-11-24 12:00",
        ),
        ("Sat 10:00-24:00", "2026-11-28T22:59", "Sat 2026-11-28 22:59"),
        ("Sat 10:00-24:00", "2026-11-28T23:00", "Sat 2026-12-05 09:00"),
    ],
)
def test_when_people_are_there_next(hours: str, at: str, expected: str) -> None:
    assert opening(hours, at) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "9-17", "Mon-Fri", "Mon-Fri 17:00-09:00", "Mon 09:00-09:00", "Mo-Fr 09:00-17:00", "Mon 09:60-17:00",
        "Mon 09:00-24:01", "Sat-Mon 09:00-17:00", "Mon-Fri 09:00-17:00; Sat 10:00-12:00",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"write|does not end"):
        week_of(wrong)
