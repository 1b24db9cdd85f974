"""One POST to the company's system, as a webhook wants it: short, and never sent on to another address."""

import asyncio
from collections.abc import Mapping

from bot.errors import HookError

GONE = 410


class HttpPoster:
    """`seconds` bound the whole call."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        import httpx2

        client = httpx2.AsyncClient(timeout=self._seconds, follow_redirects=False, trust_env=False)
        try:
            # httpx2 bounds every single wait; this bounds them all together
            async with asyncio.timeout(self._seconds), client:
                async with client.stream("POST", url, content=body, headers=dict(headers)) as answer:
                    status = answer.status_code
        except (TimeoutError, httpx2.TimeoutException):
            raise HookError(f"no answer within {self._seconds:g} seconds") from None
        except httpx2.HTTPError as error:
            raise HookError(f"not reached ({type(error).__name__})") from None
        if not 200 <= status < 300:
            redirect = ", and redirects are not followed" if 300 <= status < 400 else ""
            raise HookError(f"answered with status {status}{redirect}", lasting=status == GONE)
