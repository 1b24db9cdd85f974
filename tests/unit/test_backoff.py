from datetime import timedelta
from itertools import accumulate, count, takewhile

import pytest

from bot.backoff import IN_ALL, next_wait


@pytest.mark.parametrize(
    ("failed", "minutes"),
    [(1, 1), (2, 2), (3, 4), (8, 128), (9, 256), (10, 360), (11, 360), (19, 360), (20, 209), (21, None)],
)
def test_a_minute_doubling_to_six_hours(failed: int, minutes: int | None) -> None:
    assert next_wait(failed) == (None if minutes is None else timedelta(minutes=minutes))


def test_the_last_try_is_three_days_after_the_first() -> None:
    waits = [wait for wait in takewhile(lambda wait: wait is not None, map(next_wait, count(1))) if wait]
    assert list(accumulate(waits))[-1] == IN_ALL == timedelta(days=3)


@pytest.mark.parametrize("failed", [22, 100, 10_000])
def test_after_the_last_there_is_none(failed: int) -> None:
    assert next_wait(failed) is None
