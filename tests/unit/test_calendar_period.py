"""Periods of months against a second reading of Regulation 1182/71 that shares no code with the first.

It goes along a plain line of days and knows no arithmetic of months: a period begins with the day after
receipt (Article 3(1)) and ends with the day that has the same date as the day of receipt, or with the last
day of the last month (Article 3(2)(c)), or else with the next working day (Article 3(4)).
"""

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actions.calendar import Calendar

PLACES = [
    ("Europe/Bratislava", "SK"),
    ("Europe/Vilnius", "LT"),
    ("Europe/Lisbon", "PT"),
    ("Atlantic/Azores", "PT"),
    ("Europe/Helsinki", "FI"),
    ("America/New_York", "US"),
    ("Pacific/Auckland", "NZ"),
]
ONE_DAY = timedelta(days=1)
moments = st.integers(0, 16 * 366 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def plainly(moment: datetime, months: int, zone: str, country: str) -> date:
    """The last day of the period, day by day."""
    receipt = moment.astimezone(ZoneInfo(zone))
    day = date(receipt.year, receipt.month, receipt.day)
    reached, begun = day, 0
    while begun < months:  # the day of receipt does not count: the first one looked at is the next
        reached += ONE_DAY
        begun += reached.day == 1
    last_month = takewhile(lambda one: one.month == reached.month, (reached + n * ONE_DAY for n in range(31)))
    end = [one for one in last_month if one.day <= day.day][-1]
    free = holidays.country_holidays(country, years=[end.year, end.year + 1])
    while f"{end:%a}" in ("Sat", "Sun") or end in free:
        end += ONE_DAY
    return end


@given(moments, st.sampled_from([1, 3]), st.sampled_from(PLACES))
@settings(max_examples=2000, deadline=None)
@example(datetime(2026, 1, 31, 12, tzinfo=UTC), 1, PLACES[0])
@example(datetime(2028, 1, 31, 12, tzinfo=UTC), 1, PLACES[0])
@example(datetime(2026, 12, 30, 23, tzinfo=UTC), 1, PLACES[0])
@example(datetime(2026, 11, 30, 12, tzinfo=UTC), 3, PLACES[0])
def test_a_period_of_months_as_the_regulation_reads(
    moment: datetime, months: int, place: tuple[str, str]
) -> None:
    found = Calendar(*place).months_after(moment, months)
    assert found == plainly(moment, months, *place)
    assert Calendar(*place).one_month_after(moment) == Calendar(*place).months_after(moment, 1)


@pytest.mark.parametrize(
    ("received", "months", "due"),
    [
        (datetime(2026, 1, 31, 12, tzinfo=UTC), 1, date(2026, 3, 2)),
        (datetime(2026, 11, 25, 12, tzinfo=UTC), 1, date(2026, 12, 28)),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), 1, date(2027, 2, 1)),
        (datetime(2028, 1, 31, 12, tzinfo=UTC), 1, date(2028, 2, 29)),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), 3, date(2026, 4, 30)),
        (datetime(2026, 11, 30, 12, tzinfo=UTC), 3, date(2027, 3, 1)),  # 28 February is a Sunday
        (datetime(2026, 11, 24, 22, 59, tzinfo=UTC), 1, date(2026, 12, 28)),
        (datetime(2026, 11, 28, 23, 0, tzinfo=UTC), 1, date(2026, 12, 29)),  # the 29th at the company already
    ],
)
def test_both_readings_give_the_known_days(received: datetime, months: int, due: date) -> None:
    assert Calendar().months_after(received, months) == due
    assert plainly(received, months, *PLACES[0]) == due
