"""The number of an item of a list, as the page or the word processor shows it."""

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_ROMAN_SMALL = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def label(number: int, kind: str) -> str:
    """Write a number as `kind` says: "1", "a", "A", "i", "I", or "01" with a zero before one figure."""
    if kind in ("a", "A") and number > 0:
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letters if kind == "a" else letters.upper()
    if kind in ("i", "I") and 0 < number < 4000:
        roman = _roman(number)
        return roman if kind == "i" else roman.upper()
    return f"{number:02d}" if kind == "01" else str(number)


def _roman(number: int) -> str:
    written = ""
    for value, letters in (*_ROMAN, *_ROMAN_SMALL):
        count, number = divmod(number, value)
        written += letters * count
    return written
