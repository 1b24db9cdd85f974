"""Business days, calendar months and the company's own midnight."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.calendar import Calendar, same_day_of_month
from actions.errors import PolicyError

BRATISLAVA = ZoneInfo("Europe/Bratislava")
COMPANY = Calendar()


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=BRATISLAVA)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 1, 31), date(2026, 3, 2)),  # 28 February is a Saturday
        (date(2026, 11, 25), date(2026, 12, 28)),  # Christmas, then a Sunday
        (date(2026, 12, 31), date(2027, 2, 1)),  # 31 January is a Sunday
        (date(2028, 1, 31), date(2028, 2, 29)),  # a leap year's Tuesday
        (date(2026, 2, 28), date(2026, 3, 30)),  # 28 March is a Saturday
        (date(2026, 3, 31), date(2026, 4, 30)),  # a month without a 31st
        (date(2026, 12, 1), date(2027, 1, 4)),  # New Year's Day, then a weekend
        (date(2027, 2, 26), date(2027, 3, 30)),  # Good Friday, the weekend and Easter Monday
    ],
)
def test_one_month_by_regulation_1182_71(received: date, due: date) -> None:
    assert COMPANY.one_month_after(noon(received)) == due


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_one_month_is_what_a_plain_reading_of_the_regulation_gives(received: date) -> None:
    """Counted the long way: day by day to the same number, else to the end of the next month, then on."""
    public = holidays.country_holidays("SK")
    following = received.replace(day=1) + timedelta(days=monthrange(received.year, received.month)[1])
    days = [following + timedelta(days=n) for n in range(31)]
    in_month = [day for day in days if day.month == following.month]
    due = next((day for day in in_month if day.day == received.day), in_month[-1])
    while due.isoweekday() in (6, 7) or due in public:
        due += timedelta(days=1)
    assert COMPANY.one_month_after(noon(received)) == due


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        ("2026-11-24T11:00", "2026-11-25T11:00"),  # Tuesday
        ("2026-11-27T16:30", "2026-11-30T16:30"),  # Friday -> Monday
        ("2026-11-28T16:30", "2026-11-30T16:30"),  # Saturday -> Monday
        ("2026-11-29T00:01", "2026-11-30T00:01"),  # Sunday -> Monday
        ("2026-12-23T09:00", "2026-12-28T09:00"),  # over Christmas
        ("2026-03-27T09:00", "2026-03-30T09:00"),  # clocks go forward on Sunday: the hour stays
        ("2026-10-23T09:00", "2026-10-26T09:00"),  # and back
        ("2026-12-31T23:59", "2027-01-04T23:59"),
    ],
)
def test_one_business_day(asked: str, by: str) -> None:
    moment = datetime.fromisoformat(asked).replace(tzinfo=BRATISLAVA)
    expected = datetime.fromisoformat(by).replace(tzinfo=BRATISLAVA)
    found = COMPANY.after_business_days(moment, 1)
    assert found == expected
    assert found.tzinfo is UTC


@given(st.integers(0, 15 * 366 * 24 * 60))
def test_a_promise_of_one_business_day_ends_on_the_next_one(minutes: int) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    by = COMPANY.after_business_days(moment, 1)
    assert by > moment
    assert COMPANY.is_business_day(COMPANY.day_of(by))
    between = COMPANY.day_of(moment) + timedelta(days=1)
    while between < COMPANY.day_of(by):
        assert not COMPANY.is_business_day(between)
        between += timedelta(days=1)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 24, 22, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 24, 23, 0, tzinfo=UTC), date(2026, 11, 25)),
        (datetime(2026, 7, 24, 21, 59, tzinfo=UTC), date(2026, 7, 24)),
        (datetime(2026, 7, 24, 22, 0, tzinfo=UTC), date(2026, 7, 25)),
    ],
)
def test_a_day_begins_at_the_companys_midnight(moment: datetime, day: date) -> None:
    assert COMPANY.day_of(moment) == day


def test_holidays_are_those_of_the_companys_country() -> None:
    independence = date(2026, 2, 16)  # Lithuania's, a Monday
    assert COMPANY.is_business_day(independence)
    assert not Calendar("Europe/Vilnius", "LT").is_business_day(independence)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_months_later(day: date, months: int, expected: date) -> None:
    assert same_day_of_month(day, months) == expected


def test_a_wrong_zone_or_country_says_what_to_use() -> None:
    with pytest.raises(PolicyError, match="company_time_zone: 'Europe/Nowhere'"):
        Calendar("Europe/Nowhere").day_of(datetime.now(UTC))
    with pytest.raises(PolicyError, match=r"COMPANY_COUNTRY: .*'QQ'"):
        Calendar(country="QQ").is_business_day(date(2026, 1, 5))
