"""When an account that nobody uses is warned, spared and deleted."""

from datetime import UTC, datetime, timedelta

import pytest

from actions.ending import Due, deleted_at, what_is_due

ACTIVE = datetime(2026, 9, 1, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WEEK = timedelta(weeks=1)
WARNING, DELETION = 4 * WEEK, 8 * WEEK


@pytest.mark.parametrize(
    ("warned_after", "now_after", "due"),
    [
        (None, timedelta(), None),
        (None, 4 * WEEK - SECOND, None),
        (None, 4 * WEEK, "warn"),
        (None, 4 * WEEK + SECOND, "warn"),
        (None, 20 * WEEK, "warn"),
        (4 * WEEK, 4 * WEEK, None),
        (4 * WEEK, 8 * WEEK - SECOND, None),
        (4 * WEEK, 8 * WEEK, "delete"),
        (4 * WEEK, 8 * WEEK + SECOND, "delete"),
        (6 * WEEK, 8 * WEEK, None),
        (6 * WEEK, 10 * WEEK - SECOND, None),
        (6 * WEEK, 10 * WEEK, "delete"),
        (timedelta(), 8 * WEEK, "delete"),
        (-SECOND, timedelta(), "spare"),
        (-WEEK, 20 * WEEK, "spare"),
    ],
)
def test_truth_table(warned_after: timedelta | None, now_after: timedelta, due: Due | None) -> None:
    warned_at = None if warned_after is None else ACTIVE + warned_after
    found = what_is_due(ACTIVE, warned_at, ACTIVE + now_after, warning=WARNING, deletion=DELETION)
    assert found == due


def test_a_late_warning_moves_the_deletion() -> None:
    assert deleted_at(ACTIVE, ACTIVE + 4 * WEEK, WARNING, DELETION) == ACTIVE + 8 * WEEK
    assert deleted_at(ACTIVE, ACTIVE + 9 * WEEK, WARNING, DELETION) == ACTIVE + 13 * WEEK


def test_there_is_a_week_between_warning_and_deletion_whatever_the_figures_say() -> None:
    assert deleted_at(ACTIVE, ACTIVE + 8 * WEEK, DELETION, WARNING) == ACTIVE + 9 * WEEK
