"""What BACKEND_URL means."""

from urllib.parse import urlsplit

_USABLE = "write https://host/path"
_SAME_MACHINE = ("localhost", "127.0.0.1", "::1")


def backend_address(url: str) -> str:
    """Return a BACKEND_URL as calls begin with it. Raises ValueError, which never repeats the URL."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"it is no address of a server; {_USABLE}") from None
    if not host or parts.scheme not in ("http", "https") or not url.strip().isprintable():
        raise ValueError(f"it is no address of a server; {_USABLE}")
    if parts.scheme == "http" and host not in _SAME_MACHINE:
        raise ValueError("http:// would send customers' data in the clear; write https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it may hold no user, no password, no ? and no #; BACKEND_SECRET signs the calls")
    return url.strip().rstrip("/")
