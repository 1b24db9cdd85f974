"""The company's own system over HTTP as the place where effects happen. docs/backend.md is its document."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from actions.backend import NUMBERS, Answer, Done, NotTried, Order, Refused, Unknown
from bot.backoff import next_wait
from bot.channels.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign
from bot.ports import Clock

if TYPE_CHECKING:
    from aiohttp import ClientResponse

KEY_HEADER = "Idempotency-Key"
EFFECT_HEADER = "X-Clausewise-Effect"
NO_EFFECT = "none"
TIMEOUT_SECONDS = 15.0
PATHS = {"cancel": "/cancellations", "correct": "/invoice-corrections", "file": "/data-protection-cases"}

_LONGEST_ANSWER = 64 * 1024
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9/._-]{0,39}")
_TOO_MANY = 429


class HttpBackend:
    """One call for each try. `url` is the address before PATHS; the `secret` signs."""

    def __init__(
        self, url: str, secret: str, clock: Clock, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._url = url.rstrip("/")
        self._secret = secret
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    async def cancel(self, order: Order) -> Answer:
        return await self._post(PATHS["cancel"], order)

    async def correct_invoice(self, order: Order) -> Answer:
        return await self._post(PATHS["correct"], order)

    async def file_case(self, order: Order) -> Answer:
        return await self._post(PATHS["file"], order)

    def next_wait(self, failed: int) -> timedelta | None:
        return next_wait(failed)

    async def _post(self, path: str, order: Order) -> Answer:
        """Send the order over a connection of its own: a kept one that was cut looks like one cut midway."""
        import aiohttp

        url, body = self._url + path, _body(order)
        timeout = aiohttp.ClientTimeout(total=self._timeout_seconds)
        headers = self._headers(urlsplit(url).path, body, order.confirmation)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.post(url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                return await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return NotTried(_code_of(error))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Unknown(_code_of(error))

    def _headers(self, path: str, body: bytes, confirmation: str) -> dict[str, str]:
        timestamp = int(self._clock.now().timestamp())
        return {
            "Content-Type": "application/json",
            KEY_HEADER: confirmation,
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: sign(self._secret, timestamp=timestamp, path=path, body=body),
        }


def _body(order: Order) -> bytes:
    content = {
        "confirmation": order.confirmation,
        "reference": order.reference,
        "confirmed_at": order.confirmed_at.isoformat(),
        "account": order.account_id,
        "member": order.member_id,
        "details": dict(order.details),
    }
    return json.dumps(content, ensure_ascii=False).encode()


async def _read(response: "ClientResponse") -> Answer:
    status = response.status
    content = await _content(response)
    if 200 <= status < 300:
        return Done(_told(content)) if content.get("status") == "done" else Unknown("answer-unreadable")
    has_no_effect = response.headers.get(EFFECT_HEADER, "").strip().lower() == NO_EFFECT
    if has_no_effect and (status >= 500 or status == _TOO_MANY):
        return NotTried(f"http-{status}")
    if 400 <= status < 500:
        reason = content.get("reason")
        return Refused(reason if isinstance(reason, str) and _CODE.fullmatch(reason) else f"http-{status}")
    return Unknown(f"http-{status}")


async def _content(response: "ClientResponse") -> Mapping[str, Any]:
    """Return the answer's JSON object; an empty one where it is something else."""
    raw = await response.content.read(_LONGEST_ANSWER + 1)
    while len(raw) <= _LONGEST_ANSWER and (more := await response.content.read(_LONGEST_ANSWER + 1)):
        raw += more
    try:
        content = json.loads(raw) if len(raw) <= _LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _told(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the numbers that are ones; they go on paper."""
    numbers = {name: content.get(name) for name in NUMBERS}
    return {
        name: number
        for name, number in numbers.items()
        if isinstance(number, str) and _NUMBER.fullmatch(number)
    }


def _code_of(error: Exception) -> str:
    """Return the error's name as a code: "ServerDisconnectedError" is "server-disconnected-error"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
