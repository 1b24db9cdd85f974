"""Rate limits and proxies as they are written in the settings."""

from ipaddress import ip_network


def limit(written: str) -> str:
    """Raises ValueError for what is no limit."""
    from limits import parse_many

    try:
        items = parse_many(written)
    except ValueError:
        items = []
    if not items or any(item.amount < 1 for item in items):
        raise ValueError(f"{written!r} is no limit; write 60/minute, or 5/second;1000/hour")
    return written


def networks(written: tuple[str, ...]) -> tuple[str, ...]:
    """Raises ValueError for what is no address or network."""
    for network in written:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ValueError(f"{network!r} is no address or network, such as 10.1.0.0/16") from None
    return written
