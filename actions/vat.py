"""VAT numbers: is it one, and how is it written."""

from collections.abc import Container
from importlib import import_module


def normalized(number: str, country: str) -> str | None:
    """Return a VAT number as it is written on an invoice, or None if it is none.

    `country` is the account's ISO code. A number with a member state's prefix is checked by that state's
    rules, any other by the rules of `country`, first as it stands and then behind that prefix. Where no
    rules are known, a number of 4 to 20 letters and digits without such a prefix passes as it stands.
    """
    from stdnum import get_cc_module
    from stdnum.exceptions import ValidationError

    bare = "".join(character for character in number.upper() if character.isalnum())
    if not bare or not bare.isascii():
        return None
    try:
        return _european().validate(bare)
    except ValidationError:
        pass
    national = get_cc_module(country.lower(), "vat")
    if national is None:
        if bare[:2].lower() in _european().prefixes():
            return None
        return bare if 4 <= len(bare) <= 20 and any(map(str.isdigit, bare)) else None
    for candidate in (number, bare, country.upper() + bare):
        try:
            valid: str = national.validate(candidate)
        except ValidationError:
            continue
        return _with_prefix(valid, country.upper())
    return None


def _with_prefix(valid: str, country: str) -> str:
    """A member state's number is written with its prefix; elsewhere the national form stands."""
    from stdnum.exceptions import ValidationError

    for candidate in (valid, country + valid):
        try:
            return _european().validate(candidate)
        except ValidationError:
            continue
    return valid


class _European:
    def prefixes(self) -> Container[str]:
        return {*import_module("stdnum.eu.vat").MEMBER_STATES, "el"}

    def validate(self, number: str) -> str:
        valid = str(import_module("stdnum.eu.vat").validate(number))
        # Greece's prefix is not its country code.
        return f"EL{valid[2:]}" if valid.startswith("GR") else valid


def _european() -> _European:
    return _European()
