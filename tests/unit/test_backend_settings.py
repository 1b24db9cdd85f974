"""BACKEND_URL and BACKEND_SECRET: what is taken, and what is refused without repeating it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.backend_settings import backend_address
from tests.make import settings


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://billing.example.com", "https://billing.example.com"),
        (" https://billing.example.com:8443/api/ ", "https://billing.example.com:8443/api"),
        ("http://localhost:9000/x", "http://localhost:9000/x"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_an_address_is_taken(written: str, read: str) -> None:
    assert backend_address(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "billing.example.com",
        "ftp://billing.example.com",
        "https://",
        "https://billing.example.com:99999",
        "http://billing.example.com",
        "https://user:hunter2@billing.example.com",
        "https://billing.example.com/?key=hunter2",
        "https://billing.example.com/#hunter2",
        "https://billing.example.com/a\r\nb",
    ],
)
def test_another_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(ValueError) as refused:
        backend_address(written)
    assert "hunter2" not in str(refused.value)


def test_the_address_needs_the_secret(tmp_path: Path) -> None:
    url = "https://billing.example.com"
    for secret in (None, ""):
        with pytest.raises(ValidationError, match="with BACKEND_URL it must be set"):
            settings(tmp_path, backend_url=url, backend_secret=secret)
    assert settings(tmp_path, backend_url=url, backend_secret="s").backend_url == url
    assert settings(tmp_path).backend_url == ""
