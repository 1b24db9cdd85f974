"""How often somebody may ask: per secret, per conversation and per address, over a moving window."""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

import structlog
from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage, MovingWindowSupport, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from starlette.requests import HTTPConnection

from bot.channels.problems import Problem
from bot.config import Settings
from bot.errors import ConfigurationError

Of = Literal["key", "conversation", "address"]
Network = IPv4Network | IPv6Network

_ONE_SUBSCRIBER = 64
"""Bits of an IPv6 address; whoever has one has all that begin like it."""

_PATIENCE = 1.0
"""Seconds that a counter may take to answer."""

_REST = 5.0
"""Seconds for which a counter that did not answer is left alone, so that no request waits for it."""

_CLIENT = {"redis": "redispy", "rediss": "redispy", "valkey": "valkey", "valkeys": "valkey"}

log = structlog.get_logger(__name__)


class Limits:
    """Counts, and refuses what is too much. Raises ConfigurationError for an unusable LIMITS_URL."""

    def __init__(self, settings: Settings) -> None:
        self._storage = _storage(settings.limits_url)
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._rests_until = -math.inf
        self._items: dict[Of, list[RateLimitItem]] = {
            "key": parse_many(settings.limit_per_key),
            "conversation": parse_many(settings.limit_per_conversation),
            "address": parse_many(settings.limit_per_address),
        }

    async def count(self, of: Of, name: str) -> None:
        """Count a request of `name`. Raises Problem 429 when it is one too many.

        Where the counter cannot be reached nobody is refused: what it protects is still there without it.
        """
        if time.monotonic() < self._rests_until:
            return
        try:
            # The client itself tries again and again, and waits for ever for a server that is silent.
            async with asyncio.timeout(_PATIENCE):
                for item in self._items[of]:
                    if not await self._limiter.hit(item, of, name):
                        raise await self._too_many(of, item, name)
        except (StorageError, TimeoutError) as error:
            self._rests_until = time.monotonic() + _REST
            log.warning("limits-not-counted", reason=str(error) or "no answer", for_seconds=_REST)

    async def answers(self) -> bool:
        """Whether the counter can be reached."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._storage.check()
        except (StorageError, TimeoutError):
            return False

    async def close(self) -> None:
        """Give the connections to the counter back."""
        # limits has no way to close it; both of its clients that are used here are redis-py's kind.
        client = getattr(getattr(self._storage, "bridge", None), "storage", None)
        if client is not None:
            with suppress(Exception):
                await client.aclose()

    async def _too_many(self, of: Of, item: RateLimitItem, name: str) -> Problem:
        stats = await self._limiter.get_window_stats(item, of, name)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        detail = (
            f"at most {item.amount} requests in {item.get_expiry()} seconds per {of}; wait {wait} seconds"
        )
        return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})


def _storage(url: str) -> Storage:
    if not url:
        return MemoryStorage()
    from limits.errors import ConfigurationError as Unusable
    from limits.storage import storage_from_string

    scheme = url.partition("://")[0]
    if scheme not in _CLIENT:
        raise ConfigurationError("LIMITS_URL must begin with redis://, rediss://, valkey:// or valkeys://")
    try:
        made = storage_from_string(f"async+{url}", implementation=_CLIENT[scheme], wrap_exceptions=True)
    except Unusable as error:
        package = _CLIENT[scheme].removesuffix("py")
        raise ConfigurationError(f"LIMITS_URL needs the Python package {package}: install it") from error
    except ValueError as error:
        raise ConfigurationError("LIMITS_URL is no address; write redis://HOST:PORT/DATABASE") from error
    assert isinstance(made, Storage)
    assert isinstance(made, MovingWindowSupport)
    return made


def client_address(connection: HTTPConnection, trusted: Sequence[str]) -> str:
    """Who is at the other end: the connection's peer, or whom a trusted proxy (CIDRs) says it speaks for.

    X-Forwarded-For is read from its right end, past trusted proxies only: what stands left of the first
    other address was written by that one. An IPv6 address stands for its network of one subscriber.
    """
    peer = connection.client.host if connection.client else ""
    networks = _networks(tuple(trusted))
    found = _address(peer)
    chain = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
    while found is not None and chain and any(found in network for network in networks):
        before = _address(chain.pop())
        if before is None:
            break
        found = before
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _ONE_SUBSCRIBER), strict=False))
    return str(found) if found else peer


@lru_cache(maxsize=4)
def _networks(trusted: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(written, strict=False) for written in trusted)


def _address(written: str) -> IPv4Address | IPv6Address | None:
    written = written.strip()
    if written.startswith("["):
        written = written[1:].partition("]")[0]
    elif written.count(":") == 1:
        written = written.partition(":")[0]
    try:
        found = ip_address(written.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
