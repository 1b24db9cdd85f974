"""When people are there to answer: the company's business hours, in its time zone, without its holidays."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from actions.calendar import Calendar
from bot.config import Settings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"([a-z]{3})(?:\s*[-–]\s*([a-z]{3}))?\s+(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_LOOKED_AHEAD = 400

Span = tuple[int, int]


def week_of(text: str) -> tuple[tuple[Span, ...], ...]:
    """For each day from Monday, the minutes of the day from and until which it is worked.

    Raises ValueError, which says how hours are written.
    """
    week: list[list[Span]] = [[] for _ in _DAYS]
    for part in filter(None, (part.strip().lower() for part in text.split(","))):
        found = _PART.fullmatch(part)
        if found is None or found[1] not in _DAYS or (found[2] or found[1]) not in _DAYS:
            raise ValueError(f"{part!r} is not understood; write Mon-Fri 09:00-17:00, Sat 10:00-14:00")
        start, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
        if int(found[4]) > 59 or int(found[6]) > 59 or not start < end <= 24 * 60:
            raise ValueError(f"{part!r} does not end after it begins, on the same day, by 24:00")
        first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
        if last < first:
            raise ValueError(f"{part!r} goes beyond Sunday; write it as two parts")
        for day in week[first : last + 1]:
            day.append((start, end))
    return tuple(tuple(sorted(day)) for day in week)


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """`week` as `week_of` reads it; without any hours in it somebody is always there."""

    week: tuple[tuple[Span, ...], ...]
    calendar: Calendar

    def opening(self, at: datetime) -> datetime:
        """The first moment from `at` (aware) on at which people are there; `at` itself where they are."""
        if not any(self.week):
            return at
        zone = ZoneInfo(self.calendar.time_zone)
        day = at.astimezone(zone).date()
        for ahead in range(_LOOKED_AHEAD):
            for start, end in self._worked(day + timedelta(days=ahead)):
                opens, closes = (
                    _moment(day + timedelta(days=ahead), minute, zone) for minute in (start, end)
                )
                if at < closes:
                    return max(at, opens)
        return at

    def is_open(self, at: datetime) -> bool:
        return self.opening(at) == at

    def _worked(self, day: date) -> tuple[Span, ...]:
        return () if self.calendar.is_holiday(day) else self.week[day.weekday()]


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """What the clock on the wall shows, in UTC: the change to summer time moves no opening."""
    if minute == 24 * 60:
        day, minute = day + timedelta(days=1), 0
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def business_hours(settings: Settings) -> BusinessHours:
    calendar = Calendar(settings.company_time_zone, settings.company_country)
    return BusinessHours(week_of(settings.business_hours), calendar)
