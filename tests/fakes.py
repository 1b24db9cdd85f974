"""Stand-ins that satisfy the real ports."""

from datetime import UTC, datetime, timedelta

A_TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


class MovingClock:
    """A clock that a test moves."""

    def __init__(self, start: datetime = A_TUESDAY) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move(self, **by: float) -> None:
        """Go on by a timedelta's arguments, such as `days=1`."""
        self._now += timedelta(**by)
