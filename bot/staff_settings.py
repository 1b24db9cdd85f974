"""TELEGRAM_STAFF: which Telegram account is which member of staff."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo
from pydantic_settings import NoDecode

from actions.approving import LOCAL

_HOW = "write ID=NUMBER, comma-separated, such as ana@example.com=123456789"


def telegram_staff(value: object, staff: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """Read the setting into Telegram user ids with the id of staff that each is, as STAFF writes it.

    Raises ValueError, which says what to do.
    """
    if not isinstance(value, str):
        raise ValueError(_HOW)
    known = {name.strip().casefold(): name for name in staff or (LOCAL,)}
    found: dict[int, str] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        name, _, number = (piece.strip() for piece in part.rpartition("="))
        if not name or not number.isascii() or not number.isdecimal() or int(number) == 0:
            raise ValueError(f"{part!r} is not understood; {_HOW}")
        if name.casefold() not in known:
            raise ValueError(f"{name!r} is not in STAFF ({', '.join(known.values())}); add it there too")
        if int(number) in found:
            raise ValueError(f"{number} stands for two members of staff")
        found[int(number)] = known[name.casefold()]
    return tuple(found.items())


def _read(value: object, info: ValidationInfo) -> object:
    return value if isinstance(value, tuple) else telegram_staff(value, info.data.get("staff", ()))


TelegramStaff = Annotated[tuple[tuple[int, str], ...], NoDecode, BeforeValidator(_read)]
