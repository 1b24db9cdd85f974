"""What the web chat's settings may hold."""

from urllib.parse import urlsplit


def origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return sites' origins as browsers write them. Raises ValueError for what is no origin."""
    return tuple(map(_origin, values))


def _origin(written: str) -> str:
    parts = urlsplit(written)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = None
    whole = parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/")
    if not whole or port is None or parts.query or parts.fragment or "@" in parts.netloc or ";" in written:
        raise ValueError(f"{written!r} is no origin, such as https://www.example.com")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
    if (parts.scheme, port) in (("https", ":443"), ("http", ":80")):
        port = ""
    return f"{parts.scheme}://{host}{port}"
