"""One text for one value, so that hashes can be compared."""

import json

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)


def canonical(value: object) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, ASCII; else `str`."""
    return _ENCODER.encode(value)
