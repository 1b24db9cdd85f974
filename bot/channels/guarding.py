"""Who may call the API: signed, once, and not too often."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

import structlog
from fastapi import Request
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from bot.api_tables import SignatureRow
from bot.channels.limiting import Limits, client_address
from bot.channels.ports import Services
from bot.channels.problems import Problem, read_body, unavailable
from bot.channels.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, TOLERANCE_SECONDS, verify

KEPT = timedelta(seconds=2 * TOLERANCE_SECONDS)
"""A signature dated ahead of the clock by the tolerance is good for twice as long."""

TAKEN = (
    "this very request, with the same timestamp and signature, was taken before; to send it again, sign it "
    "anew with a later timestamp and keep its message_id or Idempotency-Key"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a request, and what came with it. `target` is path and query as they were sent."""

    secret: str = field(repr=False)
    target: str
    body: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """Names the secret without telling it."""
        return hashlib.sha256(b"key:" + self.secret.encode()).hexdigest()[:16]


class Guard:
    """Lets a signed request through, and tells who signed it. Raises Problem for any other."""

    def __init__(self, app: Services, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, request: Request) -> Caller:
        settings = self._app.settings
        secrets = [secret.get_secret_value() for secret in settings.api_secrets]
        if not secrets:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "this installation has no API_SECRETS set")
        await self._limits.count("address", client_address(request, settings.trusted_proxies))
        body, target = await read_body(request), target_of(request)
        check = verify(
            secrets,
            timestamp=request.headers.get(TIMESTAMP_HEADER),
            signature=request.headers.get(SIGNATURE_HEADER),
            path=target,
            body=body,
            now=self._app.clock.now(),
        )
        if not check.ok:
            raise Problem(HTTPStatus.UNAUTHORIZED, check.reason)
        caller = Caller(check.secret, target, body)
        await self._limits.count("key", caller.key)
        await self._only_once(request.method, request.headers[SIGNATURE_HEADER])
        return caller

    async def _only_once(self, method: str, signature: str) -> None:
        now = self._app.clock.now()
        digest = hashlib.sha256(f"{method}.{signature}".encode()).hexdigest()
        try:
            async with self._app.database.write() as session:
                await session.exec(delete(SignatureRow).where(col(SignatureRow.seen_at) < now - KEPT))
                session.add(SignatureRow(digest=digest, seen_at=now))
        except IntegrityError:
            raise Problem(HTTPStatus.CONFLICT, TAKEN, headers={"Retry-After": "1"}) from None
        except Exception as error:
            log.exception("signature-not-noted")
            raise unavailable("nothing was done; sign it anew and send it again") from error


def target_of(request: Request) -> str:
    """Path and query as they stood in the request line."""
    raw: bytes = request.scope["raw_path"]
    query: bytes = request.scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("utf-8", "surrogateescape")
