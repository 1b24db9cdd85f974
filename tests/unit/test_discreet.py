"""What is masked before a message is stored, and what is left as it is."""

import pytest

from bot.discreet import MASK, is_discreet, start_token, without_codes, without_tokens


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("123456", MASK),
        ("the code is 123456.", f"the code is {MASK}."),
        ("123 456", MASK),
        ("123\u00a0456", MASK),
        ("123-456", MASK),
        ("12 34 56", MASK),
        ("1 2 3 4 5 6", MASK),
        ("code:123456, or 654321?", f"code:{MASK}, or {MASK}?"),
        ("koda=123456", f"koda={MASK}"),
        ("12345", "12345"),
        ("1234567", "1234567"),
        ("SI12345678", "SI12345678"),
        ("on 12.03.2026 at 10:30", "on 12.03.2026 at 10:30"),
        ("123.456", "123.456"),
        ("", ""),
    ],
)
def test_codes(text: str, masked: str) -> None:
    assert without_codes(text) == masked
    assert is_discreet(text) is (text == masked)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start abc_DEF-1", ("/start", "abc_DEF-1")),
        ("  /START@SomeBot abc \n", ("/START@SomeBot", "abc")),
        ("/start", None),
        ("/start ", None),
        ("/start two words", None),
        ("please /start abc", None),
        ("/startle abc", None),
    ],
)
def test_start(text: str, found: tuple[str, str] | None) -> None:
    assert start_token(text) == found


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/start abc", f"/start {MASK}"),
        ("it says /start abc and then nothing", f"it says /start {MASK} and then nothing"),
        ("https://t.me/bot?start=abc_-1 does not open", f"https://t.me/bot?start={MASK} does not open"),
        ("/start", "/start"),
        ("how do I start?", "how do I start?"),
    ],
)
def test_tokens(text: str, masked: str) -> None:
    assert without_tokens(text) == masked
    assert is_discreet(text) is (text == masked)
