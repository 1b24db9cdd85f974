"""Days as the company counts them: its time zone, its public holidays, calendar months.

The month of a data-protection answer follows Regulation (EEC, Euratom) No 1182/71, Article 3: it ends with
the day of the next month that has the same number as the day of receipt, else with that month's last
day; and when that is a Saturday, a Sunday or a public holiday, with the following working day.
"""

from calendar import monthrange
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from actions.errors import PolicyError

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """`time_zone` is an IANA name, `country` an ISO 3166 code of two letters."""

    time_zone: str = "Europe/Bratislava"
    country: str = "SK"

    def day_of(self, moment: datetime) -> date:
        """Return the day that `moment` (aware) falls on at the company."""
        return moment.astimezone(_zone(self.time_zone)).date()

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < _SATURDAY and day not in _public_holidays(self.country)

    def is_holiday(self, day: date) -> bool:
        return day in _public_holidays(self.country)

    def next_business_day(self, day: date) -> date:
        """Return the first business day after `day`."""
        day += timedelta(days=1)
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day

    def after_business_days(self, moment: datetime, days: int) -> datetime:
        """Return the same hour at the company, `days` business days after `moment`, in UTC.

        From a day off it counts as from the business day before, so a promise of one business day made on a
        Saturday is kept on Monday.
        """
        zone = _zone(self.time_zone)
        local = moment.astimezone(zone)
        day = local.date()
        for _ in range(days):
            day = self.next_business_day(day)
        return datetime.combine(day, local.timetz().replace(fold=0), zone).astimezone(UTC)

    def one_month_after(self, received: datetime) -> date:
        """Return the last day for answering a request received at `received` (aware)."""
        return self.months_after(received, 1)

    def months_after(self, received: datetime, months: int) -> date:
        """Return the last day of a period of `months` from `received` (aware)."""
        due = same_day_of_month(self.day_of(received), months)
        return due if self.is_business_day(due) else self.next_business_day(due)


def same_day_of_month(day: date, months: int) -> date:
    """Return the same-numbered day `months` later, or the last day of that month if it has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PolicyError(
            f"company_time_zone: {name!r} is not a time zone; use a name like Europe/Vienna"
        ) from error


@lru_cache
def _public_holidays(country: str) -> Container[date]:
    import holidays  # costs a quarter of a second, and most turns count no days

    try:
        return holidays.country_holidays(country)
    except NotImplementedError as error:
        raise PolicyError(
            f"COMPANY_COUNTRY: no public holidays known for {country!r}; use a code like SK"
        ) from error
