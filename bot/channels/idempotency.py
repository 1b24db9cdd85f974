"""Idempotency-Key: a request that is sent again gets the answer of the first time, for a day."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

import structlog
from cryptography.fernet import Fernet
from fastapi import Header, Response
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from bot.api_tables import RecordedAnswerRow
from bot.channels.guarding import Caller
from bot.channels.ports import Services
from bot.channels.problems import Problem, unavailable

KEPT = timedelta(hours=24)
AT_WORK = timedelta(minutes=2)
"""After that long, who was at work on a request has died with it."""

REPLAYED_HEADER = "Idempotent-Replayed"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Your own name for this request; sent again with it, the first answer comes again.",
    ),
]

log = structlog.get_logger(__name__)


class Repeats:
    """Does a request once per key and secret, and records its answer when that was a success."""

    def __init__(self, app: Services) -> None:
        self._database = app.database
        self._clock = app.clock

    async def __call__(
        self, caller: Caller, key: str | None, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Raises Problem 409 while the same is at work, and 422 for another request under its key."""
        if key is None:
            return await work()
        name = hmac.new(caller.secret.encode(), f"key:{key}".encode(), hashlib.sha256).hexdigest()
        recorded = await self._begin(name, caller)
        if recorded is not None:
            headers = {REPLAYED_HEADER: "true", "Cache-Control": "no-store"}
            content = _box(caller).decrypt(recorded.answer.encode())
            return Response(content, recorded.status or 200, headers, media_type="application/json")
        try:
            answer = await work()
        except BaseException:
            await self._forget(name)
            raise
        await self._record(name, caller, answer)
        return answer

    async def _begin(self, name: str, caller: Caller) -> RecordedAnswerRow | None:
        """Return what was recorded, or None when the work is this request's."""
        request = hashlib.sha256(caller.target.encode("utf-8", "surrogateescape") + b"\n" + caller.body)
        now = self._clock.now()
        try:
            async with self._database.write() as session:
                row = RecordedAnswerRow
                await session.exec(delete(row).where(col(row.created_at) < now - KEPT))
                found = await session.get(row, name, with_for_update=True)
                if found is None:
                    session.add(row(key=name, request=request.hexdigest(), created_at=now))
                    return None
                if found.request != request.hexdigest():
                    detail = "this Idempotency-Key was used for another request; give each its own"
                    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
                if found.status is not None:
                    return found
                if found.created_at >= now - AT_WORK:
                    raise _at_work()
                found.created_at = now
                session.add(found)
                return None
        except IntegrityError:
            raise _at_work() from None
        except Problem:
            raise
        except Exception as error:
            log.exception("idempotency-key-not-noted")
            raise unavailable("nothing was done; sign it anew and send it again") from error

    async def _record(self, name: str, caller: Caller, answer: Response) -> None:
        async with self._database.write() as session:
            row = await session.get(RecordedAnswerRow, name)
            if row is not None:
                row.status = answer.status_code
                row.answer = _box(caller).encrypt(bytes(answer.body)).decode()
                session.add(row)

    async def _forget(self, name: str) -> None:
        async with self._database.write() as session:
            await session.exec(delete(RecordedAnswerRow).where(col(RecordedAnswerRow.key) == name))


def _at_work() -> Problem:
    detail = "a request with this Idempotency-Key is being answered; wait, sign it anew and send it again"
    return Problem(HTTPStatus.CONFLICT, detail, headers={"Retry-After": "1"})


def _box(caller: Caller) -> Fernet:
    """Answers hold customers' words and links; only who signed the request can have them again."""
    key = hmac.new(caller.secret.encode(), b"recorded answers", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
