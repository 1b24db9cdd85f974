"""When to try again what failed: after a minute, doubling to six hours, for three days."""

from datetime import timedelta

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=6)
IN_ALL = timedelta(hours=72)

_DOUBLINGS = 16
"""More than LONGEST takes, and few enough for a timedelta to hold."""


def next_wait(failed: int) -> timedelta | None:
    """Return how long to wait after the `failed`-th failure, counted from 1; None when it was the last.

    The last try falls exactly on IN_ALL after the first.
    """
    left = IN_ALL - sum((_step(earlier) for earlier in range(1, failed)), timedelta())
    return min(_step(failed), left) if left > timedelta() else None


def _step(failed: int) -> timedelta:
    return min(FIRST * (1 << min(failed - 1, _DOUBLINGS)), LONGEST)
