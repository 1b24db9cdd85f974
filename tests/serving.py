"""The service over real HTTP, and a caller that signs its requests."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import httpx

from bot.channels.http import serve
from bot.channels.ports import Services
from bot.channels.signing import sign
from tests.fakes import MovingClock

KEY = "an-api-secret"


class Signing(Protocol):
    """Whatever has the clock by which requests are signed."""

    @property
    def clock(self) -> MovingClock: ...


@asynccontextmanager
async def served(app: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running service, which ends in good order with the block."""
    stop = asyncio.Event()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(app, stop=stop, announce=address.set_result))
    try:
        either: set[asyncio.Future[Any]] = {running, address}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        async with httpx.AsyncClient(base_url=address.result(), timeout=30, trust_env=False) as client:
            yield client
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await running


def signature(
    app: Signing, target: str, body: bytes = b"", *, key: str = KEY, age: int = 0
) -> dict[str, str]:
    timestamp = int(app.clock.now().timestamp()) - age
    return {
        "X-Clausewise-Timestamp": str(timestamp),
        "X-Clausewise-Signature": sign(key, timestamp=timestamp, path=target, body=body),
    }


async def call(
    client: httpx.AsyncClient,
    app: Signing,
    target: str,
    message: Any = None,
    *,
    key: str = KEY,
    **headers: str,
) -> httpx.Response:
    """A signed GET, or a POST where there is a message; a second later than the one before."""
    app.clock.move(seconds=1)
    body = b"" if message is None else json.dumps(message).encode()
    sent = httpx.Headers({"Content-Type": "application/json", **signature(app, target, body, key=key)})
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    if message is None:
        return await client.get(target, headers=sent)
    return await client.post(target, content=body, headers=sent)
