"""Codes and link tokens masked in text. Pure, and quick to load."""

import re

MASK = "•" * 6
PROOFS = ("code", "link")
"""What stands for them in the body of a stored message, until it is answered."""

_START = re.compile(r"\s*(/start(?:@\w+)?)\s+(\S+)\s*", re.IGNORECASE)
_TOKEN = re.compile(r"(/start(?:@\w+)?\s+|\bstart=)\S+", re.IGNORECASE)
_SIX_DIGITS = re.compile(
    r"(?<!\d)(?:\d{6}|\d{3}[ \u00a0-]\d{3}|\d{2}[ \u00a0-]\d{2}[ \u00a0-]\d{2}|\d(?:[ \u00a0-]\d){5})(?!\d)"
)


def start_token(text: str) -> tuple[str, str] | None:
    """The command and the token of a message that is `/start TOKEN`, as a deep link sends it."""
    found = _START.fullmatch(text)
    return (found[1], found[2]) if found else None


def without_tokens(text: str) -> str:
    return _TOKEN.sub(rf"\1{MASK}", text)


def without_codes(text: str) -> str:
    """The text with every number of six digits masked, however its digits are grouped."""
    return _SIX_DIGITS.sub(MASK, text)


def is_discreet(text: str) -> bool:
    """Whether a text may be remembered where anyone may read it."""
    return without_codes(without_tokens(text)) == text
