"""Dates as documents state them."""

from datetime import date

import pytest

from knowledge.dates import is_dated_line, parse_date, stated_date


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Last updated: 2 October 2023", date(2023, 10, 2)),
        ("Effective October 2, 2023", date(2023, 10, 2)),
        ("Version 2023-10-02", date(2023, 10, 2)),
        ("Viimati muudetud: 7. oktoobril 2022", date(2022, 10, 7)),
        ("Zadnja sprememba: 2. oktobra 2023", date(2023, 10, 2)),
        ("Zadnjič posodobljeno 2. 10. 2023", date(2023, 10, 2)),
        ("Atnaujinta 2023 m. spalio 2 d.", date(2023, 10, 2)),
        ("Последна актуализация: 2 октомври 2023 г.", date(2023, 10, 2)),
        ("Stand: 2. Oktober 2023", date(2023, 10, 2)),
        ("Účinné od 2. října 2023", date(2023, 10, 2)),
        ("Spēkā no 2023. gada 2. oktobra", date(2023, 10, 2)),
        ("Zadnje ažuriranje: 2. listopada 2023.", None),
        ("Last updated: 31 February 2023", None),
        ("Last updated: 10/2/2023", None),
        ("Updated often", None),
    ],
)
def test_dates(line: str, expected: date | None) -> None:
    assert parse_date(line) == expected
    assert is_dated_line(line) is (expected is not None)


def test_only_a_line_that_says_so_states_the_date() -> None:
    assert stated_date(["Codes end on 30 November 2019.", "Last updated: 2 October 2023"]) == date(
        2023, 10, 2
    )
    assert stated_date(["Codes end on 30 November 2019."]) is None
