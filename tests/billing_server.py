"""A company's billing system on this machine: a real HTTP server that keeps idempotency keys."""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from bot.channels.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from bot.http_backend import EFFECT_HEADER, KEY_HEADER, PATHS

SECRET = "shared-with-the-billing-system"

Hook = Callable[[], Awaitable[None]]


class BillingServer:
    """Use as an async context manager. `faults` are what the next calls meet, one each: "refuse",
    "refuse-oddly", "busy", "too-many", "error", "cut" (nothing was done), "cut-done", "hang-done", "move",
    "garbage", "no-numbers", "taken-numbers" or "ok".
    """

    def __init__(self) -> None:
        self.faults: deque[str] = deque()
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.effects: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {}
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.during: Hook | None = None
        self.reached = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/billing"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the port that it had before it was stopped."""
        app = web.Application()
        for path in PATHS.values():
            app.router.add_post(f"/billing{path}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        check = verify(
            [SECRET],
            timestamp=request.headers.get(TIMESTAMP_HEADER),
            signature=request.headers.get(SIGNATURE_HEADER),
            path=request.path,
            body=body,
            now=self.clock(),
        )
        if not check.ok:
            return web.json_response({"status": "refused", "reason": "bad-signature"}, status=401)
        order, key = json.loads(body), request.headers[KEY_HEADER]
        self.calls.append((request.path, key, order))
        self.reached.set()
        if self.during:
            await self.during()
        fault = self.faults.popleft() if self.faults else "ok"
        if answer := _without_effect(fault):
            return answer
        if fault == "cut":
            return _cut(request)
        told = self._effect(request.path, key, order)
        if fault == "cut-done":
            return _cut(request)
        if fault == "hang-done":
            await asyncio.sleep(60)
        if fault == "garbage":
            return web.Response(text="<html>all good</html>")
        if fault == "taken-numbers":
            told = {**told, "invoice": "2026-000001"}
        return web.json_response({"status": "done", **({} if fault == "no-numbers" else told)})

    def _effect(self, path: str, key: str, order: dict[str, Any]) -> dict[str, str]:
        if key not in self.effects:
            number = len(self.effects) + 1
            numbers = {"credit_note": f"B-CN-{number}", "invoice": f"B-{number}"}
            self.effects[key] = (path, order, numbers if path.endswith(PATHS["correct"]) else {})
        return self.effects[key][2]


def _without_effect(fault: str) -> web.Response | None:
    if fault == "refuse":
        return web.json_response({"status": "refused", "reason": "invoice-locked"}, status=422)
    if fault == "refuse-oddly":
        return web.json_response({"reason": "Olivia Owner-Example is unknown"}, status=404)
    if fault == "busy":
        return web.json_response({}, status=503, headers={EFFECT_HEADER: "none"})
    if fault == "too-many":
        return web.json_response({}, status=429, headers={EFFECT_HEADER: "none"})
    if fault == "error":
        return web.json_response({}, status=500)
    if fault == "move":
        return web.Response(status=307, headers={"Location": "/billing/elsewhere"})
    return None


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
