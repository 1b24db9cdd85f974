"""TELEGRAM_STAFF: who is who, and what is wrong with a list that is not understood."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.staff_settings import telegram_staff
from tests.make import settings

STAFF = ("Ana", "bor@example.com")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ()),
        ("ana=1", ((1, "Ana"),)),
        (" ANA = 7 , bor@example.com=123456789012,", ((7, "Ana"), (123456789012, "bor@example.com"))),
        ("ana=1,ana=2", ((1, "Ana"), (2, "Ana"))),
    ],
)
def test_who_is_who(written: str, read: tuple[tuple[int, str], ...]) -> None:
    assert telegram_staff(written, STAFF) == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ana", "not understood"),
        ("ana=", "not understood"),
        ("=1", "not understood"),
        ("ana=0", "not understood"),
        ("ana=-1", "not understood"),
        ("ana=@ana", "not understood"),
        ("cene=1", "not in STAFF"),
        ("ana=1,bor@example.com=1", "two members"),
    ],
)
def test_what_is_not_understood(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        telegram_staff(written, STAFF)


def test_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(tmp_path, telegram_staff="local=5").telegram_staff == ((5, "local"),)
    monkeypatch.setenv("STAFF", "Ana")
    monkeypatch.setenv("TELEGRAM_STAFF", "ana=5")
    assert settings(tmp_path).telegram_staff == ((5, "Ana"),)
    with pytest.raises(ValidationError, match="not in STAFF"):
        settings(tmp_path, telegram_staff="eva=5")
